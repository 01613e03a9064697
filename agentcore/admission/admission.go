// Package admission decides whether a node has room for one more call, before
// those that it has get worse. It knows numbers only: whoever asks measures.
package admission

import "time"

// Signal is one of the things that make a node full.
type Signal string

// The signals, as refusals and metrics name them.
const (
	Calls      Signal = "full"       // as many as it may have
	CPU        Signal = "cpu"        // the processors are busy
	Lateness   Signal = "lateness"   // sound leaves late
	Recogniser Signal = "recogniser" // utterances wait
	Memory     Signal = "memory"
)

// Signals are all of them, in the order in which a refusal names the first.
var Signals = []Signal{Calls, Memory, CPU, Lateness, Recogniser}

// Limits of a node; zero asks nobody. A call that comes back, because its line or
// its process was lost, is let in up to a tenth above each.
type Limits struct {
	Calls    int           // is shown as a load only: who knows every call counts them
	CPU      float64       // share of the cores that the process may use, 0 to 1
	Lateness time.Duration // p99 of what is sent
	Queue    time.Duration // p95 of the wait for a recogniser
	Memory   float64       // share of what the process may have, 0 to 1

	// Least is how many calls are let in whatever the processors, the lateness and
	// the recognisers say. With so few, it is not they that keep the node busy, and
	// to turn the next one down would help nobody. Memory is asked all the same.
	Least int

	// Each is the share of the CPU that a call is thought to cost until it is known.
	// Zero means a hundredth.
	Each float64
}

// Reading is how a node is now. Lateness and Queue are of the last seconds.
type Reading struct {
	Calls    int
	CPU      float64 // since the reading before; the gate takes the mean of some seconds
	Lateness time.Duration
	Queue    time.Duration
	Memory   float64
}

// Returning is what a call that comes back may take above the limits.
const Returning = 1.1

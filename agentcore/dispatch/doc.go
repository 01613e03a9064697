// Package dispatch is the desk: the one place that knows every live call of
// this node, decides what each does next, and sees to it that each ends exactly
// once.
//
// A trunk asks it through [telephony.Desk]. It keeps its records through
// [Calls], asks the carrier through [telephony.Carrier], and hands each stream
// to the conversation that it was given. What a call is, is in its row; what
// the desk holds in memory is who is waiting for what:
//
//	dialling -> pending -> admitted -> talking -> lost -> pending ...
//	                 any of them -> over -> (row ended, nobody talks) gone
//
// One goroutine per live call, its watcher, waits for the next thing that is
// due and is the last to leave. No lock is held while anyone waits.
package dispatch

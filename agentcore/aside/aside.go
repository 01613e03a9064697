// Package aside keeps the stacks of long-lived goroutines small.
package aside

import (
	"fmt"
	"runtime"
	"runtime/debug"
)

// Fault is the panic of a function that was done aside, with where it was.
type Fault struct {
	Value any    // what it panicked with
	Stack []byte // of the goroutine that did
}

// Error tells the value and the stack: who recovers knows only where [Do] was.
func (f *Fault) Error() string { return fmt.Sprintf("%v\n%s", f.Value, f.Stack) }

// Do does f on a stack of its own, and returns when f has. It is for a goroutine
// that lives as long as a call and now and then asks the database, or parses: that
// takes a stack of 16 to 32 KB, which the runtime takes back by halves, one in each
// collection of garbage, and a call has several such goroutines. It costs some
// microseconds: not for what is done for a frame.
//
// A panic of f is one of Do's, with a [*Fault]. When f ends its goroutine, Do ends
// the caller's.
func Do(f func()) {
	done := make(chan struct{})
	var fault *Fault
	exits := true
	go func() {
		defer close(done)
		defer func() {
			if v := recover(); v != nil {
				fault = &Fault{v, debug.Stack()}
			}
		}()
		f()
		exits = false
	}()
	<-done
	switch {
	case fault != nil:
		panic(fault)
	case exits:
		runtime.Goexit()
	}
}

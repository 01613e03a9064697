package aside_test

import (
	"runtime"
	"strings"
	"testing"

	"github.com/hookswitch/hookswitch/agentcore/aside"
)

// What is done aside is done when Do returns.
func TestItIsDoneWhenDoReturns(t *testing.T) {
	done := false
	aside.Do(func() { done = true })
	if !done {
		t.Error("Do returned before its function did")
	}
}

// A panic is the caller's, who can recover from it: one call's mistake does not
// end the process. It says where it was.
func TestAPanicIsTheCallers(t *testing.T) {
	defer func() {
		fault, ok := recover().(*aside.Fault)
		if !ok || fault.Value != "a mistake" || !strings.Contains(fault.Error(), "mistaken") {
			t.Errorf("recovered %v, want a Fault of mistaken's", fault)
		}
	}()
	aside.Do(mistaken)
}

func mistaken() { panic("a mistake") }

// A goroutine that is ended aside ends, with what it deferred.
func TestWhoExitsAsideExits(t *testing.T) {
	went, over := false, make(chan struct{})
	go func() {
		defer close(over)
		aside.Do(runtime.Goexit)
		went = true
	}()
	<-over
	if went {
		t.Error("the caller went on")
	}
}

// The caller's stack stays small, however deep the function goes.
func TestTheCallersStackStaysSmall(t *testing.T) {
	const goroutines = 200
	grown := func(do func(func())) int64 {
		ready, gone, leave := make(chan struct{}), make(chan struct{}), make(chan struct{})
		before := stacks()
		for range goroutines {
			go func() {
				do(func() { deep(64) })
				ready <- struct{}{}
				<-leave
				gone <- struct{}{}
			}()
		}
		for range goroutines {
			<-ready
		}
		grown := stacks() - before
		close(leave)
		for range goroutines {
			<-gone
		}
		return grown / goroutines
	}
	beside := grown(aside.Do)
	itself := grown(func(f func()) { f() })
	if beside > itself/2 {
		t.Errorf("a goroutine holds %d bytes of stack with Do and %d without, want less than half", beside, itself)
	}
}

func stacks() int64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.StackInuse)
}

// deep needs 256 bytes of stack n times.
//
//go:noinline
func deep(n int) byte {
	var b [256]byte
	if n == 0 {
		return b[0]
	}
	b[n%256] = deep(n - 1)
	return b[0] + b[n%256]
}

package asrtest

import (
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/asr"
	"github.com/hookswitch/hookswitch/agentcore/provider/providertest"
)

// prompt is how long a failure may take to be told with providertest.Patience
// and a FinalWait of a second at most, on a busy machine.
const prompt = 10 * time.Second

// Faults checks that a recogniser survives every fault of a provider's server:
// an utterance is said, and its result is the error that the fault must become.
// open makes a recogniser with [providertest.Patience] and its server, which has
// the fault and understands what is [Sung]; it skips a fault that the provider
// can't have, and cleans up by t.Cleanup. A server that stalls does so before it
// has told any word: an utterance with words is no failure. secrets must not be
// in an error.
func Faults(t *testing.T, open func(t *testing.T, f providertest.Fault) asr.Recognizer, secrets ...string) {
	for _, f := range providertest.Faults {
		t.Run(string(f), func(t *testing.T) { fails(t, open(t, f), f, secrets) })
	}
	for _, f := range []providertest.Fault{providertest.Slow, providertest.Fast} {
		t.Run(string(f), func(t *testing.T) {
			c := Open(t, open(t, f), asr.Options{})
			for _, said := range []Speech{First, Second} {
				c.Say(said)
				c.Pause()
				c.Signal(asr.Ended)
				check(t, c.Final(), said)
			}
		})
	}
}

func fails(t *testing.T, r asr.Recognizer, f providertest.Fault, secrets []string) {
	s, err := r.Open(t.Context(), asr.Options{})
	if err != nil {
		t.Fatalf("Open() = %v: a failure comes as a result", err)
	}
	c := Call{s, t}
	c.Say(First)
	c.Pause()
	began := time.Now()
	c.Signal(asr.Ended)
	first := c.Final()
	if took := time.Since(began); took > prompt {
		t.Errorf("it took %v to say so", took)
	}
	providertest.Check(t, f, first.Err, secrets...)
	c.after(f)
	if err := c.Close(); err != nil {
		t.Errorf("Close() = %v", err)
	}
	if c.Write(&First.Frames[0]) {
		t.Error("a stream that is closed takes frames")
	}
}

// after says something to a stream that has failed: it either lives on, and owes
// a result, or is dead, and its results are closed.
func (c Call) after(f providertest.Fault) {
	c.t.Helper()
	c.Say(Second)
	c.Pause()
	c.Signal(asr.Ended)
	late := time.After(prompt)
	for {
		select {
		case r, ok := <-c.Results():
			if !ok || r.Final {
				return
			}
		case <-late:
			c.t.Errorf("%s: afterwards it neither answers nor is closed", f)
			return
		}
	}
}

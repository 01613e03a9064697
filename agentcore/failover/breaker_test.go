package failover

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/asr"
	"github.com/hookswitch/hookswitch/agentcore/llm"
	"github.com/hookswitch/hookswitch/agentcore/provider"
)

// is the state of k's breaker.
func is(b *Breakers, k Key) string {
	for _, s := range b.States() {
		if s.Key == k {
			return s.Is
		}
	}
	return "unknown"
}

var someone = Key{Stage: provider.Model, Provider: "a", Credential: "k1"}

// call is a model of a new call, in which a is preferred.
func call(b *Breakers, all ...*mind) llm.Model {
	var c Config[llm.Model]
	for _, m := range all {
		k := someone
		k.Provider = m.name
		c.Candidates = append(c.Candidates, Candidate[llm.Model]{Port: m, Breaker: b.For(k)})
	}
	return Model(c)
}

// A provider that fails for all is left alone by all calls, is tried by one after
// a rest, and comes back.
func TestABreakerSparesCallsAProviderThatIsDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b Breakers
		var tr told
		ctx := tr.trace(t.Context())
		a, other := &mind{name: "a", err: down("a")}, &mind{name: "b", says: []string{"yes"}}
		ask := func(asked int, state string) {
			t.Helper()
			before := len(a.seen)
			if got, _, err := answer(ctx, call(&b, a, other)); got != "yes" || err != nil {
				t.Errorf("%q, %v", got, err)
			}
			if n := len(a.seen) - before; n != asked || is(&b, someone) != state {
				t.Errorf("a was asked %d times and its breaker is %s, want %d and %s", n, is(&b, someone), asked, state)
			}
		}
		for range breakerLeast - 1 {
			ask(1, "closed")
		}
		ask(1, "open")
		ask(0, "open")
		tr.check(t, "a -> b", "a -> b", "a -> b", "a -> b", "a -> b", "a -> b")
		time.Sleep(breakerRest)
		ask(1, "open") // the trial failed
		time.Sleep(breakerRest)
		a.err, a.says = nil, []string{"yes"}
		ask(1, "closed")
		ask(1, "closed")
	})
}

// Better late than mute: who has nobody else is asked, however often it failed.
func TestOpenBreakersComeLast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b Breakers
		var tr told
		m, other := &mind{name: "a", err: down("a")}, &mind{name: "b", err: down("b")}
		for range breakerLeast {
			answer(t.Context(), call(&b, m, other))
		}
		m.err, m.says = nil, []string{"yes"}
		if got, _, err := answer(tr.trace(t.Context()), call(&b, m, other)); got != "yes" || err != nil {
			t.Errorf("%q, %v, when all breakers are open", got, err)
		}
		tr.check(t)
		m.err, m.says = down("a"), nil
		other.err, other.says = nil, []string{"yes"}
		if got, _, err := answer(tr.trace(t.Context()), call(&b, m, other)); got != "yes" || err != nil {
			t.Errorf("%q, %v, when all breakers are open and the first fails", got, err)
		}
		tr.check(t, "a -> b")
	})
}

// What counts as a failure of the provider.
func TestWhatOpensABreaker(t *testing.T) {
	for class, want := range map[provider.Class]string{
		provider.Auth: "open", provider.Quota: "open", provider.RateLimited: "open", provider.Unavailable: "open",
		provider.Timeout: "open", provider.Garbage: "open", provider.Refused: "closed", provider.Canceled: "closed",
	} {
		br := newBreaker()
		for range 2 * breakerLeast {
			trial, _ := br.admit()
			br.over(provider.New("a", "chat", class, errors.New("no")), trial)
		}
		if got := br.circuit.State().String(); got != want {
			t.Errorf("%s: %s, want %s", class, got, want)
		}
	}
	br := newBreaker()
	for n := range 100 {
		var err error
		if n%3 == 0 {
			err = down("a")
		}
		br.over(err, false)
	}
	if !br.circuit.IsClosed() {
		t.Error("one failure of three opens it")
	}
}

// A trial that a caller's hanging up cuts short must not keep the breaker waiting
// for its outcome.
func TestATrialWithoutAnOutcomeIsRepeated(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b Breakers
		a := &mind{name: "a", err: down("a")}
		for range breakerLeast {
			answer(t.Context(), call(&b, a))
		}
		time.Sleep(breakerRest)
		ctx, stop := context.WithCancel(t.Context())
		stop()
		a.err, a.says = nil, []string{"yes"}
		answer(ctx, call(&b, a))
		if got := is(&b, someone); got != "open" {
			t.Errorf("after a trial that was cut short it is %s", got)
		}
		time.Sleep(breakerRest)
		answer(t.Context(), call(&b, a))
		if got := is(&b, someone); got != "closed" {
			t.Errorf("after a trial that did well it is %s", got)
		}
	})
}

// A stream of a recogniser is a trial until its first words.
func TestARecogniserIsATrialUntilItHears(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var tr told
		br := newBreaker()
		br.circuit.Open()
		time.Sleep(breakerRest)
		r := ears(&ear{name: "a"}, &ear{name: "b"}).(*recogniser)
		r.all[0].Breaker = br
		c := dial(t, &tr, r)
		synctest.Wait()
		if !br.circuit.IsHalfOpen() {
			t.Errorf("the breaker is %s while it listens", br.circuit.State())
		}
		c.Close()
		if !br.circuit.IsOpen() {
			t.Errorf("the breaker is %s after a call without a word", br.circuit.State())
		}
		time.Sleep(breakerRest)
		c = dial(t, &tr, r)
		go c.say(1)
		if got := fmt.Sprint(c.finals()); got != "[w1]" || !br.circuit.IsClosed() {
			t.Errorf("heard %s, and the breaker is %s", got, br.circuit.State())
		}
		c.Close()
		tr.check(t)
	})
}

// Keys are as many as workspaces; the breakers that are kept are not.
func TestBreakersAreBounded(t *testing.T) {
	var b Breakers
	keep := b.For(Key{Provider: "kept"})
	var work sync.WaitGroup
	for n := range 4 {
		work.Go(func() {
			for i := range mostBreakers / 2 {
				b.For(Key{Credential: fmt.Sprint(n, i)})
				if i%100 == 0 && b.For(Key{Provider: "kept"}) != keep {
					t.Error("one in use was forgotten")
				}
			}
		})
	}
	work.Wait()
	if n := len(b.States()); n != mostBreakers {
		t.Errorf("%d are kept", n)
	}
}

// A caller who says nothing must not keep all others from a provider that is well
// again: as long as they are silent, nothing is learned.
func TestATrialOfASilentCallerIsGivenToAnother(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var tr told
		br := newBreaker()
		br.circuit.Open()
		time.Sleep(breakerRest)
		call := func() asr.Recognizer {
			r := ears(&ear{name: "a"}, &ear{name: "b"}).(*recogniser)
			r.all[0].Breaker = br
			return r
		}
		mute := dial(t, &tr, call())
		mute.rest(served + breakerRest + time.Second)
		tr.check(t)
		c := dial(t, &tr, call())
		go c.say(1)
		if got := fmt.Sprint(c.finals()); got != "[w1]" || !br.circuit.IsClosed() {
			t.Errorf("heard %s, and the breaker is %s", got, br.circuit.State())
		}
		tr.check(t)
		c.Close()
		mute.Close()
		if !br.circuit.IsClosed() {
			t.Errorf("the breaker is %s when the silent one has hung up", br.circuit.State())
		}
	})
}

// Package providertest plays the faults of providers' servers: the list that
// every client must survive, and a wire between client and server that stalls,
// breaks and crawls.
package providertest

import (
	"errors"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/provider"
)

// Fault is what goes wrong at a provider.
type Fault string

// The faults. A suite of a port (asrtest, llmtest, ttstest) runs a client
// against a server that has each of them.
const (
	None        Fault = "none"
	WrongKey    Fault = "wrong key"      // as the vendor says it: mostly 401
	NoMoney     Fault = "no money"       // 402, or what the vendor has for it
	RateLimited Fault = "rate limited"   // 429 with Retry-After: 7
	BadRequest  Fault = "bad request"    // 400: the server refuses what we ask
	Broken      Fault = "broken"         // 503
	NoAnswer    Fault = "no answer"      // it takes the connection and never says a word
	StallsIn    Fault = "stalls midway"  // some of the answer comes, then nothing
	CutIn       Fault = "cut midway"     // the connection breaks inside a message
	Closes      Fault = "closes midway"  // politely, before it has finished
	SaysError   Fault = "says it failed" // an error message of the vendor's own inside the stream
	TalksRot    Fault = "garbage"        // what comes is not the protocol
	TooLarge    Fault = "one too large"  // a message above any bound
	Slow        Fault = "slow"           // everything comes in crumbs; it succeeds all the same
	Fast        Fault = "all at once"    // everything comes in one lump; it succeeds all the same
	Gone        Fault = "nobody listens" // the connection is refused
)

// RetryAfter is what a server that is [RateLimited] asks for.
const RetryAfter = 7 * time.Second

// Faults are all that fail, in order.
var Faults = []Fault{WrongKey, NoMoney, RateLimited, BadRequest, Broken, NoAnswer, StallsIn, CutIn, Closes, SaysError, TalksRot, TooLarge, Gone}

// Patience is for clients under test: short, so that a stall is over soon, and
// long enough for a busy machine.
var Patience = provider.Patience{Connect: 500 * time.Millisecond, First: 700 * time.Millisecond, Gap: 500 * time.Millisecond}

// wanted are the classes that a fault may be told as; the first is the usual.
var wanted = map[Fault][]provider.Class{
	WrongKey:    {provider.Auth},
	NoMoney:     {provider.Quota},
	RateLimited: {provider.RateLimited},
	BadRequest:  {provider.Refused},
	Broken:      {provider.Unavailable},
	NoAnswer:    {provider.Timeout},
	StallsIn:    {provider.Timeout},
	CutIn:       {provider.Unavailable},
	Closes:      {provider.Unavailable},
	SaysError:   {provider.Unavailable, provider.RateLimited, provider.Refused},
	TalksRot:    {provider.Garbage, provider.Unavailable},
	TooLarge:    {provider.Garbage},
	Gone:        {provider.Unavailable},
}

// Check checks that err is the *[provider.Error] that f must become: with its
// provider, op, class, and whether to try again. secrets must not be in its text.
func Check(t testing.TB, f Fault, err error, secrets ...string) {
	t.Helper()
	var e *provider.Error
	if !errors.As(err, &e) {
		t.Errorf("%s: err = %v, want a *provider.Error", f, err)
		return
	}
	if e.Provider == "" || e.Op == "" || e.Err == nil {
		t.Errorf("%s: %+v lacks its provider, op or error", f, e)
	}
	if !contains(wanted[f], e.Class) {
		t.Errorf("%s: class %q (%v), want one of %q", f, e.Class, err, wanted[f])
	}
	if e.Retry != e.Class.Retryable() {
		t.Errorf("%s: retry = %v with class %s", f, e.Retry, e.Class)
	}
	if f == RateLimited && e.After != RetryAfter {
		t.Errorf("%s: asks to be left alone for %v, want %v", f, e.After, RetryAfter)
	}
	for _, s := range secrets {
		if s != "" && containsText(err.Error(), s) {
			t.Errorf("%s: the error shows a secret", f)
		}
	}
}

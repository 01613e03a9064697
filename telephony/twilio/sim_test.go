package twilio_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/telephony"
	"github.com/hookswitch/hookswitch/telephony/sim"
	"github.com/hookswitch/hookswitch/telephony/twilio"
)

// The same as in the tests beside, against a carrier that somebody else wrote.

const (
	simAccount = "AC0123456789abcdef0123456789abcdef"
	simOther   = "AC00000000000000000000000000000002"
	simNumber  = "+15005550006"
	simTheirs  = "+15005550007" // of simOther
	simTo      = "+15005550010"
)

type simAccounts struct{}

func (simAccounts) Account(_ context.Context, sid string) (twilio.Account, error) {
	if sid != simOther {
		return twilio.Account{}, twilio.ErrNoAccount
	}
	return twilio.Account{SID: simOther, Token: "othertoken"}, nil
}

// gateway notes what the simulated carrier asks, and lets every call wait.
type gateway struct {
	url   string
	mu    sync.Mutex
	asked []string      // path and query
	more  chan struct{} // closed when something is asked
}

func (g *gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	g.mu.Lock()
	g.asked = append(g.asked, r.URL.String())
	close(g.more)
	g.more = make(chan struct{})
	g.mu.Unlock()
	w.Header().Set("Content-Type", "text/xml")
	w.Write([]byte(`<Response><Pause length="60"/></Response>`))
}

// await returns when the carrier asked for url.
func (g *gateway) await(t *testing.T, url string) {
	t.Helper()
	limit := time.After(10 * time.Second)
	for {
		g.mu.Lock()
		heard, more := slices.Contains(g.asked, url), g.more
		g.mu.Unlock()
		if heard {
			return
		}
		select {
		case <-more:
		case <-limit:
			t.Fatalf("never asked for %s", url)
		}
	}
}

func newSim(t *testing.T) (*twilio.Carrier, *sim.Carrier, *gateway) {
	t.Helper()
	g := &gateway{more: make(chan struct{})}
	own := httptest.NewServer(g)
	c, err := sim.New(sim.Config{
		AccountSID: simAccount, AuthToken: "maintoken",
		Accounts: []sim.Account{{SID: simOther, AuthToken: "othertoken", Parent: simAccount, Trial: true, Verified: []string{simTo}}},
		Numbers:  []sim.Number{{Number: simNumber, VoiceURL: "https://old.example.com/voice?key=1", VoiceMethod: "GET"}, {Number: simTheirs, Account: simOther}},
	})
	if err != nil {
		t.Fatal(err)
	}
	rest := httptest.NewServer(c.Handler())
	transport := &http.Transport{}
	t.Cleanup(func() { c.Close(); transport.CloseIdleConnections(); rest.Close(); own.Close() })
	g.url = own.URL
	k, err := twilio.NewCarrier(twilio.Config{AccountSID: simAccount, AuthToken: "maintoken", Accounts: simAccounts{}, PublicURL: own.URL, APIBase: rest.URL, Transport: transport})
	if err != nil {
		t.Fatal(err)
	}
	return k, c, g
}

func TestTheSimulatedCarriersNumberIsLinkedAndGivenBack(t *testing.T) {
	k, _, g := newSim(t)
	ctx, n := t.Context(), k.Numbers()
	other, _ := simAccounts{}.Account(ctx, simOther)
	before, err := n.Find(ctx, twilio.Account{}, simNumber)
	if err != nil {
		t.Fatal(err)
	}
	linked, err := n.Link(ctx, twilio.Account{}, simNumber, nil, false)
	if err != nil || linked.ID != before.ID || linked.Was != before.Settings {
		t.Fatalf("Link() = %+v, %v; it was %+v", linked, err, before)
	}
	if drift, err := n.Check(ctx, twilio.Account{}, linked.ID, false); err != nil || len(drift) != 0 {
		t.Errorf("Check() = %v, %v", drift, err)
	}
	is, err := n.Find(ctx, twilio.Account{}, simNumber)
	if err != nil || is.Settings.VoiceURL != g.url+"/twilio/voice#rc=3&rp=5xx,ct,rt&ct=1000&rt=3000&tt=12000" {
		t.Errorf("Find() = %+v, %v", is, err)
	}
	if err := n.Unlink(ctx, twilio.Account{}, linked.ID, linked.Was); err != nil {
		t.Fatal(err)
	}
	if after, err := n.Find(ctx, twilio.Account{}, simNumber); err != nil || after != before {
		t.Errorf("given back as %+v, %v; it was %+v", after, err, before)
	}
	if _, err := n.Find(ctx, other, simNumber); !errors.Is(err, twilio.ErrNoNumber) {
		t.Errorf("Find() in another account = %v", err)
	}
	if drift, err := n.Check(ctx, other, simTheirs, false); err != nil || len(drift) != 3 {
		t.Errorf("Check() of a number that was never linked = %v, %v; want its three addresses", drift, err)
	}
}

func TestTheSimulatedCarriersAccountsSayHowTheyAre(t *testing.T) {
	k, _, _ := newSim(t)
	other, _ := simAccounts{}.Account(t.Context(), simOther)
	for kind, a := range map[string]twilio.Account{"Full": {}, "Trial": other} {
		if is, err := k.Account(t.Context(), a); err != nil || is.Type != kind || is.Status != "active" {
			t.Errorf("Account() = %+v, %v; want active, %s", is, err, kind)
		}
	}
	other.Token = "maintoken"
	var e *twilio.Error
	if _, err := k.Account(t.Context(), other); !errors.As(err, &e) || e.Code != 20003 {
		t.Errorf("Account() with another's token = %v", err)
	}
}

func TestTheSimulatedCarrierPlacesACallWithAllThatItNeeds(t *testing.T) {
	k, c, g := newSim(t)
	c.Register(simTo, sim.Phone{})
	c.FailREST(sim.RESTFault{Status: 429, Times: 1, Method: http.MethodPost}, sim.RESTFault{Status: 502, Times: 1, Method: http.MethodGet})
	ctx := t.Context()
	id, err := k.Dial(ctx, telephony.Outgoing{Call: "call1", Account: simOther, From: simTheirs, To: simTo, RingTimeout: 20 * time.Second, TimeLimit: time.Minute, DetectMachine: true})
	if err != nil {
		t.Fatal(err)
	}
	ref := telephony.Ref{Account: simOther, ID: id}
	g.await(t, "/twilio/voice?call=call1")
	if is, err := k.State(ctx, ref); err != nil || is.State != telephony.InProgress || is.Took != 0 {
		t.Errorf("State() = %+v, %v", is, err)
	}
	if err := k.Recall(ctx, ref); err != nil {
		t.Errorf("Recall() = %v", err)
	}
	g.await(t, "/twilio/next")
	for range 2 {
		if err := k.Hangup(ctx, ref); err != nil {
			t.Errorf("Hangup() = %v", err)
		}
	}
	g.await(t, "/twilio/status?call=call1")
	if is, err := k.State(ctx, ref); err != nil || is.State != telephony.Completed || is.Ended.IsZero() {
		t.Errorf("State() = %+v, %v", is, err)
	}
	if err := k.Recall(ctx, ref); !errors.Is(err, telephony.ErrUnknownCall) {
		t.Errorf("Recall() of a call that is over = %v", err)
	}
	if _, err := k.State(ctx, telephony.Ref{ID: id}); !errors.Is(err, telephony.ErrUnknownCall) {
		t.Errorf("State() of another account's call = %v", err)
	}
}

// A dial whose answer was lost may have placed its call: it is not repeated.
func TestTheSimulatedCarrierIsNotAskedTwiceForACallThatMayBeThere(t *testing.T) {
	k, c, _ := newSim(t)
	c.Register(simTo, sim.Phone{})
	c.FailREST(sim.RESTFault{Lost: true, Times: 1, Method: http.MethodPost})
	_, err := k.Dial(t.Context(), telephony.Outgoing{Call: "call1", From: simNumber, To: simTo})
	var e *twilio.Error
	if !errors.As(err, &e) || e.Retry {
		t.Errorf("Dial() = %v, want an error that says not to repeat", err)
	}
	if calls := c.Calls(); len(calls) != 1 {
		t.Errorf("%d calls were placed", len(calls))
	}
}

package twilio_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/telephony"
	"github.com/hookswitch/hookswitch/telephony/sim"
	"github.com/hookswitch/hookswitch/telephony/sms"
	"github.com/hookswitch/hookswitch/telephony/twilio"
)

// post is an inbox that fails so often before it keeps things.
type post struct {
	mu    sync.Mutex
	fails int
	came  []telephony.TextIn
	told  []telephony.TextState
}

func (p *post) Received(_ context.Context, m telephony.TextIn) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.fails > 0 {
		p.fails--
		return errors.New("disk full")
	}
	p.came = append(p.came, m)
	return nil
}

func (p *post) Told(_ context.Context, s telephony.TextState) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.told = append(p.told, s)
	return nil
}

// texting is a trunk and the simulated carrier, whose numbers are linked.
type texting struct {
	t       *testing.T
	carrier *sim.Carrier
	out     twilio.Messenger
	in      *post
}

func newTexting(t *testing.T, knobs sim.Knobs) *texting {
	t.Helper()
	r := &texting{t: t, in: &post{}}
	var trunk *twilio.Trunk
	own := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) { trunk.Handler().ServeHTTP(w, q) }))
	var err error
	r.carrier, err = sim.New(sim.Config{
		AccountSID: simAccount, AuthToken: "maintoken", Knobs: knobs,
		Accounts: []sim.Account{{SID: simOther, AuthToken: "othertoken", Parent: simAccount}},
		Numbers:  []sim.Number{{Number: simNumber, SMSURL: "https://old.example.com/sms"}, {Number: simTheirs, Account: simOther}},
	})
	if err != nil {
		t.Fatal(err)
	}
	rest := httptest.NewServer(r.carrier.Handler())
	transport := &http.Transport{}
	t.Cleanup(func() { r.carrier.Close(); transport.CloseIdleConnections(); rest.Close(); own.Close() })
	c := twilio.Config{AccountSID: simAccount, AuthToken: "maintoken", Accounts: simAccounts{}, PublicURL: own.URL, APIBase: rest.URL, Transport: transport, Inbox: r.in}
	k, err := twilio.NewCarrier(c)
	if err != nil {
		t.Fatal(err)
	}
	if trunk, err = twilio.New(c, struct{ telephony.Desk }{}); err != nil {
		t.Fatal(err)
	}
	other, _ := simAccounts{}.Account(t.Context(), simOther)
	for number, a := range map[telephony.Number]twilio.Account{simNumber: {}, simTheirs: other} {
		if _, err := k.Numbers().Link(t.Context(), a, number, nil, true); err != nil {
			t.Fatal(err)
		}
	}
	r.out = k.Messenger()
	return r
}

// text has a phone write, and waits.
func (r *texting) text(from, to, body string) {
	r.t.Helper()
	if _, err := r.carrier.Text(from, to, body); err != nil {
		r.t.Fatal(err)
	}
	r.settle()
}

func (r *texting) settle() {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.t.Context(), 15*time.Second)
	defer cancel()
	if err := r.carrier.Wait(ctx); err != nil {
		r.t.Fatal(err)
	}
}

func aText() telephony.Text {
	return telephony.Text{ID: "msg_1", Kind: telephony.Phone, From: simNumber, To: simTo, Body: "Your table is booked."}
}

func TestTheSimulatedCarrierTakesATextAndTellsWhatBecameOfIt(t *testing.T) {
	for _, tt := range []struct {
		name  string
		fault sim.TextFault
		told  []string
	}{
		{"delivered", sim.TextFault{}, []string{"queued", "sent", "delivered"}},
		{"not delivered", sim.TextFault{Code: 30005, Status: "undelivered"}, []string{"queued", "sent", "undelivered 30005"}},
		{"not sent", sim.TextFault{Code: 30007, Status: "failed"}, []string{"queued", "failed 30007"}},
	} {
		for _, account := range []string{"", simOther} {
			t.Run(tt.name+account, func(t *testing.T) {
				r := newTexting(t, sim.Knobs{})
				r.carrier.FailTexts(tt.fault)
				r.carrier.FailREST(sim.RESTFault{Status: 429, Times: 1, Path: "/Messages.json"})
				text := aText()
				if text.Account = account; account != "" {
					text.From = simTheirs
				}
				id, err := r.out.Send(t.Context(), text)
				if err != nil {
					t.Fatal(err)
				}
				r.settle()
				var told []string
				for _, s := range r.in.told {
					told = append(told, strings.TrimSpace(s.Status+" "+s.Code))
					if s.ID != "msg_1" || s.Carrier != id || s.Account != account {
						t.Errorf("told %+v", s)
					}
				}
				if !slices.Equal(told, tt.told) {
					t.Errorf("told %q, want %q", told, tt.told)
				}
				if got, err := r.out.Sent(t.Context(), text, time.Now().Add(-time.Minute)); err != nil || got != id {
					t.Errorf("Sent() = %q, %v, want %q", got, err, id)
				}
				if v := r.carrier.Police().Violations(); len(v) != 0 {
					t.Errorf("violations: %v", v)
				}
			})
		}
	}
}

// The answer to a text was lost: whether it went is asked, not guessed.
func TestTheSimulatedCarrierKnowsWhatWasSent(t *testing.T) {
	for _, tt := range []struct {
		name  string
		fault sim.RESTFault
		sent  int
	}{
		{"the answer was lost", sim.RESTFault{Lost: true, Times: 1, Method: http.MethodPost}, 1},
		{"the request was lost", sim.RESTFault{Unmet: true, Times: 1, Method: http.MethodPost}, 0},
		{"a gateway failed", sim.RESTFault{Status: 504, Times: 1, Method: http.MethodPost}, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newTexting(t, sim.Knobs{TextDelay: time.Hour}) // it waits to be sent, and has no date of that
			r.carrier.FailREST(tt.fault)
			began := time.Now()
			_, err := r.out.Send(t.Context(), aText())
			var no *telephony.TextError
			if err == nil || errors.As(err, &no) {
				t.Fatalf("Send() = %v, which is certain", err)
			}
			id, err := r.out.Sent(t.Context(), aText(), began)
			if err != nil || (id != "") != (tt.sent == 1) || len(r.carrier.Messages()) != tt.sent {
				t.Errorf("Sent() = %q, %v; %d were sent", id, err, len(r.carrier.Messages()))
			}
			if tt.sent == 1 && id != r.carrier.Messages()[0].SID() {
				t.Errorf("Sent() = %q, want %s", id, r.carrier.Messages()[0].SID())
			}
		})
	}
}

func TestTheSimulatedCarriersRefusalsOfTexts(t *testing.T) {
	r := newTexting(t, sim.Knobs{})
	r.carrier.FailTexts(sim.TextFault{Code: 21611, To: "+15005550013"})
	for _, tt := range []struct {
		name   string
		change func(*telephony.Text)
		code   string
		passes bool
	}{
		{"another account's number", func(t *telephony.Text) { t.From = simTheirs }, "21606", false},
		{"no sender of WhatsApp's", func(t *telephony.Text) { t.Kind, t.From = telephony.WhatsApp, "+15005550099" }, "63007", false},
		{"to itself", func(t *telephony.Text) { t.To = simNumber }, "21266", false},
		{"a full queue", func(t *telephony.Text) { t.To = "+15005550013" }, "21611", true},
	} {
		text := aText()
		tt.change(&text)
		_, err := r.out.Send(t.Context(), text)
		var no *telephony.TextError
		if !errors.As(err, &no) || no.Code != tt.code || no.Passes != tt.passes || no.OptOut {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
	if n := len(r.carrier.Messages()); n != 0 {
		t.Errorf("%d were sent", n)
	}
}

func TestTheSimulatedCarriersPhonesWriteAndOptOut(t *testing.T) {
	r := newTexting(t, sim.Knobs{OptOutType: true})
	send := func() *telephony.TextError {
		t.Helper()
		_, err := r.out.Send(t.Context(), aText())
		var no *telephony.TextError
		if err != nil && !errors.As(err, &no) {
			t.Fatal(err)
		}
		r.settle()
		return no
	}
	for _, tt := range []struct {
		body, said string
		out        bool
	}{{"Hello 👋\nthere", "", false}, {"stop", "STOP", true}, {"are you there?", "", true}, {"START", "START", false}} {
		r.text(simTo, simNumber, tt.body)
		last := r.in.came[len(r.in.came)-1]
		want := telephony.TextIn{Kind: telephony.Phone, Carrier: last.Carrier, From: simTo, To: simNumber, Body: tt.body, OptOut: tt.said}
		if fmt.Sprintf("%+v", last) != fmt.Sprintf("%+v", want) {
			t.Errorf("%q came as %+v", tt.body, last)
		}
		if no := send(); (no != nil && no.OptOut && no.Code == "21610") != tt.out {
			t.Errorf("after %q: %v", tt.body, no)
		}
	}
	r.text(simTo, simTheirs, "Hello")
	if last := r.in.came[len(r.in.came)-1]; last.Account != simOther || last.To != simTheirs {
		t.Errorf("a sub-account's came as %+v", last)
	}
}

func TestTheSimulatedCarriersWhatsApp(t *testing.T) {
	r := newTexting(t, sim.Knobs{})
	text := aText()
	text.Kind = telephony.WhatsApp
	for _, want := range []string{"failed 63016", "delivered"} {
		if _, err := r.out.Send(t.Context(), text); err != nil {
			t.Fatal(err)
		}
		r.settle()
		if last := r.in.told[len(r.in.told)-1]; strings.TrimSpace(last.Status+" "+last.Code) != want {
			t.Errorf("told %+v, want %s", last, want)
		}
		r.text("whatsapp:"+simTo, "whatsapp:"+simNumber, "Hello")
		if last := r.in.came[len(r.in.came)-1]; last.Kind != telephony.WhatsApp || last.From != simTo || last.To != simNumber {
			t.Errorf("came as %+v", last)
		}
	}
	if id, err := r.out.Sent(t.Context(), text, time.Now().Add(-time.Minute)); err != nil || id == "" {
		t.Errorf("Sent() = %q, %v", id, err)
	}
}

func TestTheSimulatedCarriersTextsOutliveAnInboxThatFails(t *testing.T) {
	r := newTexting(t, sim.Knobs{})
	r.in.fails = 3
	r.text(simTo, simNumber, "Hello")
	if len(r.in.came) != 1 {
		t.Errorf("%d came", len(r.in.came))
	}
	r.in.fails = 4 // all tries at the number's address: the fallback is the same, and asked once more
	r.text(simTo, simNumber, "Hello again")
	if len(r.in.came) != 2 {
		t.Errorf("%d came", len(r.in.came))
	}
}

func TestTheSimulatedCarriersCrowdOfTexts(t *testing.T) {
	r := newTexting(t, sim.Knobs{TextTwice: true})
	for i := range 30 {
		if _, err := r.carrier.Text(simTo, simNumber, fmt.Sprintf("text %d", i)); err != nil {
			t.Fatal(err)
		}
	}
	r.settle()
	ids := map[string]int{}
	for _, m := range r.in.came {
		ids[m.Carrier]++
	}
	if len(r.in.came) != 60 || len(ids) != 30 {
		t.Errorf("%d came, of %d texts; want each of 30 twice", len(r.in.came), len(ids))
	}
}

// Two who never read each other's code count the same.
func TestTheSimulatedCarrierCountsSegmentsAsWeDo(t *testing.T) {
	r := newTexting(t, sim.Knobs{TextDelay: -1})
	for _, body := range []string{"a", strings.Repeat("a", 160), strings.Repeat("[", 81), strings.Repeat("a", 152) + "€" + strings.Repeat("a", 152), strings.Repeat("ж", 71), strings.Repeat("😀", 67), strings.Repeat("`", 70)} {
		want := sms.Measure(body).Segments
		if got := sim.Segments(body); got != want {
			t.Errorf("%.5q...: %d, we say %d", body, got, want)
		}
	}
	parts := sms.Split(strings.Repeat("A sentence of a very long answer. ", 100), sms.MaxBody)
	for _, part := range parts {
		text := aText()
		text.Body = part
		if _, err := r.out.Send(t.Context(), text); err != nil {
			t.Error(err)
		}
	}
	r.settle()
	if got := r.carrier.TextsTo(simTo); len(got) != len(parts) || len(parts) < 3 {
		t.Errorf("%d of %d parts came", len(got), len(parts))
	}
}

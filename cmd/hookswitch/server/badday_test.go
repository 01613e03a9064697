package server_test

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/config"
	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/storage"
	"github.com/hookswitch/hookswitch/telephony"
	"github.com/hookswitch/hookswitch/telephony/sim"
	"github.com/hookswitch/hookswitch/telephony/sim/handset"
)

// Who is on the phone on a bad day.
const (
	dayIn     = "+14155550180" // the agent's, for callers
	dayOut    = "+14155550181" // the agent's, to call from
	dayCaller = "+14155550182"
	dayOther  = "+14155550183" // calls, too
	dayCallee = "+14155550184" // is called, and picks up
	dayBusy   = "+14155550185" // is called, and talks to somebody else
)

// badDay is a carrier that misbehaves, and what becomes of calls on it.
type badDay struct {
	name   string
	faults []string      // as [sim.ParseFault] reads them; each must bite
	rest   string        // as [sim.ParseRESTFault] does; must bite. Empty: none
	stay   time.Duration // of whoever talks, from answer. Zero: 3 s
	// Dispatches that the carrier refuses: each has a record, and no call.
	unplaced int
	slow     bool // takes long: not when tests are to be short
	// Reasons of the end, by who is on the phone, that are not the usual ones:
	// everybody hangs up, save who is busy.
	want map[string]telephony.EndReason
}

// stormy is a gateway on a bad day.
type stormy struct {
	*booted
	day     badDay
	carrier *sim.Carrier
	failed  atomic.Int64 // REST requests
	told    *told
	agent   string
}

// newDay boots one, with an agent whose numbers were linked over the API. The
// faults begin then.
func newDay(t *testing.T, seed uint64, day badDay) *stormy {
	t.Helper()
	s := &stormy{day: day, told: receives(t, nil)}
	var err error
	if s.carrier, err = sim.New(sim.Config{
		AccountSID: roadAccount, AuthToken: roadToken, Forget: true, Knobs: sim.Knobs{CPS: -1, Seed: seed},
		Numbers: []sim.Number{{Number: dayIn}, {Number: dayOut}},
	}); err != nil {
		t.Fatal(err)
	}
	api := httptest.NewServer(s.counts(s.carrier.Handler()))
	t.Cleanup(func() {
		api.Close()
		if err := s.carrier.Close(); err != nil {
			t.Error(err)
		}
	})
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	o := privately(t)
	o.Listener, o.Log = ln, slog.New(slog.NewTextHandler(t.Output(), nil)).With("day", day.name)
	o.Transport = &http.Transport{DisableKeepAlives: true}
	o.Config.BootstrapKey, o.Config.Carrier, o.Config.PublicURL = flowKey, "twilio", "http://"+ln.Addr().String()
	o.Config.Twilio = config.Twilio{AccountSID: roadAccount, AuthToken: roadToken, CPS: 50, AMD: "off", APIBase: api.URL}
	s.booted = boot(t, o)
	s.staff()
	s.begin()
	return s
}

// counts notes requests that failed, or were cut off.
func (s *stormy) counts(serve http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		cut := true
		defer func() {
			if cut {
				s.failed.Add(1)
			}
		}()
		answer := &statusWriter{ResponseWriter: w}
		serve.ServeHTTP(answer, r)
		cut = answer.status == http.StatusTooManyRequests || answer.status >= 500
	})
}

type statusWriter struct {
	http.ResponseWriter
	status int
}

func (w *statusWriter) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

// staff makes the agent, and phones for those whom it calls.
func (s *stormy) staff() {
	s.t.Helper()
	s.agent = s.must("POST", "/agents", `{"name":"Shop","voice_uuid":"flite-rms","greeting":"Hello, this is the shop.",
		"asr":{"provider":"moonshine","model":"tiny-en"},"llm":{"provider":"script","model":"demo"},
		"webhooks":[{"webhook_type":"post_call","webhook_config":{"secret":"sixteen bytes or more of it","api_schema":{"url":"`+s.told.URL+`","method":"POST"}}}]}`).str("item.agent.uuid")
	for number, way := range map[string]string{dayIn: "inbound", dayOut: "outbound"} {
		id := s.must("POST", "/phone_numbers", fmt.Sprintf(`{"phone_number":%q,"label":"Line","supports_inbound":%t,"supports_outbound":%t,
			"twilio_account_sid":%q,"twilio_auth_token":%q}`, number, way == "inbound", way == "outbound", roadAccount, roadToken)).str("item.id")
		s.must("PATCH", "/phone_numbers/"+id, `{"agent_uuid":"`+s.agent+`"}`)
	}
	s.carrier.Register(dayCallee, sim.Phone{Answer: handset.Answer{After: 300 * time.Millisecond}, Make: s.guest})
	s.carrier.Register(dayBusy, sim.Phone{Answer: handset.Answer{Kind: handset.Busy, After: 300 * time.Millisecond}})
	eventually(s.t, "ready", func() bool { status, _ := s.get("/readyz"); return status == http.StatusOK })
}

// guest is somebody who leaves when it is time.
func (s *stormy) guest() handset.Handset {
	stay := cmp.Or(s.day.stay, 3*time.Second)
	return handset.Func(func(now time.Duration, _, _ *media.Frame) handset.Touch { return handset.Touch{Hangup: now >= stay} })
}

// begin lets the faults loose.
func (s *stormy) begin() {
	s.t.Helper()
	var faults []sim.Fault
	for _, text := range s.day.faults {
		f, err := sim.ParseFault(text)
		if err != nil {
			s.t.Fatal(err)
		}
		faults = append(faults, f)
	}
	if err := s.carrier.Schedule(faults...); err != nil {
		s.t.Fatal(err)
	}
	s.failed.Store(0)
	if s.day.rest != "" {
		f, err := sim.ParseRESTFault(s.day.rest)
		if err != nil {
			s.t.Fatal(err)
		}
		s.carrier.FailREST(f)
	}
}

func (s *stormy) errorf(format string, a ...any) {
	s.t.Helper()
	s.t.Errorf(s.day.name+": "+format, a...)
}

// calls has from call the agent, and waits for the end.
func (s *stormy) calls(from string) *sim.Call {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 90*time.Second)
	defer cancel()
	call, err := s.carrier.Call(ctx, from, dayIn, s.guest())
	if err == nil {
		err = call.Wait(ctx)
	}
	if err != nil {
		s.t.Fatalf("%s: a call of %s: %v", s.day.name, from, err)
	}
	return call
}

// dials has the agent call to.
func (s *stormy) dials(to string) {
	s.t.Helper()
	if a := s.ask("POST", "/agents/"+s.agent+"/dispatch", `{"phone_number":"`+to+`"}`); a.status/100 != 2 && s.day.rest == "" {
		s.errorf("a dispatch to %s: %d %s", to, a.status, a.text)
	}
}

// passes lives through the day, and then has somebody call as on any other.
func (s *stormy) passes() {
	s.t.Helper()
	play(
		func() { s.calls(dayCaller) }, func() { s.calls(dayOther) },
		func() { s.dials(dayCallee) }, func() { s.dials(dayBusy) },
	)
	for _, call := range s.carrier.Calls() {
		s.settled(call)
	}
	s.bit()
	if err := s.carrier.Schedule(); err != nil {
		s.t.Fatal(err)
	}
	s.carrier.FailREST()
	s.day.want, s.day.stay = nil, 2*time.Second
	after := s.calls(dayCaller)
	s.settled(after)
	if said := spoke(journal(s.t, s.Store(), after.SID())); len(said) != 1 {
		s.errorf("the day after, the agent said %q", said)
	}
	s.kept()
	if violations := s.carrier.Police().Violations(); len(violations) != 0 {
		s.errorf("the carrier complains: %v", violations)
	}
	within(s.t, 10*time.Second, s.day.name+": an idle desk", func() bool { return len(s.Desk().Live()) == 0 })
}

// settled checks that the record of call tells what the carrier knows.
func (s *stormy) settled(call *sim.Call) {
	s.t.Helper()
	who := call.From()
	if who == dayOut {
		who = call.To()
	}
	want := cmp.Or(s.day.want[who], telephony.CallerHangup)
	if who == dayBusy {
		want = cmp.Or(s.day.want[who], telephony.Busy)
	}
	var r storage.Call
	within(s.t, 45*time.Second, s.day.name+": the end of "+who, func() bool {
		var err error
		r, err = s.Store().CallByCarrier(context.Background(), call.SID())
		return err == nil && r.Over() && call.Status().Terminal()
	})
	if r.Reason != want {
		s.errorf("%s: the record ends for %s, want %s: the call is %s", who, r.Reason, want, call.Status())
	}
	switch answered := !call.Answered().IsZero(); {
	case answered != !r.Answered.IsZero():
		s.errorf("%s: answered at %v, on record at %v", who, call.Answered(), r.Answered)
	case answered:
		if off := r.Ended.Sub(r.Answered) - call.Duration(); off.Abs() > 5*time.Second { // a busy machine tells late
			s.errorf("%s: the record lasts %v, the call %v", who, r.Ended.Sub(r.Answered), call.Duration())
		}
	}
	all := journal(s.t, s.Store(), call.SID())
	if n := ends(all); n != 1 {
		s.errorf("%s: the journal has %d ends", who, n)
	} else if last, ok := all[len(all)-1].(agentcore.Ended); !ok || last.Reason != r.Reason {
		s.errorf("%s: the journal closes with %#v, want the end: %s", who, all[len(all)-1], r.Reason)
	}
	s.tells(string(r.ID), r.Reason)
}

// tells checks that post_call told of a call, once.
func (s *stormy) tells(call string, reason telephony.EndReason) {
	s.t.Helper()
	var told []string
	within(s.t, 30*time.Second, s.day.name+": post_call", func() bool {
		told = nil
		for _, p := range s.told.all() {
			var e struct {
				Call   string `json:"call_id"`
				Reason string `json:"end_reason"`
			}
			if err := json.Unmarshal([]byte(p.body), &e); err != nil {
				s.errorf("post_call: %v", err)
			}
			if e.Call == call {
				told = append(told, e.Reason)
			}
		}
		return len(told) > 0
	})
	if len(told) != 1 || told[0] != string(reason) {
		s.errorf("post_call told of %q, want %s once", told, reason)
	}
}

// kept checks that there are as many records as calls, all over, each told of once.
func (s *stormy) kept() {
	s.t.Helper()
	list := s.must("GET", "/calls?limit=100", "")
	items, _ := list.at("items").([]any)
	calls := s.carrier.Calls()
	if len(items) != len(calls)+s.day.unplaced {
		s.errorf("%d records of %d calls, and %d that were never placed", len(items), len(calls), s.day.unplaced)
	}
	for i := range items {
		if status := list.str(fmt.Sprintf("items.%d.status", i)); status != "ended" {
			s.errorf("a record is %s", status)
		}
	}
	if n := len(s.told.all()); n != len(items) {
		s.errorf("%d post_calls of %d records", n, len(items))
	}
}

// bit checks that every fault of the day did.
func (s *stormy) bit() {
	s.t.Helper()
	for _, text := range s.day.faults {
		f, err := sim.ParseFault(text)
		if err != nil {
			s.t.Fatal(err)
		}
		if s.carrier.Struck(f.What) == 0 {
			s.errorf("%s never bit", text)
		}
	}
	if s.day.rest != "" && s.failed.Load() == 0 {
		s.errorf("%s never bit", s.day.rest)
	}
}

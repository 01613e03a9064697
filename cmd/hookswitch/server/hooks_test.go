package server_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/agentcore/webhook"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/server"
	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/storage"
	"github.com/hookswitch/hookswitch/telephony"
	"github.com/hookswitch/hookswitch/telephony/sim"
	"github.com/hookswitch/hookswitch/telephony/sim/handset"
)

const hookNumber = "+14155550146"

// privately are options of a gateway whose webhooks may lead to this machine.
func privately(t *testing.T) server.Options {
	o := deafOptions(t)
	o.Config.Webhooks = "private"
	return o
}

// asks is an agent that asks url whom it greets.
func asks(url string) roster.Definition {
	d := receptionist("Polite")
	greeting := "Hello {{who}}."
	d.Greeting, d.Variables = &greeting, map[string]any{"who": "there"}
	d.Webhooks = []roster.Webhook{{Type: roster.PreCall, Config: roster.WebhookConfig{
		Request:     &roster.Request{URL: url, Method: "POST"},
		Assignments: []roster.Assignment{{Source: "response", Attribute: "customer.name", Variable: "who"}},
		Timeout:     20,
	}}}
	return d
}

// customer answers who calls, d after it was asked.
func customer(d time.Duration) (answer func(int, http.ResponseWriter, *http.Request), answered func() time.Time) {
	var mu sync.Mutex
	var at time.Time
	return func(_ int, w http.ResponseWriter, _ *http.Request) {
			time.Sleep(d)
			mu.Lock()
			at = time.Now()
			mu.Unlock()
			fmt.Fprint(w, `{"customer":{"name":"Ada"}}`)
		}, func() time.Time {
			mu.Lock()
			defer mu.Unlock()
			return at
		}
}

// listener is somebody who remembers what they heard, and hangs up when the
// agent has said something. The hum is much louder than ringing.
type listener struct {
	mu    sync.Mutex
	heard []media.Frame
}

func (l *listener) Tick(_ time.Duration, hear, _ *media.Frame) handset.Touch {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.heard = append(l.heard, *hear)
	spoken, last := 0, 0
	for i := range l.heard {
		if loudest(&l.heard[i]) > 6000 {
			spoken, last = spoken+1, i
		}
	}
	return handset.Touch{Hangup: spoken >= 5 && len(l.heard)-last > 5}
}

func loudest(f *media.Frame) (most int16) {
	for _, s := range f {
		most = max(most, s, -s)
	}
	return most
}

// level is how much of hz is in frames, as the amplitude of a sine (Goertzel).
func level(frames []media.Frame, hz float64) float64 {
	var re, im float64
	n := 0
	for i := range frames {
		for _, s := range frames[i] {
			at := 2 * math.Pi * hz * float64(n) / media.Rate
			re, im, n = re+float64(s)*math.Cos(at), im+float64(s)*math.Sin(at), n+1
		}
	}
	return 2 * math.Hypot(re, im) / float64(max(n, 1))
}

// preCalls are the deliveries of r's pre_call, each with its attempts.
func preCalls(t *testing.T, db *storage.DB, r storage.Call) (all []webhook.Delivery, attempts []webhook.Attempt) {
	t.Helper()
	all, err := db.Deliveries(t.Context(), webhook.Filter{Workspace: roster.Default, Call: r.ID, Kind: roster.PreCall})
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range all {
		a, err := db.Attempts(t.Context(), roster.Default, d.ID)
		if err != nil {
			t.Fatal(err)
		}
		attempts = append(attempts, a...)
	}
	return all, attempts
}

// A pre_call that is quick is done with before anybody picks up.
func TestPreCallIsAskedWhileItRings(t *testing.T) {
	t.Parallel()
	answer, answered := customer(300 * time.Millisecond)
	asked := receives(t, answer)
	b := boot(t, privately(t))
	b.linked(asks(asked.URL), hookNumber)
	call, r := b.dial(hookNumber, polite())
	if at := answered(); at.IsZero() || !call.Answered().After(at) {
		t.Errorf("the call was answered at %v, the webhook at %v", call.Answered(), at)
	}
	if got := spoke(journal(t, b.Store(), call.SID())); len(got) != 1 || got[0] != "Hello Ada." {
		t.Errorf("the agent said %q", got)
	}
	if r.Variables != `{"who":"Ada"}` || r.Reason != telephony.CallerHangup || r.Prepared.IsZero() {
		t.Errorf("on record: variables %s, end %s, prepared %v", r.Variables, r.Reason, r.Prepared)
	}
	var told struct {
		Type string `json:"type"`
		Call string `json:"call_id"`
		From string `json:"caller_phone"`
	}
	posts := asked.all()
	if len(posts) != 1 {
		t.Fatalf("asked %d times", len(posts))
	}
	if err := json.Unmarshal([]byte(posts[0].body), &told); err != nil || told.Type != "pre_call" || told.Call != string(r.ID) || told.From != "+14155550134" {
		t.Errorf("asked with %s (%v)", posts[0].body, err)
	}
	all, attempts := preCalls(t, b.Store(), r)
	if len(all) != 1 || all[0].Status != webhook.Delivered || len(attempts) != 1 || attempts[0].Status != http.StatusOK {
		t.Errorf("on record: %+v %+v", all, attempts)
	}
}

// What a webhook says counts more than a dispatch, and that more than the agent.
func TestPreCallOverDispatchOverAgent(t *testing.T) {
	t.Parallel()
	answer, _ := customer(0)
	o := privately(t)
	o.Config.BootstrapKey = flowKey
	b := boot(t, o)
	d := asks(receives(t, answer).URL)
	greeting := "{{who}}, {{place}}, {{time}}."
	d.Greeting, d.Variables = &greeting, map[string]any{"who": "there", "place": "here", "time": "now"}
	a := b.linked(d, hookNumber)
	call := b.must("POST", "/agents/"+a.UUID+"/dispatch", `{"phone_number":"`+server.PhoneListens+`","dynamic_variables":{"who":"Bob","place":"Rome"}}`).str("call_id")
	if got := b.end(); got != telephony.CallerHangup {
		t.Errorf("the call ended for %s", got)
	}
	if got := b.must("GET", "/calls/"+call+"/transcript", ""); got.str("items.0.text") != "Ada, Rome, now." {
		t.Errorf("the agent said %s", got.text)
	}
	if got := b.must("GET", "/calls/"+call, ""); got.str("item.variables") != "map[place:Rome time:now who:Ada]" {
		t.Errorf("on record: %s", got.text)
	}
}

// A carrier does not let a call ring for ever: one whose webhook is late is
// connected, and the caller hears it ring on.
func TestALatePreCallIsWaitedForWithRinging(t *testing.T) {
	t.Parallel()
	answer, answered := customer(1800 * time.Millisecond)
	o := privately(t)
	o.PrepareWait = 300 * time.Millisecond
	b := boot(t, o)
	b.linked(asks(receives(t, answer).URL), hookNumber)
	l := &listener{}
	call, r := b.dial(hookNumber, l)
	if at := answered(); !call.Answered().Before(at) {
		t.Errorf("the call was answered at %v, the webhook at %v: nothing was late", call.Answered(), at)
	}
	if got := spoke(journal(t, b.Store(), call.SID())); len(got) != 1 || got[0] != "Hello Ada." || r.Variables != `{"who":"Ada"}` {
		t.Errorf("the agent said %q, variables %s", got, r.Variables)
	}
	var ring []media.Frame
	greeted := false
	for i := range l.heard {
		switch most := loudest(&l.heard[i]); {
		case most > 6000:
			greeted = true
		case most > 500 && greeted:
			t.Errorf("it rings again after the greeting, at %v", time.Duration(i)*media.FrameDuration)
		case most > 500:
			ring = append(ring, l.heard[i])
		}
	}
	if d := time.Duration(len(ring)) * media.FrameDuration; !greeted || d < 800*time.Millisecond {
		t.Fatalf("it rang for %v, greeted: %t", d, greeted)
	}
	ring = ring[5:30] // half a second: a sine is told from its neighbour
	if low, high, off := level(ring, 440), level(ring, 480), level(ring, 620); low < 800 || high < 800 || off > 100 {
		t.Errorf("what rings has %.0f of 440 Hz, %.0f of 480 Hz and %.0f of 620 Hz", low, high, off)
	}
}

// Who picks up our call must not meet silence while a webhook is late.
func TestSomebodyWhomWeCalledIsAskedForAMoment(t *testing.T) {
	t.Parallel()
	answer, answered := customer(2500 * time.Millisecond)
	o := privately(t)
	o.Config.BootstrapKey = flowKey
	b := boot(t, o)
	a := b.linked(asks(receives(t, answer).URL), hookNumber)
	const phone = "+14155550179"
	b.Sim().Register(phone, sim.Phone{Make: func() handset.Handset { return &listener{} }}) // hangs up when it has heard a voice
	b.must("POST", "/agents/"+a.UUID+"/dispatch", `{"phone_number":"`+phone+`"}`)
	if got := b.end(); got != telephony.CallerHangup || !answered().IsZero() {
		t.Errorf("the call ended for %s, the webhook answered at %v: nobody spoke before", got, answered())
	}
}

// A webhook that fails is no reason to turn a caller away, and on record.
func TestAFailedPreCallLeavesTheDefaults(t *testing.T) {
	t.Parallel()
	asked := receives(t, func(_ int, w http.ResponseWriter, _ *http.Request) {
		http.Error(w, `{"customer":{"name":"Eve"}}`, http.StatusInternalServerError)
	})
	b := boot(t, privately(t))
	b.linked(asks(asked.URL), hookNumber)
	call, r := b.dial(hookNumber, polite())
	if got := spoke(journal(t, b.Store(), call.SID())); len(got) != 1 || got[0] != "Hello there." {
		t.Errorf("the agent said %q", got)
	}
	if r.Variables != `{"who":"there"}` || r.Reason != telephony.CallerHangup {
		t.Errorf("on record: variables %s, end %s", r.Variables, r.Reason)
	}
	all, attempts := preCalls(t, b.Store(), r)
	if len(all) != 1 || all[0].Status != webhook.Dead || !all[0].Next.IsZero() || len(attempts) != 1 {
		t.Fatalf("on record: %+v %+v", all, attempts)
	}
	if a := attempts[0]; a.Status != http.StatusInternalServerError || a.Err == "" || !strings.Contains(a.ResponseBody, "Eve") || !strings.Contains(a.RequestBody, string(r.ID)) {
		t.Errorf("its attempt: %+v", a)
	}
	if len(asked.all()) != 1 {
		t.Errorf("asked %d times: a caller waits for this one", len(asked.all()))
	}
}

// Whoever rings off takes the question back.
func TestCallerHangsUpWhilePreCallHangs(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		wait   time.Duration
		reason telephony.EndReason
	}{
		"while it rings":       {0, telephony.Canceled},
		"when it is picked up": {100 * time.Millisecond, telephony.CallerHangup},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			gone := make(chan struct{})
			asked := receives(t, func(_ int, _ http.ResponseWriter, r *http.Request) {
				<-r.Context().Done()
				close(gone)
			})
			o := privately(t)
			o.PrepareWait = tt.wait
			b := boot(t, o)
			b.linked(asks(asked.URL), hookNumber)
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			call, err := b.Sim().Call(ctx, "+14155550134", hookNumber, handset.Silent)
			if err != nil {
				t.Fatal(err)
			}
			within(t, 10*time.Second, "the question", func() bool { return len(asked.all()) == 1 })
			if tt.wait > 0 {
				within(t, 10*time.Second, "stream", call.Streaming)
				time.Sleep(200 * time.Millisecond) // of ringing
			}
			call.Hangup()
			select {
			case <-gone:
			case <-time.After(10 * time.Second):
				t.Fatal("the webhook is still asked 10 s after the caller has gone")
			}
			if err := call.Wait(ctx); err != nil {
				t.Fatal(err)
			}
			if got := b.end(); got != tt.reason {
				t.Errorf("the call ended for %s, want %s", got, tt.reason)
			}
			within(t, 10*time.Second, "an idle desk", func() bool { return len(b.Desk().Live()) == 0 })
			all := journal(t, b.Store(), call.SID())
			if ends(all) != 1 || len(b.ended) != 0 || len(spoke(all)) != 0 {
				t.Errorf("the journal has %d ends, the watcher saw %d more: %v", ends(all), len(b.ended), all)
			}
		})
	}
}

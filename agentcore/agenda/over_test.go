package agenda_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/agenda"
	"github.com/hookswitch/hookswitch/agentcore/dispatch"
	"github.com/hookswitch/hookswitch/telephony"
)

// Decision 7 of the gateway's APIs, reason by reason: who reached nobody calls
// again, whoever was reached is left alone.
func TestWhatACallsEndMeans(t *testing.T) {
	const again, end, over = agenda.Scheduled, agenda.Done, agenda.Failed
	for _, tt := range []struct {
		reason   telephony.EndReason
		answered bool
		by       string
		status   string
		code     string
	}{
		{telephony.NoAnswer, false, "", again, "no_answer"},
		{telephony.Busy, false, "", again, "busy"},
		{telephony.Failed, false, "", again, "failed"},
		{telephony.NotConnected, true, "", again, "not_connected"},
		{telephony.LineLost, false, "", again, "line_lost"},
		{telephony.GatewayFailed, false, "", again, "gateway_failed"},
		{telephony.Shutdown, false, "", again, "shutdown"},
		{telephony.Voicemail, true, "", again, "voicemail"},
		{telephony.AgentHangup, true, "machine_start", again, "voicemail"},
		{telephony.CallerHangup, true, "machine_end_other", again, "voicemail"},
		{telephony.AgentHangup, true, "fax", again, "voicemail"},
		{telephony.AgentHangup, true, "human", end, "agent_hangup"},
		{telephony.AgentHangup, true, "unknown", end, "agent_hangup"},
		{telephony.CallerHangup, true, "", end, "caller_hangup"},
		{telephony.CallerHangup, false, "", end, "caller_hangup"},
		{telephony.Transferred, true, "", end, "transferred"},
		{telephony.Silence, true, "", end, "silence"},
		{telephony.MaxDuration, true, "", end, "max_duration"},
		{telephony.LineLost, true, "", end, "line_lost"},
		{telephony.ProviderFailed, true, "", end, "provider_failed"},
		{telephony.Shutdown, true, "", end, "shutdown"},
		{telephony.OperatorHangup, true, "", end, "operator_hangup"},
		{telephony.OperatorHangup, false, "", over, "operator_hangup"},
		{telephony.Canceled, false, "", over, "canceled"},
		{telephony.Refused, false, "", over, "refused"},
		{telephony.AgentDisabled, false, "", over, "agent_disabled"},
	} {
		t.Run(string(tt.reason)+" "+tt.by, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := newMemory()
				x := newExchange(m, first(fate{lasts: time.Second, reason: tt.reason, person: tt.answered, by: tt.by}))
				p := start(t, m, agenda.Config{Placer: x, Calls: x})
				defer p.end()
				e := errand(number, time.Time{})
				e.Options.Retry = series(1, agenda.Gap{Hours: 1})
				e = p.book(e)
				time.Sleep(time.Minute)
				m.is(t, e.ID, tt.status, tt.code, 1)
				time.Sleep(62 * time.Minute)
				want := 1
				if tt.status == again {
					want = 2
				}
				if n := len(x.rings(number)); n != want {
					t.Errorf("rang %d times, want %d", n, want)
				}
			})
		})
	}
}

// What we found out beside the carrier's word: a machine is called again, a person
// is not.
func TestWhoAnsweredDecidesWhetherToCallAgain(t *testing.T) {
	ours := func(class string, confidence float64) string {
		return fmt.Sprintf(`{"class":%q,"confidence":%g,"at_ms":900,"evidence":[]}`, class, confidence)
	}
	const again, end = agenda.Scheduled, agenda.Done
	for claim, tt := range map[string]struct {
		reason telephony.EndReason
		by     string // the carrier
		found  string // we
		status string
		code   string
	}{
		"a voicemail that greeted":              {telephony.CallerHangup, "", ours("voicemail_greeting", 0.9), again, "voicemail"},
		"a voicemail that beeped":               {telephony.AgentHangup, "", ours("voicemail_beep", 0.9), again, "voicemail"},
		"a full mailbox":                        {telephony.CallerHangup, "unknown", ours("mailbox_full", 0.9), again, "voicemail"},
		"a fax":                                 {telephony.Silence, "", ours("fax", 0.9), again, "voicemail"},
		"a number that can't be reached":        {telephony.CallerHangup, "", ours("unavailable", 0.9), again, "voicemail"},
		"an announcement that we are unsure of": {telephony.CallerHangup, "", ours("unavailable", 0.4), end, "caller_hangup"},
		"a voicemail, and then put through":     {telephony.Transferred, "machine_start", ours("voicemail_greeting", 0.9), end, "transferred"},
		"a menu that was hung up on":            {telephony.Voicemail, "", ours("ivr", 0.9), again, "voicemail"},
		"a queue that was waited in for long":   {telephony.Voicemail, "human", ours("hold", 0.9), again, "voicemail"},
		"a person, and the call ended of a fax": {telephony.Voicemail, "", ours("human", 0.9), again, "voicemail"},
		"a menu that was talked to":             {telephony.AgentHangup, "", ours("ivr", 0.9), end, "agent_hangup"},
		"a screener, then they hung up":         {telephony.CallerHangup, "human", ours("screener", 0.9), end, "caller_hangup"},
		"a person":                              {telephony.CallerHangup, "", ours("human", 0.9), end, "caller_hangup"},
		"a person; a machine, says the carrier": {telephony.CallerHangup, "machine_start", ours("human", 0.5), end, "caller_hangup"},
		"maybe a person; a machine, it says":    {telephony.CallerHangup, "machine_start", ours("human", 0.49), again, "voicemail"},
		"we don't know; a machine, it says":     {telephony.CallerHangup, "machine_end_beep", ours("unknown", 0.9), again, "voicemail"},
		"we don't know; a person, it says":      {telephony.CallerHangup, "human", ours("unknown", 0.9), end, "caller_hangup"},
		"a voicemail; a person, it says":        {telephony.CallerHangup, "human", ours("voicemail_beep", 0.9), again, "voicemail"},
		"of a later build, which is no JSON":    {telephony.CallerHangup, "machine_start", `{"class":`, again, "voicemail"},
		"nobody answered, we knew nothing":      {telephony.NoAnswer, "", "", again, "no_answer"},
	} {
		t.Run(claim, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := newMemory()
				x := newExchange(m, first(fate{lasts: time.Second, reason: tt.reason, person: true, by: tt.by, found: tt.found}))
				p := start(t, m, agenda.Config{Placer: x, Calls: x})
				defer p.end()
				e := errand(number, time.Time{})
				e.Options.Retry = series(3, agenda.Gap{Hours: 1})
				e = p.book(e)
				time.Sleep(time.Minute)
				m.is(t, e.ID, tt.status, tt.code, 1)
				time.Sleep(5 * time.Hour)
				m.is(t, e.ID, agenda.Done, map[string]string{again: "caller_hangup", end: tt.code}[tt.status], map[string]int{again: 2, end: 1}[tt.status])
			})
		})
	}
}

func TestASeriesEndsAfterItsCallbacks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		x := newExchange(m, always(nobody))
		p := start(t, m, agenda.Config{Placer: x, Calls: x})
		defer p.end()
		e := errand(number, time.Time{})
		e.Options.Retry = series(3, agenda.Gap{Hours: 1}, agenda.Gap{Hours: 3})
		e = p.book(e)
		time.Sleep(10 * time.Hour)
		m.is(t, e.ID, agenda.Failed, "no_answer", 4)
		x.gaps(t, number, time.Hour, 3*time.Hour, 3*time.Hour) // the last one repeats
	})
}

// gaps checks how long it was from the end of each call to the next.
func (x *exchange) gaps(t *testing.T, to string, want ...time.Duration) {
	t.Helper()
	rings := x.rings(to)
	if len(rings) != len(want)+1 {
		t.Fatalf("rang %d times, want %d", len(rings), len(want)+1)
	}
	for i, w := range want {
		if late := rings[i+1].at.Sub(rings[i].over) - w; late < 0 || late > 3*time.Second {
			t.Errorf("callback %d came %v after its time", i+1, late)
		}
	}
}

// The agent's own smart callback: of calls that were booked without another, and
// of calls that nobody booked.
func TestAnAgentCallsBack(t *testing.T) {
	own := func(_ context.Context, workspace, agent string, version int) (*agenda.Retry, error) {
		if workspace != "ws_1" || version != 1 {
			return nil, errors.New("nobody knows that agent")
		}
		if agent != "agent" {
			return nil, nil
		}
		return series(2, agenda.Gap{Hours: 2}), nil
	}
	alone := dispatch.Record{
		ID: "call_alone", Workspace: "ws_1", AgentUUID: "agent", Agent: "Ada", Version: 1, Direction: telephony.Outbound,
		From: "+15550100", To: number, Dialled: time.Unix(1, 0), Carrier: "CA1", Reason: telephony.NoAnswer, Variables: `{"a":"b"}`,
		Proof: `{"number_type":"mobile","consent":"web form"}`,
	}
	for _, tt := range []struct {
		claim string
		begin func(p *process, x *exchange)
		rings int
	}{
		{"a booked call", func(p *process, _ *exchange) { p.book(errand(number, time.Time{})) }, 3},
		{"a booked call that says never", func(p *process, _ *exchange) {
			e := errand(number, time.Time{})
			e.Options.Retry = series(0)
			p.book(e)
		}, 1},
		{"a call that nobody booked", func(_ *process, x *exchange) { x.take(alone) }, 2},
		{"that one, told twice", func(_ *process, x *exchange) { x.take(alone); x.take(alone) }, 2},
		{"one of another agent", func(_ *process, x *exchange) { r := alone; r.AgentUUID = "other"; x.take(r) }, 0},
		{"one that reached them", func(_ *process, x *exchange) {
			r := alone
			r.Reason, r.Answered = telephony.AgentHangup, time.Now()
			x.take(r)
		}, 0},
		{"one that was never placed: whoever asked was told", func(_ *process, x *exchange) {
			r := alone
			r.Reason, r.Dialled, r.Carrier = telephony.Failed, time.Time{}, ""
			x.take(r)
		}, 0},
		{"one that came in", func(_ *process, x *exchange) { r := alone; r.Direction = telephony.Inbound; x.take(r) }, 0},
		{"one of the gateway's own agent", func(_ *process, x *exchange) { r := alone; r.AgentUUID = ""; x.take(r) }, 0},
	} {
		t.Run(tt.claim, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := newMemory()
				x := newExchange(m, always(nobody))
				p := start(t, m, agenda.Config{Placer: x, Calls: x, Retry: own})
				defer p.end()
				tt.begin(p, x)
				time.Sleep(8 * time.Hour)
				if n := len(x.rings(number)); n != tt.rings {
					t.Errorf("rang %d times, want %d", n, tt.rings)
				}
				for _, e := range m.all() {
					if e.ID == "call_alone" && (e.Source != agenda.FromCallback || e.Variables != alone.Variables || e.From != "+15550100" || e.Options.Consent != "web form") {
						t.Errorf("the series is %+v", e)
					}
				}
			})
		})
	}
}

// Somebody who was reached is left alone by every series of that agent, and by
// no other's.
func TestWhoWasReachedIsLeftAlone(t *testing.T) {
	inbound := dispatch.Record{
		ID: "call_in", Workspace: "ws_1", AgentUUID: "agent", Direction: telephony.Inbound,
		From: number, To: "+15550100", Reason: telephony.CallerHangup,
	}
	for _, tt := range []struct {
		claim  string
		happen func(p *process, x *exchange)
		code   string // of the series in the end; empty: it goes on
	}{
		{"another call reached them", func(p *process, x *exchange) { p.book(errand(number, time.Time{})) }, agenda.CodeReached},
		{"they called", func(_ *process, x *exchange) { r := inbound; r.Answered = time.Now(); x.take(r) }, agenda.CodeCalledIn},
		{"they called, and nobody answered", func(_ *process, x *exchange) { r := inbound; r.Reason = telephony.Failed; x.take(r) }, ""},
		{"they called another agent", func(_ *process, x *exchange) { r := inbound; r.Answered, r.AgentUUID = time.Now(), "other"; x.take(r) }, ""},
		{"another called", func(_ *process, x *exchange) {
			r := inbound
			r.Answered, r.From = time.Now(), "+12125550199"
			x.take(r)
		}, ""},
		{"somebody called who hides the number", func(_ *process, x *exchange) {
			r := inbound
			r.Answered, r.From = time.Now(), telephony.Withheld
			x.take(r)
		}, ""},
	} {
		t.Run(tt.claim, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := newMemory()
				x := newExchange(m, first(nobody))
				p := start(t, m, agenda.Config{Placer: x, Calls: x})
				defer p.end()
				e := errand(number, time.Time{})
				e.Options.Retry = series(3, agenda.Gap{Hours: 4})
				e = p.book(e)
				time.Sleep(time.Hour)
				m.is(t, e.ID, agenda.Scheduled, "no_answer", 1)
				tt.happen(p, x)
				time.Sleep(2 * time.Hour)
				if tt.code == "" {
					m.is(t, e.ID, agenda.Scheduled, "no_answer", 1)
				} else {
					m.is(t, e.ID, agenda.Done, tt.code, 1)
				}
				time.Sleep(5 * time.Hour)
				want := 2
				if tt.code == agenda.CodeCalledIn {
					want = 1
				}
				if n := len(x.rings(number)); n != want {
					t.Errorf("rang %d times, want %d", n, want)
				}
			})
		})
	}
}

// The telephone rings in vain while its owner calls from another: that attempt is
// the last.
func TestWhoCallsWhileTheyAreCalledIsNotCalledAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		x := newExchange(m, always(nobody))
		p := start(t, m, agenda.Config{Placer: x, Calls: x})
		defer p.end()
		e := errand(number, time.Time{})
		e.Options.Retry = series(3, agenda.Gap{Hours: 1})
		e = p.book(e)
		time.Sleep(10 * time.Second)
		x.take(dispatch.Record{
			ID: "call_in", Workspace: "ws_1", AgentUUID: "agent", Direction: telephony.Inbound,
			From: number, Reason: telephony.CallerHangup, Answered: time.Now(),
		})
		time.Sleep(5 * time.Second)
		m.is(t, e.ID, agenda.Live, agenda.CodeCalledIn, 1)
		time.Sleep(5 * time.Hour)
		m.is(t, e.ID, agenda.Done, agenda.CodeCalledIn, 1)
		if n := len(x.rings(number)); n != 1 {
			t.Errorf("rang %d times, want once", n)
		}
	})
}

// Two that are called by the same agent, and reach nobody: one series goes on.
func TestOneSeriesOfAnAgentAndANumber(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		x := newExchange(m, always(nobody))
		p := start(t, m, agenda.Config{Placer: x, Calls: x})
		defer p.end()
		e := errand(number, time.Time{})
		e.Options.Retry = series(2, agenda.Gap{Hours: 1})
		one := p.book(e)
		time.Sleep(time.Millisecond)
		two := p.book(e)
		time.Sleep(4 * time.Hour)
		m.is(t, one.ID, agenda.Failed, "no_answer", 3)
		m.is(t, two.ID, agenda.Failed, agenda.CodeSeriesOpen, 1)
		rings := x.rings(number)
		if len(rings) != 4 {
			t.Fatalf("rang %d times, want 4", len(rings))
		}
		if rings[1].at.Before(rings[0].over) {
			t.Error("the number was called while it was being called")
		}
	})
}

// A process died between the row of a call and the request to the carrier: the
// attempt is made again and does not count, three times; then it does.
func TestAnAttemptThatNobodyWasAskedForIsMadeAgain(t *testing.T) {
	for _, tt := range []struct {
		lost, rings, attempts int
		status, code          string
	}{
		{1, 2, 3, agenda.Failed, "no_answer"},
		{3, 2, 5, agenda.Failed, "no_answer"},
		{4, 1, 5, agenda.Failed, "no_answer"}, // the fourth counts: one call is left of two
		{9, 0, 5, agenda.Failed, "failed"},
	} {
		synctest.Test(t, func(t *testing.T) {
			m := newMemory()
			l := &loser{exchange: newExchange(m, always(nobody)), left: tt.lost}
			p := start(t, m, agenda.Config{Placer: l, Calls: l})
			defer p.end()
			e := errand(number, time.Time{})
			e.Options.Retry = series(1, agenda.Gap{Hours: 1})
			e = p.book(e)
			time.Sleep(4 * time.Hour)
			on := m.is(t, e.ID, tt.status, tt.code, tt.attempts)
			if on.Options.Lost != min(tt.lost, 3) {
				t.Errorf("%d were lost, want %d", on.Options.Lost, min(tt.lost, 3))
			}
			if n := len(l.rings(number)); n != tt.rings {
				t.Errorf("lost %d: rang %d times, want %d", tt.lost, n, tt.rings)
			}
		})
	}
}

// loser keeps the row of a call and never asks the carrier, so many times.
type loser struct {
	*exchange
	left int
}

func (l *loser) Place(ctx context.Context, e agenda.Errand) error {
	l.mu.Lock()
	if l.left > 0 && l.calls[e.Call].ID == "" {
		l.left--
		l.mu.Unlock()
		l.row(e)
		l.abandon(e.Call)
		return nil
	}
	l.mu.Unlock()
	return l.exchange.Place(ctx, e)
}

// A call that is over before anybody noted that it began.
func TestACallThatIsOverAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		x := newExchange(m, always(fate{reason: telephony.Failed}))
		p := start(t, m, agenda.Config{Placer: x, Calls: x})
		defer p.end()
		e := errand(number, time.Time{})
		e.Options.Retry = series(2, agenda.Gap{Hours: 1})
		e = p.book(e)
		time.Sleep(5 * time.Hour)
		m.is(t, e.ID, agenda.Failed, "failed", 3)
	})
}

// Somebody who was taken for dead placed the call, and it was over before the
// errand was claimed again: its job found nobody, and does not come again.
func TestACallThatWasOverBeforeItsErrandWasClaimed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		x := newExchange(m, always(person))
		p := start(t, m, agenda.Config{Placer: x, Calls: x})
		defer p.end()
		e := errand(number, time.Time{})
		e.ID, e.Options.Retry = "call_1", series(2, agenda.Gap{Hours: 1})
		x.calls["call_1"] = dispatch.Record{
			ID: "call_1", Direction: telephony.Outbound, To: number, Carrier: "CA1",
			Created: clock(), Dialled: clock(), Ended: clock(), Reason: telephony.Busy,
		}
		p.book(e)
		time.Sleep(time.Minute)
		m.is(t, "call_1", agenda.Scheduled, "busy", 1)
		time.Sleep(2 * time.Hour)
		m.is(t, "call_1", agenda.Done, "caller_hangup", 2)
	})
}

// tally counts as a meter does.
type tally struct {
	mu    sync.Mutex
	count map[string]int
}

func (c *tally) add(what string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.count[what]++
}

func (c *tally) ErrandBegun(kind string, late time.Duration) {
	if late < 0 || late > 5*time.Second {
		kind += " late"
	}
	c.add("begun " + kind)
}
func (c *tally) ErrandLater(code string)              { c.add("later " + code) }
func (c *tally) ErrandLost()                          { c.add("lost") }
func (c *tally) ErrandOver(kind, status, code string) { c.add(kind + " " + status + " " + code) }

func TestWhatIsCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		l := &loser{exchange: newExchange(m, first(nobody)), left: 1}
		s := &says{exchange: l.exchange, errs: []error{&agenda.Later{At: time.Now().Add(time.Minute), Code: "quiet_hours"}}}
		c := &tally{count: map[string]int{}}
		p := start(t, m, agenda.Config{Placer: queue{s, l}, Calls: l, Counter: c})
		defer p.end()
		e := errand(number, time.Time{})
		e.Options.Retry = series(2, agenda.Gap{Hours: 1})
		p.book(e)
		time.Sleep(3 * time.Hour)
		c.mu.Lock()
		defer c.mu.Unlock()
		want := map[string]int{"later quiet_hours": 1, "lost": 1, "begun call": 2, "begun callback": 1, "call done caller_hangup": 1}
		if !maps.Equal(c.count, want) {
			t.Errorf("counted %v, want %v", c.count, want)
		}
	})
}

// queue asks one placer for as long as it has something to say, then the other.
type queue struct {
	says *says
	next agenda.Placer
}

func (q queue) Place(ctx context.Context, e agenda.Errand) error {
	q.says.mu.Lock()
	talks := len(q.says.errs) > 0
	q.says.mu.Unlock()
	if talks {
		return q.says.Place(ctx, e)
	}
	return q.next.Place(ctx, e)
}

package server_test

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/agenda"
	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/telephony"
	"github.com/hookswitch/hookswitch/telephony/sim"
	"github.com/hookswitch/hookswitch/telephony/sim/handset"
)

// mortal is a town whose gateway is killed while it calls many.
type mortal struct {
	*town
	*judge
	public string
	socket *os.File
	now    *exec.Cmd
	strike atomic.Int32 // when the next request for a call has it killed
	struck chan struct{}
	gone   atomic.Pointer[chan struct{}] // closed when the one that was struck is dead
}

// Moments to strike.
const (
	never       = iota
	whenAsked   // the carrier hears nothing of the request
	whenPlaced  // it has placed the call, and its answer is lost
	whenClaimed // at a moment that has nothing to do with requests
)

func newMortal(t *testing.T) *mortal {
	t.Helper()
	return newMortalIn(newTown(t, sim.Knobs{}, nil))
}

// newMortalIn is newMortal in that town.
func newMortalIn(w *town) *mortal {
	t := w.t
	t.Helper()
	m := &mortal{town: w, struck: make(chan struct{}, 1)}
	m.env = append(m.env, "HOOKSWITCH_TWILIO_CPS=20", "HOOKSWITCH_API_RATE=100000")
	m.judge = &judge{carrier: m.town.carrier, serve: m.rest.Config.Handler}
	m.before = func() bool { return m.spared(whenAsked) }
	m.after = func() bool { return m.spared(whenPlaced) }
	m.rest.Config.Handler = m.judge
	m.public, m.socket = m.town.socket()
	m.calls(m.public, &caller{})
	if err := m.db.SetDialing(t.Context(), roster.Default, roster.Dialing{}, roster.Dialing{
		MaxPerHour: 10_000, MaxConcurrentPrefix: 1000, MaxPerNumberHour: 1000, MaxPerNumberDay: 1000, MinutesPerNumberDay: 1440,
	}, "test", time.Now()); err != nil {
		t.Fatal(err)
	}
	return m
}

// spared reports whether the gateway lives on at this moment. If not, it is dead
// when spared returns.
func (m *mortal) spared(moment int32) bool {
	if !m.strike.CompareAndSwap(moment, never) {
		return true
	}
	m.struck <- struct{}{}
	<-*m.gone.Load()
	return false
}

// starts starts the next gateway.
func (m *mortal) starts() {
	m.t.Helper()
	gone := make(chan struct{})
	m.gone.Store(&gone)
	m.now = m.gateway(m.public, m.socket)
}

// dies kills the gateway at a moment.
func (m *mortal) dies(moment int32, d time.Duration) {
	m.t.Helper()
	m.strike.Store(moment)
	late := time.NewTimer(d)
	defer late.Stop()
	select {
	case <-m.struck:
	case <-late.C:
		if moment != whenClaimed && !m.strike.CompareAndSwap(moment, never) {
			<-m.struck // just now
		}
		m.strike.Store(never)
	}
	m.kill(m.now)
	close(*m.gone.Load())
}

// insists asks until it is answered, as a client does whose server died.
func (m *mortal) insists(method, path, body string, header ...string) answered {
	for {
		ctx, cancel := context.WithTimeout(m.t.Context(), 5*time.Second)
		a, err := trillet.knock(ctx, m.public, owner, method, path, strings.NewReader(body), header...)
		cancel()
		if err == nil && a.status/100 == 2 || m.t.Context().Err() != nil {
			return a
		}
		if err == nil && a.status != http.StatusServiceUnavailable && a.status < 500 {
			m.t.Errorf("%s %s: %d %s", method, path, a.status, a.text)
			return a
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// all are the errands on record.
func (m *mortal) all(f agenda.Filter) (all []agenda.Errand) {
	m.t.Helper()
	for cursor := ""; ; {
		some, next, err := m.db.Agenda().Errands(context.Background(), roster.Default, f, cursor, 1000)
		if err != nil {
			m.t.Fatal(err)
		}
		if all = append(all, some...); next == "" {
			return all
		}
		cursor = next
	}
}

// A gateway is killed again and again: while errands wait for their time, while
// the carrier is asked, before and after it has placed a call, and in the middle
// of a batch. In the end everybody was called once, and the counts say so.
func TestKillsWhileManyAreCalled(t *testing.T) {
	t.Parallel()
	kills := 12
	if testing.Short() {
		kills = 4
	}
	newMortal(t).diesOften(kills)
}

// diesOften is one such life, with so many kills.
func (m *mortal) diesOften(kills int) {
	t := m.t
	t.Helper()
	const rows, later, singles = 60, 8, 12
	people := phones(m.town.carrier, 1000, rows+later+singles, polite)
	m.starts()
	kind, body := form(column(people[:rows]), "agentId", "uuid-of-front-desk")
	batch := m.insists("POST", "/v1/api/batch-calls", body, "Content-Type", kind).str("batchId")
	for i, to := range people[rows : rows+later] {
		a, err := whippy.knock(t.Context(), m.public, owner, "POST", "/agents/uuid-of-front-desk/call",
			strings.NewReader(`{"from":"`+fromNumber+`","to":"`+to+`","schedule_at":"`+in(time.Duration(i+1)*time.Second)+`","bypass_quiet_hours":true}`))
		if err != nil || a.status != http.StatusAccepted {
			t.Fatalf("scheduled: %d %s (%v)", a.status, a.text, err)
		}
	}
	var clients sync.WaitGroup
	told := make([]string, singles)
	for i, to := range people[rows+later:] {
		clients.Go(func() {
			time.Sleep(time.Duration(i) * 700 * time.Millisecond) // somebody wants a call now and then
			told[i] = m.insists("POST", "/v1/api/call", `{"to":"`+to+`","call_agent_id":"uuid-of-front-desk"}`, "Idempotency-Key", "once-"+to).str("call_id")
		})
	}
	chance := rand.New(rand.NewPCG(6, 2026))
	for i := range kills {
		switch i % 3 {
		case 0:
			m.dies(whenAsked, 6*time.Second)
		case 1:
			m.dies(whenPlaced, 6*time.Second)
		case 2:
			m.dies(whenClaimed, time.Duration(300+chance.IntN(1500))*time.Millisecond)
		}
		m.starts()
	}
	clients.Wait()
	within(t, 3*time.Minute, "the end of everything", func() bool {
		for _, e := range m.all(agenda.Filter{}) {
			if !agenda.Over(e.Status) {
				return false
			}
		}
		return true
	})
	times := m.times()
	for _, to := range people {
		if times[to] != 1 {
			t.Errorf("%s was called %d times", to, times[to])
		}
	}
	if n := len(m.requests()); n != len(people) {
		t.Errorf("%d calls of %d people", n, len(people))
	}
	m.agrees(batch, rows, len(people))
	for i, to := range people[rows+later:] {
		e, err := m.db.Agenda().Errand(t.Context(), roster.Default, told[i])
		if err != nil || e.To != to {
			t.Errorf("told %s for %s: %v", told[i], to, err)
		}
	}
	if both := m.never(); len(both) > 0 {
		t.Errorf("called while they were called: %q", both)
	}
	m.stop(m.now)
}

// agrees checks what is on record against what the carrier did.
func (m *mortal) agrees(batch string, rows, people int) {
	m.t.Helper()
	all := m.all(agenda.Filter{})
	if len(all) != people {
		m.t.Errorf("%d errands of %d people", len(all), people)
	}
	done, lost := 0, 0
	for _, e := range all {
		r, err := m.db.Call(context.Background(), e.Call)
		if err != nil || !r.Over() || r.Carrier == "" {
			m.t.Errorf("an errand's call, %s (%s): over %t, at the carrier %q, %v", e.Status, e.Code, r.Over(), r.Carrier, err)
			continue
		}
		call, ok := m.town.carrier.Lookup(r.Carrier)
		if !ok || call.To() != e.To {
			m.t.Errorf("errand %s has a call to somebody else", e.ID)
		}
		lost += e.Options.Lost
		heard := r.Reason == telephony.CallerHangup
		if heard != (e.Status == agenda.Done) {
			m.t.Errorf("errand %s is %s (%s), its call ended for %s", e.ID, e.Status, e.Code, r.Reason)
		}
		if heard {
			done++
		}
	}
	m.t.Logf("%d were reached; %d attempts were made again that nobody had been asked for", done, lost)
	if done < people-people/4 {
		m.t.Errorf("only %d of %d were reached", done, people)
	}
	var b answered
	within(m.t, 10*time.Second, "the batch", func() bool {
		b = m.insists("GET", "/v1/api/batch-calls/"+batch, "")
		return b.str("status") == "completed"
	})
	reached := 0
	for _, e := range all {
		if e.Batch == batch && e.Status == agenda.Done {
			reached++
		}
	}
	if b.str("progress.completed") != fmt.Sprint(reached) || b.str("progress.failed") != fmt.Sprint(rows-reached) || b.str("totalCalls") != fmt.Sprint(rows) {
		m.t.Errorf("the batch says %s; %d of %d rows were reached", b.text, reached, rows)
	}
}

// A gateway is killed while a file is sent to it, and while it writes the file's
// rows down: nobody is called. The client sends the file again, and everybody is
// called once.
func TestKillWhileAFileIsRead(t *testing.T) {
	t.Parallel()
	m := newMortal(t)
	people := phones(m.town.carrier, 1000, 20, polite)
	var many strings.Builder
	many.WriteString(column(people))
	for i := range 20_000 { // enough for the writing to take a moment
		fmt.Fprintf(&many, "+1415556%04d%d\n", i, 0) // with a digit too many: a row that is left out
	}
	for i := range 6000 {
		fmt.Fprintf(&many, "+1212555%04d,Ada\n", i)
	}
	m.starts()
	kind, body := form(column(people), "agentId", "uuid-of-front-desk")

	half, rest := io.Pipe()
	answer := make(chan error, 1)
	go func() {
		_, err := trillet.knock(context.Background(), m.public, owner, "POST", "/v1/api/batch-calls", half, "Content-Type", kind)
		half.CloseWithError(io.ErrClosedPipe)
		answer <- err
	}()
	if _, err := io.WriteString(rest, body[:len(body)/2]); err != nil {
		t.Fatal(err)
	}
	m.dies(whenClaimed, 200*time.Millisecond)
	rest.CloseWithError(io.ErrUnexpectedEOF)
	if err := <-answer; err == nil {
		t.Error("half a file was answered")
	}
	if all := m.all(agenda.Filter{}); len(all) != 0 {
		t.Errorf("half a file has %d rows", len(all))
	}

	m.starts()
	long, large := form(many.String(), "agentId", "uuid-of-front-desk")
	go func() {
		_, err := trillet.knock(context.Background(), m.public, owner, "POST", "/v1/api/batch-calls", strings.NewReader(large), "Content-Type", long)
		answer <- err
	}()
	within(t, 30*time.Second, "the first rows", func() bool {
		all, err := m.db.Agenda().CountErrands(t.Context(), roster.Default, agenda.Filter{})
		return err == nil && all > 0
	})
	m.dies(whenClaimed, 0)
	if err := <-answer; err == nil {
		t.Error("the file was answered before the kill: nothing was tested")
	}

	m.starts()
	batch := m.insists("POST", "/v1/api/batch-calls", body, "Content-Type", kind).str("batchId")
	within(t, time.Minute, "the batch", func() bool {
		return m.insists("GET", "/v1/api/batch-calls/"+batch, "").str("status") == "completed"
	})
	times := m.times()
	for _, to := range people {
		if times[to] != 1 {
			t.Errorf("%s was called %d times", to, times[to])
		}
	}
	if n := len(m.requests()); n != len(people) {
		t.Errorf("%d were called, want %d: rows of a file that nobody took were called", n, len(people))
	}
	m.stop(m.now)
}

// A gateway is killed when the carrier has placed its call and said so, and the
// carrier never tells of that call again: who picks the phone up can't give it
// away. The next gateway asks, and calls nobody twice.
func TestKillWhenOnlyTheCarrierKnows(t *testing.T) {
	if testing.Short() {
		t.Skip("the next gateway waits for a minute before it asks")
	}
	t.Parallel()
	m := newMortal(t)
	const to = "+14155551500"
	if err := m.town.carrier.Schedule(sim.Fault{What: sim.CallbackLost, Number: to}); err != nil {
		t.Fatal(err)
	}
	m.town.carrier.Register(to, sim.Phone{Answer: handset.Answer{Kind: handset.Busy, After: 100 * time.Millisecond}})
	m.starts()
	id := m.insists("POST", "/v1/api/call", `{"to":"`+to+`","call_agent_id":"uuid-of-front-desk"}`).str("call_id")
	m.dies(whenPlaced, 20*time.Second)
	if n := m.times()[to]; n != 1 {
		t.Fatalf("killed at %d calls, want one", n)
	}
	m.starts()
	var e agenda.Errand
	within(t, 2*time.Minute, "the errand's end", func() bool {
		var err error
		e, err = m.db.Agenda().Errand(t.Context(), "", id)
		return err == nil && agenda.Over(e.Status)
	})
	r, err := m.db.Call(t.Context(), e.Call)
	if n := m.times()[to]; n != 1 || e.Status != agenda.Failed || e.Attempt != 1 || err != nil || r.Carrier == "" || r.Reason != telephony.Busy {
		t.Errorf("called %d times; %s (%s) at attempt %d, the call ended for %s (%v)", n, e.Status, e.Code, e.Attempt, r.Reason, err)
	}
	m.stop(m.now)
}

package dispatch_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/agentcore/dispatch"
	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/storage/sqlite"
	"github.com/hookswitch/hookswitch/telephony"
)

// office is a desk with everything around it.
type office struct {
	*dispatch.Desk
	t       *testing.T
	trunk   *trunk
	records *records
	cfg     dispatch.Config
	goodbye chan struct{} // one receive: an agent says goodbye

	mu      sync.Mutex
	watched map[telephony.CallID][]agentcore.Entry
	counts  map[string]int
	lasted  time.Duration            // the call that was over last
	times   map[string]time.Duration // the last of each
}

// inOffice runs test in a bubble, with a desk that is closed at the end; then
// every record must be whole.
func inOffice(t *testing.T, change func(*dispatch.Config), test func(t *testing.T, o *office)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(t, change)
		test(t, o)
		o.shut()
	})
}

func newOffice(t *testing.T, change func(*dispatch.Config)) *office {
	t.Helper()
	db, err := sqlite.Open(t.Context(), sqlite.Memory)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	o := &office{
		t: t, trunk: &trunk{}, records: &records{Calls: db, lag: time.Millisecond + 7*time.Nanosecond},
		goodbye: make(chan struct{}), watched: map[telephony.CallID][]agentcore.Entry{}, counts: map[string]int{}, times: map[string]time.Duration{},
	}
	o.cfg = dispatch.Config{
		Calls: o.records, Talk: o.talk, Carrier: o.trunk, Secret: []byte("0123456789abcdef"),
		Route: house, Watch: o.watch, Counter: o,
	}
	if change != nil {
		change(&o.cfg)
	}
	o.open()
	return o
}

// house is the way to the one agent.
func house(context.Context, telephony.Incoming) (dispatch.Route, error) {
	return dispatch.Route{Workspace: "default", Agent: "demo", PostCall: 7}, nil
}

// everyone is a time since which no node has beaten.
func everyone() time.Time { return time.Now().Add(time.Hour) }

// open starts the desk, anew when there was one.
func (o *office) open() {
	o.t.Helper()
	d, err := dispatch.New(o.cfg)
	if err != nil {
		o.t.Fatal(err)
	}
	o.Desk = d
}

// shut closes the desk and checks every record.
func (o *office) shut() {
	o.t.Helper()
	o.records.down.Store(false)
	if err := o.Close(o.t.Context()); err != nil {
		o.t.Errorf("Close() = %v", err)
	}
	if live := o.Live(); len(live) != 0 {
		o.t.Errorf("%v live after Close", live)
	}
	if open, err := o.records.Unended(o.t.Context(), "", everyone()); err != nil || len(open) != 0 {
		o.t.Errorf("%d records open after Close, %v", len(open), err)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	for id, seen := range o.watched {
		o.check(id, seen)
	}
}

// check fails the test unless the journal is whole, ends once, and was watched
// as it was written.
func (o *office) check(id telephony.CallID, seen []agentcore.Entry) {
	o.t.Helper()
	kept, err := o.records.Calls.Journal(o.t.Context(), id, 0)
	if err != nil {
		o.t.Fatal(err)
	}
	ends := 0
	for i, e := range kept {
		if e.N != i+1 {
			o.t.Errorf("%s: entry %d has number %d", id, i+1, e.N)
		}
		if _, ok := e.Event.(agentcore.Ended); ok {
			ends++
		}
	}
	if ends != 1 {
		o.t.Errorf("%s: %d ends in the journal, want 1", id, ends)
	}
	if !o.records.lie.Load() && o.records.chance == nil && len(seen) != len(kept) {
		o.t.Errorf("%s: %d entries watched, %d kept", id, len(seen), len(kept))
	}
}

func (o *office) watch(id telephony.CallID, e agentcore.Entry) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.watched[id] = append(o.watched[id], e)
}

func (o *office) count(what string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.counts[what]++
}
func (o *office) counted(what string) int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.counts[what]
}

// timed notes the last time of a kind.
func (o *office) timed(what string, took time.Duration) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.times == nil { // an office that only counts
		o.times = map[string]time.Duration{}
	}
	o.times[what] = took
}

// took is the last time of a kind.
func (o *office) took(what string) time.Duration {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.times[what]
}

// about reports whether got is want or at most 100 ms more: what a store takes.
func about(got, want time.Duration) bool { return got >= want && got <= want+100*time.Millisecond }

func (o *office) CallTaken(string)       { o.count("taken") }
func (o *office) CallRefused(why string) { o.count("refused " + why) }
func (o *office) CallResumed(cause, outcome string, gap time.Duration) {
	if outcome == "talking" {
		o.count("resumed")
	}
	o.count("resume " + cause + " " + outcome)
	o.timed("gap", gap)
}
func (o *office) CallSetUp(direction string, took time.Duration) {
	o.count("set up " + direction)
	o.timed("set up", took)
}
func (o *office) Dispatched(outcome string) { o.count("dispatched " + outcome) }
func (o *office) Committed(took time.Duration, entries int) {
	o.timed("commit", took)
	if entries == 0 {
		o.count("commit failed")
	}
	for range entries {
		o.count("entry")
	}
}
func (o *office) Fenced() { o.count("fenced") }

func (o *office) StreamRefused(why string) { o.count("stream " + why) }
func (o *office) CallReaped()              { o.count("reaped") }
func (o *office) TransferOver(kind, outcome string, waited, talked time.Duration) {
	o.count("transfer " + kind + " " + outcome)
}
func (o *office) CallOver(_, _, _, reason string, lasted time.Duration) {
	o.count("over " + reason)
	o.mu.Lock()
	defer o.mu.Unlock()
	o.lasted = lasted
}

// talk is a conversation as far as the desk can tell: it writes that it opened,
// listens, and writes why it stops before it lets the leg go.
func (o *office) talk(ctx context.Context, call telephony.Call, leg telephony.Leg, past []agentcore.Entry, j agentcore.Journal) (agentcore.Summary, error) {
	n := len(past)
	write := func(e agentcore.Event) error {
		n++
		return j.Append(context.WithoutCancel(ctx), agentcore.Entry{N: n, Version: 1, Wall: time.Now(), Sync: true, Event: e})
	}
	if err := write(agentcore.Opened{Epoch: call.Epoch}); err != nil {
		return agentcore.Summary{}, errors.Join(err, leg.Hangup(ctx))
	}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var listening sync.WaitGroup
	listening.Go(func() {
		var f media.Frame
		for {
			if _, err := leg.Next(&f); err != nil {
				stop(err)
				return
			}
		}
	})
	select {
	case <-o.goodbye:
		stop(telephony.OverError{Reason: telephony.AgentHangup})
	case <-ctx.Done():
	}
	cause := context.Cause(ctx)
	reason, over := telephony.Over(cause)
	var err error
	if over {
		err = write(agentcore.Ended{Reason: reason})
	} else {
		err = write(agentcore.Lost{Epoch: call.Epoch, Cause: cause.Error()})
	}
	err = errors.Join(err, leg.Hangup(ctx))
	listening.Wait()
	if err != nil {
		return agentcore.Summary{}, err
	}
	return agentcore.Summary{End: reason, Last: n}, nil
}

// ring lets a new call in and returns its token.
func (o *office) ring(carrierID string) string {
	o.t.Helper()
	step, err := o.Ring(o.t.Context(), telephony.Incoming{Carrier: carrierID, From: "+15550100", To: "+15550199", State: telephony.Ringing})
	if err != nil || step.Kind != telephony.StepConnect {
		o.t.Fatalf("Ring(%s) = %+v, %v, want a token", carrierID, step, err)
	}
	return step.Token
}

// stream is a stream that was admitted.
type stream struct {
	*leg
	call telephony.Call
	done chan error // what Talk returned
}

// connect spends token and talks.
func (o *office) connect(token, carrierID string) *stream {
	o.t.Helper()
	call, err := o.Admit(o.t.Context(), token, telephony.Ref{ID: carrierID})
	if err != nil {
		o.t.Fatalf("Admit(%s) = %v", carrierID, err)
	}
	s := &stream{newLeg(), call, make(chan error, 1)}
	desk := o.Desk // a later one may take its place
	go func() { s.done <- desk.Talk(o.t.Context(), call, s.leg) }()
	time.Sleep(100 * time.Millisecond)
	return s
}

// door asks what is next and fails the test unless it is want.
func (o *office) door(carrierID string, want telephony.StepKind) telephony.Step {
	o.t.Helper()
	step, err := o.Next(o.t.Context(), telephony.Question{Carrier: carrierID})
	if err != nil || step.Kind != want {
		o.t.Fatalf("Next(%s) = %+v, %v, want kind %d", carrierID, step, err, want)
	}
	return step
}

func (o *office) report(carrierID string, s telephony.State) {
	o.t.Helper()
	if err := o.Report(o.t.Context(), telephony.Progress{Carrier: carrierID, State: s, Sequence: 9}); err != nil {
		o.t.Errorf("Report(%s, %s) = %v", carrierID, s, err)
	}
}

// ended fails the test unless the call is over for want, on record, and gone
// from the desk.
func (o *office) ended(carrierID string, want telephony.EndReason) {
	o.t.Helper()
	r := o.kept(carrierID)
	if r.Reason != want || r.Over() != (want != "") {
		o.t.Errorf("%s ended for %q, want %q", carrierID, r.Reason, want)
	}
	time.Sleep(10 * time.Millisecond) // the watcher leaves
	for _, live := range o.Live() {
		if live.ID == r.ID && want != "" {
			o.t.Errorf("%s ended but is live", carrierID)
		}
	}
}

func (o *office) kept(carrierID string) dispatch.Record {
	o.t.Helper()
	r, err := o.records.CallByCarrier(o.t.Context(), carrierID)
	if err != nil {
		o.t.Fatalf("CallByCarrier(%s) = %v", carrierID, err)
	}
	return r
}

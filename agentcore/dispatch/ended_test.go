package dispatch_test

import (
	"context"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/telephony"
)

// A gateway dies with a call at 3 s of its conversation, and another looks after
// it 10 min later. The call ended when it did, not when that was found out.
func TestEndsWhenItEnded(t *testing.T) {
	const died, away = 3 * time.Second, 10 * time.Minute
	// Each says how the news comes, and gives the end as time since the answer;
	// below zero is now.
	for claim, c := range map[string]struct {
		news   func(o *office, answered time.Time)
		want   time.Duration
		reason telephony.EndReason
	}{
		"the carrier is asked": {func(o *office, answered time.Time) {
			o.over("CA1", answered.Add(30*time.Second))
			o.recover()
		}, 30 * time.Second, telephony.CallerHangup},
		"the carrier's clock is behind the journal": {func(o *office, answered time.Time) {
			o.over("CA1", answered.Add(-time.Hour))
			o.recover()
		}, died, telephony.CallerHangup},
		"the carrier's clock is ahead": {func(o *office, answered time.Time) {
			o.over("CA1", answered.Add(time.Hour))
			o.recover()
		}, -1, telephony.CallerHangup},
		"the carrier's clock is ahead, and it says how long": {func(o *office, answered time.Time) {
			o.over("CA1", answered.Add(time.Hour))
			o.trunk.took.Store(int64(30 * time.Second))
			o.recover()
		}, 30 * time.Second, telephony.CallerHangup},
		"the carrier's clock is behind, and it says how long": {func(o *office, answered time.Time) {
			o.over("CA1", answered.Add(-time.Hour))
			o.trunk.took.Store(int64(30 * time.Second))
			o.recover()
		}, 30 * time.Second, telephony.CallerHangup},
		"the carrier does not say when": {func(o *office, _ time.Time) {
			o.over("CA1", time.Time{})
			o.recover()
		}, -1, telephony.CallerHangup},
		"the carrier is asked by the watcher": {func(o *office, answered time.Time) {
			o.recover()
			o.over("CA1", answered.Add(away+5*time.Second))
			time.Sleep(21 * time.Second)
		}, away + 5*time.Second, telephony.CallerHangup},
		"a callback tells the length": {func(o *office, _ time.Time) {
			o.completed("CA1", 42*time.Second)
		}, 42 * time.Second, telephony.CallerHangup},
		"a callback tells less than the journal": {func(o *office, _ time.Time) {
			o.completed("CA1", time.Second)
		}, died, telephony.CallerHangup},
		"a callback tells a length that is not over yet": {func(o *office, _ time.Time) {
			o.completed("CA1", time.Hour)
		}, -1, telephony.CallerHangup},
		"a callback is a second late": {func(o *office, answered time.Time) {
			o.completed("CA1", time.Since(answered)-time.Second)
		}, -1, telephony.CallerHangup},
		"a callback without a length": {func(o *office, _ time.Time) {
			o.completed("CA1", 0)
		}, -1, telephony.CallerHangup},
		"the carrier never answers": {func(o *office, _ time.Time) {
			o.trunk.cut(true)
			o.recover()
			time.Sleep(20*time.Second + 5*time.Minute + 31*time.Second)
		}, died, telephony.LineLost},
	} {
		t.Run(claim, func(t *testing.T) {
			inOffice(t, nil, func(t *testing.T, o *office) {
				s := o.connect(o.ring("CA1"), "CA1")
				answered := o.kept("CA1").Answered
				time.Sleep(time.Until(answered.Add(died)))
				s.lose()
				<-s.done
				o.die()
				written := o.newest("CA1")
				time.Sleep(time.Until(answered.Add(away)))
				o.open()

				c.news(o, answered)
				o.ended("CA1", c.reason)
				got, want := o.kept("CA1").Ended, answered.Add(c.want)
				switch {
				case c.want == died:
					want = written.Wall // the loss of the stream, which takes a moment to write
				case c.want < 0:
					want = o.newest("CA1").Wall
					if since := time.Since(got); since > time.Second {
						t.Errorf("ended %v ago, want now", since)
					}
				}
				if !got.Equal(want.Truncate(time.Microsecond)) {
					t.Errorf("ended %v after its answer, want %v", got.Sub(answered), want.Sub(answered))
				}
				o.mu.Lock()
				lasted := o.lasted
				o.mu.Unlock()
				if lasted != got.Sub(answered) {
					t.Errorf("counted as %v long, want %v", lasted, got.Sub(answered))
				}
				if end := o.newest("CA1"); !end.Wall.Equal(got) || end.At != got.Sub(answered).Truncate(time.Millisecond) {
					t.Errorf("the last entry is at %v, %v, want as the record says: %v", end.Wall, end.At, got)
				}
			})
		})
	}
}

// die makes the desk forget everything, as a process that is killed does.
func (o *office) die() {
	gone, cancel := context.WithCancel(o.t.Context())
	cancel()
	o.records.down.Store(true)
	_ = o.Close(gone)
	o.records.down.Store(false)
}

func (o *office) recover() {
	o.t.Helper()
	if err := o.Recover(o.t.Context()); err != nil {
		o.t.Errorf("Recover() = %v", err)
	}
}

// over has the carrier say, when asked, that a call was over at that time.
func (o *office) over(carrierID string, at time.Time) {
	o.trunk.set(carrierID, telephony.Completed)
	o.trunk.mu.Lock()
	defer o.trunk.mu.Unlock()
	o.trunk.ended = map[string]time.Time{carrierID: at}
}

// completed reports that a call is over, and how long it was.
func (o *office) completed(carrierID string, long time.Duration) {
	o.t.Helper()
	p := telephony.Progress{Carrier: carrierID, State: telephony.Completed, Sequence: 9, Duration: long}
	if err := o.Report(o.t.Context(), p); err != nil {
		o.t.Errorf("Report(%s) = %v", carrierID, err)
	}
}

// newest is the last entry of a call's journal.
func (o *office) newest(carrierID string) agentcore.Entry {
	o.t.Helper()
	all, err := o.records.Journal(o.t.Context(), o.kept(carrierID).ID, 0)
	if err != nil || len(all) == 0 {
		o.t.Fatalf("Journal(%s) = %d entries, %v", carrierID, len(all), err)
	}
	return all[len(all)-1]
}

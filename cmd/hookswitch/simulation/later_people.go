package simulation

import (
	"context"
	"fmt"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/agenda"
	"github.com/hookswitch/hookswitch/agentcore/dispatch"
	"github.com/hookswitch/hookswitch/telephony"
)

// want is an errand that somebody asks for, and perhaps cancels.
type want struct {
	number    int // of the telephone
	key       string
	workspace string
	agent     string
	wait      time.Duration // from asking to when it is to be done; 0: at once
	most      int           // callbacks; -1: as the agent has it
	cancel    time.Duration // from asking; 0: never

	// What is known of it afterwards, guarded by world.mu.
	id        string // empty: nobody was told that it is booked
	cancelled *cancelled
}

// cancelled is that somebody was told that an errand is cancelled.
type cancelled struct {
	at time.Time
	on agenda.Errand // as it was then
}

// file is a batch that somebody loads, again if that fails.
type file struct {
	workspace string
	rows      []int // telephones
	wait      time.Duration
	cancel    time.Duration
	id        string // guarded by world.mu, as this is
	gone      *cancelled
	rowsThen  []agenda.Errand // as they were when it was cancelled
}

// plans has everything asked for that this seed asks for.
func (l *later) plans() {
	chance := dice(l.seed, 0, "wants")
	for i := range 16 {
		w := &want{number: 1 + chance.IntN(Phones), workspace: home, agent: plain, most: chance.IntN(3)}
		w.key = fmt.Sprintf("key%02d", i)
		if chance.IntN(3) == 0 {
			w.workspace = second
		}
		if chance.IntN(4) == 0 {
			w.agent, w.most = insistent, -1
		}
		at := odd(chance, bookFor)
		if chance.IntN(3) > 0 {
			w.wait = odd(chance, 5*time.Minute)
		}
		switch chance.IntN(6) {
		case 0: // about when it is done
			w.cancel = max(time.Second, w.wait+odd(chance, 20*time.Second)-5*time.Second) | 1
		case 1: // while it waits to be done again
			w.cancel = w.wait + odd(chance, time.Hour)
		}
		l.wants = append(l.wants, w)
		l.wg.Go(func() { time.Sleep(at); l.ask(w) })
	}
	for i, workspace := range []string{home, second} {
		f := &file{workspace: workspace}
		for range 4 {
			f.rows = append(f.rows, 1+chance.IntN(Phones))
		}
		at := odd(chance, bookFor)
		if chance.IntN(2) == 0 {
			f.wait = odd(chance, 5*time.Minute)
		}
		if chance.IntN(3) == 0 {
			f.cancel = f.wait + odd(chance, time.Minute)
		}
		l.files = append(l.files, f)
		l.wg.Go(func() { time.Sleep(at); l.load(f, i) })
	}
	for range 2 {
		called, at := 1+chance.IntN(Phones), odd(chance, bookFor)
		l.wg.Go(func() { time.Sleep(at); l.callAtOnce(called) })
		caller, then := 1+chance.IntN(Phones), odd(chance, 90*time.Minute)
		l.wg.Go(func() { time.Sleep(then); l.saw("call that comes in"); l.net.add(caller, true, "", home).calls() })
	}
}

// again does what a client does whose request fails.
func (l *later) again(key string, ask func(ctx context.Context, n *node) error) error {
	var err error
	for try := range 12 {
		if err = l.request(as(context.Background(), key), key, ask); err == nil {
			return nil
		}
		time.Sleep(3*time.Second + time.Duration(hash(l.seed, try, key, 0)%uint64(3*time.Second)) | 1)
	}
	return err
}

// ask books an errand, and cancels it.
func (l *later) ask(w *want) {
	e := agenda.Errand{
		Workspace: w.workspace, Kind: agenda.Call, Source: agenda.FromV2, AgentUUID: w.agent, Agent: w.agent,
		From: ourNumber, To: string(phoneNumber(w.number)), IdemKey: w.key, IdemHash: "the same",
	}
	if w.wait > 0 {
		e.Asked = time.Now().Add(w.wait)
	}
	if w.most >= 0 {
		e.Options.Retry = &agenda.Retry{Max: w.most, Gaps: []agenda.Gap{{Hours: 1}}}
	}
	began := time.Now()
	err := l.again(w.key, func(ctx context.Context, n *node) error {
		on, replayed, err := n.clerk.Book(ctx, e)
		if err != nil {
			return err
		}
		if replayed {
			l.saw("booked again")
		}
		l.mu.Lock()
		defer l.mu.Unlock()
		if w.id != "" && w.id != on.ID {
			l.broken = append(l.broken, fmt.Sprintf("booked once: call %02d: %s, then %s", w.number, w.id, on.ID))
		}
		w.id = on.ID
		return nil
	})
	if err != nil || w.cancel == 0 {
		return
	}
	time.Sleep(time.Until(began.Add(w.cancel)))
	_ = l.again(w.key+" cancel", func(ctx context.Context, n *node) error {
		on, err := n.clerk.Cancel(ctx, w.workspace, w.id)
		if err != nil {
			return err // it is over, perhaps: it stays so
		}
		l.saw("cancelled: " + on.Status)
		l.mu.Lock()
		defer l.mu.Unlock()
		if w.cancelled == nil {
			w.cancelled = &cancelled{time.Now(), on}
		}
		return nil
	})
}

// load makes a batch of a file, and cancels it.
func (l *later) load(f *file, nth int) {
	key := fmt.Sprint("file", nth)
	began := time.Now()
	err := l.again(key, func(ctx context.Context, n *node) error {
		b := agenda.Batch{Workspace: f.workspace, AgentUUID: plain, Agent: "plain", Name: key, Options: agenda.Options{
			Retry: &agenda.Retry{Max: 1, Gaps: []agenda.Gap{{Hours: 1}}},
		}}
		if f.wait > 0 {
			b.At = began.Add(f.wait)
		}
		err := agenda.Intake{Store: errands{l.store, n}, NewID: l.newID}.Load(ctx, &b, func(yield func(agenda.Row, error) bool) {
			for i, number := range f.rows {
				if !yield(agenda.Row{Line: i + 2, Phone: string(phoneNumber(number))}, nil) {
					return
				}
			}
		})
		if err != nil {
			l.saw("batch not loaded")
			return err
		}
		l.mu.Lock()
		defer l.mu.Unlock()
		f.id = b.ID
		return nil
	})
	if err != nil || f.cancel == 0 {
		return
	}
	time.Sleep(time.Until(began.Add(f.cancel)))
	_ = l.again(key+" cancel", func(ctx context.Context, n *node) error {
		if _, err := (errands{l.store, n}).CancelBatch(ctx, f.workspace, f.id, time.Now()); err != nil {
			return err
		}
		l.saw("batch cancelled")
		rows, _, err := l.store.Errands(ctx, f.workspace, agenda.Filter{Batch: f.id}, "", 100)
		if err != nil {
			return err
		}
		l.mu.Lock()
		defer l.mu.Unlock()
		if f.gone == nil {
			f.gone, f.rowsThen = &cancelled{at: time.Now()}, rows
		}
		return nil
	})
}

// callAtOnce has a call placed that is no errand, of an agent that calls back.
func (l *later) callAtOnce(number int) {
	_ = l.request(as(context.Background(), "at once"), fmt.Sprint("at once ", number), func(ctx context.Context, n *node) error {
		_, _, err := n.desk.Dispatch(ctx, dispatch.Wish{
			Workspace: home, Agent: insistent, AgentUUID: insistent, Version: 1, PostCall: postCall,
			From: ourNumber, To: telephony.Number(phoneNumber(number)), RingTimeout: 30 * time.Second,
			FollowUp: true, Caps: dispatch.Caps{Workspace: places[home]},
		})
		return err
	})
}

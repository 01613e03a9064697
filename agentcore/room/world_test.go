package room_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/agentcore/room"
	"github.com/hookswitch/hookswitch/agentcore/room/roomtest"
	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/telephony"
	"github.com/hookswitch/hookswitch/telephony/sim/line"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const ws, call = "ws", telephony.CallID("call_1")

// world is a gateway with one call: agents who say nothing, but do as they are
// told, and note when they had the floor.
type world struct {
	t     *testing.T
	store *roomtest.Store
	began time.Time

	mu      sync.Mutex
	journal []agentcore.Entry
	orders  map[string]chan order // by agent
	spoke   []string              // who began to have the floor: "own", "nobody", or an agent
	pasts   []int                 // how many entries they were given
	floors  []room.Job            // with what job
	holders int                   // who has it now
	heard   []string              // who began to listen
	told    map[string]int        // entries that a listener was told, by agent
	frames  map[string]int        // frames that a listener heard
	jobs    map[string]int        // listeners of a job just now
	offers  int

	stop  context.CancelFunc // of the hosts' Run
	hosts sync.WaitGroup
}

// order tells an agent what to do.
type order struct {
	end  telephony.EndReason // end the call, unless somebody waits
	left bool                // hand it over
	err  error               // break; of a listener without: be done
	lose bool                // with err: break, and leave the floor to others
}

func newWorld(t *testing.T) *world {
	return &world{
		t: t, store: roomtest.NewStore(), began: time.Now(), orders: map[string]chan order{},
		told: map[string]int{}, frames: map[string]int{}, jobs: map[string]int{},
	}
}

// in runs test in virtual time. When it is over nothing runs any more.
func in(t *testing.T, test func(w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { test(newWorld(t)) })
}

// names are the agents of the workspace; whoever else is asked for is a worker.
var names = map[string]room.Party{
	"closer": {Kind: room.Own, AgentUUID: "a-closer", Version: 2}, "second": {Kind: room.Own, AgentUUID: "a-second"},
	"shy": {Kind: room.Own, Join: room.Wait}, "scribe": {Kind: room.Service}, "other-scribe": {Kind: room.Service},
}

// host starts a host of node, which stops with the world.
func (w *world) host(node string, change func(*room.Config)) *room.Host {
	w.t.Helper()
	h := w.idle(node, change)
	ctx, cancel := context.WithCancel(context.Background())
	before := w.stop
	w.stop = func() {
		cancel()
		if before != nil {
			before()
		}
	}
	w.hosts.Go(func() { _ = h.Run(ctx) })
	return h
}

// idle makes a host that does not run.
func (w *world) idle(node string, change func(*room.Config)) *room.Host {
	w.t.Helper()
	cfg := room.Config{
		Store: w.store, Node: node, Speak: w.speak, Listen: w.listen, Journal: w.read,
		Called: func(context.Context, telephony.CallID) (string, string, error) { return ws, "", nil },
		Resolve: func(_ context.Context, _, name string) (room.Party, error) {
			if p, ok := names[name]; ok {
				return p, nil
			}
			return room.Party{}, room.ErrNotFound
		},
		Offer: func() {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.offers++
		},
	}
	if change != nil {
		change(&cfg)
	}
	h, err := room.New(cfg)
	if err != nil {
		w.t.Fatal(err)
	}
	return h
}

func (w *world) shut() {
	if w.stop != nil {
		w.stop()
	}
	w.hosts.Wait()
}

// talking is a Talk that goes on.
type talking struct {
	line *line.Line
	cut  context.CancelCauseFunc
	done chan struct{}
	sum  agentcore.Summary
	err  error
}

func (w *world) addCall() {
	w.store.AddCall(roomtest.Call{
		ID: call, Workspace: ws, Agent: "reception", AgentUUID: "a-own", Version: 1, Node: "n1", Created: time.Now(), Answered: time.Now(),
	})
}

func (w *world) talk(h *room.Host, epoch int) *talking {
	past, _ := w.read(context.Background(), call)
	ctx, cut := context.WithCancelCause(context.Background())
	k := &talking{line: line.New(line.Config{Forget: true}), cut: cut, done: make(chan struct{})}
	go func() {
		defer close(k.done)
		k.sum, k.err = h.Talk(ctx, telephony.Call{ID: call, Epoch: epoch}, k.line, past, w)
	}()
	return k
}

// Append implements [agentcore.Journal]: a call that ends closes its room.
func (w *world) Append(_ context.Context, entries ...agentcore.Entry) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.journal = append(w.journal, entries...)
	for _, e := range entries {
		if _, ended := e.Event.(agentcore.Ended); ended {
			w.store.EndCall(call, time.Now())
		}
	}
	return nil
}

func (w *world) read(context.Context, telephony.CallID) ([]agentcore.Entry, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.journal), nil
}

func (w *world) ordered(agent string) chan order {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.orders[agent] == nil {
		w.orders[agent] = make(chan order, 8)
	}
	return w.orders[agent]
}

// tell orders an agent to do something, and waits until it has come of it what
// will.
func (w *world) tell(agent string, o order) {
	w.ordered(agent) <- o
	w.settle()
}

// settle lets a moment pass in which everything that was begun is done; less than
// a poll.
func (w *world) settle() {
	synctest.Wait()
	time.Sleep(50 * time.Millisecond)
	synctest.Wait()
}

// speak is a [room.Config.Speak].
func (w *world) speak(ctx context.Context, f room.Floor) (sum agentcore.Summary, err error) {
	who := f.Job.Agent
	switch {
	case f.Nobody:
		who = "nobody"
	case f.Job.ID == "":
		who = "own"
	}
	w.mu.Lock()
	w.spoke, w.pasts, w.floors = append(w.spoke, who), append(w.pasts, len(f.Past)), append(w.floors, f.Job)
	w.holders++
	if w.holders > 1 {
		w.t.Errorf("%d have the floor: %v", w.holders, w.spoke)
	}
	w.mu.Unlock()
	defer func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.holders--
	}()
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var hearing sync.WaitGroup
	hearing.Go(func() {
		var caller, agent media.Frame
		for {
			ev, err := f.Leg.Next(&caller)
			if err != nil {
				stop(err)
				return
			}
			if ev.Kind == telephony.Audio {
				f.Tap.Record(&caller, &agent)
			}
		}
	})
	defer hearing.Wait()
	defer func() { _ = f.Leg.Hangup(ctx) }()
	w.note(f.Journal, agentcore.FloorTaken{Job: f.Job.ID, Agent: who})
	select {
	case <-ctx.Done():
		return sum, context.Cause(ctx)
	case o := <-w.ordered(who):
		switch {
		case o.err != nil:
			return agentcore.Summary{Yield: o.lose}, o.err
		case o.left:
			return agentcore.Summary{Left: true}, nil
		case f.Yield():
			return agentcore.Summary{Yield: true}, nil
		}
		w.note(f.Journal, agentcore.Ended{Reason: o.end})
		return agentcore.Summary{End: o.end}, nil
	}
}

func (w *world) note(j agentcore.Journal, e agentcore.Event) {
	w.mu.Lock()
	n := len(w.journal) + 1
	w.mu.Unlock()
	if err := j.Append(context.Background(), agentcore.Entry{N: n, Version: 1, Wall: time.Now(), Event: e}); err != nil {
		w.t.Errorf("Append() = %v", err)
	}
}

// listen is a [room.Config.Listen].
func (w *world) listen(ctx context.Context, l room.Listening) error {
	w.mu.Lock()
	w.heard = append(w.heard, l.Job.Agent)
	if w.jobs[l.Job.ID]++; w.jobs[l.Job.ID] > 1 {
		w.t.Errorf("%s listens twice at once", l.Job.Agent)
	}
	w.mu.Unlock()
	defer func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.jobs[l.Job.ID]--
	}()
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var all sync.WaitGroup
	defer all.Wait()
	all.Go(func() {
		var caller, agent media.Frame
		for l.Ear.Next(ctx, &caller, &agent) == nil {
			w.mu.Lock()
			w.frames[l.Job.Agent]++
			w.mu.Unlock()
		}
		stop(nil)
	})
	all.Go(func() {
		for {
			select {
			case _, ok := <-l.Entries:
				if !ok {
					return
				}
				w.mu.Lock()
				w.told[l.Job.Agent]++
				w.mu.Unlock()
			case <-ctx.Done():
				return
			}
		}
	})
	select {
	case <-ctx.Done():
		return nil
	case o := <-w.ordered(l.Job.Agent):
		stop(nil)
		return o.err
	}
}

// frameCount is how many frames a listener heard.
func (w *world) frameCount(agent string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.frames[agent]
}

// listenedTimes is how often somebody began to listen.
func (w *world) listenedTimes() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.heard)
}

// send is a dispatch by a client, with how it joins.
func (w *world) send(h *room.Host, agent string, join room.Join) room.Dispatch {
	w.t.Helper()
	d, err := h.Create(context.Background(), room.Dispatch{Workspace: ws, RoomName: string(call), Agent: agent, Join: join})
	if err != nil {
		w.t.Fatalf("Create(%s) = %v", agent, err)
	}
	w.settle()
	return d
}

func (w *world) drop(h *room.Host, d room.Dispatch) {
	w.t.Helper()
	if _, err := h.Delete(context.Background(), ws, string(call), d.ID); err != nil {
		w.t.Fatalf("Delete() = %v", err)
	}
	w.settle()
}

// join has a worker take its job up.
func (w *world) join(d room.Dispatch) { w.move(d, room.Running) }

func (w *world) move(d room.Dispatch, to room.Status) {
	w.t.Helper()
	j := w.job(d)
	from := j.Status
	j.Status, j.Node, j.Worker = to, "n9", "AW_1"
	if to == room.Running {
		j.Started, j.FirstStarted = time.Now(), time.Now()
	} else {
		j.Ended = time.Now()
	}
	if _, err := w.store.MoveJob(context.Background(), j, from); err != nil {
		w.t.Fatalf("MoveJob() = %v", err)
	}
	time.Sleep(600 * time.Millisecond) // by the next poll
	w.settle()
}

// job is the newest job of a dispatch.
func (w *world) job(d room.Dispatch) room.Job {
	w.t.Helper()
	d, err := w.store.Dispatch(context.Background(), d.ID)
	if err != nil || len(d.Jobs) == 0 {
		w.t.Fatalf("the dispatch has %d jobs, %v", len(d.Jobs), err)
	}
	return d.Jobs[len(d.Jobs)-1]
}

// own is the dispatch of the call's own agent.
func (w *world) own() room.Dispatch {
	w.t.Helper()
	r, err := w.store.Find(context.Background(), ws, string(call), time.Now())
	if err != nil {
		w.t.Fatal(err)
	}
	all, _ := w.store.Dispatches(context.Background(), r.ID)
	for _, d := range all {
		if d.RequestKey == room.OwnKey {
			return d
		}
	}
	w.t.Fatal("the call's own agent is not in the room")
	return room.Dispatch{}
}

func (w *world) wantSpoke(want ...string) {
	w.t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	if !slices.Equal(w.spoke, want) {
		w.t.Errorf("the floor went to %v, want %v", w.spoke, want)
	}
}

// wantJob checks the newest job of a dispatch: "JS_RUNNING", or with why it is
// over "JS_CANCELLED JSR_DISPATCH_DELETED".
func (w *world) wantJob(d room.Dispatch, want string) {
	w.t.Helper()
	j := w.job(d)
	got := string(j.Status)
	if j.Status.Over() && j.Reason != room.ReasonNone {
		got += " " + j.Reason
	}
	if got != want {
		w.t.Errorf("%s is %s, want %s", j.Agent, got, want)
	}
	if err := sane(j); err != nil {
		w.t.Errorf("%s: %v: %+v", j.Agent, err, j)
	}
}

// sane reports what can't be true of a job.
func sane(j room.Job) error {
	switch {
	case j.Status == room.Pending && !j.Started.IsZero(), j.Status == room.Running && (j.Started.IsZero() || j.FirstStarted.IsZero()):
		return errors.New("its status and its beginning contradict")
	case j.Status.Over() == j.Ended.IsZero():
		return errors.New("its status and its end contradict")
	case j.Status == room.Running && j.Node == "":
		return errors.New("it runs nowhere")
	case j.Started.Before(j.FirstStarted), !j.Ended.IsZero() && j.Ended.Before(j.Started):
		return fmt.Errorf("its times are in the wrong order")
	}
	return nil
}

// over waits for a talk.
func (k *talking) wait(t *testing.T) {
	t.Helper()
	select {
	case <-k.done:
	case <-time.After(time.Minute):
		t.Fatal("Talk goes on")
	}
}

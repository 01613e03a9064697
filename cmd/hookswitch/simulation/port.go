package simulation

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/dispatch"
	"github.com/hookswitch/hookswitch/telephony"
)

// errPlanned is how a planned fault fails.
var errPlanned = errors.New("simulation: 503")

// slowness is how much later a slow operation is.
const slowness = 3 * time.Second

// world is everything that a run's parts share.
type world struct {
	seed     uint64
	hands    bool           // callers ask for somebody else
	machines bool           // answer some of the calls, all of which we place
	rows     dispatch.Calls // behind no port
	began    time.Time

	mu       sync.Mutex
	plan     []Fault
	bitten   []Fault
	count    int            // operations released
	entered  map[string]int // by call, actor and name
	passed   map[string]int // by call and name
	ids      map[telephony.CallID]int
	phones   []*phone // by number; 0 is nobody
	effects  map[string]int
	prepared map[telephony.CallID]int
	answers  *dispatch.Desk
	ends     map[telephony.CallID]int // that watchers were told of
	lines    []traced

	finishing sync.WaitGroup // what withdraws transfers
	seen      map[string]int
	broken    []string
}

// traced is one line of the trace.
type traced struct {
	at   time.Duration
	who  string
	text string
}

func newWorld(seed uint64, calls int, plan []Fault) *world {
	return &world{
		seed: seed, began: time.Now(), plan: slices.Clone(plan),
		entered: map[string]int{}, passed: map[string]int{},
		ids: map[telephony.CallID]int{}, phones: make([]*phone, calls+1),
		prepared: map[telephony.CallID]int{},
		effects:  map[string]int{}, ends: map[telephony.CallID]int{}, seen: map[string]int{},
	}
}

type actorKey struct{}

// as names who acts, so that two who do the same at the same time can be told
// apart. Without a name it is the desk by itself.
func as(ctx context.Context, actor string) context.Context {
	return context.WithValue(ctx, actorKey{}, actor)
}

func actor(ctx context.Context) string {
	if name, ok := ctx.Value(actorKey{}).(string); ok {
		return name
	}
	return "desk"
}

// through is the port. It waits for the operation's own time, numbers it, lets
// the fault bite that was planned for it, and runs the effect. The fault that
// bit is returned: some are for the caller to carry out.
func (w *world) through(ctx context.Context, call int, op string, effect func() error) (Kind, error) {
	number, kind, err := w.arrive(ctx, call, op)
	if err != nil {
		return "", err
	}
	switch kind {
	case Slow:
		if err := sleep(ctx, slowness+time.Duration(number)); err != nil {
			return kind, err
		}
	case Fail, Never:
		return kind, errPlanned
	case Dies:
		w.die(call)
		return kind, errPlanned
	case Reset:
		w.resetSoon(call)
	}
	err = effect()
	switch {
	case kind == Died:
		w.die(call)
		err = errPlanned
	case kind == Lost && err == nil:
		err = errPlanned
	}
	return kind, err
}

// arrive waits for an operation's own time, numbers it, and takes its fault.
func (w *world) arrive(ctx context.Context, call int, op string) (number int, kind Kind, err error) {
	who := fmt.Sprintf("%02d %s", call, actor(ctx))
	seq := w.enter(who + " " + op)
	if err := sleep(ctx, w.latency(call, who+" "+op, op, seq)); err != nil {
		return 0, "", err
	}
	number, kind = w.release(call, op)
	w.trace(who, "#%d %s %d %s", number, op, seq, kind)
	return number, kind, nil
}

func (w *world) enter(key string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.entered[key]++
	return w.entered[key]
}

// release numbers an operation and takes the fault planned for it.
func (w *world) release(call int, op string) (int, Kind) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.count++
	key := fmt.Sprint(call, op)
	w.passed[key]++
	for i, f := range w.plan {
		if f.Call == call && f.Op == op && f.Nth == w.passed[key] {
			w.plan = slices.Delete(w.plan, i, i+1)
			w.bite(f)
			return w.count, f.Kind
		}
	}
	return w.count, ""
}

// bite notes that f happened. w.mu is held.
func (w *world) bite(f Fault) {
	w.bitten = append(w.bitten, f)
	what := f.Op
	if part, _, _ := strings.Cut(f.Op, "."); part != "hook" && part != "agenda" {
		what = part
	}
	w.seen[what+" "+string(f.Kind)]++
}

// latency is how long an operation takes, in odd nanoseconds.
func (w *world) latency(call int, key, op string, seq int) time.Duration {
	low, high := 300*time.Microsecond, 6*time.Millisecond
	part, _, _ := strings.Cut(op, ".")
	switch {
	case op == "asr.open": // quick: the line waits meanwhile
	case part == "tool": // some answer before a journal can have been written
		low, high = time.Millisecond, 300*time.Millisecond
	case part == "asr":
		low, high = 40*time.Millisecond, 300*time.Millisecond
	case part == "llm":
		low, high = 90*time.Millisecond, 700*time.Millisecond
	case part == "tts":
		low, high = 20*time.Millisecond, 120*time.Millisecond
	case part == "hook", part == "carrier":
		low, high = 10*time.Millisecond, 130*time.Millisecond
	}
	return low + time.Duration(hash(w.seed, call, key, seq)%uint64(high-low)) | 1
}

// sleep waits for d, or until ctx ends.
func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// resetSoon breaks the present stream of a call, at a time of its own.
func (w *world) resetSoon(call int) {
	s := w.stream(call)
	if s == nil {
		return
	}
	after := time.Duration(hash(w.seed, call, "reset", s.epoch)%uint64(3*time.Millisecond)) | 1
	time.AfterFunc(after, func() { s.Lose(errors.New("connection reset")) })
}

// trace adds a line to the run's trace.
func (w *world) trace(who, format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.lines = append(w.lines, traced{time.Since(w.began), who, fmt.Sprintf(format, args...)})
}

// text is the whole trace. Lines of the same nanosecond stand in the order of
// who did it: which of them came first is nobody's business.
func (w *world) text() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	slices.SortStableFunc(w.lines, func(a, b traced) int {
		if a.at != b.at {
			return int(a.at - b.at)
		}
		return strings.Compare(a.who+a.text, b.who+b.text)
	})
	var b strings.Builder
	for _, l := range w.lines {
		fmt.Fprintf(&b, "%15d %s %s\n", l.at.Nanoseconds(), l.who, l.text)
	}
	return b.String()
}

// saw counts that something interesting happened.
func (w *world) saw(what string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.seen[what]++
}

// violate notes that an invariant does not hold.
func (w *world) violate(call int, invariant, format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.broken = append(w.broken, fmt.Sprintf("%s: call %02d: %s", invariant, call, fmt.Sprintf(format, args...)))
}

func (w *world) stream(call int) *stream {
	w.mu.Lock()
	defer w.mu.Unlock()
	if p := w.phones[call]; p != nil && len(p.streams) > 0 {
		return p.streams[len(p.streams)-1]
	}
	return nil
}

package agenda_test

import (
	"cmp"
	"context"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/hookswitch/hookswitch/agentcore/agenda"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// process is a node: a clerk, and who does the jobs.
type process struct {
	*agenda.Clerk
	t    *testing.T
	stop context.CancelFunc
	wg   sync.WaitGroup
}

// start runs a process until it is stopped, or the test ends.
func start(t *testing.T, m *memory, cfg agenda.Config) *process {
	t.Helper()
	cfg.Node = cmp.Or(cfg.Node, "one")
	if cfg.Store == nil {
		cfg.Store = m
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	clerk, err := agenda.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	p := &process{Clerk: clerk, t: t, stop: cancel}
	p.wg.Go(func() { clerk.Run(ctx) })
	p.wg.Go(func() { m.pulse(ctx, cfg.Node) })
	p.wg.Go(func() { m.work(ctx, clerk) })
	return p
}

// end stops the process and waits until it is gone.
func (p *process) end() {
	p.stop()
	p.wg.Wait()
}

func (m *memory) pulse(ctx context.Context, node string) {
	for ctx.Err() == nil {
		m.mu.Lock()
		m.beats[node] = clock()
		m.mu.Unlock()
		pause(ctx, 5*time.Second)
	}
}

// work does the jobs that are due, each again until it is done.
func (m *memory) work(ctx context.Context, c *agenda.Clerk) {
	does := map[string]func(context.Context, string) (time.Duration, error){
		agenda.JobErrand: c.Due, agenda.JobBatch: c.BatchDue, agenda.JobFollowUp: c.Over,
	}
	for ctx.Err() == nil {
		for _, j := range m.due() {
			again, err := does[j.kind](ctx, j.id)
			switch {
			case err != nil:
				m.later(j, time.Second)
			case again > 0:
				m.later(j, again)
			}
		}
		pause(ctx, 500*time.Millisecond)
	}
}

// due takes the jobs that are due out of the queue.
func (m *memory) due() (all []job) {
	defer m.lock()()
	now := time.Now()
	m.jobs = slices.DeleteFunc(m.jobs, func(j job) bool {
		due := !j.at.After(now)
		if due {
			all = append(all, j)
		}
		return due
	})
	return all
}

func (m *memory) later(j job, wait time.Duration) {
	defer m.lock()()
	m.enqueue(j.kind, j.id, time.Now().Add(wait))
}

func pause(ctx context.Context, d time.Duration) {
	wait := time.NewTimer(d)
	defer wait.Stop()
	select {
	case <-wait.C:
	case <-ctx.Done():
	}
}

// errand is what is booked in most tests.
func errand(to string, at time.Time) agenda.Errand {
	return agenda.Errand{
		Workspace: "ws_1", Kind: agenda.Call, Source: agenda.FromV2, AgentUUID: "agent", Agent: "Ada",
		From: "+15550100", To: to, Asked: at,
	}
}

func (p *process) book(e agenda.Errand) agenda.Errand {
	p.t.Helper()
	on, _, err := p.Book(p.t.Context(), e)
	if err != nil {
		p.t.Fatalf("Book() = %v", err)
	}
	return on
}

// is checks how an errand is by now.
func (m *memory) is(t *testing.T, id, status, code string, attempts int) agenda.Errand {
	t.Helper()
	e, err := m.Errand(t.Context(), "", id)
	if err != nil {
		t.Fatal(err)
	}
	if e.Status != status || e.Code != code || e.Attempt != attempts {
		t.Errorf("the errand is %s (%q) after %d attempts, want %s (%q) after %d", e.Status, e.Code, e.Attempt, status, code, attempts)
	}
	if agenda.Over(e.Status) == e.Ended.IsZero() {
		t.Errorf("the errand is %s, and ended at %v", e.Status, e.Ended)
	}
	return e
}

// series is a smart callback.
func series(most int, gaps ...agenda.Gap) *agenda.Retry {
	return &agenda.Retry{Max: most, Gaps: gaps}
}

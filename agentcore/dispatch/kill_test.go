package dispatch_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/dispatch"
	"github.com/hookswitch/hookswitch/agentcore/webhook"
	"github.com/hookswitch/hookswitch/storage"
	"github.com/hookswitch/hookswitch/storage/sqlite"
	"github.com/hookswitch/hookswitch/telephony"
)

// Where a child of TestKilledBetweenAnswerAndCommit finds its carrier and its
// database.
const (
	carrierVar  = "HOOKSWITCH_TEST_CARRIER"
	databaseVar = "HOOKSWITCH_TEST_DATABASE"
)

// TestKilledBetweenAnswerAndCommit is the moment at which a call is placed of
// which only the carrier knows, for real: a process with a database in a file
// asks a carrier over HTTP, and is killed with -9 when it has the answer and has
// not kept it. The next process is asked again with the same key, places
// nothing, and when the callee picks up the call goes on.
func TestKilledBetweenAnswerAndCommit(t *testing.T) {
	address := "sqlite://" + filepath.ToSlash(filepath.Join(t.TempDir(), "calls.db"))
	far := &farCarrier{answered: make(chan struct{})}
	server := httptest.NewServer(far)
	defer server.Close()

	limit, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	child := exec.CommandContext(limit, os.Args[0], "-test.run", "^TestKilledChild$", "-test.v")
	child.Env = append(os.Environ(), carrierVar+"="+server.URL, databaseVar+"="+address)
	var said strings.Builder
	child.Stdout, child.Stderr = &said, &said
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	select {
	case <-far.answered:
	case <-limit.Done():
	}
	_ = child.Process.Kill() // SIGKILL
	err := child.Wait()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.Exited() || len(far.calls()) != 1 {
		t.Fatalf("the child ended with %v, %d calls placed, want it killed after one; it said:\n%s", err, len(far.calls()), &said)
	}

	db, err := sqlite.Open(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	o := &office{goodbye: make(chan struct{})}
	d := farDesk(t, db, "two", &farCaller{base: server.URL}, o.talk)
	defer d.Close(context.WithoutCancel(t.Context()))
	on, replayed, err := d.Dispatch(t.Context(), keyed("k"))
	if err != nil || !replayed || on.Status != dispatch.DispatchPlacing || on.Call != far.calls()[0] {
		t.Fatalf("Dispatch(again) = %+v, replayed %t, %v, want what is on record", on, replayed, err)
	}

	// The callee picks up: the webhook names the call by our own id.
	step, err := d.Ring(t.Context(), telephony.Incoming{Carrier: "CAfar", Call: on.Call, State: telephony.InProgress})
	if err != nil || step.Kind != telephony.StepConnect {
		t.Fatalf("Ring() = %+v, %v, want to connect", step, err)
	}
	call, err := d.Admit(t.Context(), step.Token, telephony.Ref{ID: "CAfar"})
	if err != nil {
		t.Fatal(err)
	}
	l := newLeg()
	done := make(chan error, 1)
	go func() { done <- d.Talk(t.Context(), call, l) }()
	o.goodbye <- struct{}{}
	if err := <-done; err != nil {
		t.Errorf("Talk() = %v", err)
	}
	r, err := db.Call(t.Context(), on.Call)
	if err != nil || r.Reason != telephony.AgentHangup || r.Carrier != "CAfar" {
		t.Errorf("record %+v, %v, want it talked and ended", r, err)
	}
	on, replayed, err = d.Dispatch(t.Context(), keyed("k"))
	if err != nil || !replayed || on.Status != dispatch.DispatchPlaced || len(far.calls()) != 1 {
		t.Errorf("Dispatch(once more) = %+v, %t, %v, %d calls, want it placed, and one call", on, replayed, err, len(far.calls()))
	}
	owed, err := db.Deliveries(t.Context(), webhook.Filter{Workspace: "default"})
	if err != nil || len(owed) != 1 || owed[0].Call != on.Call {
		t.Errorf("deliveries %+v, %v, want the call's", owed, err)
	}
}

// TestKilledChild is the process that is killed.
func TestKilledChild(t *testing.T) {
	base, address := os.Getenv(carrierVar), os.Getenv(databaseVar)
	if base == "" {
		t.Skip("runs as a child of TestKilledBetweenAnswerAndCommit")
	}
	db, err := sqlite.Open(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	d := farDesk(t, db, "one", &farCaller{base: base, waits: true}, (&office{}).talk)
	on, replayed, err := d.Dispatch(t.Context(), keyed("k"))
	t.Errorf("Dispatch() = %+v, %t, %v, want to be killed before", on, replayed, err)
}

func farDesk(t *testing.T, db *storage.DB, node string, c telephony.Carrier, talk dispatch.Talk) *dispatch.Desk {
	t.Helper()
	d, err := dispatch.New(dispatch.Config{
		Calls: db, Carrier: c, Node: node, Secret: []byte("0123456789abcdef"), Route: house, Talk: talk,
	})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// farCarrier is a carrier on the other side of the wire.
type farCarrier struct {
	answered chan struct{} // closed when the child has its answer

	mu     sync.Mutex
	placed []telephony.CallID
}

func (f *farCarrier) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/dial":
		f.mu.Lock()
		f.placed = append(f.placed, telephony.CallID(r.FormValue("call")))
		f.mu.Unlock()
		fmt.Fprint(w, "CAfar")
	case "/find":
		if len(f.calls()) > 0 {
			fmt.Fprint(w, "CAfar")
		}
	case "/answered":
		close(f.answered)
	}
}

func (f *farCarrier) calls() []telephony.CallID {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.placed
}

// farCaller asks a farCarrier.
type farCaller struct {
	base  string
	waits bool // when it has the answer, it says so and waits for its death
}

func (c *farCaller) ask(ctx context.Context, path string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, c.base+path, nil)
	if err != nil {
		return "", err
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, 100))
	return string(body), err
}

// Find implements [telephony.Carrier]: the one call that the far end may have.
func (c *farCaller) Find(ctx context.Context, _ string, _, _ telephony.Number, _ time.Time) ([]string, error) {
	id, err := c.ask(ctx, "/find")
	if id == "" {
		return nil, err
	}
	return []string{id}, err
}

func (c *farCaller) Dial(ctx context.Context, o telephony.Outgoing) (string, error) {
	if err := o.MayDial(ctx); err != nil {
		return "", err
	}
	id, err := c.ask(ctx, "/dial?call="+string(o.Call))
	if c.waits && err == nil {
		_, err = c.ask(ctx, "/answered")
		<-ctx.Done()
	}
	return id, err
}

func (c *farCaller) Hangup(context.Context, telephony.Ref) error { return nil }
func (c *farCaller) State(context.Context, telephony.Ref) (telephony.Standing, error) {
	return telephony.Standing{State: telephony.InProgress}, nil
}

// Recall implements [telephony.Carrier].
func (*farCaller) Recall(context.Context, telephony.Ref) error { return nil }

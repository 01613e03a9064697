package webhook_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/agentcore/dispatch"
	"github.com/hookswitch/hookswitch/agentcore/llm"
	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/agentcore/webhook"
	"github.com/hookswitch/hookswitch/storage"
	"github.com/hookswitch/hookswitch/storage/sqlite"
	"github.com/hookswitch/hookswitch/telephony"
)

// message is one request that a receiver got.
type message struct {
	at     time.Time
	host   string
	method string
	path   string
	header http.Header
	body   string
}

// office has a store, receivers behind pipes, a Runner and a Deliverer, all of
// them real and in virtual time.
type office struct {
	t  *testing.T
	db *storage.DB
	*webhook.Runner
	*webhook.Deliverer

	mu     sync.Mutex
	got    []message
	answer http.HandlerFunc // after the request was noted; nil: 200
	asked  int              // times that the model was asked for a summary
	count  map[string]int   // of the Counter
	fail   int              // attempts that are not kept before the next one is
	slow   time.Duration    // from a look at what is due to doing something about it
}

// seal marks what is sealed.
type seal struct{}

func (seal) Seal(plain string) (roster.Secret, error) { return roster.Secret("sealed:" + plain), nil }
func (seal) Open(s roster.Secret) (string, error) {
	plain, ok := strings.CutPrefix(string(s), "sealed:")
	if !ok {
		return "", errors.New("the key is gone")
	}
	return plain, nil
}

func newOffice(t *testing.T, change ...func(*webhook.Config)) *office {
	t.Helper()
	db, err := sqlite.Open(t.Context(), sqlite.Memory)
	if err != nil {
		t.Fatal(err)
	}
	o := &office{t: t, db: db, count: map[string]int{}}
	l := &pipes{conns: make(chan net.Conn), closed: make(chan struct{})}
	server := &http.Server{Handler: o}
	var serving sync.WaitGroup
	serving.Go(func() { _ = server.Serve(l) })
	client := webhook.NewClientOver(webhook.Policy{AllowHTTP: true, AllowPrivate: true}, nil, l.dial)
	t.Cleanup(func() {
		client.Close()
		_ = server.Close()
		serving.Wait()
		if err := db.Close(); err != nil {
			t.Errorf("Close() = %v", err)
		}
	})
	c := webhook.Config{
		Client: client, Deliveries: forgetful{db, o}, Calls: db, Agents: db, Sealer: seal{},
		Model: func(context.Context, string, roster.Definition) llm.Model {
			o.mu.Lock()
			defer o.mu.Unlock()
			o.asked++
			return nil
		},
		Jitter:  func() float64 { return 0.5 },
		Counter: o,
	}
	for _, f := range change {
		f(&c)
	}
	if o.Runner, err = webhook.NewRunner(c); err != nil {
		t.Fatal(err)
	}
	if o.Deliverer, err = webhook.NewDeliverer(c); err != nil {
		t.Fatal(err)
	}
	return o
}

// pipes is a listener, and the dialer that reaches it.
type pipes struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func (p *pipes) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	ours, theirs := net.Pipe()
	select {
	case p.conns <- theirs:
		return ours, nil
	case <-p.closed:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error   { p.once.Do(func() { close(p.closed) }); return nil }
func (p *pipes) Addr() net.Addr { return &net.TCPAddr{} }

func (o *office) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		o.t.Errorf("reading a request: %v", err)
	}
	o.mu.Lock()
	o.got = append(o.got, message{time.Now(), r.Host, r.Method, r.URL.RequestURI(), r.Header, string(body)})
	answer := o.answer
	o.mu.Unlock()
	if answer != nil {
		answer(w, r)
	}
}

// WebhookSent implements [webhook.Counter].
func (o *office) WebhookSent(kind, outcome string, _ time.Duration) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.count[kind+" "+outcome]++
}

// forgetful is a store that is slow, and does not keep attempts while the office
// says so.
type forgetful struct {
	*storage.DB
	o *office
}

// Due lets others look, too, before anything is done about what it returns.
func (f forgetful) Due(ctx context.Context, id string) (webhook.Delivery, error) {
	d, err := f.DB.Due(ctx, id)
	time.Sleep(f.o.slow)
	return d, err
}

var errDisk = errors.New("disk full")

func (f forgetful) RecordAttempt(ctx context.Context, id string, a webhook.Attempt, status string, now time.Time) (webhook.Attempt, error) {
	f.o.mu.Lock()
	failing := f.o.fail > 0
	f.o.fail--
	f.o.mu.Unlock()
	if failing {
		return a, errDisk
	}
	return f.DB.RecordAttempt(ctx, id, a, status, now)
}

// answers makes the receiver answer with these statuses, the last one for ever.
func (o *office) answers(statuses ...int) {
	n := 0
	o.answer = func(w http.ResponseWriter, _ *http.Request) {
		o.mu.Lock()
		status := statuses[min(n, len(statuses)-1)]
		n++
		o.mu.Unlock()
		w.WriteHeader(status)
	}
}

// hire makes an agent with these webhooks.
func (o *office) hire(hooks ...roster.Webhook) roster.Agent {
	o.t.Helper()
	for i := range hooks {
		hooks[i].UUID = "hook-" + hooks[i].Type
	}
	a, err := o.db.CreateAgent(o.t.Context(), roster.Agent{UUID: "agent-1", Workspace: roster.Default, Definition: roster.Definition{
		Name: "Front desk", Enabled: true, Variables: map[string]any{"plan": "basic", "customer": "{{customer}}", "vip": nil}, Webhooks: hooks,
	}}, 0, "cli:test", time.Now())
	if err != nil {
		o.t.Fatal(err)
	}
	return a
}

// hook is a webhook of a kind. change may be nil.
func hook(kind string, change func(*roster.WebhookConfig)) roster.Webhook {
	w := roster.Webhook{Type: kind, Config: roster.WebhookConfig{
		Request: &roster.Request{URL: "http://receiver.example/" + kind, Method: "POST"},
	}}
	if change != nil {
		change(&w.Config)
	}
	return w
}

// ring is a call of a that is being answered.
func (o *office) ring(a roster.Agent) dispatch.Record {
	o.t.Helper()
	r := dispatch.Record{
		ID: "call_1", Carrier: "CA1", From: "+15550100", To: "+15550199", Direction: telephony.Inbound, Agent: a.Name,
		Workspace: a.Workspace, AgentUUID: a.UUID, Version: a.Version, Conversation: "conv-1",
		Variables: `{"plan":"gold","vip":null}`, State: telephony.Ringing, Created: time.Now(),
	}
	for _, w := range a.Webhooks {
		if w.Type == roster.PostCall {
			r.PostCall = w.ID
		}
	}
	on, created, err := o.db.Create(o.t.Context(), r)
	if err != nil || !created {
		o.t.Fatalf("Create() = %v, %v", created, err)
	}
	return on
}

// over is a call of a that has ended, and the delivery that it left. before is
// what happened before its end.
func (o *office) over(a roster.Agent, before ...func(r dispatch.Record)) webhook.Delivery {
	o.t.Helper()
	r := o.ring(a)
	if err := o.db.Admit(o.t.Context(), r.ID, 1, "", time.Now()); err != nil {
		o.t.Fatal(err)
	}
	time.Sleep(90 * time.Second)
	for _, happen := range before {
		happen(r)
	}
	entry := func(n int, e agentcore.Event) agentcore.Entry {
		return agentcore.Entry{N: n, Version: agentcore.JournalVersion, At: time.Duration(n) * time.Second, Wall: time.Now(), Event: e}
	}
	if err := o.db.Append(o.t.Context(), r.ID, 1, []agentcore.Entry{
		entry(1, agentcore.CallerSaid{Turn: 1, Text: "I want to book a table."}),
		entry(2, agentcore.AgentSaid{Reply: 1, Turn: 1, Text: "It is booked."}),
		entry(3, agentcore.Ended{Reason: telephony.AgentHangup}),
	}); err != nil {
		o.t.Fatal(err)
	}
	all, err := o.db.Deliveries(o.t.Context(), webhook.Filter{Workspace: roster.Default, Kind: roster.PostCall})
	if err != nil || len(all) != 1 {
		o.t.Fatalf("the call left deliveries %v, %v, want one", all, err)
	}
	return all[0]
}

// work does a delivery's job until there is no more of it.
func (o *office) work(d webhook.Delivery) {
	o.t.Helper()
	for {
		again, err := o.Work(o.t.Context(), d.ID)
		if err != nil {
			o.t.Fatalf("Work() = %v", err)
		}
		if again == 0 {
			return
		}
		time.Sleep(again)
	}
}

// on is a delivery and its attempts as they are on record.
func (o *office) on(id string) (webhook.Delivery, []webhook.Attempt) {
	o.t.Helper()
	d, err := o.db.Delivery(o.t.Context(), roster.Default, id)
	if err != nil {
		o.t.Fatal(err)
	}
	all, err := o.db.Attempts(o.t.Context(), roster.Default, id)
	if err != nil {
		o.t.Fatal(err)
	}
	return d, all
}

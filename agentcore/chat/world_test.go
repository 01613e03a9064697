package chat_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/agenttest"
	"github.com/hookswitch/hookswitch/agentcore/chat"
	"github.com/hookswitch/hookswitch/agentcore/llm"
	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/telephony"
)

// world is an engine with all around it: a database, jobs, a carrier, a model,
// and a process that may die at any of their operations.
type world struct {
	t       testing.TB
	store   *memory
	engine  *chat.Engine
	who     chat.Person
	model   *agenttest.Thinker
	faulty  func(n int) error // of the nth request to the model
	asked   int
	shown   []llm.Request
	channel roster.Channel
	nobody  bool
	carrier *carrier
	outs    outs
	dialled map[string]time.Time // by key
	config  chat.Config
	dies    death
	poll    time.Duration // for jobs that are due

	mu     sync.Mutex
	counts map[string]int
	ids    map[string]int
}

// death is the operation at which the process dies.
type death struct {
	mu    sync.Mutex
	at    int  // 0: never
	after bool // else before
	ops   int
	name  string // where it died
	dead  bool

	chance float64 // that an operation fails, before and after; the process lives
	dice   *rand.Rand
}

var errDied = errors.New("the process died")

// op is one operation beyond the process: it counts, and dies when its time has
// come. What a dead process does has no effect.
func (d *death) op(name string, f func() error) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.ops++
	if d.chance > 0 {
		return d.hiccup(f)
	}
	now := d.at > 0 && d.ops == d.at
	before := d.dead || now && !d.after
	d.dead = d.dead || now && !d.after
	if now {
		d.name = name
	}
	if before {
		return errDied
	}
	err := f()
	if now {
		d.dead = true
		return errDied
	}
	return err
}

// hiccup is an operation that may fail, and may have been done nevertheless.
func (d *death) hiccup(f func() error) error {
	switch p := d.dice.Float64(); {
	case p < d.chance:
		return errHiccup
	case p < 2*d.chance:
		if err := f(); err != nil {
			return err
		}
		return errHiccup
	}
	return f()
}

var errHiccup = errors.New("it did not answer")

func (d *death) isDead() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.dead
}

func newWorld(t testing.TB) *world {
	w := &world{
		t: t, poll: 10 * time.Millisecond, model: &agenttest.Thinker{Answers: map[string]string{}, Delay: 300 * time.Millisecond},
		channel: roster.Channel{ID: "chan_1", Workspace: "ws", Kind: telephony.Phone, Address: "+15550100", Enabled: true, AgentUUID: "agent-1"},
		dialled: map[string]time.Time{}, counts: map[string]int{}, ids: map[string]int{}, outs: outs{},
	}
	w.store = newMemory(w.dies.op)
	w.carrier = &carrier{w: w}
	w.who = chat.Person{Prompt: "You sell tea.", Business: "Tea & Co"}
	w.config = chat.Config{
		Store: w.store,
		Channel: func(_ context.Context, kind, _, address string) (roster.Channel, error) {
			if kind != w.channel.Kind || address != w.channel.Address {
				return roster.Channel{}, roster.ErrNotFound
			}
			return w.channel, nil
		},
		Agent: func(context.Context, chat.Chat) (chat.Person, error) {
			if w.nobody {
				return chat.Person{}, chat.ErrNobody
			}
			p := w.who
			p.Model = w
			return p, nil
		},
		Name: func(_ context.Context, ch roster.Channel) (chat.Named, error) {
			return chat.Named{UUID: ch.AgentUUID, Name: "Tea", Version: 1}, nil
		},
		Sender: func(context.Context, chat.Chat) (chat.Sender, error) {
			return chat.Sender{Messenger: w.carrier, Account: "AC1"}, nil
		},
		OptOuts: w,
		NewID: func(prefix string) string {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.ids[prefix]++
			return fmt.Sprint(prefix, w.ids[prefix])
		},
		Count: func(what string) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.counts[what]++
		},
	}
	w.start()
	return w
}

// start begins a process, when the one before has died.
func (w *world) start() {
	e, err := chat.New(w.config)
	if err != nil {
		w.t.Fatal(err)
	}
	w.engine, w.dies.dead = e, false
}

// Chat implements [llm.Model] in front of the thinker.
func (w *world) Chat(ctx context.Context, r llm.Request) iter.Seq2[llm.Delta, error] {
	return func(yield func(llm.Delta, error) bool) {
		err := w.dies.op("model", func() error {
			w.asked++
			w.shown = append(w.shown, r)
			if w.faulty != nil {
				return w.faulty(w.asked)
			}
			return nil
		})
		if err != nil {
			yield(llm.Delta{}, err)
			return
		}
		w.model.Chat(ctx, r)(yield)
	}
}

// receive is a webhook of the carrier's, which tries again until it is taken.
func (w *world) receive(in telephony.TextIn) {
	in.Kind, in.To = cmp.Or(in.Kind, w.channel.Kind), cmp.Or(in.To, w.channel.Address)
	in.From = cmp.Or(in.From, "+15550199")
	for range 5 {
		err := w.engine.Received(w.t.Context(), in)
		if err == nil || errors.Is(err, telephony.ErrNoChannel) {
			return
		}
		if w.dies.isDead() {
			w.start()
		}
		time.Sleep(time.Second)
	}
	w.t.Error("a message could not be handed over")
}

// run does jobs when they are due, in their order, for so long.
func (w *world) run(long time.Duration) {
	for end := time.Now().Add(long); ; {
		if !time.Now().Before(end) {
			return
		}
		j := w.next()
		if j == nil {
			time.Sleep(w.poll)
			continue
		}
		again, err := w.work(j)
		w.store.mu.Lock()
		j.running = false
		switch {
		case err != nil:
			j.failures++
			j.at = time.Now().Add(time.Duration(j.failures) * time.Second)
			if w.dies.isDead() {
				w.start()
			}
		case again > 0:
			j.at = time.Now().Add(again)
		default:
			w.store.jobs = slices.DeleteFunc(w.store.jobs, func(other *job) bool { return other == j })
		}
		w.store.mu.Unlock()
	}
}

func (w *world) work(j *job) (time.Duration, error) {
	if j.kind == chat.JobTurn {
		return w.engine.Turn(w.t.Context(), j.id)
	}
	return w.engine.Send(w.t.Context(), j.id)
}

// next takes the job that has been due for longest; nil if there is none.
func (w *world) next() (first *job) {
	w.store.mu.Lock()
	defer w.store.mu.Unlock()
	now := time.Now()
	for _, j := range w.store.jobs {
		if !j.running && !j.at.After(now) && (first == nil || j.at.Before(first.at)) {
			first = j
		}
	}
	if first != nil {
		first.running = true
	}
	return first
}

// carrier sends texts, and knows what it sent.
type carrier struct {
	w       *world
	sent    []telephony.Text
	at      []time.Time
	refuses func(n int, t telephony.Text) error // of the nth time that it is asked
	asked   int
	looked  int
	blind   bool // it can't tell what it sent
}

func (c *carrier) Send(_ context.Context, t telephony.Text) (id string, err error) {
	err = c.w.dies.op("send", func() error {
		c.asked++
		if c.refuses != nil {
			if err := c.refuses(c.asked, t); err != nil {
				return err
			}
		}
		c.sent, c.at = append(c.sent, t), append(c.at, time.Now())
		id = "SM-" + t.ID
		return nil
	})
	return id, err
}

func (c *carrier) Sent(_ context.Context, t telephony.Text, _ time.Time) (id string, err error) {
	err = c.w.dies.op("sent", func() error {
		c.looked++
		for _, s := range c.sent {
			if s.ID == t.ID && !c.blind {
				id = "SM-" + t.ID
			}
		}
		return nil
	})
	return id, err
}

// bodies are the texts that were sent.
func (c *carrier) bodies() string {
	var all []string
	for _, t := range c.sent {
		all = append(all, t.Body)
	}
	return strings.Join(all, " | ")
}

// outs are opt-outs by contact and scope.
type outs map[[2]string]roster.OptOut

func (w *world) SetOptOut(_ context.Context, o roster.OptOut, _ roster.Actor) error {
	return w.dies.op("SetOptOut", func() error {
		if _, there := w.outs[[2]string{o.Contact, o.Scope}]; !there {
			w.outs[[2]string{o.Contact, o.Scope}] = o
		}
		return nil
	})
}

func (w *world) OptedOut(_ context.Context, _, contact, scope string) (o roster.OptOut, err error) {
	err = w.dies.op("OptedOut", func() error {
		for _, s := range []string{scope, roster.OptOutAll} {
			if found, there := w.outs[[2]string{contact, s}]; there {
				o = found
				return nil
			}
		}
		return roster.ErrNotFound
	})
	return o, err
}

func (w *world) RemoveOptOut(_ context.Context, _, contact, scope string, _ roster.Actor, _ time.Time) error {
	return w.dies.op("RemoveOptOut", func() error {
		if _, there := w.outs[[2]string{contact, scope}]; !there {
			return roster.ErrNotFound
		}
		delete(w.outs, [2]string{contact, scope})
		return nil
	})
}

// in is a text of the contact's.
func in(id, body string) telephony.TextIn { return telephony.TextIn{Carrier: id, Body: body} }

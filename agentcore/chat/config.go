package chat

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/llm"
	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/agentcore/tools"
	"github.com/hookswitch/hookswitch/agentcore/vars"
	"github.com/hookswitch/hookswitch/telephony"
)

// Config is what an [Engine] is made of.
type Config struct {
	Store Store // required

	// Channel finds the channel of an address of ours: [roster.ErrNotFound] when
	// account, the carrier's that the text came through, has none. Required.
	Channel func(ctx context.Context, kind, account, address string) (roster.Channel, error)
	// Agent makes who answers in c, of its workspace and version. [ErrNobody]
	// when they are gone or disabled: the chat is closed. Required.
	Agent func(ctx context.Context, c Chat) (Person, error)
	// Name is the agent that a new chat of ch begins with. [ErrNobody]. Required.
	Name func(ctx context.Context, ch roster.Channel) (Named, error)
	// Sender is by whom the messages of c go out. That there is none is a
	// *[telephony.TextError]: the message has failed. Required.
	Sender func(ctx context.Context, c Chat) (Sender, error)
	// OptOuts are those who want no messages. Required.
	OptOuts OptOuts
	// Dial has the agent of c call its contact, at a time unless that is zero, and
	// returns the call's id. One key is one call. Nil: agents of chats call nobody.
	Dial func(ctx context.Context, c Chat, key string, at time.Time) (call string, err error)

	Split    func(kind, text string) []string // an answer as messages, in order. Nil: one message
	Segments func(kind, text string) int      // that a message is charged as. Nil: 0
	NewID    func(prefix string) string       // "msg_" makes "msg_4k2..."; never with a second "_". Required
	Count    func(what string)                // counts what happened, by the names in count.go. Nil: nobody does
	Log      *slog.Logger                     // nil discards
	Limits   Limits
}

// Limits of a chat. A zero means the default.
type Limits struct {
	Settle      time.Duration // silence after a message before it is answered. Default 1 s, less than zero none
	SettleMost  time.Duration // that a message waits for others. Default 5 s
	TurnsMinute int           // answers in any minute. Default 20
	TurnsDay    int           // answers in any 24 h. Default 500
	Waiting     int           // messages that may wait for an answer. Default 200
	Idle        time.Duration // after which a chat is closed. Default 24 h
}

func (l *Limits) defaults() {
	l.Settle = cmp.Or(l.Settle, time.Second)
	l.SettleMost = cmp.Or(l.SettleMost, 5*time.Second)
	l.TurnsMinute = cmp.Or(l.TurnsMinute, 20)
	l.TurnsDay = cmp.Or(l.TurnsDay, 500)
	l.Waiting = cmp.Or(l.Waiting, 200)
	l.Idle = cmp.Or(l.Idle, 24*time.Hour)
}

// Named is which agent a chat begins with.
type Named struct {
	UUID, Name string
	Version    int
}

// Person is who answers in a chat. Its texts may name dynamic variables.
type Person struct {
	Prompt    string   // the model's system message
	Greeting  string   // the first message when the agent begins; empty: the model writes it
	Apology   string   // when no answer can be had. Empty has a default
	Business  string   // whose messages these are, for HELP. Empty: the agent's name
	Variables vars.Set // the agent's own; those of the chat go before them
	Model     llm.Model
	Tools     tools.Set // those that need a line are left out here
	MayCall   bool      // the agent may go over to a call: see [Config.Dial]
}

// Sender sends the messages of a chat.
type Sender struct {
	telephony.Messenger
	Account  string // of the carrier's that has the chat's address; empty: the trunk's own
	FromName string // of an e-mail
}

// OptOuts is what the engine needs of [roster.OptOuts].
type OptOuts interface {
	SetOptOut(ctx context.Context, o roster.OptOut, who roster.Actor) error
	OptedOut(ctx context.Context, workspace, contact, scope string) (roster.OptOut, error)
	RemoveOptOut(ctx context.Context, workspace, contact, scope string, who roster.Actor, now time.Time) error
}

var (
	// ErrNobody means that there is no agent to answer.
	ErrNobody = errors.New("chat: there is no agent who answers")
	// ErrOptedOut means that the contact wants no messages.
	ErrOptedOut = errors.New("chat: the contact wants no messages")
)

// Engine has agents answer in writing. It starts no goroutine: its methods are
// called by whoever takes what comes in, and by jobs.
type Engine struct {
	cfg Config
}

var _ telephony.Inbox = (*Engine)(nil)

// New makes an engine.
func New(c Config) (*Engine, error) {
	for _, need := range []struct {
		name string
		is   bool
	}{
		{"Store", c.Store != nil}, {"Channel", c.Channel != nil}, {"Agent", c.Agent != nil}, {"Name", c.Name != nil},
		{"Sender", c.Sender != nil}, {"OptOuts", c.OptOuts != nil}, {"NewID", c.NewID != nil},
	} {
		if !need.is {
			return nil, fmt.Errorf("chat: Config.%s is required", need.name)
		}
	}
	if c.Split == nil {
		c.Split = func(_, text string) []string { return []string{text} }
	}
	if c.Segments == nil {
		c.Segments = func(string, string) int { return 0 }
	}
	if c.Count == nil {
		c.Count = func(string) {}
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	c.Limits.defaults()
	return &Engine{cfg: c}, nil
}

package v2

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/agentcore/agenda"
	"github.com/hookswitch/hookswitch/agentcore/chat"
	"github.com/hookswitch/hookswitch/agentcore/dialplan"
	"github.com/hookswitch/hookswitch/agentcore/roster"
)

// LaterConfig is what the operations on what is done later, and in writing, work
// on. What is nil leaves its operations out.
type LaterConfig struct {
	Errands  Errands         // schedules; Clerk must be there, too
	Clerk    Clerk           // nil: nothing can be scheduled
	Planner  Planner         // nil: what is scheduled is looked at when it is due
	Batches  Batches         // nil: no batch can be made; needs Errands
	Channels roster.Channels // nil: there are none
	OptOuts  roster.OptOuts  // the do-not-call list
	Chats    ChatStore       // needs Channels
	Writer   Writer          // nil: chats can be read only
	MaxFile  int64           // bytes of a batch's file. 0 means 20 MiB.
}

// Errands reads what is to be done later. [agenda.Store] is one.
type Errands interface {
	Errand(ctx context.Context, workspace, id string) (agenda.Errand, error)
	ErrandByKey(ctx context.Context, workspace, key string, now time.Time) (agenda.Errand, error)
	Errands(ctx context.Context, workspace string, f agenda.Filter, cursor string, limit int) ([]agenda.Errand, string, error)
	Batch(ctx context.Context, workspace, id string) (agenda.Batch, error)
	Batches(ctx context.Context, workspace, cursor string, limit int) ([]agenda.Batch, string, error)
	Progress(ctx context.Context, batch string) (agenda.Progress, error)
	CancelBatch(ctx context.Context, workspace, id string, now time.Time) (agenda.Batch, error)
}

// Clerk takes errands on. [agenda.Clerk] is one.
type Clerk interface {
	Book(ctx context.Context, e agenda.Errand) (on agenda.Errand, replayed bool, err error)
	Cancel(ctx context.Context, workspace, id string) (agenda.Errand, error)
}

// Planner says when a call may be placed. [dialplan.Gate] is one.
type Planner interface {
	// When is the first time from at on at which the call may be placed. One that
	// never may is a [*dialplan.Refusal].
	When(ctx context.Context, ask dialplan.Ask, at time.Time) (time.Time, error)
}

// Batches reads a batch's file.
type Batches interface {
	// Load keeps b, which says everything but what the file says, with a row for
	// each good line of file, and lets it begin at b.At. The returned batch has
	// its Total, Wrong and Problems. What is wrong with the file as a whole is a
	// [*agenda.FileError]; then there is no batch that could begin.
	Load(ctx context.Context, b agenda.Batch, file io.Reader) (agenda.Batch, error)
}

// ChatStore reads conversations in writing, and ends them. [chat.Store] is one.
type ChatStore interface {
	Chat(ctx context.Context, workspace, id string) (chat.Chat, error)
	Chats(ctx context.Context, workspace string, f chat.Filter, cursor string, limit int) ([]chat.Chat, string, error)
	OpenChatWith(ctx context.Context, channel, contact string) (chat.Chat, error)
	CloseChat(ctx context.Context, workspace, id, reason string, now time.Time) (chat.Chat, error)
	Messages(ctx context.Context, chat string, after, limit int) ([]chat.Message, error)
	ChatJournal(ctx context.Context, id string, after int) ([]agentcore.Entry, error)
}

// Writer writes in chats. [chat.Engine] is one.
type Writer interface {
	// Say sends a text as the agent's: [chat.ErrBusy], [chat.ErrClosed],
	// [chat.ErrOptedOut].
	Say(ctx context.Context, chat, text string) error
}

// defaultMaxFile is the bound of a batch's file.
const defaultMaxFile = 20 << 20

// Tags of these operations.
const (
	tagSchedules = "Schedules"
	tagBatches   = "Batches"
	tagNoCall    = "Do not call"
	tagChannels  = "Channels"
	tagChats     = "Chats"
)

// later registers what is done later, and in writing.
func (a *API) later() error {
	l := &a.Later
	switch {
	case l.Errands != nil && l.Clerk == nil:
		return errors.New("v2: Later.Errands needs a Clerk")
	case l.Batches != nil && l.Errands == nil:
		return errors.New("v2: Later.Batches needs Errands")
	case l.Chats != nil && l.Channels == nil:
		return errors.New("v2: Later.Chats needs Channels")
	}
	if l.MaxFile <= 0 {
		l.MaxFile = defaultMaxFile
	}
	if a.streams == nil {
		a.streams = newStreams(a.Calls.Limits)
	}
	if l.Errands != nil {
		a.schedules()
		a.batches()
	}
	if l.OptOuts != nil {
		a.noCalls()
	}
	if l.Channels != nil {
		a.channels()
	}
	if l.Chats != nil {
		a.chats()
	}
	return nil
}

// chapter adds a chapter to the documentation.
func (a *API) chapter(name, about string) {
	doc := a.huma.OpenAPI()
	doc.Tags = append(doc.Tags, &huma.Tag{Name: name, Description: about})
}

// Package chat holds conversations in writing: the same agents, tools, variables
// and journal as on a call, over SMS, WhatsApp and e-mail.
//
// What comes in is a row and a job; a turn is one answer to all that came since
// the last; what goes out is a row and a job again, written with the journal in
// one transaction. So nothing is lost, and nothing answered twice.
package chat

import (
	"context"
	"errors"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
)

// Status of a [Chat].
const (
	Open   = "open"
	Closed = "closed"
)

// Chat is a conversation in writing between a contact and an agent.
type Chat struct {
	ID        string // "chat_..."
	Workspace string
	Channel   string // its id
	Kind      string // of the channel: telephony.Phone, WhatsApp, Email
	Address   string // ours
	Contact   string
	AgentUUID string
	Agent     string // its name
	Version   int
	Subject   string // of an e-mail's thread
	Variables string // dynamic variables: a JSON object; tools may add to them
	Metadata  string // the client's own: a JSON object
	Status    string
	Reason    string // why it is closed: "agent", "api", "opt_out", "idle", "agent_disabled"
	Epoch     int    // raised by whoever takes its turn
	Last      int    // number of the newest journal entry
	Created   time.Time
	Updated   time.Time
	Ended     time.Time
}

// Directions of a [Message].
const (
	In  = "in"
	Out = "out"
)

// Status of a [Message].
const (
	Received    = "received" // waits for an answer
	Answered    = "answered" // a turn read it
	Dropped     = "dropped"  // nobody reads it: Error says why ("automatic", "too_many", "keyword", "opted_out", "empty", "closed")
	Queued      = "queued"
	Sending     = "sending" // the carrier is being asked
	Sent        = "sent"
	Delivered   = "delivered"
	Undelivered = "undelivered"
	Failed      = "failed"
)

// Message is one text of a chat.
type Message struct {
	ID        string // "msg_..."
	Workspace string
	Chat      string
	Seq       int // of the chat, from 1
	Direction string
	Body      string
	Subject   string
	Carrier   string   // a MessageSid or Message-ID; empty until it is known
	Refs      []string // of an e-mail: what it answers, oldest first
	Segments  int      // of an SMS
	Status    string
	Error     string // the carrier's code, or what went wrong: no number, no words
	Created   time.Time
	Sending   time.Time // just before the carrier was asked
	Updated   time.Time
}

// Jobs.
const (
	JobTurn = "chat_turn" // ID of a chat that has something to answer
	JobSend = "chat_send" // ID of a message that is to go out
)

// Errors of a [Store] that a caller acts on.
var (
	ErrNotFound = errors.New("chat: not found")
	ErrEpoch    = errors.New("chat: somebody else took the turn")
	ErrClosed   = errors.New("chat: it is closed")
	ErrBusy     = errors.New("chat: somebody is at it")
)

// Filter chooses chats of a workspace. Its zero value chooses all.
type Filter struct{ Status, Channel, AgentUUID, Contact string }

// Past is something that was said before, in a chat or on a call.
type Past struct {
	At      time.Time
	Where   string // "sms", "whatsapp", "email", "call"
	Contact bool   // the contact said it; else the agent
	Text    string // what was heard of it, when it was said on a call
}

// Store keeps chats, their journals and their messages. Each method is one
// transaction, may be called from any goroutine, and is told what time it is. An
// empty workspace means any.
type Store interface {
	// OpenChat keeps c, which is Open, and with begin the job of its first turn.
	// When the channel has an open chat with the contact, or c's id is there
	// already, nothing changes: that one is returned, with false.
	OpenChat(ctx context.Context, c Chat, begin bool) (on Chat, created bool, err error)
	Chat(ctx context.Context, workspace, id string) (Chat, error)
	// OpenChatWith finds the open chat of a channel with a contact.
	OpenChatWith(ctx context.Context, channel, contact string) (Chat, error)
	Chats(ctx context.Context, workspace string, f Filter, cursor string, limit int) (all []Chat, next string, err error)
	// CloseChat ends a chat, and drops what waits in it as "closed"; one that is
	// closed stays as it is.
	CloseChat(ctx context.Context, workspace, id, reason string, now time.Time) (Chat, error)

	// Receive keeps m, which came in for its chat, under the chat's next Seq, and
	// when it is Received the job of the chat's turn, unless one waits that is due
	// within ten seconds: a turn waits for the end of a burst. An id of ours that is
	// there already, or of the carrier's in the same chat, changes nothing and
	// returns false. When most messages of the chat wait already, it
	// is Dropped as "too_many". [ErrClosed] when it is Received and the chat is
	// closed: nobody would answer it.
	Receive(ctx context.Context, m Message, most int) (on Message, isNew bool, err error)

	// Waiting tells how many messages of a chat are Received, and when the oldest
	// and the newest of them came.
	Waiting(ctx context.Context, id string) (n int, oldest, newest time.Time, err error)
	// TakeTurn gives the chat to who asks until then: its epoch is raised, and
	// what waits is returned, oldest first. [ErrBusy] while somebody has it,
	// [ErrClosed].
	TakeTurn(ctx context.Context, id string, now, until time.Time) (Chat, []Message, error)
	// Note appends entries to the journal of a chat at its epoch, in the middle of
	// a turn; c.Variables are kept, too. [ErrEpoch], [ErrClosed].
	Note(ctx context.Context, c Chat, entries []agentcore.Entry) error
	// EndTurn appends entries and the answers, each with its job, notes that what
	// was read is Answered, keeps c.Variables, closes the chat when c.Status says
	// so, and lets go of it, in one transaction. When more came meanwhile, it stays
	// open, and the job of the next turn is there, too. [ErrEpoch], [ErrClosed].
	EndTurn(ctx context.Context, c Chat, read []Message, entries []agentcore.Entry, answers []Message, now time.Time) error
	// LetGo is Note, and lets go of the chat. What waits still waits, and has no
	// new job: whoever lets go comes again.
	LetGo(ctx context.Context, c Chat, entries []agentcore.Entry) error
	// CloseIdle closes open chats in which nothing has happened since then and
	// nothing waits, as "idle", at most limit of them.
	CloseIdle(ctx context.Context, since time.Time, limit int, now time.Time) (closed int, err error)
	ChatJournal(ctx context.Context, id string, after int) ([]agentcore.Entry, error)

	Message(ctx context.Context, id string) (Message, error)
	Messages(ctx context.Context, chat string, after, limit int) ([]Message, error)
	// SendMessage adds a message that goes out with its job, outside of a turn. An
	// id that is there already changes nothing: that one is returned.
	SendMessage(ctx context.Context, m Message) (Message, error)
	// BeginSend moves a message from Queued to Sending and notes when; one that
	// is Sending already is returned with again, one that is further as it is.
	BeginSend(ctx context.Context, id string, now time.Time) (m Message, again bool, err error)
	// SetMessage keeps what became of a message that goes out, by our id or, when
	// that is empty, by the carrier's. A status goes forward only: queued,
	// sending, sent, then delivered, undelivered or failed.
	SetMessage(ctx context.Context, id, carrier, status, code string, now time.Time) error

	// PastWith lists what an agent's chats and calls with a contact said before
	// then, oldest first, the newest limit of it.
	PastWith(ctx context.Context, workspace, contact string, before time.Time, limit int) ([]Past, error)
}

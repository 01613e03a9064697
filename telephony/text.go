package telephony

import (
	"context"
	"errors"
	"time"
)

// Kinds of a channel on which texts are sent.
const (
	Phone    = "phone" // SMS
	WhatsApp = "whatsapp"
	Email    = "email"
)

// Text is a message to be sent. From and To are numbers in E.164 form, or e-mail
// addresses; a WhatsApp number has no prefix here.
type Text struct {
	ID       string // ours; it rides in the callback address, so that a repeat can be told
	Kind     string
	Account  string // of the carrier's that has From; empty: the trunk's own
	From, To string
	Body     string
	Subject  string   // of an e-mail
	FromName string   // of an e-mail
	Answers  []string // of an e-mail: Message-IDs of the thread, oldest first
}

// TextIn is a message that came in.
type TextIn struct {
	Kind      string
	Account   string
	Carrier   string // the carrier's id of it: a MessageSid or Message-ID
	From, To  string
	Body      string // as text
	Subject   string
	Answers   []string // Message-IDs: what it answers, oldest first
	Media     int      // things that came with it, which nobody reads
	OptOut    string   // what the carrier took it for: STOP, START, HELP; empty: it did not say
	Automatic bool     // a machine wrote it: it is never answered
}

// TextState is what a carrier says of a message that we sent.
type TextState struct {
	ID      string // ours; empty when unknown
	Account string
	Carrier string
	Status  string // queued, sent, delivered, undelivered, failed
	Code    string // the carrier's of a failure
}

// Messenger sends texts.
type Messenger interface {
	// Send sends t and returns the carrier's id of it. An error that says that
	// nothing was sent is a *[TextError].
	Send(ctx context.Context, t Text) (carrierID string, err error)
	// Sent finds what was sent as t since then, when an answer was lost; empty:
	// the carrier knows of none.
	Sent(ctx context.Context, t Text, since time.Time) (carrierID string, err error)
}

// Inbox takes what comes in.
type Inbox interface {
	// Received keeps m. The same again changes nothing. An error makes the
	// carrier try again.
	Received(ctx context.Context, m TextIn) error
	// Told notes what became of a message.
	Told(ctx context.Context, s TextState) error
}

// TextError says that a message was not sent.
type TextError struct {
	Code   string // the carrier's, or our own
	Why    string // for people: no number, no address
	OptOut bool   // whom it was for wants none
	Passes bool   // it may be tried again later
}

// Error implements error.
func (e *TextError) Error() string {
	if e.Code == "" {
		return "the message was not sent: " + e.Why
	}
	return "the message was not sent: " + e.Code + ": " + e.Why
}

// ErrNoChannel means that nobody here has the address that a text came to.
var ErrNoChannel = errors.New("telephony: no channel has this address")

package chat

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/agentcore/tools"
	"github.com/hookswitch/hookswitch/telephony"
)

const (
	mostBody    = 8 << 10 // bytes of a message that are kept
	mostSubject = 200
	mostRefs    = 20 // of an e-mail's thread
)

// Received implements [telephony.Inbox].
func (e *Engine) Received(ctx context.Context, in telephony.TextIn) error {
	in = e.clean(in)
	ch, err := e.cfg.Channel(ctx, in.Kind, in.Account, in.To)
	if errors.Is(err, roster.ErrNotFound) {
		e.cfg.Count(CountNoChannel)
		return telephony.ErrNoChannel
	}
	if err != nil {
		return err
	}
	m := e.message(ch, in)
	if on, err := e.cfg.Store.Message(ctx, m.ID); err == nil {
		return e.again(ctx, ch, in, on)
	} else if !errors.Is(err, ErrNotFound) {
		return err
	}
	out, err := e.optedOut(ctx, ch.Workspace, in.From)
	if err != nil {
		return err
	}
	word := keyword(in, out)
	named, err := e.answerer(ctx, ch)
	if err != nil {
		return e.unanswerable(ctx, ch, in, word, err)
	}
	m.Status, m.Error = fate(in, out, word)
	return e.take(ctx, ch, in, named, m, word)
}

// fate is what becomes of a message.
func fate(in telephony.TextIn, out bool, word string) (status, why string) {
	switch {
	case in.Automatic: // first of all: a machine's "stop" is nobody's wish
		return Dropped, CountAutomatic
	case word != "":
		return Dropped, CountKeyword
	case out:
		return Dropped, CountOptedOut
	case in.Body == "":
		return Dropped, CountEmpty
	}
	return Received, ""
}

// take keeps a message in the open chat with its sender, or in a new one, and
// does what a keyword asks for.
func (e *Engine) take(ctx context.Context, ch roster.Channel, in telephony.TextIn, who Named, m Message, word string) error {
	for try := 0; ; try++ {
		c, _, err := e.cfg.Store.OpenChat(ctx, e.chat(ch, in, who, m.Created), false)
		if err != nil {
			return err
		}
		m.Chat = c.ID
		on, isNew, err := e.cfg.Store.Receive(ctx, m, e.cfg.Limits.Waiting)
		switch {
		case errors.Is(err, ErrClosed) && try < 3:
			continue // its agent said goodbye just now: this begins another
		case err != nil:
			return err
		case !isNew:
			return e.again(ctx, ch, in, on)
		case on.Status == Dropped:
			e.cfg.Count(on.Error)
		default:
			e.cfg.Count(CountReceived)
		}
		if on.Error == CountKeyword {
			return e.obey(ctx, c, in, on, word)
		}
		return nil
	}
}

// again is a message that came before. Who took it then may have died before they
// did what it asks for; a STOP closes its chat last of all.
func (e *Engine) again(ctx context.Context, ch roster.Channel, in telephony.TextIn, on Message) error {
	e.cfg.Count(CountAgain)
	if on.Error != CountKeyword {
		return nil
	}
	c, err := e.cfg.Store.Chat(ctx, ch.Workspace, on.Chat)
	if errors.Is(err, ErrNotFound) || err == nil && c.Status == Closed {
		return nil
	}
	if err != nil {
		return err
	}
	return e.obey(ctx, c, in, on, keyword(in, true))
}

// answerer is who answers what comes in on ch.
func (e *Engine) answerer(ctx context.Context, ch roster.Channel) (Named, error) {
	switch {
	case !ch.Enabled:
		return Named{}, telephony.ErrNoChannel
	case ch.AgentUUID == "":
		return Named{}, ErrNobody
	}
	return e.cfg.Name(ctx, ch)
}

// unanswerable is a message that nobody is there to answer. It is kept nowhere: a
// chat has an agent. Who wants no more is heard all the same.
func (e *Engine) unanswerable(ctx context.Context, ch roster.Channel, in telephony.TextIn, word string, cause error) error {
	nobody := errors.Is(cause, ErrNobody)
	if !nobody && !errors.Is(cause, telephony.ErrNoChannel) {
		return cause
	}
	if word == stop && !in.Automatic {
		e.cfg.Count(CountKeyword)
		return e.leave(ctx, ch.Workspace, in.From, "keyword", time.Now())
	}
	if nobody {
		e.cfg.Count(CountNobody)
		e.cfg.Log.Warn("a message is lost: its channel has no agent that answers", "channel", ch.ID)
		return nil
	}
	e.cfg.Count(CountNoChannel)
	return telephony.ErrNoChannel
}

// Told implements [telephony.Inbox]. What is not known of here is nobody's: a
// carrier that is told so would only say it again.
func (e *Engine) Told(ctx context.Context, s telephony.TextState) error {
	status := ""
	switch s.Status {
	case Sent, Delivered, Undelivered, Failed:
		status = s.Status
	default:
		return nil // it is on its way, as we know
	}
	err := e.cfg.Store.SetMessage(ctx, s.ID, s.Carrier, status, tools.Cut(s.Code, 64), time.Now())
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	return err
}

// clean is in with nothing in it that is longer than what is kept.
func (e *Engine) clean(in telephony.TextIn) telephony.TextIn {
	in.Body = plain(in.Body, mostBody)
	in.Subject = strings.Join(strings.Fields(plain(in.Subject, mostSubject)), " ")
	if in.Kind == telephony.Email {
		in.From, in.To = strings.ToLower(in.From), strings.ToLower(in.To)
	}
	in.Answers = thread(in.Answers)
	if in.Media > 0 {
		in.Body = strings.TrimSpace(in.Body + "\n" + pictures(in))
	}
	return in
}

// plain is text without what no database keeps, cut at most bytes.
func plain(text string, most int) string {
	text = strings.ReplaceAll(strings.ReplaceAll(text, "\x00", ""), "\r\n", "\n")
	return strings.TrimSpace(tools.Cut(text, most))
}

// pictures is what the agent is told of what it can't see.
func pictures(in telephony.TextIn) string {
	what := "picture"
	if in.Kind == telephony.Email {
		what = "attachment"
	}
	if in.Media == 1 {
		return "[" + what + "]"
	}
	return fmt.Sprintf("[%d %ss]", in.Media, what)
}

// thread bounds the ids of a thread: its first and its newest, oldest first.
func thread(refs []string) []string {
	if n := len(refs); n > mostRefs {
		refs = append(append([]string(nil), refs[0]), refs[n-mostRefs+1:]...)
	}
	return refs
}

// message is in as it is kept. Its id follows from the carrier's, so that the
// same again has the same.
func (e *Engine) message(ch roster.Channel, in telephony.TextIn) Message {
	id := e.cfg.NewID("msg_")
	if in.Carrier != "" {
		sum := sha256.Sum256([]byte(ch.ID + "\x00" + in.Carrier))
		id = "msg_" + hex.EncodeToString(sum[:16])
	}
	now := moment()
	return Message{
		ID: id, Workspace: ch.Workspace, Direction: In, Body: in.Body, Subject: in.Subject,
		Carrier: in.Carrier, Refs: in.Answers, Segments: e.cfg.Segments(in.Kind, in.Body), Created: now, Updated: now,
	}
}

// moment is now, as it reads back from a database: in whole microseconds.
func moment() time.Time { return time.Now().Truncate(time.Microsecond) }

// chat is a new chat with the sender of in.
func (e *Engine) chat(ch roster.Channel, in telephony.TextIn, who Named, now time.Time) Chat {
	return Chat{
		ID: e.cfg.NewID("chat_"), Workspace: ch.Workspace, Channel: ch.ID, Kind: ch.Kind, Address: ch.Address, Contact: in.From,
		AgentUUID: who.UUID, Agent: who.Name, Version: who.Version, Subject: in.Subject,
		Variables: "{}", Metadata: "{}", Status: Open, Created: now, Updated: now,
	}
}

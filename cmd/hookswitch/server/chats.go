package server

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/agentcore/agenda"
	"github.com/hookswitch/hookswitch/agentcore/chat"
	"github.com/hookswitch/hookswitch/agentcore/dispatch"
	"github.com/hookswitch/hookswitch/agentcore/failover"
	"github.com/hookswitch/hookswitch/agentcore/llm"
	"github.com/hookswitch/hookswitch/agentcore/provider"
	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/agentcore/tools"
	"github.com/hookswitch/hookswitch/agentcore/vars"
	"github.com/hookswitch/hookswitch/agentcore/webhook"
	"github.com/hookswitch/hookswitch/telephony"
	"github.com/hookswitch/hookswitch/telephony/mail"
	"github.com/hookswitch/hookswitch/telephony/sms"
)

// writing makes what answers in writing.
func (s *Server) writing() (err error) {
	if s.c.Mail.SMTP != "" {
		if s.mailer, err = mail.New(mail.Config{Server: s.c.Mail.SMTP, TLS: s.o.MailTLS}); err != nil {
			return fmt.Errorf("server: e-mail: %w", err)
		}
	}
	s.chats, err = chat.New(chat.Config{
		Store: s.store, Channel: s.channelAt, Agent: s.writer, Name: s.writes, Sender: s.sender, OptOuts: s.store, Dial: s.dialFromChat,
		Split: split, Segments: segments, NewID: func(prefix string) string { return prefix + strings.ToLower(rand.Text()) },
		Count: s.set.Message, Log: s.log,
	})
	if err != nil {
		return fmt.Errorf("server: chats: %w", err)
	}
	letters, err := mail.NewInbound(mail.InboundConfig{Key: s.letterKey, Inbox: s.chats, Log: s.log, Count: s.set.RequestRefused})
	if err != nil {
		return fmt.Errorf("server: e-mail: %w", err)
	}
	s.letters = letters.Handler()
	return nil
}

// Bounds of one text: what Twilio takes, and what one still reads on a phone.
const mostText = 1600

// split cuts an answer into messages.
func split(kind, text string) []string {
	if kind == telephony.Email {
		return []string{text}
	}
	return sms.Split(text, mostText)
}

// segments are what a message is charged as.
func segments(kind, text string) int {
	if kind != telephony.Phone {
		return 0
	}
	return sms.Measure(text).Segments
}

// channelAt is the [chat.Config]'s Channel. A text that came through an account
// that has not proved to have the number is nobody's.
func (s *Server) channelAt(ctx context.Context, kind, account, address string) (roster.Channel, error) {
	ch, err := s.store.ChannelAt(ctx, kind, address)
	if err != nil || kind == telephony.Email {
		return ch, err
	}
	sent, err := s.accountOf(ctx, ch)
	switch {
	case errors.Is(err, errNotOwned):
		return roster.Channel{}, roster.ErrNotFound
	case err != nil:
		return roster.Channel{}, err
	case !s.isOwn(account) && account != sent, s.isOwn(account) && !s.isOwn(sent):
		return roster.Channel{}, roster.ErrNotFound
	}
	return ch, nil
}

// isOwn reports whether account is the gateway's own.
func (s *Server) isOwn(account string) bool {
	return account == "" || s.sim != nil || account == s.c.Twilio.AccountSID
}

// errNotOwned means that a channel's number is not known to be its workspace's.
var errNotOwned = errors.New("the channel's number is not known to be yours: add it as a phone number, with the SID and the token of the account that has it")

// accountOf is the carrier's account that has a channel's number; empty: the
// gateway's own, whose numbers are the operator's and those that were shown to be
// a workspace's.
func (s *Server) accountOf(ctx context.Context, ch roster.Channel) (string, error) {
	n, _, err := s.store.NumberOf(ctx, ch.Address)
	switch {
	case errors.Is(err, roster.ErrNotFound) && (ch.Workspace == roster.Default || s.sim != nil):
		return "", nil
	case errors.Is(err, roster.ErrNotFound):
		return "", errNotOwned
	case err != nil:
		return "", fmt.Errorf("server: whose number a channel has: %w", err)
	case n.Workspace != ch.Workspace || !s.owns(n, n.Account):
		return "", errNotOwned
	case s.isOwn(n.Account):
		return "", nil
	}
	return n.Account, nil
}

// sender is the [chat.Config]'s Sender. A channel that was disabled, or deleted,
// sends nothing any more, also in chats that began before.
func (s *Server) sender(ctx context.Context, c chat.Chat) (chat.Sender, error) {
	ch, err := s.store.Channel(ctx, c.Workspace, c.Channel)
	switch {
	case errors.Is(err, roster.ErrNotFound), err == nil && !ch.Enabled:
		return chat.Sender{}, &telephony.TextError{Code: "channel_disabled", Why: "the channel is disabled, or was deleted"}
	case err != nil:
		return chat.Sender{}, fmt.Errorf("server: the channel of a chat: %w", err)
	}
	if c.Kind == telephony.Email {
		if !s.mayMail(c.Workspace, c.Address) {
			return chat.Sender{}, &telephony.TextError{Code: "not_yours", Why: "the workspace may not write from addresses of this domain: see mail.domains"}
		}
		if s.mailer == nil {
			return chat.Sender{}, &telephony.TextError{Code: "no_mail_server", Why: "this gateway has no mail server: set mail.smtp"}
		}
		return chat.Sender{Messenger: s.mailer, FromName: c.Agent}, nil
	}
	account, err := s.accountOf(ctx, roster.Channel{Workspace: c.Workspace, Address: c.Address})
	if errors.Is(err, errNotOwned) {
		return chat.Sender{}, &telephony.TextError{Code: "not_yours", Why: err.Error()}
	}
	return chat.Sender{Messenger: s.rest.Messenger(), Account: account}, err
}

// writes is the [chat.Config]'s Name.
func (s *Server) writes(ctx context.Context, ch roster.Channel) (chat.Named, error) {
	if ch.AgentUUID == "" {
		return chat.Named{}, chat.ErrNobody
	}
	a, err := s.store.Agent(ctx, ch.Workspace, ch.AgentUUID)
	switch {
	case errors.Is(err, roster.ErrNotFound), err == nil && !a.Enabled:
		return chat.Named{}, chat.ErrNobody
	case err != nil:
		return chat.Named{}, fmt.Errorf("server: who answers a channel: %w", err)
	}
	return chat.Named{UUID: a.UUID, Name: a.Name, Version: a.Version}, nil
}

// writer is the [chat.Config]'s Agent: who answers in c.
func (s *Server) writer(ctx context.Context, c chat.Chat) (chat.Person, error) {
	a, err := s.store.Agent(ctx, c.Workspace, c.AgentUUID)
	switch {
	case errors.Is(err, roster.ErrNotFound), err == nil && !a.Enabled:
		return chat.Person{}, chat.ErrNobody
	case err != nil:
		return chat.Person{}, fmt.Errorf("server: who answers a chat: %w", err)
	}
	v, err := s.store.Version(ctx, c.Workspace, c.AgentUUID, c.Version)
	if err != nil {
		return chat.Person{}, fmt.Errorf("server: the agent's version: %w", err)
	}
	d := v.Definition
	p := chat.Person{Variables: vars.Set(d.Variables), MayCall: s.canCall(ctx, a, c)}
	if d.LLM != nil {
		p.Prompt = text(d.LLM.Prompt)
	}
	switch {
	case d.Greeting != nil:
		p.Greeting = *d.Greeting
	case d.LLM != nil && text(d.LLM.Provider) == scriptProvider: // a script has nothing to say before it is asked
		p.Greeting = defaultGreeting
	}
	if p.Model, err = s.thinker(ctx, c.Workspace, d); err != nil {
		return p, err
	}
	if p.Tools, err = tools.NewSet(s.abilities(d)...); err != nil {
		return p, fmt.Errorf("server: the tools of a chat: %w", err)
	}
	return p, nil
}

// canCall reports whether who answers c can call its contact.
func (s *Server) canCall(ctx context.Context, a roster.Agent, c chat.Chat) bool {
	if c.Kind == telephony.Email {
		return false
	}
	_, err := s.callsFrom(ctx, a, "")
	return err == nil
}

// thinker is the model of d, without a line around it.
func (s *Server) thinker(ctx context.Context, workspace string, d roster.Definition) (llm.Model, error) {
	if d.LLM == nil {
		return nil, errors.New("server: the agent has no model")
	}
	keys, err := s.purse(ctx, workspace)
	if err != nil {
		return nil, err
	}
	w := wish{workspace: workspace, temperature: &d.LLM.Temperature, effort: text(d.LLM.ReasoningEffort)}
	k := &casting{s: s, ctx: ctx, keys: keys.with(d.Keys), w: w}
	defer k.release() // a model that is no longer kept ready answers all the same
	all := engage(k, provider.Model, d.LLM.Choices(), k.model)
	if len(all) == 0 {
		return nil, errors.Join(append([]error{errors.New("server: nobody thinks for the agent")}, k.skips...)...)
	}
	return failover.Model(failover.Config[llm.Model]{Candidates: all}), nil
}

// openChat begins the chat of an errand.
func (s *Server) openChat(ctx context.Context, a roster.Agent, e agenda.Errand) error {
	ch, err := s.store.Channel(ctx, e.Workspace, e.Channel)
	switch {
	case errors.Is(err, roster.ErrNotFound), err == nil && !ch.Enabled:
		return &agenda.Refusal{Code: "channel_disabled", Why: "the channel is disabled, or was deleted"}
	case err != nil:
		return fmt.Errorf("server: the channel of a chat: %w", err)
	}
	on, created, err := s.chats.Begin(ctx, chat.Chat{
		ID: e.ID, Workspace: e.Workspace, Channel: ch.ID, Kind: ch.Kind, Address: ch.Address, Contact: e.To,
		AgentUUID: a.UUID, Agent: a.Name, Version: a.Version, Variables: e.Variables, Metadata: e.Metadata,
	}, e.Options.InitialMessage)
	switch {
	case errors.Is(err, chat.ErrOptedOut):
		return &agenda.Refusal{Code: "opted_out", Why: "the contact wants no messages"}
	case err != nil:
		return fmt.Errorf("server: open a chat: %w", err)
	case !created && on.ID != e.ID:
		return &agenda.Refusal{Code: "chat_open", Why: "the channel has an open chat with the contact: " + on.ID}
	}
	return nil
}

// dialFromChat is the [chat.Config]'s Dial.
func (s *Server) dialFromChat(ctx context.Context, c chat.Chat, key string, at time.Time) (string, error) {
	on, _, err := s.clerk.Book(ctx, agenda.Errand{
		Workspace: c.Workspace, Kind: agenda.Call, Source: agenda.FromAgent, AgentUUID: c.AgentUUID, Agent: c.Agent,
		To: c.Contact, Variables: c.Variables, IdemKey: "chat:" + key, IdemHash: c.ID, Asked: at,
		Options: agenda.Options{Chat: c.ID, Retry: &agenda.Retry{}},
	})
	return on.ID, err
}

// backToChat tells the chat that went over to the call of r what was said on it.
func (s *Server) backToChat(ctx context.Context, r dispatch.Record) error {
	lines, err := s.saidOn(ctx, r)
	if err != nil {
		return err
	}
	return s.chats.CallOver(ctx, r.Chat, string(r.ID), string(r.Reason), lines)
}

// saidOn is what was heard on a call, in its order.
func (s *Server) saidOn(ctx context.Context, r dispatch.Record) ([]chat.Past, error) {
	entries, err := s.store.Journal(ctx, r.ID, 0)
	if err != nil {
		return nil, fmt.Errorf("server: what was said on a call: %w", err)
	}
	var all []chat.Past
	for _, e := range entries {
		switch said := e.Event.(type) {
		case agentcore.CallerSaid:
			all = append(all, chat.Past{At: e.Wall, Where: "call", Contact: true, Text: said.Text})
		case agentcore.AgentSaid:
			if said.Text != "" {
				all = append(all, chat.Past{At: e.Wall, Where: "call", Text: said.Text})
			}
		}
	}
	return slices.Clip(all), nil
}

// letterKey is the [mail.InboundConfig]'s Key.
func (s *Server) letterKey(ctx context.Context, address string) ([]byte, error) {
	ch, err := s.store.ChannelAt(ctx, telephony.Email, address)
	if errors.Is(err, roster.ErrNotFound) || err == nil && ch.Secret == "" {
		return nil, telephony.ErrNoChannel
	}
	if err != nil {
		return nil, err
	}
	secret, err := s.keyring.Open(ch.Secret)
	if err != nil {
		return nil, fmt.Errorf("server: the secret of a channel: %w", err)
	}
	return webhook.SigningKey(secret)
}

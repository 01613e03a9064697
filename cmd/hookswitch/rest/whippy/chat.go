package whippy

import (
	"context"
	"errors"
	"net/http"

	"github.com/hookswitch/hookswitch/agentcore/chat"
	"github.com/hookswitch/hookswitch/agentcore/roster"
)

// readChat reads what seed 002 says of a chat: from, to, type and
// send_initial_message (apis.md 7, decision 8).
func (a *api) readChat(ctx context.Context, w *wish) error {
	for _, why := range roster.UnfitToWrite(ctx, a.Catalog, w.agent) {
		w.wrong.Add(base, "%s", why)
	}
	w.e.Options.InitialMessage = w.flag("send_initial_message")
	kind := w.kind()
	w.e.From = w.address(kind, "from")
	w.e.To = w.address(kind, "to")
	if w.e.From != "" && w.e.From == w.e.To {
		w.wrong.Add("to", "is the channel itself")
	}
	if w.e.From != "" {
		if err := a.chatChannel(ctx, w, kind); err != nil {
			return err
		}
	}
	if w.e.To == "" {
		return nil
	}
	return a.unless(ctx, w, roster.OptOutMessages, "is a contact that opted out of messages")
}

// kind reads the type of a chat; empty when it is wrong.
func (w *wish) kind() string {
	switch kind := w.required("type"); kind {
	case "", roster.PhoneChannel, roster.WhatsAppChannel, roster.EmailChannel:
		return kind
	case "sms": // what others call it
		return roster.PhoneChannel
	default:
		w.wrong.Add("type", "must be phone, whatsapp or email")
		return ""
	}
}

// address reads a number or an e-mail address, as the kind of channel has them;
// empty when it is wrong, or the kind is not known.
func (w *wish) address(kind, name string) string {
	text := w.required(name)
	switch {
	case text == "" || kind == "":
	case kind != roster.EmailChannel:
		if roster.E164(text) {
			return text
		}
		w.wrong.Add(name, noE164)
	default:
		if at, ok := roster.Email(text); ok {
			return at
		}
		w.wrong.Add(name, noEmail)
	}
	return ""
}

// chatChannel finds the channel that a chat is asked for on.
func (a *api) chatChannel(ctx context.Context, w *wish, kind string) error {
	c, err := a.channelAt(ctx, w.e.Workspace, kind, w.e.From)
	if errors.Is(err, roster.ErrNotFound) {
		other, err := a.otherKind(ctx, w.e.Workspace, kind, w.e.From)
		if err == nil && other != "" {
			w.wrong.Add("from", "is a channel of type %s, not %s", other, kind)
		} else if err == nil {
			w.wrong.Add("from", "is not a channel of this workspace")
		}
		return err
	}
	if err != nil {
		return err
	}
	if !c.Enabled {
		w.wrong.Add("from", channelOff)
	}
	w.e.Channel = c.ID
	return nil
}

// channelOff refuses a channel that is not enabled.
const channelOff = "is a channel that is not enabled"

// channelAt finds the workspace's channel of an address.
func (a *api) channelAt(ctx context.Context, workspace, kind, address string) (roster.Channel, error) {
	c, err := a.Roster.ChannelAt(ctx, kind, address)
	if err == nil && c.Workspace != workspace {
		return roster.Channel{}, roster.ErrNotFound
	}
	return c, err
}

// otherKind names the type of a channel of the workspace with that address that
// is not of this kind; empty: there is none.
func (a *api) otherKind(ctx context.Context, workspace, kind, address string) (string, error) {
	for _, other := range roster.ChannelKinds {
		if other == kind {
			continue
		}
		_, err := a.channelAt(ctx, workspace, other, address)
		if err == nil {
			return other, nil
		}
		if !errors.Is(err, roster.ErrNotFound) {
			return "", err
		}
	}
	return "", nil
}

// settleChat refuses a chat that is to begin now while another one goes on: a
// contact has one at a time on a channel, and an answer could belong to either.
func (a *api) settleChat(ctx context.Context, w *wish) error {
	if !w.e.Asked.IsZero() {
		return nil
	}
	on, err := a.Chats.OpenChatWith(ctx, w.e.Channel, w.e.To)
	if errors.Is(err, chat.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	return refuse(http.StatusConflict, "The contact has an open chat on this channel already: "+on.ID+". Close it first.")
}

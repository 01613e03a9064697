package roster

import (
	"context"
	"encoding/json"
	"time"
)

// Channel is an address at which an agent writes, and by which calls are asked
// for: a phone number, one on WhatsApp, an e-mail address.
type Channel struct {
	ID        string // "chan_..."
	Workspace string
	Name      string
	Kind      string          // phone, whatsapp, email
	Address   string          // E.164, or an e-mail address in lower case; no two channels of a kind have one alike
	Timezone  string          // IANA; empty has a default
	Hours     json.RawMessage // business hours: a JSON array of dialplan.Window; "[]": always
	Enabled   bool
	AgentUUID string // who answers what comes in; empty: nobody
	Secret    Secret // of an e-mail channel's inbound webhook, sealed
	Created   time.Time
	Updated   time.Time
}

// Channels keeps the channels.
type Channels interface {
	// CreateChannel keeps c. Address in use is [ErrTaken].
	CreateChannel(ctx context.Context, c Channel, who Actor) (Channel, error)
	Channel(ctx context.Context, workspace, id string) (Channel, error)
	// ChannelAt finds the channel of an address, in any workspace.
	ChannelAt(ctx context.Context, kind, address string) (Channel, error)
	ListChannels(ctx context.Context, workspace string) ([]Channel, error)
	// ChangeChannel keeps c in the place of the one with its id; its Updated must
	// still be from, else [ErrConflict]. Kind and Address stay.
	ChangeChannel(ctx context.Context, c Channel, from time.Time, who Actor, now time.Time) (Channel, error)
	DeleteChannel(ctx context.Context, workspace, id string, who Actor, now time.Time) error
}

// Scopes of an [OptOut].
const (
	OptOutAll      = "all"
	OptOutCalls    = "calls"
	OptOutMessages = "messages"
)

// OptOut is somebody who must not be called or written to.
type OptOut struct {
	Workspace string
	Contact   string // E.164, or an e-mail address in lower case
	Scope     string
	Source    string // api, cli, keyword, carrier
	Note      string
	Created   time.Time
}

// OptOuts keeps the do-not-call list.
type OptOuts interface {
	// SetOptOut keeps o; one of the same contact and scope stays as it is.
	SetOptOut(ctx context.Context, o OptOut, who Actor) error
	// OptedOut finds what keeps a contact from being called (OptOutCalls) or
	// written to (OptOutMessages): OptOutAll does both. [ErrNotFound].
	OptedOut(ctx context.Context, workspace, contact, scope string) (OptOut, error)
	ListOptOuts(ctx context.Context, workspace, cursor string, limit int) (all []OptOut, next string, err error)
	// RemoveOptOut takes a contact off the list, of every scope when scope is
	// empty. One that isn't there is [ErrNotFound].
	RemoveOptOut(ctx context.Context, workspace, contact, scope string, who Actor, now time.Time) error
}

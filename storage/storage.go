// Package storage keeps what must outlive the process: calls and their
// journals. It holds the one SQL text; a backend under it (sqlite) opens a
// database and lends it as an [Engine].
//
// The types that it keeps are its users' own: it fits the interfaces that
// [dispatch.Calls], [dispatch.Transfers], [roster.Store], [webhook.Deliveries],
// [chat.Store] and [agenda.Store] declare.
package storage

import (
	"context"
	"fmt"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/agenda"
	"github.com/hookswitch/hookswitch/agentcore/captions"
	"github.com/hookswitch/hookswitch/agentcore/chat"
	"github.com/hookswitch/hookswitch/agentcore/dispatch"
	"github.com/hookswitch/hookswitch/agentcore/room"
	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/agentcore/webhook"
	"github.com/hookswitch/hookswitch/telephony"
)

// Call is a call's row.
type Call = dispatch.Record

// Errors of a [Store], the very ones that dispatch declares.
var (
	ErrNotFound = dispatch.ErrNotFound
	ErrEpoch    = dispatch.ErrEpoch
	ErrEnded    = dispatch.ErrEnded
	ErrGap      = dispatch.ErrGap
	ErrCarrier  = dispatch.ErrCarrier

	ErrTransferring = dispatch.ErrTransferring
	ErrMoved        = dispatch.ErrMoved
)

// Store is everything that is kept. storetest holds what every backend must do.
type Store interface {
	dispatch.Calls
	dispatch.Transfers
	roster.Store
	webhook.Deliveries
	chat.Store

	roster.Pairs

	// Agenda is the store as that of what is to be done later.
	Agenda() agenda.Store

	// Rooms is the store as that of rooms.
	Rooms() room.Store

	// Captions is the store as that of captions.
	Captions() captions.Store

	// ResealAll seals the secrets anew: see [DB.ResealAll].
	ResealAll(ctx context.Context, with Resealer) (rows int, err error)

	// ResealNeeded counts what ResealAll would: see [DB.ResealNeeded].
	ResealNeeded(ctx context.Context, with Resealer) (rows int, err error)

	// SetAgent says whose a foreign call is that came without an agent: see
	// [DB.SetAgent].
	SetAgent(ctx context.Context, id telephony.CallID, who dispatch.Route) error

	// OldestUndelivered is since when a webhook waits: see [DB.OldestUndelivered].
	OldestUndelivered(ctx context.Context) (time.Time, error)

	// Placed lists what a workspace called since then: see [DB.Placed].
	Placed(ctx context.Context, workspace string, since time.Time) ([]telephony.Placed, error)

	// Ping reports whether the database answers.
	Ping(ctx context.Context) error

	// Close lets go of the database. Nothing may be called after it.
	Close() error
}

// NewerSchemaError says that the database was written by a later build than
// this one, which therefore leaves it alone.
type NewerSchemaError struct {
	Have  int64 // the database's version
	Known int64 // the newest that this build knows
}

func (e NewerSchemaError) Error() string {
	return fmt.Sprintf("storage: the database has schema version %d, this build knows up to %d: use the newer hookswitch, or another database", e.Have, e.Known)
}

// URLError says that a database address cannot be used, and why. It does not
// repeat the address, which may hold a password.
type URLError struct{ Why string }

func (e URLError) Error() string { return "storage: database address: " + e.Why }

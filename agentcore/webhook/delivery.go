package webhook

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strconv"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/telephony"
)

// JobKind is the kind of the job that works on a delivery; its ID is the
// delivery's.
const JobKind = "delivery"

// Kinds of a [Delivery], beside [roster.PreCall] and [roster.PostCall].
const TestKind = "test"

// Status of a [Delivery].
const (
	Pending   = "pending"   // it is tried again at Next
	Delivered = "delivered" // the receiver said so
	Dead      = "dead"      // no more attempts by itself
	Cancelled = "cancelled" // a pre_call that was cut short: the call ended before the answer came
)

// Errors of [Deliveries] and of a [Deliverer] that a caller acts on.
var (
	// ErrNotFound means that the workspace has no such delivery or webhook.
	ErrNotFound = roster.ErrNotFound
	// ErrBusy means that the delivery is being sent, or is about to be.
	ErrBusy = errors.New("webhook: the delivery is being sent already")
	// ErrNotAgain means that it is no delivery that can be sent again: a call
	// waited for it, or it was a test.
	ErrNotAgain = errors.New("webhook: only post_call deliveries are sent again")
)

// Delivery is a webhook that is to be told of a call, or was. Times are in
// whole microseconds; the zero time means "not".
type Delivery struct {
	ID        string // "dlv_..."
	Message   string // the webhook-id header: the same in every attempt
	Workspace string
	Call      telephony.CallID // empty: a test's
	AgentUUID string
	Version   int   // of the agent
	Webhook   int64 // its id in that version
	Kind      string
	Status    string
	Attempts  int
	Created   time.Time
	Next      time.Time // of the next attempt; set exactly when pending
	Done      time.Time // when it was delivered, died or was cancelled
	Summary   *string   // call_summary as every attempt tells it; nil: not made
}

// Owed is the delivery of a call's webhook before it was tried. A call has at
// most one of each webhook and kind, which is why its ids follow from them.
func Owed(kind, workspace string, call telephony.CallID, agent string, version int, webhook int64, now time.Time) Delivery {
	sum := sha256.Sum256([]byte(kind + "\x00" + string(call) + "\x00" + strconv.FormatInt(webhook, 10)))
	name := hex.EncodeToString(sum[:12])
	return Delivery{
		ID: "dlv_" + name, Message: "msg_" + name,
		Workspace: workspace, Call: call, AgentUUID: agent, Version: version, Webhook: webhook,
		Kind: kind, Status: Pending, Created: now, Next: now,
	}
}

// Attempt is one time that a delivery was sent.
type Attempt struct {
	Delivery string
	N        int // from 1
	Exchange
	Next time.Time // when the next one was due; zero: none by itself
}

// Filter chooses deliveries. Its zero value, with a workspace, chooses all.
type Filter struct {
	Workspace string
	Status    string
	Kind      string
	Call      telephony.CallID
	Agent     string // its UUID
	After     string // cursor: the delivery that was last on the page before
	Limit     int    // 0: 50; at most 200
}

// Deliveries keeps deliveries and their attempts. Each method is one
// transaction, may be called from any goroutine, and is told what time it is.
// What belongs to another workspace is [ErrNotFound].
type Deliveries interface {
	// CreateDelivery keeps d, and with it the job that works on it when d is
	// pending. When its call has one of that webhook and kind, it changes
	// nothing and returns that one with false.
	CreateDelivery(ctx context.Context, d Delivery) (Delivery, bool, error)

	Delivery(ctx context.Context, workspace, id string) (Delivery, error)

	// Due is Delivery in any workspace, for the work on it.
	Due(ctx context.Context, id string) (Delivery, error)

	// Deliveries lists the newest first.
	Deliveries(ctx context.Context, f Filter) ([]Delivery, error)

	// Attempts lists a delivery's newest 50 attempts, oldest first.
	Attempts(ctx context.Context, workspace, id string) ([]Attempt, error)

	// LastError is the Err of a delivery's newest attempt, empty when it has none.
	LastError(ctx context.Context, workspace, id string) (string, error)

	// Claim takes a pending delivery that is due, in any workspace, by moving
	// Next to until: of all who try at once, one gets true. It returns the
	// delivery as it then is.
	Claim(ctx context.Context, id string, now, until time.Time) (Delivery, bool, error)

	// SetSummary keeps a delivery's summary unless it has one, and returns the
	// one that is kept.
	SetSummary(ctx context.Context, id, summary string) (string, error)

	// RecordAttempt adds a as the delivery's next attempt, which gives it its
	// number, and leaves the delivery at status; pending until a.Next. What was
	// delivered stays so unless it was claimed again.
	RecordAttempt(ctx context.Context, id string, a Attempt, status string, now time.Time) (Attempt, error)

	// Resend makes a post_call delivery due at once, whatever became of it, and
	// adds its job. It is [ErrBusy] while an attempt is due or under way, and
	// [ErrNotAgain] for other kinds.
	Resend(ctx context.Context, workspace, id string, now time.Time) (Delivery, error)
}

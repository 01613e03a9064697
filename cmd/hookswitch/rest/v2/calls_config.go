package v2

import (
	"context"
	"errors"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/agentcore/dispatch"
	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/agentcore/search"
	"github.com/hookswitch/hookswitch/agentcore/webhook"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/rest/gate"
	"github.com/hookswitch/hookswitch/media/wav"
	"github.com/hookswitch/hookswitch/storage"
	"github.com/hookswitch/hookswitch/storage/blob"
	"github.com/hookswitch/hookswitch/telephony"
)

// CallsConfig is what the operations on calls work on. Its zero value leaves them
// out.
type CallsConfig struct {
	Store      CallStore   // Required.
	Desk       Desk        // nil: no call can be placed or hung up
	Hub        *Hub        // Required.
	Recordings Recordings  // nil: nothing is recorded
	Captions   Captions    // nil: nobody writes any
	Deliveries Deliveries  // nil: there are none
	Sender     Sender      // nil: nothing is sent again or as a test
	Limits     StreamLimit // of the streams of events
}

// CallStore keeps calls. [storage.DB] is one.
type CallStore interface {
	Call(ctx context.Context, id telephony.CallID) (dispatch.Record, error)
	JournalPage(ctx context.Context, id telephony.CallID, after, limit int) ([]agentcore.Entry, error)
	SearchCalls(ctx context.Context, workspace string, q search.Query, now time.Time, cursor string, limit int) ([]storage.Found, string, error)
	Numbers(ctx context.Context, id telephony.CallID) (storage.Numbers, error)
	TransfersOf(ctx context.Context, call telephony.CallID) ([]dispatch.Transfer, error)
	Feed(ctx context.Context, workspace string, after int64, limit int) ([]storage.FeedEntry, error)
	FeedLast(ctx context.Context, workspace string) (int64, error)
	DispatchByKey(ctx context.Context, workspace, key string, now time.Time) (dispatch.Dispatch, error)
}

// Desk is where calls are placed and ended. [dispatch.Desk] is one.
type Desk interface {
	// Dispatch does what w wishes, at most once for each of its keys. again says
	// that it did so before, and d is what came of it then.
	Dispatch(ctx context.Context, w dispatch.Wish) (d dispatch.Dispatch, again bool, err error)
	// HangUp ends a call, wherever it is; one that is over is no error.
	HangUp(ctx context.Context, id telephony.CallID, reason telephony.EndReason) error
}

// Recordings is where the sound of calls is kept. [blob.Bucket] is one.
type Recordings interface {
	Sound(ctx context.Context, call telephony.CallID) (*blob.Sound, error)
	Peaks(ctx context.Context, call telephony.CallID) (wav.Peaks, error)
}

// Deliveries keeps what webhooks were told. [storage.DB] is one.
type Deliveries interface {
	Delivery(ctx context.Context, workspace, id string) (webhook.Delivery, error)
	Deliveries(ctx context.Context, f webhook.Filter) ([]webhook.Delivery, error)
	Attempts(ctx context.Context, workspace, id string) ([]webhook.Attempt, error)
	LastError(ctx context.Context, workspace, id string) (string, error)
}

// Sender sends webhooks again, or as a test. [webhook.Deliverer] is one.
type Sender interface {
	Resend(ctx context.Context, workspace, id string) (webhook.Delivery, error)
	Test(ctx context.Context, workspace, agent string, webhookID int64) (webhook.Attempt, error)
}

// calls registers everything about calls.
func (a *API) calls() error {
	if a.Calls.Store == nil {
		return nil
	}
	if a.Calls.Hub == nil {
		return errors.New("v2: Calls.Hub is required")
	}
	doc := a.huma.OpenAPI()
	doc.Tags = append(doc.Tags,
		&huma.Tag{Name: tagCalls, Description: "Every call on record: what was said and heard, how long answers took, and its sound. Dispatch places one."},
		&huma.Tag{Name: tagEvents, Description: "What happens in calls, as it happens: lists, and server-sent events."},
	)
	a.streams = newStreams(a.Calls.Limits)
	a.listCalls()
	a.readCalls()
	a.events()
	a.captions()
	a.recordings()
	a.dispatches()
	a.hangups()
	a.deliveries()
	return nil
}

// Tags of these operations.
const (
	tagCalls  = "Calls"
	tagEvents = "Events"
)

// call finds a call of the key's workspace.
func (a *API) call(ctx context.Context, id string) (dispatch.Record, error) {
	r, err := a.Calls.Store.Call(ctx, telephony.CallID(id))
	if errors.Is(err, storage.ErrNotFound) || err == nil && r.Workspace != gate.Workspace(ctx) {
		return r, roster.ErrNotFound
	}
	return r, err
}

// maxJournal bounds the entries of a call that are read for one answer: some
// hours of talk.
const maxJournal = 50_000

// journal reads a call's entries above after.
func (a *API) journal(ctx context.Context, id telephony.CallID, after int) ([]agentcore.Entry, error) {
	var all []agentcore.Entry
	for len(all) < maxJournal {
		page, err := a.Calls.Store.JournalPage(ctx, id, after, 0)
		if err != nil {
			return nil, err
		}
		all = append(all, page...)
		if len(page) < storage.MaxFeed {
			break
		}
		after = page[len(page)-1].N
	}
	return all, nil
}

// CallPath is the input of an operation on one call.
type CallPath struct {
	ID string `path:"id" maxLength:"128" doc:"The call's id." example:"call_7q2f"`
}

package dispatch

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/telephony"
)

// Record is a call's row: what is kept of it beside its journal. Times are in
// whole microseconds; the zero time means "not yet".
type Record struct {
	ID        telephony.CallID
	Epoch     int    // raised by whoever takes the call over; starts at 1
	Admitted  int    // the newest epoch whose token was spent; 0: no stream was ever let in
	Carrier   string // the carrier's id; empty until it told. No two calls share one
	Account   string // of the carrier's that has it; empty: the trunk's own
	From, To  telephony.Number
	Direction telephony.Direction
	Agent     string // the name of who answers

	Workspace    string    // owns the call
	Node         string    // who has the pen at this epoch
	AgentUUID    string    // empty: the gateway's own agent, of the settings
	Version      int       // of the agent that the call runs
	Conversation string    // "conv-" and a UUID
	Variables    string    // dynamic variables: a JSON object; pre_call may add to them
	Prepared     time.Time // when pre_call was done with, or there is none
	PostCall     int64     // id of the webhook to tell at the end; 0 none
	Why          string    // a refusal's, for the reader of the record
	FollowUp     bool      // a job looks at it when it is over: see package agenda
	Dialled      time.Time // just before the carrier was asked to place it; zero: it never was
	Proof        string    // what was checked before it was placed: JSON, as Config.Permit gave it
	Chat         string    // id of the chat that went over to it; empty: none
	Room         string    // chosen name of its room, see package room; empty: its id
	Foreign      bool      // its carrier tells us nothing of it, and takes no orders: its stream is all there is

	State    telephony.State // the carrier's last word
	Sequence int             // the carrier's own number of that word; -1 before the first
	SIPCode  int             // 0 when unknown
	Answerer string          // who answered, in the carrier's word such as "human"; empty: it did not say
	Answer   string          // who answered, as we found out, and what was left: an [agentcore.Answer] as JSON; empty: nobody found out
	Usage    string          // what it used of what is billed: a [cost.Usage] as it encodes itself
	Cost     string          // what that cost: a [cost.Bill] as it encodes itself; empty: it goes on, or nothing had a price
	Last     int             // number of the newest journal entry; 0 when there is none
	Created  time.Time
	Answered time.Time
	Ended    time.Time
	Reason   telephony.EndReason // set with Ended
}

// Over reports whether the call has ended.
func (r Record) Over() bool { return !r.Ended.IsZero() }

// WhoAnswered is who answered the call, as we found out, and what was left; false
// when nobody found out, or it was a later build whose words are not ours.
func (r Record) WhoAnswered() (agentcore.Answer, bool) {
	var a agentcore.Answer
	if r.Answer == "" || json.Unmarshal([]byte(r.Answer), &a) != nil {
		return agentcore.Answer{}, false
	}
	return a, true
}

// Unplaced reports whether a call of ours ended without ever having been placed,
// and nobody wanted that: no phone rang.
func (r Record) Unplaced() bool {
	if r.Direction != telephony.Outbound || r.Carrier != "" {
		return false
	}
	switch r.Reason {
	case telephony.Failed:
		return r.Dialled.IsZero() || r.Why == NeverPlaced
	case telephony.Shutdown:
		return r.Dialled.IsZero()
	}
	return false
}

// Call is the record as the rest of the gateway passes it around.
func (r Record) Call() telephony.Call {
	return telephony.Call{
		ID: r.ID, Epoch: r.Epoch, Carrier: r.Carrier, Account: r.Account,
		From: r.From, To: r.To, Direction: r.Direction,
	}
}

// ref is the call as its carrier knows it.
func (r Record) ref() telephony.Ref { return telephony.Ref{Account: r.Account, ID: r.Carrier} }

// Errors of [Calls] that a caller acts on.
var (
	// ErrNotFound means that there is no such call.
	ErrNotFound = errors.New("calls: not found")
	// ErrEpoch means that the call was taken over: its epoch is another one, or
	// the epoch's token was spent before.
	ErrEpoch = errors.New("calls: the call is at another epoch")
	// ErrEnded means that the call is over: nothing follows its end.
	ErrEnded = errors.New("calls: the call has ended")
	// ErrGap means that entries do not continue the journal's numbers exactly.
	ErrGap = errors.New("calls: entry numbers have a gap or a repeat")
	// ErrCarrier means that the call, or another one, already has a carrier's
	// id that contradicts.
	ErrCarrier = errors.New("calls: the carrier's id contradicts what is on record")
)

// Calls keeps the records and the journals. Each method is one transaction, may
// be called from any goroutine, and is told what time it is. The store's own
// failures are any other error than those above.
type Calls interface {
	// Create keeps a new call at epoch 1 with an empty journal. When r.Carrier
	// is set and known, it changes nothing and returns the call on record with
	// false. Of r, everything above State is taken but the epochs, and State,
	// Created and Reason.
	//
	// With a Reason the call is over as soon as it began, and its journal is
	// its one Ended entry. Without, an inbound call of an agent takes the oldest
	// session that waits for that agent: its conversation, variables, version
	// and webhooks.
	Create(ctx context.Context, r Record) (Record, bool, error)

	// Call returns the record of a call, or [ErrNotFound].
	Call(ctx context.Context, id telephony.CallID) (Record, error)

	// CallByCarrier is [Calls.Call] by the carrier's id of it.
	CallByCarrier(ctx context.Context, carrierID string) (Record, error)

	// SetCarrier notes the carrier's id of a call, and that its dispatch is
	// placed. The same id again is no error; another one is [ErrCarrier].
	SetCarrier(ctx context.Context, id telephony.CallID, carrierID string) error

	// SetPrepared notes that all was asked that is asked before the agent
	// speaks. variables, when not empty, take the place of the call's. Of all
	// who say so the first is kept; of a call that is over nobody.
	SetPrepared(ctx context.Context, id telephony.CallID, variables string, now time.Time) error

	// SetDialled notes that the carrier is asked for the call from now on; the
	// first time is kept. Of a call that is over, or whose dispatch is failed, it
	// is [ErrEnded]: whoever made it so may say that it was never placed. So it is
	// of an errand's call when the errand is not at that attempt, or cancelled: it
	// may have been taken from a process that stood still.
	SetDialled(ctx context.Context, id telephony.CallID, now time.Time) error

	// Raise moves the call from epoch to epoch+1, which it returns, and gives
	// node the pen. It fails with [ErrEpoch] when the call is at another one, or
	// [ErrEnded].
	Raise(ctx context.Context, id telephony.CallID, epoch int, node string) (int, error)

	// Admit spends epoch's one token and gives node the pen: a second time is
	// [ErrEpoch], as is any epoch that is not the call's own. The first of a
	// call answers it at now.
	Admit(ctx context.Context, id telephony.CallID, epoch int, node string, now time.Time) error

	// Progress keeps the carrier's word, unless its number is not above the
	// last one's: then it changes nothing and returns false. The first
	// InProgress answers the call at now. A zero SIP code leaves what is there.
	Progress(ctx context.Context, id telephony.CallID, state telephony.State, sequence, sipCode int, now time.Time) (bool, error)

	// SetAnswerer keeps who answered, in the carrier's word: the first that it
	// gave. It comes beside the other words and after them: a call that is over
	// takes it, too. Of a call that isn't there it is [ErrNotFound].
	//
	// Conformance: told "human", then "machine_start", then ended and told again,
	// Record.Answerer is "human"; told first after the end, it is kept; neither
	// State nor Sequence nor Answered change.
	SetAnswerer(ctx context.Context, id telephony.CallID, by string) error

	// Append adds entries to the call's journal, all or none. It fails with
	// [ErrEpoch], [ErrEnded] or [ErrGap]. An [agentcore.Ended], which can only
	// be the last, ends the record in the same transaction, at its wall time; what
	// the entries tell of who answered is kept in Record.Answer, in it, too.
	Append(ctx context.Context, id telephony.CallID, epoch int, entries []agentcore.Entry) error

	// End ends a call that no conversation ends: it adds the Ended entry with
	// the next number. Of all who try, one gets true, and the entry. It fails
	// with [ErrEpoch] while the call goes on at another epoch.
	//
	// Whoever ends a call, here or otherwise, has its post_call webhook told: in
	// the same transaction, once.
	End(ctx context.Context, id telephony.CallID, epoch int, reason telephony.EndReason, now time.Time) (agentcore.Entry, bool, error)

	// Journal returns a call's entries whose number is above after, in order.
	// A call that isn't there has none.
	Journal(ctx context.Context, id telephony.CallID, after int) ([]agentcore.Entry, error)

	// Unended lists the calls that have not ended, oldest first: those of node,
	// of no node, and of nodes that have not beaten since.
	Unended(ctx context.Context, node string, since time.Time) ([]Record, error)

	Dispatches
	Nodes
}

// Dispatches keeps the dispatches.
type Dispatches interface {
	// CreateDispatch keeps d, and with r the call that it places, in one
	// transaction. When the workspace has d's key from less than [IdemLasts]
	// before d.Created, it changes nothing and returns the dispatch on record
	// with false, or [ErrIdemMismatch] when that has another hash. When there is
	// a call of r's id already, it changes nothing and returns that call's
	// dispatch with false. When as many calls go on as d.Caps allow, it changes
	// nothing and fails with a [*CappedError]; whoever creates another at the
	// same time waits for the count.
	CreateDispatch(ctx context.Context, d Dispatch, r *Record) (on Dispatch, created bool, err error)

	// DispatchByKey returns the dispatch that CreateDispatch would find, or
	// [ErrNotFound].
	DispatchByKey(ctx context.Context, workspace, key string, now time.Time) (Dispatch, error)

	// DispatchOfCall returns the dispatch that placed a call, or [ErrNotFound].
	DispatchOfCall(ctx context.Context, call telephony.CallID) (Dispatch, error)

	// Dispatched returns a dispatch by its id, or [ErrNotFound].
	Dispatched(ctx context.Context, id string) (Dispatch, error)

	// FailDispatch notes why a dispatch's call was not placed, with the call,
	// too. One that is placed stays so.
	FailDispatch(ctx context.Context, id, why string) error

	// Attach makes r a call of the session's dispatch, in one transaction: its
	// conversation, agent, variables and webhooks. It fails with [ErrNotFound]
	// when no such session waits at r.Created, with [ErrCarrier] when the
	// carrier's id is another call's.
	Attach(ctx context.Context, session string, r Record) (Record, error)
}

// Nodes keeps which processes are alive.
type Nodes interface {
	// Beat notes that node is alive at now.
	Beat(ctx context.Context, node string, now time.Time) error

	// Alive reports whether node has beaten since.
	Alive(ctx context.Context, node string, since time.Time) (bool, error)
}

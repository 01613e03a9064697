package telephony

import (
	"context"
	"errors"
	"log/slog"
	"time"
)

// CallID names a call inside the gateway, whichever carrier it came through.
type CallID string

// Number is a phone number as the carrier writes it, E.164 with its plus sign
// when it is one. Logged through slog it shows its last two digits only.
type Number string

// LogValue implements [slog.LogValuer].
func (n Number) LogValue() slog.Value {
	if len(n) <= 2 {
		return slog.StringValue("…")
	}
	return slog.StringValue("…" + string(n[len(n)-2:]))
}

// Direction says who called whom.
type Direction string

const (
	Inbound  Direction = "inbound"
	Outbound Direction = "outbound"
)

// Call is what is known of a call before anyone speaks.
type Call struct {
	ID        CallID
	Epoch     int    // raised by whoever takes the call over; starts at 1
	Carrier   string // the carrier's own id of it, such as a Twilio CallSid; empty until the carrier told
	Account   string // of the carrier's that has it; empty: the trunk's own
	From, To  Number
	Direction Direction
}

// EndReason says why a call is over.
type EndReason string

const (
	AgentHangup    EndReason = "agent_hangup"    // the agent said goodbye and ended it
	CallerHangup   EndReason = "caller_hangup"   // the far end hung up
	Silence        EndReason = "silence"         // nobody spoke for too long
	MaxDuration    EndReason = "max_duration"    // the agent's limit was reached
	ProviderFailed EndReason = "provider_failed" // recogniser, model or voice failed for good
	GatewayFailed  EndReason = "gateway_failed"  // a bug: it ended without a cause
	LineLost       EndReason = "line_lost"       // the stream was lost and never came back
	NotConnected   EndReason = "not_connected"   // the stream was never opened
	Busy           EndReason = "busy"
	NoAnswer       EndReason = "no_answer"
	Failed         EndReason = "failed" // the carrier could not place it
	Canceled       EndReason = "canceled"
	Refused        EndReason = "refused"     // we would not take it: draining, or full
	Shutdown       EndReason = "shutdown"    // the operator stopped the gateway
	Transferred    EndReason = "transferred" // somebody else talked to the caller until the end
	Voicemail      EndReason = "voicemail"   // a machine answered: it was left a message, or hung up on

	OperatorHangup  EndReason = "operator_hangup"  // somebody ended it over the API
	NumberUnknown   EndReason = "number_unknown"   // nobody is linked to the number that was called
	AgentDisabled   EndReason = "agent_disabled"   // who is linked to it takes no calls
	AgentIncomplete EndReason = "agent_incomplete" // who is linked to it can't hear, think or speak yet
)

// OverError is the cause with which a call's context is cancelled when somebody
// other than the conversation knows that the call is over.
type OverError struct{ Reason EndReason }

func (e OverError) Error() string { return "telephony: the call is over: " + string(e.Reason) }

// Over reports why err says that the call is over, if it says so.
func Over(err error) (EndReason, bool) {
	var over OverError
	if errors.As(err, &over) {
		return over.Reason, true
	}
	return "", false
}

// Outgoing is a call to be placed.
type Outgoing struct {
	Call          CallID // ours; it rides in the callback addresses, so that a repeat can be told
	Workspace     string // whose it is: workspaces take turns when calls have to wait
	Account       string // of the carrier's that has From; empty: the trunk's own
	From, To      Number
	RingTimeout   time.Duration // zero means 30 s
	TimeLimit     time.Duration // the longest that it may last once answered. Zero: as the carrier has it
	PostDial      string        // keys that the carrier presses once it is answered; w waits half a second
	DetectMachine bool          // the carrier says who answered, beside the call: see Progress.AnsweredBy

	// Before is called right before the carrier is asked, after any wait for a
	// turn, and again when a request is repeated. Its error keeps the call from
	// being placed. Nil: nobody needs to know. Call it by [Outgoing.MayDial], and
	// give the request up 20 s after that: whoever stood still in between was
	// given up, too.
	Before func(ctx context.Context) error
}

// MayDial tells whoever wants to know that the carrier is asked now, and returns
// why it must not be, if so.
func (o Outgoing) MayDial(ctx context.Context) error {
	if o.Before == nil {
		return nil
	}
	return o.Before(ctx)
}

// Ref is a call as its carrier knows it.
type Ref struct {
	Account string // of the carrier's that has it; empty: the trunk's own
	ID      string // the carrier's own id of it
}

// State is what a carrier says of a call.
type State string

const (
	Queued     State = "queued"
	Ringing    State = "ringing"
	InProgress State = "in-progress"
	Completed  State = "completed" // the terminal states are these and those below
	StateBusy  State = "busy"
	StateNone  State = "no-answer"
	StateFail  State = "failed"
	StateStop  State = "canceled"
)

// Terminal reports whether no more will happen on a call in state s.
func (s State) Terminal() bool {
	switch s {
	case Completed, StateBusy, StateNone, StateFail, StateStop:
		return true
	}
	return false
}

// Standing is how a call is, as its carrier says.
type Standing struct {
	State State
	Ended time.Time     // when a call that is over ended; zero: the carrier did not say
	Took  time.Duration // of the answered call, in whole seconds; zero until it is over
}

// Carrier is a trunk: what the gateway asks of whoever carries its calls.
type Carrier interface {
	// Dial places a call and returns the carrier's id of it. It asks
	// [Outgoing.MayDial] first: when that fails, so does Dial, and nobody was
	// called.
	Dial(ctx context.Context, o Outgoing) (carrierID string, err error)
	// Find lists the carrier's ids of the calls that account placed from from to
	// to since then, newest first, whatever became of them. There may be one
	// among them that was placed a second before: carriers count in whole
	// seconds.
	Find(ctx context.Context, account string, from, to Number, since time.Time) ([]string, error)
	// Hangup ends a call whose stream we do not hold. A call that is already
	// over is no error.
	Hangup(ctx context.Context, call Ref) error
	// State asks how a call is.
	State(ctx context.Context, call Ref) (Standing, error)
	// Recall makes a call whose stream we do not hold leave what it is doing and
	// ask [Desk.Next]. That it is over already is [ErrUnknownCall].
	Recall(ctx context.Context, call Ref) error
}

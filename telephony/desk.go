package telephony

import (
	"context"
	"errors"
	"time"
)

// Incoming is a call that rings.
type Incoming struct {
	Carrier  string // the carrier's id of the call
	Account  string // of the carrier's that has it; empty: the trunk's own
	Call     CallID // ours, when the call is one that we placed; else empty
	From, To Number // From is [Withheld] when the caller hides it, and may be a SIP URI
	State    State
}

// Withheld is the number of a caller who hides it.
const Withheld Number = "anonymous"

// Progress is the carrier's word about how a call goes. Words may come late,
// twice and out of order.
type Progress struct {
	Carrier  string
	Account  string // of the carrier's that has it; empty: the trunk's own
	Call     CallID // ours, when the carrier was told it; else empty
	State    State
	Sequence int           // the carrier's own count of its words about this call
	Duration time.Duration // of the answered call; set with Completed
	SIPCode  int           // 0 when unknown

	// AnsweredBy is the carrier's verdict on who answered, in its own word such
	// as "human" or "machine_start"; it comes in a Progress of its own, whose
	// State is empty.
	AnsweredBy string
}

// Question is the carrier's, what a call does next.
type Question struct {
	Carrier  string // the carrier's id of the call
	Account  string // of the carrier's that has it; empty: the trunk's own
	Over     bool   // the call itself is over
	Transfer CallID // what ended is the step of this transfer; empty: a stream
	Dialled  Dialled
}

// Dialled is what came of a [StepDial] or a [StepJoin], as its Question tells.
type Dialled struct {
	State    State         // Completed: they were connected; else why not. Empty: the carrier did not say
	Duration time.Duration // of the other leg; 0 when unknown
}

// Step says what a call does next.
type Step struct {
	Kind   StepKind
	Token  string // Connect: lets exactly one stream in, for one epoch of one call
	Say    string // Apologise: what the carrier's own voice says before it hangs up
	Dial   Dial   // StepDial: whom to call
	Room   Room   // StepJoin: where to wait for the others, and to talk to them
	Ear    string // StepDial, StepJoin: lets in one stream that hears both sides meanwhile. Empty: nobody listens
	EarOff bool   // StepConnect: such a stream may still be open, and is to stop
}

// Entering is a call of which nothing is known but the stream that it sent to a
// door: its carrier's account is anybody's, and all of this is their word.
type Entering struct {
	Carrier  string // the carrier's id of the call
	Account  string // of the carrier's; not one of ours
	From, To Number // E.164; empty: not told
}

// Dial is a call that the carrier places from a call, and connects to it. When
// it is over, the door is asked again, with Dial.Transfer.
type Dial struct {
	Transfer    CallID        // rides in the addresses: the other leg's progress is told under it. Empty: it is told to nobody
	To          Number        // E.164, or a SIP URI
	CallerID    Number        // what the other end sees. Empty: the caller's own
	RingTimeout time.Duration // zero means 30 s
	TimeLimit   time.Duration // zero: as the carrier has it
	PostDial    string        // as in [Outgoing]
}

// Room is a conference of the carrier's, in which a caller and who takes them
// over talk. When a leg's stay is over, the door is asked again, with
// Room.Transfer.
type Room struct {
	Transfer CallID
	Name     string // not guessable: whoever knows it could join
	Ends     bool   // the room closes for all when this leg leaves
}

// StepKind is one of the things a call can do next.
type StepKind uint8

const (
	StepConnect   StepKind = iota + 1 // open a stream to us, with Step.Token
	StepHangup                        // end the call
	StepNothing                       // the call is over; an empty answer will do
	StepApologise                     // say Step.Say, then end the call
	StepRefuse                        // turn the call down before answering it
	StepWait                          // wait a second, then ask again
	StepDial                          // call Step.Dial and connect it
	StepJoin                          // go to Step.Room
)

// Errors that a [Desk] returns; a trunk turns them into its own refusals.
var (
	// ErrUnknownCall means that nobody here ever heard of the call.
	ErrUnknownCall = errors.New("telephony: unknown call")
	// ErrStillTalking means that a stream of this very call is alive: the
	// request is a replay, or a bug.
	ErrStillTalking = errors.New("telephony: the call's stream is alive")
	// ErrToken means that a token is forged, used or of an older epoch.
	ErrToken = errors.New("telephony: token not valid")
)

// Desk is what a trunk asks of the gateway. Every method may be called from any
// goroutine.
type Desk interface {
	// Ring tells of a call that wants an answer, and learns what to do with it.
	// The same call told twice gets the same step, token included.
	Ring(ctx context.Context, in Incoming) (Step, error)

	// Next is the one door: the carrier's question what the call does when its
	// stream is over, whoever closed it, or when somebody else had the call and
	// does no more.
	Next(ctx context.Context, q Question) (Step, error)

	// Report takes the carrier's word about a call.
	Report(ctx context.Context, p Progress) error

	// Admit spends token for a stream of the carrier's call as, whose account
	// vouched for the stream. It fails with [ErrToken] or, while another stream of
	// the call is alive, with [ErrStillTalking] (which spends nothing).
	Admit(ctx context.Context, token string, as Ref) (Call, error)

	// Talk holds the admitted call's conversation on leg, and returns when this
	// node is done with the leg. The trunk then closes the stream.
	Talk(ctx context.Context, call Call, leg Leg) error

	// Overhear spends the token of a [Step.Ear] for a stream of the carrier's call
	// as. It fails with [ErrToken]. The call's own stream has nothing to do with it.
	Overhear(ctx context.Context, token string, as Ref) (Call, error)

	// Listen gives ears to whoever listens to the call that was overheard, and
	// returns when they end, when the caller is back on a stream of their own, or
	// with the call. The trunk then closes the stream.
	Listen(ctx context.Context, call Call, ears Ears) error

	// Enter lets a call in that came to a door of ours from anybody's account: door
	// is what it knew, and the one credential that it has. It fails with [ErrToken].
	// Talk follows.
	Enter(ctx context.Context, door string, in Entering) (Call, error)
}

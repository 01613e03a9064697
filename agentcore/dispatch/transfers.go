package dispatch

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/hookswitch/hookswitch/telephony"
)

// Kinds of a [Transfer].
const (
	Blind      = "blind"      // the agent leaves, the carrier dials
	Conference = "conference" // the agent stays until somebody answers the other leg
	Warm       = "warm"       // as conference; who answers is told what it is about, and accepts with a key
)

// Status of a [Transfer], in the order in which it goes on. Kinds other than
// blind begin at TransferDialling.
const (
	TransferAsked    = "asked"    // blind: to be dialled when the agent has left
	TransferDialling = "dialling" // the other leg is being called
	TransferChecking = "checking" // it was answered: by whom is being found out, and what it is about being told
	TransferAccepted = "accepted" // the one who answered waits for the caller
	TransferBridged  = "bridged"  // they talk
	TransferOver     = "over"     // Outcome says how it ended
)

// Outcome of a [Transfer] that is over.
const (
	OutcomeCompleted = "completed" // they talked
	OutcomeBusy      = "busy"
	OutcomeNoAnswer  = "no_answer"
	OutcomeFailed    = "failed"    // it could not be placed, or broke
	OutcomeDeclined  = "declined"  // whoever answered did not want the call, or hung up first
	OutcomeVoicemail = "voicemail" // a machine answered
	OutcomeSilent    = "silent"    // it was answered and nobody spoke
	OutcomeCanceled  = "canceled"  // the caller hung up first, or changed their mind
)

// Transfer is a call's being handed to somebody else. Its ID also is the name
// under which the carrier knows the other leg.
type Transfer struct {
	ID        telephony.CallID // "xfer_..."
	Call      telephony.CallID
	Workspace string
	Key       string // of the tool's use that asked for it: the same key is the same transfer
	Kind      string
	Label     string           // what the agent's list calls the destination: its condition, or a name
	From, To  telephony.Number // To may be a SIP URI
	PostDial  string
	Ring      time.Duration // that the other leg rings
	Summary   string        // what who answers a warm one is told

	Status  string
	Outcome string // set with TransferOver
	Reason  string // why, for people; no number
	Carrier string // the carrier's id of the other leg; empty until it told
	Account string // of the carrier's that has it
	SIPCode int

	Created  time.Time
	Answered time.Time // zero: never
	Bridged  time.Time // when the caller was connected; zero: never
	Ended    time.Time
}

// Over reports whether nothing more happens to t.
func (t Transfer) Over() bool { return t.Status == TransferOver }

// Talked is how long the two of a transfer talked.
func (t Transfer) Talked() time.Duration {
	if t.Bridged.IsZero() || t.Ended.IsZero() {
		return 0
	}
	return max(0, t.Ended.Sub(t.Bridged))
}

// TransferWish is what [Desk.Transfer] is asked for.
type TransferWish struct {
	Call     telephony.CallID
	Key      string // of the tool's use
	Kind     string
	Label    string
	To       telephony.Number // from the agent's own list, never from a model
	CallerID telephony.Number // what they see. Empty: the gateway's own number of the call
	PostDial string
	Ring     time.Duration // zero means 25 s
	Summary  string
	Tries    int // at this destination in one call; zero means 2
}

// ErrTries means that a destination was tried as often as it may be in one call.
var ErrTries = errors.New("dispatch: this destination was tried often enough")

const transferPrefix = "xfer_"

// IsTransfer reports whether id names the other leg of a transfer: a caller waits
// on the line for it.
func IsTransfer(id telephony.CallID) bool { return strings.HasPrefix(string(id), transferPrefix) }

// isTransfer reports whether id names the other leg of a transfer that may be
// ours.
func (d *Desk) isTransfer(id telephony.CallID) bool {
	return d.cfg.Transfers != nil && IsTransfer(id)
}

// ref is the other leg as its carrier knows it.
func (t Transfer) ref() telephony.Ref { return telephony.Ref{Account: t.Account, ID: t.Carrier} }

// isAway reports whether the caller of t is with somebody else, or the carrier is
// calling them from the caller's own line. Nobody here talks meanwhile.
func (t Transfer) isAway() bool {
	return t.Status == TransferBridged || t.Status == TransferDialling && t.Kind == Blind
}

// TransferChange is what [Transfers.MoveTransfer] sets. What is zero stays.
type TransferChange struct {
	Status   string
	Outcome  string
	Reason   string
	Carrier  string
	SIPCode  int
	Answered time.Time
	Bridged  time.Time
	Ended    time.Time
}

// Errors of [Transfers], beside [ErrNotFound] and [ErrEnded].
var (
	// ErrTransferring means that another transfer of the call goes on.
	ErrTransferring = errors.New("calls: a transfer of this call goes on")
	// ErrMoved means that a transfer is not where it was thought to be.
	ErrMoved = errors.New("calls: the transfer is elsewhere by now")
)

// Transfers keeps the transfers. Each method is one transaction.
type Transfers interface {
	// CreateTransfer keeps t. The same Call and Key again change nothing and
	// return the transfer on record with false. It fails with [ErrTransferring]
	// while another of the call is not over, and with [ErrEnded] when the call is.
	CreateTransfer(ctx context.Context, t Transfer) (Transfer, bool, error)

	// Transfer returns one, or [ErrNotFound].
	Transfer(ctx context.Context, id telephony.CallID) (Transfer, error)

	// TransferByCarrier is [Transfers.Transfer] by the carrier's id of the other leg.
	TransferByCarrier(ctx context.Context, carrierID string) (Transfer, error)

	// MoveTransfer changes a transfer whose status is one of from, and returns
	// it as it is then. It fails with [ErrMoved], and the transfer as it is, when
	// its status is another one.
	MoveTransfer(ctx context.Context, id telephony.CallID, from []string, change TransferChange) (Transfer, error)

	// TransfersOf lists those of a call, oldest first.
	TransfersOf(ctx context.Context, call telephony.CallID) ([]Transfer, error)

	// OpenTransfers lists those that are not over, of all calls, oldest first.
	OpenTransfers(ctx context.Context) ([]Transfer, error)
}

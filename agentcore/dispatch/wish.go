package dispatch

import (
	"errors"
	"time"

	"github.com/hookswitch/hookswitch/telephony"
)

// IdemLasts is how long a dispatch is known by its Idempotency-Key. After that
// the key is as good as new.
const IdemLasts = 24 * time.Hour

// Wish is what [Desk.Dispatch] is asked for. Whether the agent is fit to talk
// was found out before.
type Wish struct {
	Workspace string // never empty
	AgentUUID string // empty: the gateway's own agent, of the settings
	Version   int    // of the agent: what the call runs to its end
	Agent     string // its name
	PreCall   int64  // as in [Route]
	PostCall  int64
	Variables string // of the dispatch over the agent's: a JSON object; empty means {}

	From, To      telephony.Number // To empty: a session that waits for a call
	Account       string           // of the carrier's that has From; empty: the trunk's own
	RingTimeout   time.Duration    // zero means 30 s
	TimeLimit     time.Duration    // of the answered call, at the carrier. Zero: as the carrier has it
	DetectMachine bool             // the carrier is to say who answered

	Call             telephony.CallID // names the call; empty: a new name. A call of that name is placed at most once
	FollowUp         bool             // see [Record.FollowUp]
	Chat             string           // as in [Record]
	Room             string           // as in [Record]
	BypassQuietHours bool             // the client says so
	Hours            string           // when it may be placed, beside what the workspace says: a dialplan.Hours as JSON; empty: any time
	Consent          string           // how whom is called agreed; empty: the client says nothing
	Caps             Caps

	IdemKey  string // empty: none
	IdemHash string // of the request that came with it
}

// Caps are how many calls may go on at once, whoever placed them or called in;
// zero means no limit. A call of a node that has been dead for a minute is not
// counted.
type Caps struct {
	Workspace int // of the workspace
	Trunk     int // of the carrier's account
}

// NeverPlaced is the Why of a [Record] whose call the carrier never had, although
// it may have been asked: see [Record.Unplaced].
const NeverPlaced = "the call was never placed: the gateway stopped while it was about to"

// CappedError says that as many calls go on as may.
type CappedError struct{ By string } // "workspace" or "trunk"

func (e *CappedError) Error() string {
	return "dispatch: the " + e.By + " has as many calls at once as it may"
}

// Errors of [Desk.Dispatch] that a caller acts on, beside [ErrDraining] and
// [ErrFull]. What the carrier says is a *[PlaceError].
var (
	// ErrIdemMismatch means that the key came before, with another request.
	ErrIdemMismatch = errors.New("dispatch: the idempotency key came with another request before")
	// ErrNoCarrier means that there is nobody to place a call.
	ErrNoCarrier = errors.New("dispatch: there is no carrier")
)

// PlaceError says that the carrier did not take a call on. Its text holds no
// phone number; its cause may.
type PlaceError struct {
	Why   string // for the API's client
	Err   error  // the carrier's
	Never bool   // the carrier was not even asked
}

func (e *PlaceError) Error() string { return "dispatch: the call is not placed: " + e.Why }

// Unwrap returns the carrier's error.
func (e *PlaceError) Unwrap() error { return e.Err }

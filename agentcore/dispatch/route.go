package dispatch

import (
	"time"

	"github.com/hookswitch/hookswitch/telephony"
)

// Route says who answers a call, and for whom.
type Route struct {
	Workspace string // never empty
	Agent     string // its name
	AgentUUID string // empty: the gateway's own agent, of the settings
	Version   int    // of the agent: what the call runs to its end
	PreCall   int64  // id of the webhook that is asked first, by Config.Prepare; 0 none
	PostCall  int64  // id of the webhook to tell when it is over; 0 none
	Variables string // the agent's defaults: a JSON object
	FollowUp  bool   // as in [Record]

	// Refuse is set when nobody answers: the record's end reason. Say is what
	// the carrier's voice then tells the caller, and Why what the record says to
	// its reader.
	Refuse telephony.EndReason
	Say    string
	Why    string
}

// Status of a [Dispatch].
const (
	DispatchWaiting  = "waiting"  // for a call to attach to
	DispatchAttached = "attached" // one did
	DispatchPlacing  = "placing"  // the carrier is being asked to place its call, or was when a process died
	DispatchPlaced   = "placed"   // the carrier took its call on
	DispatchFailed   = "failed"   // it was not placed; Error says why
	DispatchExpired  = "expired"  // nothing attached in time
)

// Dispatch is a wish that an agent talks: to a number that is called at once, or
// on the next call that attaches to its session.
type Dispatch struct {
	ID           string // "disp_..."
	Workspace    string
	AgentUUID    string
	Version      int
	Agent        string // its name
	PreCall      int64  // as in [Route]
	PostCall     int64
	Conversation string // "conv-" and a UUID
	Session      string // "sess-" and 32 hexadecimal digits; a stream may attach with it
	Variables    string // of the dispatch over the agent's: a JSON object
	IdemKey      string // empty: none
	IdemHash     string // of the request that came with it
	Call         telephony.CallID
	Status       string
	Error        string // of a failed one, for the API's client: no number, no credential
	Created      time.Time
	Expires      time.Time
	Caps         Caps   // heeded when it is created; not kept
	Room         string // as in [Record]: of the call that is placed, or attaches
}

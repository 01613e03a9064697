package roster

import (
	"encoding/json"
	"time"
)

// Status of a [Number].
const (
	NumberActive    = "active"
	NumberDeleting  = "deleting"
	NumberCorrupted = "corrupted" // its clean-up at the carrier failed; may be deleted by force
)

// Number is a phone number that leads here.
type Number struct {
	ID        int64
	Workspace string
	Number    string // E.164; no two workspaces have one alike
	Label     string
	Inbound   bool
	Outbound  bool
	Provider  string          // "twilio", "sip_trunk"
	Account   string          // the carrier's account that owns it; empty: the gateway's own
	Token     Secret          // of that account
	OutTrunk  json.RawMessage // a JSON object as it was given; "{}" when none was
	InTrunk   json.RawMessage
	AgentUUID string // who answers; empty: nobody
	AgentName string // of that agent, for messages
	Status    string
	Created   time.Time
	Updated   time.Time

	// Set up at its carrier, so that calls lead here: the carrier's id of the
	// number, which proves that Account and Token own it, and what was set there
	// before, as JSON. Both are empty until then.
	CarrierID  string
	CarrierWas string
}

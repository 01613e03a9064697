// Package agenda is what is to be done later: calls and chats at a time, again
// after a failure, and many at a pace. An [Errand] is a row; what wakes it is a
// job in the same database. Who does it is a [Clerk], one on each node.
//
// An attempt of an errand is a call under an id that follows from the errand's,
// and the desk places a call of one id at most once. So nothing is placed twice
// by whoever dies in between, or by two who do the same.
package agenda

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/dialplan"
	"github.com/hookswitch/hookswitch/telephony"
)

// Kinds of an [Errand].
const (
	Call = "call"
	Chat = "chat"
)

// Callback is what a [Counter] calls an attempt to reach somebody again.
const Callback = "callback"

// Sources of an [Errand]: who asked for it.
const (
	FromV2       = "v2"
	FromWhippy   = "whippy"
	FromTrillet  = "trillet"
	FromBatch    = "batch"
	FromAgent    = "agent"    // an agent's own tool
	FromCallback = "callback" // the smart callback of a call that nobody scheduled
)

// Status of an [Errand].
const (
	Scheduled = "scheduled" // for Due: a time that was asked for, or the next attempt
	Ready     = "ready"     // due: waits for a place among the calls
	Placing   = "placing"   // Node is at it
	Live      = "live"      // its newest attempt goes on
	Done      = "done"      // somebody was reached; a chat was opened
	Failed    = "failed"    // nobody was, and there is no attempt left
	Refused   = "refused"   // it must not be done: Code says why
	Cancelled = "cancelled"
)

// Over reports whether nothing follows status.
func Over(status string) bool {
	switch status {
	case Done, Failed, Refused, Cancelled:
		return true
	}
	return false
}

// Errand is a call or a chat that is to begin at a time. Times are in whole
// microseconds; the zero time means "not yet", or none.
type Errand struct {
	ID        string // of its first call ("call_..."), or of its chat ("chat_...")
	Workspace string
	Kind      string
	Source    string
	AgentUUID string
	Agent     string // its name
	Channel   string // id of the channel of a chat, or of a call that was asked for by channel
	From      string // number; empty: the agent's first that calls out
	To        string // number or address
	Variables string // over the agent's: a JSON object
	Metadata  string // the client's own, given back as it is: a JSON object
	Options   Options
	Batch     string // empty: none
	Line      int    // of the batch's file
	IdemKey   string // empty: none
	IdemHash  string

	Status  string
	Code    string // why it is as it is: of a refusal, an end reason, "cancelled", "series_open"
	Why     string // the same for people: no number
	Attempt int    // begun so far; the first is 1
	Call    telephony.CallID
	Node    string
	Change  int // raised by every write: see [Store.Move]

	Asked   time.Time // when the client wants it; zero: at once
	Due     time.Time // when it is looked at next
	Created time.Time
	Updated time.Time
	Ended   time.Time
}

// CallOf is the id of an errand's attempt: its own for the first.
func (e Errand) CallOf(attempt int) telephony.CallID {
	if attempt <= 1 {
		return telephony.CallID(e.ID)
	}
	return telephony.CallID(fmt.Sprintf("%s_%d", e.ID, attempt))
}

// Called is how often it was tried to reach somebody: attempts, without those that
// nobody was asked for. A series is an errand that waits with Called above 0.
func (e Errand) Called() int { return e.Attempt - e.Options.Lost }

// ErrandID is the id of the errand whose attempt a call is, if it is one's.
func ErrandID(call telephony.CallID) string {
	kind, rest, _ := strings.Cut(string(call), "_")
	name, _, _ := strings.Cut(rest, "_")
	return kind + "_" + name
}

// Options are how an errand is done. Kept as JSON.
type Options struct {
	BypassQuietHours bool            `json:"bypass_quiet_hours,omitempty"`
	Hours            *dialplan.Hours `json:"hours,omitempty"`           // when it may be done, beside what the workspace says
	Consent          string          `json:"consent,omitempty"`         // how the contact agreed to be called
	Retry            *Retry          `json:"retry,omitempty"`           // nil: the agent's own
	InitialMessage   bool            `json:"initial_message,omitempty"` // the agent writes first
	CallbackURL      string          `json:"callback_url,omitempty"`    // told when a call is over
	Chat             string          `json:"chat,omitempty"`            // id of the chat that goes over to this call
	Lost             int             `json:"lost,omitempty"`            // attempts that nobody was asked for, because a process died
}

// Retry is when a call that reached nobody is placed again: smart callback.
type Retry struct {
	Max  int   `json:"max"`  // callbacks; the first call is not counted. 0: none
	Gaps []Gap `json:"gaps"` // from the end of an attempt to the next; the last one repeats
}

// Gap is a time between two attempts. Days are of the calendar, in the zone of
// whoever is called: the same time of another day. Hours are exact.
type Gap struct {
	Days  int `json:"days"`
	Hours int `json:"hours"`
}

// Status of a [Batch].
const (
	BatchLoading   = "loading" // its file is being read
	BatchScheduled = "scheduled"
	BatchRunning   = "running"
	BatchCompleted = "completed"
	BatchCancelled = "cancelled"
	BatchFailed    = "failed" // its file never came to an end
)

// Batch is many errands from one file.
type Batch struct {
	ID        string // "batch_..."
	Workspace string
	AgentUUID string
	Agent     string // its name
	Name      string
	Source    string
	Status    string
	Options   Options // of every row
	Columns   []string
	Problems  []Problem // of the file's lines: the first MaxProblems
	Wrong     int       // lines that were not taken
	Total     int       // errands
	At        time.Time // not before; zero: at once
	Created   time.Time
	Updated   time.Time
	Started   time.Time
	Ended     time.Time
}

// MaxProblems bounds the problems that are kept of a batch.
const MaxProblems = 1000

// Problem is what is wrong with a line of a file.
type Problem struct {
	Line  int    `json:"line"` // from 1, the header's
	Field string `json:"field,omitempty"`
	Text  string `json:"text"` // repeats no value
}

// Progress is how far a batch is: errands by status, which sum to the batch's
// Total, and what became of its calls.
type Progress struct {
	Scheduled, Ready, Placing, Live, Done, Failed, Refused, Cancelled int

	Calls       int           // that ended
	Talked      time.Duration // of those, in all
	LastOver    time.Time
	LastStarted time.Time
}

// Jobs that wake a [Clerk].
const (
	JobErrand   = "errand"   // ID of an errand that is due
	JobBatch    = "batch"    // ID of a batch that is due
	JobFollowUp = "followup" // id of a call that is over: see dispatch.Record.FollowUp
)

// Errors of a [Store] that a caller acts on.
var (
	ErrNotFound   = errors.New("agenda: not found")
	ErrMoved      = errors.New("agenda: somebody else moved it meanwhile")
	ErrSeriesOpen = errors.New("agenda: another series of the agent calls this number already")
	// ErrIdemMismatch means that the key came before, with another request.
	ErrIdemMismatch = errors.New("agenda: the idempotency key came with another request before")
)

// Later says that an errand can't be done now, and when to try again. It does
// not count as an attempt.
type Later struct {
	At   time.Time
	Code string // "quiet_hours", "workspace_full"
	Why  string // for people
	All  bool   // so it is with every errand of the workspace
}

// Error implements error.
func (l *Later) Error() string { return "agenda: later (" + l.Code + "): " + l.Why }

// Refusal says that an errand must not be done, ever.
type Refusal struct{ Code, Why string }

// Error implements error.
func (r *Refusal) Error() string { return "agenda: refused (" + r.Code + "): " + r.Why }

// Encode is v, one of this package's types, as JSON for a column.
func Encode(v any) (string, error) {
	b, err := json.Marshal(v)
	return string(b), err
}

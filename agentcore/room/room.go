// Package room is where a call and its agents meet: every call is a room, other
// agents can be sent there, and one of them holds the floor.
//
// A [Dispatch] is somebody's wish that an agent be in a room; a [Job] is the
// agent's being there. The [Host] of the node that has the call makes jobs of
// dispatches, and lets one agent after the other talk. All that matters is in
// the [Store]: another process goes on where one died.
package room

import (
	"time"

	"github.com/hookswitch/hookswitch/telephony"
)

// Room is a call's, or waits for one. Its name is the call's id unless another
// was chosen.
type Room struct {
	ID        string // "RM_..."
	Workspace string
	Name      string
	Call      telephony.CallID // empty: it waits for a call
	Changed   int64            // raised by whatever changes in it
	Created   time.Time
	Closed    time.Time // its call is over, or none came in time; zero: it is open
}

// Trigger is what a dispatch comes from, in LiveKit's words.
type Trigger string

// The triggers.
const (
	ByAPI  Trigger = "ADT_DISPATCH_API" // somebody asked for it
	ByRoom Trigger = "ADT_ROOM_API"     // it was there before: the call's own agent, and automatic agents
	ByJoin Trigger = "ADT_JOIN"         // a participant's token names it
)

// Join is how an agent comes into a room where another talks.
type Join string

// The ways to join.
const (
	Replace Join = "replace" // takes the floor at once; who had it leaves
	Wait    Join = "wait"    // takes it when who has it leaves, or would end the call
	Listen  Join = "listen"  // hears both sides and says nothing
)

// Dispatch is a wish that an agent be in a room. It lasts until it is deleted,
// or its room closes.
type Dispatch struct {
	ID         string // "AD_..."
	Workspace  string
	Room       string // the room's id
	RoomName   string
	Agent      string // its name; empty: any worker without a name
	Metadata   string // as the client gave it
	Attributes map[string]string
	Deployment string
	Thread     string
	Restart    string // JRP_ON_FAILURE, JRP_NEVER
	Trigger    Trigger
	Join       Join
	RequestKey string // of the request that made it; empty: none. The same once more changes nothing
	Created    time.Time
	Deleted    time.Time // zero: it stands
	Jobs       []Job     // oldest first
}

// Size is how much a client had to say, in bytes: the metadata and attributes.
// Nothing is kept of it when the dispatch is deleted.
func (d Dispatch) Size() int {
	n := len(d.Metadata)
	for k, v := range d.Attributes {
		n += len(k) + len(v)
	}
	return n
}

// Kind is what sort of agent does a job.
type Kind string

// The kinds.
const (
	Own     Kind = "own"     // an agent of the roster: it talks, or as a listener makes captions with its own recogniser
	Service Kind = "service" // of a file, such as live captions: see cmd/hookswitch/agentfile. It only ever listens
	Worker  Kind = "worker"  // a LiveKit agent, somewhere else: the call is bridged to it
)

// Status is a job's, in LiveKit's words.
type Status string

// The states. A job goes down this list only.
const (
	Pending   Status = "JS_PENDING"   // it waits: for the floor, or for a worker
	Running   Status = "JS_RUNNING"   // it is on the line
	Success   Status = "JS_SUCCESS"   // it left of its own accord, or its work was done
	Failed    Status = "JS_FAILED"    // Error says why
	Cancelled Status = "JS_CANCELLED" // it was taken off before it was done; Reason says why
)

// Over reports whether nothing follows s.
func (s Status) Over() bool { return s == Success || s == Failed || s == Cancelled }

// Reasons of a job that is over, in LiveKit's words.
const (
	ReasonNone       = "JSR_UNSPECIFIED"
	ReasonNoCapacity = "JSR_NO_CAPACITY"
	ReasonRoomClosed = "JSR_ROOM_CLOSED"
	ReasonDeleted    = "JSR_DISPATCH_DELETED"
	ReasonRetrying   = "JSR_RETRYING" // the same dispatch has another job
)

// Job is an agent's being in a room.
type Job struct {
	ID        string // "AJ_..."
	Dispatch  string
	Room      string // the room's id
	Workspace string
	Call      telephony.CallID
	Kind      Kind
	Agent     string // its name
	AgentUUID string // of an Own one
	Version   int
	Join      Join
	Status    Status
	Reason    string // one of the Reasons
	Error     string // of a Failed one, for people: no number, no word that was spoken
	Node      string // who has it: of a Worker's the node that the worker is connected to
	Worker    string // "AW_...", of a Worker's
	Identity  string // the participant's
	Name      string // the participant's, for people
	Attempts  int    // workers that were offered it, or times that a process took it up
	Asked     int    // workers that were asked

	Created, Assigned, Accepted, FirstStarted, Started, Ended, Updated time.Time
}

// Bounds of what a client may ask for.
const (
	MaxMetadata   = 512 << 10 // bytes, LiveKit's default
	MaxAttributes = 64 << 10  // bytes of keys and values
	MaxDispatches = 100       // that stand in a room at once
	MaxEver       = 1000      // dispatches of a room, deleted ones, too
	MaxStanding   = 8 << 20   // bytes of metadata and attributes of those that stand: all of it is read at once
	MaxWaiting    = 1000      // rooms of a workspace that wait for a call
	MaxName       = 256       // bytes of a room's or an agent's name
)

// OwnKey is the RequestKey of the dispatch of a call's own agent. Those of other
// dispatches begin otherwise: see [Host.Create].
const OwnKey = "own"

// EmptyFor is how long a room waits for a call.
const EmptyFor = time.Hour

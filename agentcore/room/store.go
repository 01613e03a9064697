package room

import (
	"context"
	"errors"
	"time"

	"github.com/hookswitch/hookswitch/telephony"
)

// Errors of a [Store] and a [Host] that a caller acts on.
var (
	ErrNotFound = errors.New("room: not found")
	// ErrFull means that a bound of this package is reached; its text says which.
	ErrFull = errors.New("room: there are as many as there may be")
	// ErrTaken means that a room has a call already, or that a job is somebody
	// else's.
	ErrTaken = errors.New("room: taken")
	// ErrUnfit means that an agent of ours can't talk as it is; its text says why.
	ErrUnfit = errors.New("room: the agent can't talk")
	// ErrBusy means that an agent takes no more jobs for now.
	ErrBusy = errors.New("room: the agent takes no more jobs for now")
	// ErrMoved means that a job is not in the state that a change goes from.
	ErrMoved = errors.New("room: the job has moved on")
)

// Store keeps rooms, dispatches, jobs and doors. Every method is one
// transaction. Whatever changes a dispatch or a job raises its room's Changed.
//
// The transaction that ends a call closes its room, and ends the jobs that are
// not over: a Running one is Success, a Pending one Cancelled, both with
// [ReasonRoomClosed].
type Store interface {
	// Open returns the open room of that name. When there is none it makes one:
	// of the live call whose id or chosen room it is, with a dispatch [ByRoom] of
	// [OwnKey] and a job of the call's own agent (if the call has one), or one that
	// waits for a call. ErrFull at MaxWaiting.
	//
	// The own agent's job has the call's node, one attempt and [Replace]. It is
	// Running since the call was answered; Pending, without attempts, before.
	Open(ctx context.Context, workspace, name string, now time.Time) (Room, error)

	// Find returns the open room of that name. A live call that has none yet is
	// given one as in Open. [ErrNotFound] when there is neither.
	Find(ctx context.Context, workspace, name string, now time.Time) (Room, error)

	// Bind gives call the waiting room of that name, and enters the call's own
	// agent, if it has one, as Open does, Pending with [Wait] when another's
	// dispatch with [Replace] stands. It returns the open room of call, whoever
	// made it; [ErrNotFound] when call has none and none waits, [ErrTaken] when the
	// room of that name has another call.
	Bind(ctx context.Context, workspace, name string, call telephony.CallID, now time.Time) (Room, error)

	// OfCall returns the open room of call, or [ErrNotFound].
	OfCall(ctx context.Context, call telephony.CallID) (Room, error)

	// Add keeps d, and jobs with it, in its open room. A d whose RequestKey the room
	// has changes nothing and returns the one on record. [ErrNotFound] when the
	// room is closed, [ErrFull] at MaxDispatches or MaxStanding of those that stand,
	// or MaxEver in all.
	Add(ctx context.Context, d Dispatch) (Dispatch, error)

	// Delete notes that a dispatch of the open room of that name stands no more, and
	// returns it with its jobs, which it leaves as they are. Metadata and attributes
	// are forgotten then. Again it changes nothing. [ErrNotFound] when there is no such room or dispatch.
	Delete(ctx context.Context, workspace, name, id string, now time.Time) (Dispatch, error)

	// Dispatches lists those of a room, closed or not, deleted ones, too, with their
	// jobs, in the order in which they were added.
	Dispatches(ctx context.Context, room string) ([]Dispatch, error)

	// Dispatch returns one, deleted or not, with its jobs; or [ErrNotFound].
	Dispatch(ctx context.Context, id string) (Dispatch, error)

	// AddJob keeps a new job of a dispatch that stands; [ErrMoved] when it has one
	// that is not over, [ErrNotFound] when it does not stand.
	AddJob(ctx context.Context, j Job) error

	// MoveJob replaces the job of j's id by j, if its status is one of from; else
	// [ErrMoved], with the one on record. [ErrNotFound] when there is none.
	MoveJob(ctx context.Context, j Job, from ...Status) (Job, error)

	// Job returns a job, or [ErrNotFound].
	Job(ctx context.Context, id string) (Job, error)

	// Changed lists the open rooms with a call whose Changed is higher than after,
	// at most limit, lowest first. Changed grows across all rooms: it is a clock in
	// microseconds that never stands still. A transaction that commits late may
	// bring a lower one than was seen: ask from some seconds before.
	Changed(ctx context.Context, after int64, limit int) ([]Room, error)

	// Offers lists the Pending jobs of kind Worker in rooms that have a call, whose
	// node is empty or has not beaten since: at most limit whose ids come after
	// after, in the order of their ids. So who goes round sees every one, however
	// many wait for a worker that nobody has.
	Offers(ctx context.Context, since time.Time, after string, limit int) ([]Job, error)

	// Claim gives node a Pending job that Offers lists, so that it alone offers it:
	// until it lets go (MoveJob with an empty Node), or beats no more. Again it
	// changes nothing. [ErrMoved] when the job is not Pending, [ErrTaken] when
	// another node has it that has beaten since; both with the job on record.
	Claim(ctx context.Context, id, node string, since, now time.Time) (Job, error)

	// Taken lists the jobs of kind Worker that are not over, and whose node is node
	// or is named and has not beaten since: Pending ones that were claimed, too.
	// Paged as Offers is.
	Taken(ctx context.Context, node string, since time.Time, after string, limit int) ([]Job, error)

	// Sweep closes rooms that have waited for a call since before.
	Sweep(ctx context.Context, before, now time.Time) error

	// AddDoor keeps a door, [ErrFull] at 10,000 of a workspace that are good, or 64
	// MiB of what they and the spent ones bring along.
	AddDoor(ctx context.Context, d Door) error

	// SpendDoor returns the door whose token has hash, and spends it for the carrier's
	// call; [ErrNotFound] when there is none at now, [ErrTaken] when it was spent for
	// another call.
	SpendDoor(ctx context.Context, hash, carrier string, now time.Time) (Door, error)
}

// Door lets one call of any carrier's account into a room: see LiveKit's
// ConnectTwilioCall. Its token is in its address.
type Door struct {
	Hash       string // of the token: see roster.HashKey
	Workspace  string
	Key        string // of the pair with which it was made
	Room       string // its name
	Direction  telephony.Direction
	Identity   string // the caller's as a participant
	Name       string
	Metadata   string
	Attributes map[string]string
	Agents     []Dispatch // that are sent when the call comes in
	Created    time.Time
	Expires    time.Time
}

package agenda

import (
	"context"
	"time"

	"github.com/hookswitch/hookswitch/telephony"
)

// Filter chooses errands of a workspace. Its zero value chooses all.
type Filter struct {
	Kind, AgentUUID, To, Batch, Source string
	Statuses                           []string // any of them
}

// Store keeps errands and batches. Each method is one transaction, may be called
// from any goroutine, and is told what time it is. An empty workspace means any.
type Store interface {
	// CreateErrand keeps e as it is, and when its status is Scheduled the job
	// that is due at e.Due. A key that its workspace has from less than 24 hours
	// before changes nothing and returns the errand on record with false, or
	// [ErrIdemMismatch]; so does an id that is there already. A Scheduled errand
	// with Called above 0 is a series: see Move.
	CreateErrand(ctx context.Context, e Errand) (on Errand, created bool, err error)

	Errand(ctx context.Context, workspace, id string) (Errand, error)
	// ErrandByKey finds what CreateErrand would, or [ErrNotFound].
	ErrandByKey(ctx context.Context, workspace, key string, now time.Time) (Errand, error)
	// ErrandOfCall finds the errand whose newest attempt a call is.
	ErrandOfCall(ctx context.Context, call telephony.CallID) (Errand, error)
	// Errands lists a workspace's, newest first, and a cursor for the next page,
	// empty at the end.
	Errands(ctx context.Context, workspace string, f Filter, cursor string, limit int) (all []Errand, next string, err error)
	// CountErrands counts what Errands would list.
	CountErrands(ctx context.Context, workspace string, f Filter) (int, error)

	// Wake makes a Scheduled errand Ready when it is due at now; wait is how long
	// it is until then, 0 when it is not Scheduled.
	Wake(ctx context.Context, id string, now time.Time) (wait time.Duration, err error)

	// Claim gives node up to limit Ready errands that are due: Placing, Attempt
	// raised, Call set. It takes one of each workspace in turn, in each those of no
	// batch first, then those with a time (Asked) before those without, then the
	// oldest Due. Left out are workspaces in skip, and errands to a number at which another errand
	// of the workspace is Placing or Live.
	Claim(ctx context.Context, node string, now time.Time, limit int, skip []string) ([]Errand, error)

	// Claimed lists the Placing errands of node, and of nodes that have not
	// beaten since.
	Claimed(ctx context.Context, node string, since time.Time) ([]Errand, error)

	// Move writes e's Status, Code, Why, Attempt, Call, Node, Due, Options and
	// Ended (at now when the status is over), if the row's Change still is
	// e.Change, and returns what it wrote; else [ErrMoved], as when an attempt is
	// taken back (Attempt lowered) whose call the carrier was asked for meanwhile:
	// see dispatch.Calls.SetDialled. A Scheduled errand gets its job in the same
	// transaction. One with Called above 0 waits for a
	// callback: while the agent has another such series to the number, it is
	// [ErrSeriesOpen] and nothing changes. When the last errand of a running
	// batch is over, so is the batch.
	Move(ctx context.Context, e Errand, now time.Time) (Errand, error)

	// EndSeries ends the series of an agent to a number that wait (Scheduled or
	// Ready, Called above 0) other than except, as Done with that code, and
	// returns how many.
	EndSeries(ctx context.Context, workspace, agent, to, except, code string, now time.Time) (int, error)

	// CreateBatch keeps b, which is BatchLoading.
	CreateBatch(ctx context.Context, b Batch) error
	// AddErrands adds rows to a loading batch: Scheduled, without jobs.
	AddErrands(ctx context.Context, rows []Errand) error
	// StartBatch ends the loading: b's Columns, Problems, Wrong and Total are
	// kept, it is BatchScheduled, and its job is due at b.At, or now. Without a
	// row it is BatchCompleted. It also counts: Total is what AddErrands added.
	StartBatch(ctx context.Context, b Batch, now time.Time) (Batch, error)
	// FailBatch ends a batch that is loading: its errands are Cancelled.
	FailBatch(ctx context.Context, id string, now time.Time) error
	// WakeBatch makes the errands of a scheduled batch Ready when it is due, and
	// the batch BatchRunning; wait is as in Wake.
	WakeBatch(ctx context.Context, id string, now time.Time) (wait time.Duration, err error)
	// CancelBatch cancels a batch's errands that wait, and those that go on get
	// no further attempt (Code "cancelled"). One that is over is left as it is.
	CancelBatch(ctx context.Context, workspace, id string, now time.Time) (Batch, error)
	Batch(ctx context.Context, workspace, id string) (Batch, error)
	Batches(ctx context.Context, workspace, cursor string, limit int) (all []Batch, next string, err error)
	// LoadingBefore lists the batches that began to load before then.
	LoadingBefore(ctx context.Context, then time.Time) ([]Batch, error)
	Progress(ctx context.Context, batch string) (Progress, error)
}

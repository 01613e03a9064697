package room

import (
	"context"
	"log/slog"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/media/tap"
	"github.com/hookswitch/hookswitch/telephony"
)

// Party is who a name stands for in a workspace.
type Party struct {
	Kind      Kind
	AgentUUID string // of an Own one
	Version   int
	Join      Join // how it comes in when the dispatch does not say; empty: Replace, or Listen for a Service
}

// Automatic is an agent that every new call gets.
type Automatic struct {
	Agent    string
	Join     Join
	Metadata string
}

// Floor is what whoever holds the floor of a call gets.
type Floor struct {
	Call    telephony.Call
	Leg     telephony.Leg // ours alone until we return; hanging it up leaves the call's own leg open
	Past    []agentcore.Entry
	Journal agentcore.Journal
	Tap     *tap.Tap // wants every 20 ms of both sides
	Nobody  bool     // nobody has the floor: the caller hears silence
	Job     Job      // of who has it; zero: the call's own agent
	// Yield reports whether somebody waits for the floor. Who would end the call
	// asks it, and then leaves instead: see agentcore.Config.Yield.
	Yield func() bool
}

// Listening is what a listener gets.
type Listening struct {
	Call    telephony.Call
	Job     Job
	Ear     *tap.Ear               // both sides, until the call's part on this node is over
	Entries <-chan agentcore.Entry // of the call's journal from now on; some are left out when nobody reads
}

// Config is what a [Host] needs.
type Config struct {
	Store Store  // required
	Node  string // names this process

	// Resolve says who name is in a workspace. [ErrNotFound]: nobody of ours, it is
	// a worker's name. Required.
	Resolve func(ctx context.Context, workspace, name string) (Party, error)
	// Automatic lists who comes to every new call of a workspace. Nil: nobody.
	Automatic func(workspace string) []Automatic
	// Speak has f.Job, the call's own agent or nobody hold the floor until the call
	// ends, its leg is lost, or ctx is cancelled: with [agentcore.ErrReplaced] when
	// another gets the floor. Required.
	Speak func(ctx context.Context, f Floor) (agentcore.Summary, error)
	// Listen does a listener's job until l.Ear is at its end or ctx is cancelled; its
	// error is why the job failed. Required.
	Listen func(ctx context.Context, l Listening) error
	// Journal reads all entries of a call. Required.
	Journal func(ctx context.Context, call telephony.CallID) ([]agentcore.Entry, error)
	// Offer is told that there may be jobs for workers, or that some of theirs are
	// over. It must not block. Nil: nobody.
	Offer func()

	Every time.Duration // between two looks at what other processes changed. Zero means 500 ms
	Log   *slog.Logger  // nil discards
}

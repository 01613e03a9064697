// Package trillet is the dialect of seed 004, Trillet AI's API: call agents,
// calls, batches of them, call history and active calls, as their own clients
// ask for them. It is a thin layer: what an agent may be is roster's to say, when
// a call is placed the agenda's.
//
// Names are to the letter of the vendor's pages; what differs is told in
// docs/compat.md.
package trillet

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/agentcore/agenda"
	"github.com/hookswitch/hookswitch/agentcore/dialplan"
	"github.com/hookswitch/hookswitch/agentcore/dispatch"
	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/agentcore/search"
	"github.com/hookswitch/hookswitch/storage"
	"github.com/hookswitch/hookswitch/telephony"
)

// Config is what the dialect works on.
type Config struct {
	Roster  roster.Store   // Required.
	Catalog roster.Catalog // Required. A [roster.KeyedCatalog] knows what agents' own keys open.
	Sealer  roster.Sealer  // Required.
	Calls   Calls          // Required.
	Errands Errands        // Required.
	Booking Booking        // nil: no call can be placed
	Planner Planner        // nil: what is asked for is looked at when it is due
	Batches Batches        // nil: no batch can be made
	Trunk   Trunk          // nil: numbers are not set up anywhere
	Table   Table          // which models and voices are meant
	// Recording is where the sound of a call can be had, empty when there is none.
	// nil: nothing is recorded.
	Recording func(ctx context.Context, id telephony.CallID) (url string, err error)
	Log       *slog.Logger     // nil discards
	Now       func() time.Time // nil means time.Now
	AllowHTTP bool             // callback_url may be plain http
	MaxFile   int64            // bytes of a batch's file. 0 means 20 MB, the vendor's.
}

// Calls reads calls. [storage.DB] is one.
type Calls interface {
	Call(ctx context.Context, id telephony.CallID) (dispatch.Record, error)
	JournalPage(ctx context.Context, id telephony.CallID, after, limit int) ([]agentcore.Entry, error)
	SearchCalls(ctx context.Context, workspace string, q search.Query, now time.Time, cursor string, limit int) ([]storage.Found, string, error)
}

// Errands reads what is to be done later. [agenda.Store] is one.
type Errands interface {
	Errand(ctx context.Context, workspace, id string) (agenda.Errand, error)
	Errands(ctx context.Context, workspace string, f agenda.Filter, cursor string, limit int) ([]agenda.Errand, string, error)
	CountErrands(ctx context.Context, workspace string, f agenda.Filter) (int, error)
	Batch(ctx context.Context, workspace, id string) (agenda.Batch, error)
	Batches(ctx context.Context, workspace, cursor string, limit int) ([]agenda.Batch, string, error)
	Progress(ctx context.Context, batch string) (agenda.Progress, error)
	CancelBatch(ctx context.Context, workspace, id string, now time.Time) (agenda.Batch, error)
}

// Booking takes errands on. [agenda.Clerk] is one.
type Booking interface {
	Book(ctx context.Context, e agenda.Errand) (on agenda.Errand, replayed bool, err error)
}

// Planner says when a call may be placed. [dialplan.Gate] is one.
type Planner interface {
	// When is the first time from at on at which the call may be placed. One that
	// never may is a [*dialplan.Refusal].
	When(ctx context.Context, ask dialplan.Ask, at time.Time) (time.Time, error)
}

// Batches reads a batch's file.
type Batches interface {
	// Load keeps b, which says everything but what the file says, with a row for
	// each good line of file, and lets it begin at b.At. The returned batch has
	// its Total, Wrong and Problems. What is wrong with the file as a whole is a
	// [agenda.FileError]; then there is no batch that could begin.
	Load(ctx context.Context, b agenda.Batch, file io.Reader) (agenda.Batch, error)
}

// Trunk sets up what a number has at its carrier. A v2.Trunk is one.
type Trunk interface {
	Link(ctx context.Context, n roster.Number, who roster.Actor) error
	Release(ctx context.Context, n roster.Number, who roster.Actor) error
}

// api is the handlers over one [Config].
type api struct {
	Config
	makers *makers
}

// defaultMaxFile is the vendor's bound of a batch's file.
const defaultMaxFile = 20 << 20

// New makes the handler of /v1/api/, /v2/api/ and /api/v1/calls/. It stands
// behind a gate that speaks [Dialect].
func New(cfg Config) (http.Handler, error) {
	for name, missing := range map[string]bool{"Roster": cfg.Roster == nil, "Catalog": cfg.Catalog == nil, "Sealer": cfg.Sealer == nil,
		"Calls": cfg.Calls == nil, "Errands": cfg.Errands == nil} {
		if missing {
			return nil, errors.New("trillet: " + name + " is required")
		}
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.MaxFile <= 0 {
		cfg.MaxFile = defaultMaxFile
	}
	a := &api{Config: cfg, makers: newMakers(cfg.Roster)}
	mux := http.NewServeMux()
	for pattern, op := range a.operations() {
		mux.Handle(pattern, a.serve(op))
	}
	return known(mux), nil
}

// operation is what one path does.
type operation struct {
	scope roster.Scope
	thing string // what is not found when nothing is
	do    func(r *http.Request) (any, error)
	// upload reads a body of its own, in the place of do.
	upload func(w http.ResponseWriter, r *http.Request) (any, error)
}

// operations are those of the dialect, by the pattern of their path.
func (a *api) operations() map[string]operation {
	ops := map[string]operation{
		"POST /v1/api/agents":             {scope: roster.AgentsWrite, thing: "Agent", do: a.createAgent},
		"GET /v1/api/agents":              {scope: roster.AgentsRead, thing: "Agent", do: a.listAgents},
		"GET /v1/api/agents/{agentId}":    {scope: roster.AgentsRead, thing: "Agent", do: a.getAgent},
		"PUT /v1/api/agents/{agentId}":    {scope: roster.AgentsWrite, thing: "Agent", do: a.updateAgent},
		"DELETE /v1/api/agents/{agentId}": {scope: roster.AgentsWrite, thing: "Agent", do: a.deleteAgent},

		"GET /v1/api/batch-calls":                         {scope: roster.CallsRead, thing: "Batch", do: a.listBatches},
		"GET /v1/api/batch-calls/{batchId}":               {scope: roster.CallsRead, thing: "Batch", do: a.getBatch},
		"GET /v1/api/batch-calls/{batchId}/status":        {scope: roster.CallsRead, thing: "Batch", do: a.getProgress},
		"GET /v1/api/batch-calls/{batchId}/calls":         {scope: roster.CallsRead, thing: "Batch", do: a.listBatchCalls},
		"GET /v1/api/batch-calls/{batchId}/calls/{jobId}": {scope: roster.CallsRead, thing: "Call", do: a.getBatchCall},
		"POST /v1/api/batch-calls/{batchId}/cancel":       {scope: roster.CallsWrite, thing: "Batch", do: a.cancelBatch},
		"DELETE /v1/api/batch-calls/{batchId}":            {scope: roster.CallsWrite, thing: "Batch", do: a.cancelBatch},
	}
	for _, base := range []string{"/v1/api", "/v2/api"} {
		ops["GET "+base+"/call-history"] = operation{scope: roster.CallsRead, thing: "Call", do: a.listHistory}
		ops["GET "+base+"/call-history/{id}"] = operation{scope: roster.CallsRead, thing: "Call", do: a.getHistory}
		ops["GET "+base+"/active-calls"] = operation{scope: roster.CallsRead, thing: "Call", do: a.listActive}
		ops["GET "+base+"/active-calls/{roomName}"] = operation{scope: roster.CallsRead, thing: "Call", do: a.getActive}
	}
	if a.Booking != nil {
		ops["POST /v1/api/call"] = operation{scope: roster.CallsWrite, thing: "Agent", do: a.call}
		ops["POST /api/v1/calls/call"] = operation{scope: roster.CallsWrite, thing: "Agent", do: a.oldCall}
	}
	if a.Batches != nil {
		ops["POST "+uploadPath] = operation{scope: roster.CallsWrite, thing: "Agent", upload: a.createBatch}
	}
	return ops
}

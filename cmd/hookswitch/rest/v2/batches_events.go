package v2

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/hookswitch/hookswitch/agentcore/agenda"
	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/rest/gate"
)

// batchLook is how often a stream looks how far its batch is.
const batchLook = time.Second

// overID is the id of a batch's last event.
const overID = "over"

type batchEventsInput struct {
	BatchPath
	Last string `header:"Last-Event-ID" maxLength:"20" doc:"As a browser's EventSource sends it when it connects again."`
}

// batchEvents registers how a batch is followed.
func (a *API) batchEvents() {
	handle(a, operation{
		ID: "follow-batch", Method: http.MethodGet, Path: "/batches/{id}/events", Tag: tagBatches, Thing: "Batch",
		Summary: "Follow a batch", Scope: roster.CallsRead, Fail: "Failed to follow the batch",
		About: "Sends the batch's `progress` as server-sent events: first as it is, then what changed, at most once a second; when nothing will change any more an event `over` with the same fields, and the stream ends. " +
			"To a browser that connects again after that the answer is 204.",
		Errors: []int{http.StatusServiceUnavailable},
	}, a.followBatch)
	const path = "/batches/{id}/events"
	answersAlso(a, path, "200", "text/event-stream", &huma.Schema{Type: "string"}, "Done.")
	answersAlso(a, path, "204", "", nil, "The batch is over, and the client knows.")
}

func (a *API) followBatch(ctx context.Context, in *batchEventsInput) (*huma.StreamResponse, error) {
	b, err := a.Later.Errands.Batch(ctx, gate.Workspace(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	if in.Last == overID {
		return &huma.StreamResponse{Body: func(c huma.Context) { c.SetStatus(http.StatusNoContent) }}, nil
	}
	leave, err := a.streams.enter(gate.Key(ctx).ID)
	if err != nil {
		return nil, err
	}
	return &huma.StreamResponse{Body: func(c huma.Context) {
		defer leave()
		f, ctx := a.follower(c)
		err := a.followProgress(ctx, f, b.Workspace, b.ID)
		if err != nil && ctx.Err() == nil && !errors.Is(err, errSlow) {
			a.Log.WarnContext(ctx, "a stream of a batch's progress is broken off", "request", gate.RequestID(ctx), "error", err)
		}
	}}, nil
}

// followProgress writes how far the batch is until nothing can change any more,
// the client is gone or too slow, its key may not read any more, or the gateway
// goes down.
func (a *API) followProgress(ctx context.Context, f *follower, workspace, id string) error {
	look := time.NewTicker(batchLook)
	defer look.Stop()
	var done <-chan struct{}
	if a.Calls.Hub != nil {
		done = a.Calls.Hub.done
	}
	if err := f.write([]byte("retry: 1000\n\n")); err != nil {
		return err
	}
	var said []byte
	for asked := time.Now(); ; {
		now, over, err := a.progress(ctx, workspace, id)
		if err != nil {
			return err
		}
		switch {
		case over:
			return f.write(fmt.Appendf(nil, "id: %s\nevent: over\ndata: %s\n\n", overID, now))
		case !bytes.Equal(now, said):
			if err := f.write(fmt.Appendf(nil, "event: progress\ndata: %s\n\n", now)); err != nil {
				return err
			}
			said = now
		}
		if time.Since(asked) >= heartbeat {
			if !f.may(ctx) {
				return nil
			}
			if err := f.write([]byte(": still here\n\n")); err != nil {
				return err
			}
			asked = time.Now()
		}
		select {
		case <-look.C:
		case <-done:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// progress is how far a batch is, as JSON, and whether that is the end.
func (a *API) progress(ctx context.Context, workspace, id string) (now []byte, over bool, err error) {
	b, err := a.Later.Errands.Batch(ctx, workspace, id)
	if err != nil {
		return nil, false, err
	}
	p, err := a.Later.Errands.Progress(ctx, b.ID)
	if err != nil {
		return nil, false, err
	}
	switch b.Status {
	case agenda.BatchCompleted, agenda.BatchCancelled, agenda.BatchFailed:
		over = p.Placing+p.Live == 0
	}
	now, err = json.Marshal(progressOf(b, p))
	return now, over, err
}

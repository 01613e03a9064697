package whippy

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/agenda"
	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/agentcore/vars"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/rest/body"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/rest/gate"
)

// maxIdemKey bounds an Idempotency-Key, in characters.
const maxIdemKey = 255

// wish is a request to start a session, as far as it was read.
type wish struct {
	fields
	agent roster.Agent
	now   time.Time
	e     agenda.Errand
}

// starts is what a kind of session has of its own: it adds to w's errand, and
// to what is wrong with the request.
type starts struct {
	kind string // agenda.Call, agenda.Chat
	read func(ctx context.Context, w *wish) error
	// settle is asked when nothing is wrong; it may move the errand to a later
	// time.
	settle func(ctx context.Context, w *wish) error
}

func (a *api) startChat(r *http.Request) (answer, error) {
	return a.start(r, starts{agenda.Chat, a.readChat, a.settleChat})
}

func (a *api) startCall(r *http.Request) (answer, error) {
	return a.start(r, starts{agenda.Call, a.readCall, a.settleCall})
}

// start books a session, and says 201, or 202 when it is to begin later. A
// request whose Idempotency-Key came before is answered as it was then, however
// agent and channel are now.
func (a *api) start(r *http.Request, s starts) (answer, error) {
	ctx, ws := r.Context(), gate.Workspace(r.Context())
	in, err := read(r)
	if err != nil {
		return answer{}, err
	}
	agent, err := a.Roster.Agent(ctx, ws, r.PathValue("uuid"))
	if err != nil {
		return answer{}, err
	}
	var wrong roster.Problems
	w := &wish{fields: fields{in, &wrong}, agent: agent, now: a.Now(), e: agenda.Errand{
		Workspace: ws, Kind: s.kind, Source: agenda.FromWhippy, AgentUUID: agent.UUID, Agent: agent.Name, Metadata: "{}",
	}}
	if key := r.Header.Get("Idempotency-Key"); len(key) > maxIdemKey {
		wrong.Add("Idempotency-Key", "is longer than %d characters", maxIdemKey)
	} else if key != "" {
		w.e.IdemKey, w.e.IdemHash = key, hash(s.kind, agent.UUID, in)
		if on, err := a.before(ctx, w); err == nil {
			return started(on, w, true), nil
		} else if !errors.Is(err, agenda.ErrNotFound) {
			return answer{}, err
		}
	}
	w.common()
	if err := s.read(ctx, w); err != nil {
		return answer{}, err
	}
	if len(wrong) > 0 {
		return answer{}, wrong
	}
	if err := s.settle(ctx, w); err != nil {
		return answer{}, err
	}
	on, replayed, err := a.Clerk.Book(ctx, w.e)
	if err != nil {
		return answer{}, err
	}
	return started(on, w, replayed), nil
}

// before finds what a request with the same key began.
func (a *api) before(ctx context.Context, w *wish) (agenda.Errand, error) {
	on, err := a.Errands.ErrandByKey(ctx, w.e.Workspace, w.e.IdemKey, w.now)
	if err == nil && on.IdemHash != w.e.IdemHash {
		return on, agenda.ErrIdemMismatch
	}
	return on, err
}

// common reads the fields that every kind has.
func (w *wish) common() {
	if w.in["schedule_at"] != nil {
		w.schedule(w.required("schedule_at"))
	}
	given := w.object("custom_placeholders_data")
	for _, why := range vars.Check(given) {
		w.wrong.Add("custom_placeholders_data", "is wrong: %s", why)
	}
	w.e.Variables, _ = vars.Set(given).Encode() // what was read from JSON can be written
	if !w.agent.Enabled {
		w.wrong.Add(base, "Agent is disabled")
	}
}

// schedule reads when the session is to begin; what is blank was refused before.
func (w *wish) schedule(text string) {
	if text == "" {
		return
	}
	at, why := body.Moment(text, w.now)
	if why != "" {
		w.wrong.Add("schedule_at", "%s", why)
	}
	w.e.Asked = at
}

// unless notes that the contact must not be called or written to.
func (a *api) unless(ctx context.Context, w *wish, scope, why string) error {
	_, err := a.Roster.OptedOut(ctx, w.e.Workspace, w.e.To, scope)
	if errors.Is(err, roster.ErrNotFound) {
		return nil
	}
	if err == nil {
		w.wrong.Add("to", "%s", why)
	}
	return err
}

// hash tells requests of one key apart.
func hash(kind, agent string, in map[string]any) string {
	raw, _ := json.Marshal(in) // what was parsed can be written
	sum := sha256.Sum256(append([]byte(kind+"\n"+agent+"\n"), raw...))
	return hex.EncodeToString(sum[:])
}

// started is the answer to a request that began a session.
func started(on agenda.Errand, w *wish, replayed bool) answer {
	status := http.StatusCreated
	if !on.Asked.IsZero() {
		status = http.StatusAccepted
	}
	item := sessionOf(on)
	if asked, _ := w.in["schedule_at"].(string); status == http.StatusAccepted && !sameTime(asked, on.Asked) {
		item.Reason = moved
	}
	return answer{status: status, body: single{item}, replayed: replayed}
}

// sameTime reports whether text, which was read before, is at.
func sameTime(text string, at time.Time) bool {
	read, why := body.Moment(text, at.Add(-time.Microsecond))
	return why == "" && read.Equal(at)
}

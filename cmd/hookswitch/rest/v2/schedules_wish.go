package v2

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"

	"github.com/hookswitch/hookswitch/agentcore/agenda"
	"github.com/hookswitch/hookswitch/agentcore/dialplan"
	"github.com/hookswitch/hookswitch/agentcore/dispatch"
	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/agentcore/vars"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/rest/body"
)

// Bounds of what a client says of a call that is to come.
const (
	maxConsent  = 255      // characters
	maxMetadata = 16 << 10 // bytes of JSON
)

// timing is what a body says of when, how, and how often. Its zero value is: now,
// by all rules, and again as the agent has it.
type timing struct {
	at       time.Time // zero: at once
	bypass   bool
	consent  string
	retry    *agenda.Retry // nil: the agent's own
	metadata string
}

// deferred reports whether it takes an errand to do it.
func (t timing) deferred() bool { return !t.at.IsZero() || t.retry != nil && t.retry.Max > 0 }

// timing reads schedule_at, bypass_quiet_hours, consent, smart_callback and
// metadata.
func (a *API) timing(in map[string]any, wrong *roster.Problems) timing {
	t := timing{consent: consentOf(optional(in, "consent", wrong), wrong), metadata: "{}"}
	if at := optional(in, "schedule_at", wrong); at != "" {
		t.at = momentOf(at, a.Now(), wrong)
	}
	switch v := in["bypass_quiet_hours"].(type) {
	case nil:
	case bool:
		t.bypass = v
	default:
		wrong.Add("bypass_quiet_hours", "must be true or false")
	}
	if v, there := in["smart_callback"]; there {
		t.retry = retryFrom(v, wrong)
	}
	if v, there := in["metadata"]; there && v != nil {
		t.metadata = metadataOf(v, wrong)
	}
	return t
}

func momentOf(text string, now time.Time, wrong *roster.Problems) time.Time {
	at, why := body.Moment(text, now)
	if why != "" {
		wrong.Add("schedule_at", "%s", why)
	}
	return at
}

func consentOf(s string, wrong *roster.Problems) string {
	if utf8.RuneCountInString(s) > maxConsent {
		wrong.Add("consent", "is too long (maximum is %d characters)", maxConsent)
	}
	return s
}

func metadataOf(v any, wrong *roster.Problems) string {
	o, ok := v.(map[string]any)
	b, err := json.Marshal(o)
	switch {
	case !ok || err != nil:
		wrong.Add("metadata", "must be an object")
	case len(b) > maxMetadata:
		wrong.Add("metadata", "is larger than %d bytes", maxMetadata)
	default:
		return string(b)
	}
	return "{}"
}

// retryFrom reads smart_callback as an agent has it: false and null are no
// callback at all, whatever the agent says.
func retryFrom(v any, wrong *roster.Problems) *agenda.Retry {
	none := &agenda.Retry{Gaps: []agenda.Gap{}}
	if v == nil || v == false {
		return none
	}
	d, err := (roster.Terms{}).Change(roster.Definition{}, map[string]any{"smart_callback": v})
	var all roster.Problems
	if errors.As(err, &all) {
		for _, p := range all {
			if strings.HasPrefix(p.Field, "smart_callback") { // a definition without a name has other problems
				for _, m := range p.Messages {
					wrong.Add(p.Field, "%s", m)
				}
			}
		}
	}
	if d.Callback == nil || !d.Callback.Enabled {
		return none
	}
	r := &agenda.Retry{Max: d.Callback.MaxAttempts, Gaps: []agenda.Gap{}}
	for _, g := range d.Callback.Gaps {
		r.Gaps = append(r.Gaps, agenda.Gap(g))
	}
	return r
}

// timely adds what does not go together with when the call is asked for.
func (a *API) timely(t timing, to string, in map[string]any, wrong *roster.Problems) {
	switch {
	case !t.deferred():
		if t.metadata != "{}" {
			wrong.Add("metadata", "is kept with schedule_at or smart_callback only")
		}
	case a.Later.Clerk == nil:
		wrong.Add("schedule_at", "is of no use: this gateway keeps no schedules")
	case to == "" && in["phone_number"] == nil:
		wrong.Add("phone_number", "can't be blank: nobody can be called later without it")
	}
}

// knownLater is [API.known] for what is to come. The key of a call that was placed
// at once is another request's.
func (a *API) knownLater(ctx context.Context, w dispatch.Wish) (bool, error) {
	_, err := a.Calls.Store.DispatchByKey(ctx, w.Workspace, w.IdemKey, a.Now())
	if err == nil {
		return false, a.notPlaced(ctx, dispatch.ErrIdemMismatch)
	}
	if !errors.Is(err, dispatch.ErrNotFound) {
		return false, err
	}
	return a.bookedBefore(ctx, w)
}

// book keeps the wish for its time.
func (a *API) book(ctx context.Context, agent roster.Agent, w dispatch.Wish, in map[string]any, t timing) (*dispatchOutput, error) {
	given, _ := in["dynamic_variables"].(map[string]any)
	variables, err := vars.Set(given).Encode()
	if err != nil {
		return nil, err
	}
	e := agenda.Errand{
		Workspace: w.Workspace, Kind: agenda.Call, Source: agenda.FromV2, AgentUUID: agent.UUID, Agent: agent.Name,
		From: optional(in, "from", &roster.Problems{}), To: string(w.To), Variables: variables, Metadata: t.metadata, Asked: t.at,
		Options: agenda.Options{BypassQuietHours: t.bypass, Consent: t.consent, Retry: t.retry},
		IdemKey: w.IdemKey, IdemHash: w.IdemHash,
	}
	known, err := a.bookedBefore(ctx, w)
	if err != nil {
		return nil, err
	}
	if !known {
		if e.Asked, err = a.allowed(ctx, e, string(w.From)); err != nil {
			return nil, err
		}
	}
	on, replayed, err := a.Later.Clerk.Book(ctx, e)
	if errors.Is(err, agenda.ErrIdemMismatch) {
		err = dispatch.ErrIdemMismatch
	}
	if err != nil {
		return nil, a.notPlaced(ctx, err)
	}
	return scheduledAnswer(agent, on, replayed), nil
}

func scheduledAnswer(agent roster.Agent, on agenda.Errand, replayed bool) *dispatchOutput {
	out := &dispatchOutput{Status: http.StatusAccepted, Body: dispatchAnswer{true, dispatchItem{
		Success: true, Agent: agent.ID, Status: agenda.Scheduled, Message: scheduled, Call: on.ID,
		Schedule: on.ID, At: instantOrNull{instant(on.Asked)},
	}, scheduled, on.ID}}
	if replayed {
		out.Replayed = "true"
	}
	return out
}

// allowed is when the call may be placed, from that number, at or after the time
// that was asked for. One that never may is told at once.
func (a *API) allowed(ctx context.Context, e agenda.Errand, from string) (time.Time, error) {
	if a.Later.Planner == nil {
		return e.Asked, nil
	}
	at := e.Asked
	if at.IsZero() {
		at = a.Now()
	}
	next, err := a.Later.Planner.When(ctx, dialplan.Ask{
		Workspace: e.Workspace, From: from, To: e.To, Hours: e.Options.Hours,
		BypassQuietHours: e.Options.BypassQuietHours, Consent: e.Options.Consent,
	}, at)
	if err != nil {
		return at, a.notPlaced(ctx, err)
	}
	if next.After(at) {
		return next, nil
	}
	return e.Asked, nil
}

// bookedBefore reports whether the wish's key named an errand before; another
// request's is [dispatch.ErrIdemMismatch].
func (a *API) bookedBefore(ctx context.Context, w dispatch.Wish) (bool, error) {
	if w.IdemKey == "" || a.Later.Errands == nil {
		return false, nil
	}
	on, err := a.Later.Errands.ErrandByKey(ctx, w.Workspace, w.IdemKey, a.Now())
	if errors.Is(err, agenda.ErrNotFound) {
		return false, nil
	}
	if err == nil && on.IdemHash != w.IdemHash {
		err = a.notPlaced(ctx, dispatch.ErrIdemMismatch)
	}
	return err == nil, err
}

// documentScheduled adds the answer to a dispatch that is to come.
func documentScheduled(said map[string]*huma.Response) {
	now := said["200"]
	said["202"] = &huma.Response{Description: "It is kept for its time.", Headers: numbered(), Content: map[string]*huma.MediaType{
		"application/json": {Schema: now.Content["application/json"].Schema, Example: json.RawMessage(exampleLater)},
	}}
}

package v2

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/danielgtaylor/huma/v2"

	"github.com/hookswitch/hookswitch/agentcore/dialplan"
	"github.com/hookswitch/hookswitch/agentcore/dispatch"
	"github.com/hookswitch/hookswitch/agentcore/room"
	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/agentcore/vars"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/rest/gate"
	"github.com/hookswitch/hookswitch/telephony"
)

// dispatchBody describes the body of a dispatch.
type dispatchBody struct {
	Number    string `json:"phone_number,omitempty" doc:"Whom to call, E.164. Without it, a session waits for a call or a stream." example:"+14155550177"`
	From      string `json:"from,omitempty" doc:"From which of the agent's numbers. Empty: the first that supports outbound calls."`
	Variables object `json:"dynamic_variables,omitempty" doc:"Over the agent's own."`

	Room     *string        `json:"room" required:"false" maxLength:"256" doc:"Name of the call's room, where other agents can be sent, such as by LiveKit's clients. Empty: the call's id."`
	At       *string        `json:"schedule_at" required:"false" maxLength:"96" doc:"When to call, at most a year ahead: ISO 8601 with an offset, or with a zone's name in brackets. The answer is then 202." example:"2026-11-23T09:00:00-08:00"`
	Bypass   *bool          `json:"bypass_quiet_hours" required:"false" doc:"Pass over the workspace's calling hours, unless they are binding."`
	Consent  *string        `json:"consent" required:"false" maxLength:"255" doc:"How whom is called agreed to it."`
	Callback callbackSchema `json:"smart_callback,omitempty" doc:"Over the agent's own: how often, and after which gaps, to call again when nobody is reached. false or null: never. With an object the answer is 202, and the call is placed as soon as possible."`
	Metadata *object        `json:"metadata" required:"false" doc:"The client's own, given back with the schedule; at most 16 KiB. With schedule_at or smart_callback only."`
}

// callbackSchema describes a smart_callback of a request.
type callbackSchema struct{}

// Schema implements [huma.SchemaProvider].
func (callbackSchema) Schema(r huma.Registry) *huma.Schema {
	return &huma.Schema{AnyOf: []*huma.Schema{schemaOf[callbackBody](r), {Type: "boolean", Enum: []any{false}}, {Type: "null"}}}
}

// dispatchAnswer is seed 000's, and which call was placed.
type dispatchAnswer struct {
	Success bool         `json:"success"`
	Item    dispatchItem `json:"item"`
	Message string       `json:"message"`
	Call    string       `json:"call_id,omitempty" doc:"The call that was placed."`
}

type dispatchItem struct {
	Success      bool   `json:"success"`
	Agent        int64  `json:"agent_id"`
	Conversation string `json:"conversation_uuid,omitempty" doc:"Absent of one that is scheduled." example:"conv-550e8400-e29b-41d4-a716-446655440000"`
	Session      string `json:"session_id,omitempty" doc:"Absent of one that is scheduled." example:"sess-0123456789abcdef0123456789abcdef"`
	Status       string `json:"status" enum:"dispatched,scheduled"`
	Message      string `json:"message"`
	Call         string `json:"call_id,omitempty" doc:"The call that was placed, or is to be."`

	Schedule string        `json:"schedule_id,omitempty" doc:"Of one that is scheduled: see /schedules."`
	At       instantOrNull `json:"schedule_at,omitzero" doc:"When it is placed at the earliest, within the calling hours; absent: as soon as possible."`
}

type dispatchInput struct {
	UUID string `path:"uuid" maxLength:"64" doc:"UUID of the agent."`
	Key  string `header:"Idempotency-Key" doc:"A name for this wish, at most 255 characters: a repeat within 24 hours places nothing and is answered alike."`
	Posted
}

type dispatchOutput struct {
	Status   int
	Replayed string `header:"Idempotent-Replayed" doc:"true: this is the answer to an earlier request with the same key."`
	Body     dispatchAnswer
}

const (
	dispatched   = "Agent dispatched successfully"
	scheduled    = "Agent scheduled successfully"
	notDispatch  = "Failed to dispatch agent"
	maxIdemKey   = 255
	exampleWish  = `{"phone_number":"+14155550177","dynamic_variables":{"customer_name":"Ada"}}`
	exampleSaid  = `{"success":true,"item":{"success":true,"agent_id":123,"conversation_uuid":"conv-550e8400-e29b-41d4-a716-446655440000","session_id":"sess-0123456789abcdef0123456789abcdef","status":"dispatched","message":"Agent dispatched successfully"},"message":"Agent dispatched successfully"}`
	exampleLater = `{"success":true,"item":{"success":true,"agent_id":123,"status":"scheduled","message":"Agent scheduled successfully","call_id":"call_7q2f","schedule_id":"call_7q2f","schedule_at":"2026-11-23T17:00:00.000Z"},"message":"Agent scheduled successfully","call_id":"call_7q2f"}`
	aboutToWish  = "Lets an agent talk: calls `phone_number`, or, without a body, opens a session that waits for a call. The agent must be complete, and what it is set to must be available: otherwise the answer is 422 with what is missing under `errors.agent`. When the carrier does not take the call, it is 502 with its reason under `errors.dispatch`.\n\nWith an `Idempotency-Key` a call is placed once, however often the request comes; the same key with another request is 409.\n\nWith `schedule_at` the call is placed then, and the answer is 202: `schedule_id` is the id of the call that there will be. One that falls outside of the calling hours is moved to the next time that is within."
	replayHeader = "Idempotent-Replayed"
)

// dispatches registers how an agent is sent out.
func (a *API) dispatches() {
	if a.Calls.Desk == nil {
		return
	}
	handle(a, operation{
		ID: "dispatch-agent", Method: http.MethodPost, Path: "/agents/{uuid}/dispatch", Tag: tagCalls, Thing: "Agent",
		Summary: "Dispatch an agent", Scope: roster.CallsWrite, Fail: notDispatch, About: aboutToWish,
		Body: dispatchBody{}, Optional: true, Example: exampleWish, Answer: exampleSaid,
		Errors: []int{http.StatusConflict, http.StatusUnprocessableEntity, http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable},
	}, a.dispatch)
	said := a.huma.OpenAPI().Paths[Base+"/agents/{uuid}/dispatch"].Post.Responses
	said["502"] = failedWith(a.huma.OpenAPI().Components.Schemas, http.StatusBadGateway) // its own: it has one header more
	if a.Later.Clerk != nil {
		documentScheduled(said)
	}
	for _, status := range []string{"200", "202", "502"} {
		if said[status] == nil {
			continue
		}
		said[status].Headers[replayHeader] = &huma.Param{Schema: &huma.Schema{Type: "string"},
			Description: "true: this is the answer to an earlier request with the same key."}
	}
}

func (a *API) dispatch(ctx context.Context, in *dispatchInput) (*dispatchOutput, error) {
	body, err := parse(in.RawBody)
	if err != nil {
		return nil, err
	}
	agent, err := a.Roster.Agent(ctx, gate.Workspace(ctx), in.UUID)
	if err != nil {
		return nil, err
	}
	wish, t, err := a.wish(ctx, agent, in, body)
	if err != nil {
		return nil, err
	}
	if t.deferred() {
		return a.book(ctx, agent, wish, body, t)
	}
	if _, err := a.bookedBefore(ctx, wish); err != nil {
		return nil, err
	}
	d, again, err := a.Calls.Desk.Dispatch(ctx, wish)
	if err == nil && d.Status == dispatch.DispatchFailed { // a repeat of one that failed
		err = &dispatch.PlaceError{Why: d.Error}
	}
	if err != nil {
		return nil, replayed(a.notPlaced(ctx, err), again)
	}
	out := &dispatchOutput{Status: http.StatusOK, Body: dispatchAnswer{true, dispatchItem{
		Success: true, Agent: agent.ID, Conversation: d.Conversation, Session: d.Session,
		Status: "dispatched", Message: dispatched, Call: string(d.Call),
	}, dispatched, string(d.Call)}}
	if again {
		out.Replayed = "true"
	}
	return out, nil
}

// wish is what the request asks for, when nothing is wrong with it.
func (a *API) wish(ctx context.Context, agent roster.Agent, in *dispatchInput, body map[string]any) (dispatch.Wish, timing, error) {
	var wrong roster.Problems
	t := a.timing(body, &wrong)
	w := dispatch.Wish{Workspace: agent.Workspace, AgentUUID: agent.UUID, Version: agent.Version, Agent: agent.Name}
	if len(in.Key) > maxIdemKey {
		wrong.Add("Idempotency-Key", "is longer than %d characters", maxIdemKey)
	} else if in.Key != "" {
		w.IdemKey, w.IdemHash = in.Key, wishHash(agent.UUID, body)
	}
	to, from := optional(body, "phone_number", &wrong), optional(body, "from", &wrong)
	if to != "" && !roster.E164(to) {
		wrong.Add("phone_number", "must be an E.164 phone number, such as +14155550177")
	}
	given, isObject := body["dynamic_variables"].(map[string]any)
	if body["dynamic_variables"] != nil && !isObject {
		wrong.Add("dynamic_variables", "Dynamic variables must be a flat hash.")
	}
	for _, m := range vars.Check(given) {
		wrong.Add("dynamic_variables", "%s", m)
	}
	var err error
	if w.Variables, err = vars.Merge(vars.Set(agent.Variables), vars.Set(given)).Encode(); err != nil {
		wrong.Add("dynamic_variables", "cannot be kept")
	}
	w.To = telephony.Number(to)
	if w.Room = roomOf(body, &wrong); w.Room != "" && t.deferred() {
		wrong.Add("room", "can't be chosen for a call that is scheduled: its room is called as its call_id")
	}
	w.BypassQuietHours, w.Consent = t.bypass, t.consent
	w.FollowUp = to != "" && agent.Callback != nil && agent.Callback.Enabled && t.retry == nil
	if known, err := a.known(ctx, w, t); known || err != nil {
		return w, t, err // what was done then is told, however the agent is now
	}
	a.timely(t, to, body, &wrong)
	if err := a.fit(ctx, agent, &wrong); err != nil {
		return w, t, err
	}
	if to != "" {
		if err := a.caller(ctx, agent, from, &w, &wrong); err != nil {
			return w, t, err
		}
	} else if from != "" {
		wrong.Add("from", "is of use with phone_number only")
	}
	for _, h := range agent.Webhooks {
		switch h.Type {
		case roster.PreCall:
			w.PreCall = h.ID
		case roster.PostCall:
			w.PostCall = h.ID
		}
	}
	if len(wrong) > 0 {
		return w, t, &Failure{Errors: wrong, status: http.StatusUnprocessableEntity}
	}
	return w, t, nil
}

// known reports whether the wish came before.
func (a *API) known(ctx context.Context, w dispatch.Wish, t timing) (bool, error) {
	if w.IdemKey == "" {
		return false, nil
	}
	if t.deferred() {
		return a.knownLater(ctx, w)
	}
	_, err := a.Calls.Store.DispatchByKey(ctx, w.Workspace, w.IdemKey, a.Now())
	if errors.Is(err, dispatch.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// roomOf reads which room a call is to be.
func roomOf(body map[string]any, wrong *roster.Problems) string {
	name := optional(body, "room", wrong)
	if len(name) > room.MaxName {
		wrong.Add("room", "is longer than %d bytes", room.MaxName)
	}
	if strings.ContainsFunc(name, unicode.IsControl) {
		wrong.Add("room", "has a character that no name has")
	}
	return name
}

func optional(body map[string]any, name string, wrong *roster.Problems) string {
	s, ok := body[name].(string)
	if !ok && body[name] != nil {
		wrong.Add(name, "must be a string")
	}
	return strings.TrimSpace(s)
}

// wishHash tells requests of one key apart.
func wishHash(agent string, body map[string]any) string {
	b, _ := json.Marshal(body) // what was parsed can be written
	sum := sha256.Sum256(append([]byte(agent+"\n"), b...))
	return hex.EncodeToString(sum[:])
}

// fit adds what keeps the agent from talking.
func (a *API) fit(ctx context.Context, agent roster.Agent, wrong *roster.Problems) error {
	if !agent.Enabled {
		wrong.Add("agent", "Agent is disabled")
	}
	unfit, err := roster.Unfit(ctx, a.Catalog, agent)
	for _, why := range unfit {
		wrong.Add("agent", "%s", why)
	}
	return err
}

// caller fills in the number that the agent calls from, and whose it is.
func (a *API) caller(ctx context.Context, agent roster.Agent, want string, w *dispatch.Wish, wrong *roster.Problems) error {
	n, err := a.callerOf(ctx, agent, want, wrong)
	w.From, w.Account = telephony.Number(n.Number), n.Account
	return err
}

// callerOf is the number that the agent calls from: want, or its first.
func (a *API) callerOf(ctx context.Context, agent roster.Agent, want string, wrong *roster.Problems) (roster.Number, error) {
	all, err := a.Roster.ListNumbers(ctx, agent.Workspace)
	if err != nil {
		return roster.Number{}, err
	}
	for _, n := range all {
		if n.AgentUUID == agent.UUID && n.Outbound && n.Status == roster.NumberActive && (want == "" || want == n.Number) {
			return n, nil
		}
	}
	if want != "" {
		wrong.Add("from", "is not a number of this agent that supports outbound calls")
	} else {
		wrong.Add("agent", "Agent has no phone number that supports outbound calls")
	}
	return roster.Number{}, nil
}

// notPlaced is the answer to a dispatch that failed beyond our own rules.
func (a *API) notPlaced(ctx context.Context, err error) error {
	f := &Failure{Message: notDispatch}
	var refused *dispatch.PlaceError
	var forbidden *dialplan.Refusal
	var capped *dispatch.CappedError
	switch {
	case errors.As(err, &forbidden):
		return a.forbidden(f, forbidden)
	case errors.As(err, &capped):
		f.status = http.StatusTooManyRequests
		f.Errors.Add("dispatch", "Failed to dispatch agent: %s", cappedWhys[capped.By])
		return huma.ErrorWithHeaders(f, http.Header{"Retry-After": {"5"}})
	case errors.Is(err, dispatch.ErrIdemMismatch):
		f.status = http.StatusConflict
		f.Errors.Add("Idempotency-Key", "was used with another request before")
	case errors.As(err, &refused):
		if refused.Err != nil {
			a.Log.WarnContext(ctx, "a call was not placed", "request", gate.RequestID(ctx), "why", refused.Why)
		}
		f.status = http.StatusBadGateway
		f.Errors.Add("dispatch", "Failed to dispatch agent: %s", cmp.Or(refused.Why, "the carrier did not say why"))
	case errors.Is(err, dispatch.ErrNoCarrier):
		f.status = http.StatusBadGateway
		f.Errors.Add("dispatch", "Failed to dispatch agent: there is no carrier")
	case errors.Is(err, dispatch.ErrOverloaded):
		f.status = http.StatusTooManyRequests
		f.Errors.Add("dispatch", "Failed to dispatch agent: the gateway is too busy for one more call")
		return huma.ErrorWithHeaders(f, http.Header{"Retry-After": {"2"}})
	case errors.Is(err, dispatch.ErrFull), errors.Is(err, dispatch.ErrDraining):
		f.status = http.StatusServiceUnavailable
		why := "the gateway has as many calls as it may"
		if errors.Is(err, dispatch.ErrDraining) {
			why = "the gateway is going down"
		}
		f.Errors.Add("dispatch", "Failed to dispatch agent: %s", why)
		return huma.ErrorWithHeaders(f, http.Header{"Retry-After": {"5"}})
	default:
		return err
	}
	return f
}

// cappedWhys are who has as many calls at once as may be.
var cappedWhys = map[string]string{
	"workspace": "the workspace has as many calls at once as its dialing policy allows",
	"trunk":     "the carrier's account has as many calls at once as it may",
}

// forbidden is the answer to a call that a rule forbids. When that passes, it
// says from when on, as far as anybody knows.
func (a *API) forbidden(f *Failure, r *dialplan.Refusal) error {
	f.status = http.StatusUnprocessableEntity
	why, after := r.Why, time.Minute
	if !r.At.IsZero() {
		after = r.At.Sub(a.Now())
		why += " It may be called from " + r.At.UTC().Format(time.RFC3339) + " on."
	}
	f.Errors.Add("phone_number", "%s", why)
	if !r.Code.Passes() || r.Code == dialplan.QuietHours && r.At.IsZero() {
		return f
	}
	f.status = http.StatusTooManyRequests
	seconds := max(1, int64((after+time.Second-1)/time.Second))
	return huma.ErrorWithHeaders(f, http.Header{"Retry-After": {strconv.FormatInt(seconds, 10)}})
}

// replayed marks the answer to a repeat.
func replayed(err error, again bool) error {
	if !again {
		return err
	}
	return huma.ErrorWithHeaders(err, http.Header{replayHeader: {"true"}})
}

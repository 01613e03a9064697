package trillet

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/hookswitch/hookswitch/agentcore/agenda"
	"github.com/hookswitch/hookswitch/agentcore/dialplan"
	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/agentcore/vars"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/rest/body"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/rest/gate"
)

// Bounds of what a client gives to a call.
const (
	maxMetadata = 16 << 10 // bytes of JSON
	maxIdemKey  = 255
	maxConsent  = 255 // characters
)

// read reads the body of a request, which the gate has bounded.
func read(r *http.Request) (map[string]any, error) {
	raw, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, refuse(http.StatusBadRequest, "The request body could not be read.")
	}
	return body.Object(raw)
}

// call asks for a call. It is answered once the call is on record, before it is
// placed.
func (a *api) call(r *http.Request) (any, error) {
	in, err := read(r)
	if err != nil {
		return nil, err
	}
	e, _, err := a.book(r, in, names{to: "to", agent: "call_agent_id"})
	if err != nil {
		return nil, err
	}
	said := "Call initiated successfully"
	if !e.Asked.IsZero() {
		said = "Call scheduled for " + e.Asked.UTC().Format(time.RFC3339) + ", when it may be placed"
	}
	return map[string]any{"status": "success", "call_id": e.ID, "message": said}, nil
}

// oldCall is call as an older page of the vendor has it.
func (a *api) oldCall(r *http.Request) (any, error) {
	in, err := read(r)
	if err != nil {
		return nil, err
	}
	e, from, err := a.book(r, in, names{to: "toNumber", agent: "agentId"})
	if err != nil {
		return nil, err
	}
	return map[string]any{"status": "success", "callId": e.ID, "roomName": e.ID, "fromNumber": from, "toNumber": e.To, "agent": e.Agent}, nil
}

// names are those of the fields that two pages call otherwise.
type names struct{ to, agent string }

// book reads who is to be called by whom, and takes it on. from is the number
// that the agent calls from.
func (a *api) book(r *http.Request, in map[string]any, n names) (e agenda.Errand, from string, err error) {
	ctx := r.Context()
	var wrong roster.Problems
	e = agenda.Errand{Workspace: gate.Workspace(ctx), Kind: agenda.Call, Source: agenda.FromTrillet}
	if e.To = text(in, n.to, &wrong); e.To == "" && len(wrong.Of(n.to)) == 0 {
		wrong.Add(n.to, "can't be blank")
	} else if e.To != "" && !roster.E164(e.To) {
		wrong.Add(n.to, "must be a phone number in E.164 form, such as +14155550177")
	}
	if e.AgentUUID = text(in, n.agent, &wrong); e.AgentUUID == "" && len(wrong.Of(n.agent)) == 0 {
		wrong.Add(n.agent, "can't be blank")
	}
	if e.Options.CallbackURL = text(in, "callback_url", &wrong); e.Options.CallbackURL != "" {
		if why := (roster.Terms{AllowHTTP: a.AllowHTTP}).Target(e.Options.CallbackURL); why != "" {
			wrong.Add("callback_url", "%s", why)
		}
	}
	e.Options.Consent = text(in, "consent", &wrong) // ours: a workspace may demand it
	if utf8.RuneCountInString(e.Options.Consent) > maxConsent {
		wrong.Add("consent", "is longer than %d characters", maxConsent)
	}
	e.Variables, e.Metadata = variables(in, &wrong), metadata(in, &wrong)
	if e.IdemKey = r.Header.Get("Idempotency-Key"); len(e.IdemKey) > maxIdemKey {
		wrong.Add("Idempotency-Key", "is longer than %d characters", maxIdemKey)
	} else if e.IdemKey != "" {
		e.IdemHash = hash(in)
	}
	if len(wrong) > 0 {
		return e, "", wrong
	}
	agent, from, err := a.caller(ctx, e.AgentUUID)
	if err != nil {
		return e, "", err
	}
	e.Agent = agent.Name
	if e.Asked, err = a.when(ctx, e, from); err != nil {
		return e, "", err
	}
	e, _, err = a.Booking.Book(ctx, e)
	return e, from, err
}

// when is when e may be placed, zero for now. Whom nobody may call is a refusal.
func (a *api) when(ctx context.Context, e agenda.Errand, from string) (time.Time, error) {
	if a.Planner == nil {
		return time.Time{}, nil
	}
	now := a.Now()
	at, err := a.Planner.When(ctx, dialplan.Ask{Workspace: e.Workspace, From: from, To: e.To, Consent: e.Options.Consent}, now)
	var no *dialplan.Refusal
	switch {
	case errors.As(err, &no):
		return at, refuse(http.StatusBadRequest, no.Why)
	case err != nil || !at.After(now):
		return time.Time{}, err
	}
	return at, nil
}

// caller is an agent that can place calls now, and the number that it calls from.
func (a *api) caller(ctx context.Context, id string) (g roster.Agent, from string, err error) {
	if g, err = a.Roster.Agent(ctx, gate.Workspace(ctx), id); err != nil {
		return g, "", err
	}
	var wrong roster.Problems
	if !g.Enabled {
		wrong.Add("agent", "Agent is disabled")
	}
	unfit, err := roster.Unfit(ctx, a.Catalog, g)
	if err != nil {
		return g, "", err
	}
	for _, why := range unfit {
		wrong.Add("agent", "%s", why)
	}
	all, err := a.numbersOf(ctx, g.UUID)
	if err != nil {
		return g, "", err
	}
	for _, n := range all {
		if n.Outbound && n.Status == roster.NumberActive {
			from = n.Number
			break
		}
	}
	if from == "" {
		wrong.Add("agent", "Agent has no phone number that supports outbound calls")
	}
	if len(wrong) > 0 {
		return g, "", wrong
	}
	return g, from, nil
}

// text is a text of in that may be missing, or null.
func text(in map[string]any, name string, wrong *roster.Problems) string {
	s, ok := in[name].(string)
	if !ok && in[name] != nil {
		wrong.Add(name, "must be a string")
	}
	return strings.TrimSpace(s)
}

// variables are a call's own, as JSON.
func variables(in map[string]any, wrong *roster.Problems) string {
	const name = "dynamic_variables"
	set, ok := in[name].(map[string]any)
	if !ok && in[name] != nil {
		wrong.Add(name, "must be an object")
	}
	for i, m := range vars.Check(set) {
		if i == 20 {
			wrong.Add(name, "More of them are wrong.")
			break
		}
		wrong.Add(name, "%s", m)
	}
	out, err := vars.Set(set).Encode()
	if err != nil {
		wrong.Add(name, "can't be kept")
	}
	return out
}

// metadata is the client's own, as JSON.
func metadata(in map[string]any, wrong *roster.Problems) string {
	const name = "metadata"
	set, ok := in[name].(map[string]any)
	if !ok {
		if in[name] != nil {
			wrong.Add(name, "must be an object")
		}
		return "{}"
	}
	raw, err := json.Marshal(set)
	if err != nil || len(raw) > maxMetadata || strings.Contains(string(raw), `\u0000`) {
		wrong.Add(name, "can't be kept: at most %d bytes of JSON are, without null characters", maxMetadata)
	}
	return string(raw)
}

// hash tells requests of one key apart.
func hash(in map[string]any) string {
	b, err := json.Marshal(in)
	if err != nil {
		panic(fmt.Errorf("trillet: what was parsed can't be written: %w", err))
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

package v2

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/rest/gate"
)

// AgentPath is the input of what is about one agent.
type AgentPath struct {
	UUID string `path:"uuid" doc:"UUID of the agent."`
}

// AdvancedQuery is the input of what shows agents.
type AdvancedQuery struct {
	Advanced bool `query:"advanced" doc:"Show more: id, version, enabled, greeting, tools, webhooks, system_tools, smart_callback and turn.endpoint_wait_ms."`
}

type agentAnswer struct {
	Success bool      `json:"success"`
	Item    agentItem `json:"item"`
	Message string    `json:"message,omitempty"`
}

type agentsAnswer struct {
	Success bool        `json:"success"`
	Items   []agentItem `json:"items"`
	Count   int         `json:"count"`
}

// doneAnswer says that something was done that leaves nothing to show.
type doneAnswer struct {
	Success bool   `json:"success"`
	Message string `json:"message"`
}

// agents registers what is done with agents.
func (a *API) agents() {
	handle(a, operation{ID: "list-agents", Method: http.MethodGet, Path: "/agents", Tag: tagAgents,
		Summary: "List agents", Scope: roster.AgentsRead, Fail: "Failed to list agents",
		About: "Lists the workspace's agents, the oldest first.", Errors: []int{http.StatusBadRequest}}, a.listAgents)
	handle(a, operation{ID: "create-agent", Method: http.MethodPost, Path: "/agents", Tag: tagAgents,
		Summary: "Create an agent", Scope: roster.AgentsWrite, Fail: "Failed to create agent",
		About: "Makes version 1 of an agent. All that is wrong with the body is told in one answer, by field. " +
			"An agent without `asr` or `llm` is made, too, but takes no calls until it has them.",
		Body: agentBody{}, Example: exampleCreate, Answer: exampleCreated, Errors: []int{http.StatusBadGateway}}, a.createAgent)
	handle(a, operation{ID: "get-agent", Method: http.MethodGet, Path: "/agents/{uuid}", Tag: tagAgents, Thing: "Agent",
		Summary: "Get an agent", Scope: roster.AgentsRead, Fail: "Failed to get agent", Errors: []int{http.StatusBadRequest}}, a.getAgent)
	handle(a, operation{ID: "update-agent", Method: http.MethodPatch, Path: "/agents/{uuid}", Tag: tagAgents, Thing: "Agent",
		Summary: "Update an agent", Scope: roster.AgentsWrite, Fail: "Failed to update agent",
		About: "Merges the body into the agent: fields that are left out keep their values, also inside `asr`, `turn`, `llm` and `system_tools`; " +
			"null puts the default back. `languages`, `tools`, `webhooks` and fallbacks are replaced as a whole. " +
			"Every change makes a version; a body that changes nothing makes none. Calls that run stay on theirs.",
		Body: agentPatch{}, Example: `{"llm":{"temperature":0.5},"enabled":true}`, Errors: []int{http.StatusConflict, http.StatusBadGateway}}, a.updateAgent)
	handle(a, operation{ID: "delete-agent", Method: http.MethodDelete, Path: "/agents/{uuid}", Tag: tagAgents, Thing: "Agent",
		Summary: "Delete an agent", Scope: roster.AgentsWrite, Fail: "Failed to delete agent",
		About:  "Takes the agent away and lets go of its numbers. Calls that run go on; records of its calls stay.",
		Answer: `{"success":true,"message":"Agent deleted successfully"}`}, a.deleteAgent)
}

func (a *API) listAgents(ctx context.Context, in *struct {
	AdvancedQuery
	Number string `query:"phone_number" doc:"Only those that answer this number (E.164)."`
}) (*reply[agentsAnswer], error) {
	all, err := a.Roster.ListAgents(ctx, gate.Workspace(ctx), roster.AgentFilter{Number: plus(in.Number)})
	if err != nil {
		return nil, err
	}
	items, err := a.items(ctx, all, in.Advanced)
	if err != nil {
		return nil, err
	}
	return &reply[agentsAnswer]{agentsAnswer{Success: true, Items: items, Count: len(items)}}, nil
}

// plus gives a number back the + that a query turned into a space.
func plus(number string) string {
	if rest, ok := strings.CutPrefix(number, " "); ok {
		return "+" + rest
	}
	return number
}

func (a *API) getAgent(ctx context.Context, in *struct {
	AgentPath
	AdvancedQuery
}) (*reply[agentAnswer], error) {
	g, err := a.Roster.Agent(ctx, gate.Workspace(ctx), in.UUID)
	if err != nil {
		return nil, err
	}
	return a.show(ctx, g, in.Advanced, "")
}

// show answers with an agent.
func (a *API) show(ctx context.Context, g roster.Agent, advanced bool, message string) (*reply[agentAnswer], error) {
	item, err := a.item(ctx, g, advanced)
	if err != nil {
		return nil, err
	}
	return &reply[agentAnswer]{agentAnswer{Success: true, Item: item, Message: message}}, nil
}

func (a *API) createAgent(ctx context.Context, in *struct {
	AdvancedQuery
	Posted
}) (*reply[agentAnswer], error) {
	body, err := parse(in.RawBody)
	if err != nil {
		return nil, err
	}
	terms, err := a.terms(ctx)
	if err != nil {
		return nil, err
	}
	d, wrong := terms.Create(body)
	link, err := a.link(ctx, body, "", wrong)
	if err != nil {
		return nil, err
	}
	id := int64(0)
	if link != nil {
		id = *link
	}
	if err := a.leadHereByID(ctx, id); err != nil {
		return nil, err
	}
	g := roster.Agent{UUID: uuid.NewString(), Workspace: gate.Workspace(ctx), Definition: d}
	g, err = a.Roster.CreateAgent(ctx, g, id, gate.Actor(ctx), a.Now())
	if errors.Is(err, roster.ErrTaken) {
		return nil, a.linkedMeanwhile(ctx, id)
	}
	if err != nil {
		return nil, err
	}
	return a.show(ctx, g, in.Advanced, "Agent created successfully")
}

func (a *API) updateAgent(ctx context.Context, in *struct {
	AgentPath
	AdvancedQuery
	Posted
}) (*reply[agentAnswer], error) {
	body, err := parse(in.RawBody)
	if err != nil {
		return nil, err
	}
	terms, err := a.terms(ctx)
	if err != nil {
		return nil, err
	}
	g, err := a.change(ctx, in.UUID, func(g roster.Agent) (roster.Definition, *int64, error) {
		d, wrong := terms.Change(g.Definition, body)
		link, err := a.link(ctx, body, g.UUID, wrong)
		if err == nil && link != nil {
			err = a.leadHereByID(ctx, *link)
		}
		return d, link, err
	})
	if err != nil {
		return nil, err
	}
	if id, there := body["phone_number_id"]; there && (id == nil || id == json.Number("0")) {
		if err := a.unlink(ctx, g.UUID); err != nil {
			return nil, err
		}
	}
	return a.show(ctx, g, in.Advanced, "Agent updated successfully")
}

func (a *API) deleteAgent(ctx context.Context, in *AgentPath) (*reply[doneAnswer], error) {
	had, err := a.numbersOf(ctx, in.UUID)
	if err != nil {
		return nil, err
	}
	if err := a.Roster.DeleteAgent(ctx, gate.Workspace(ctx), in.UUID, gate.Actor(ctx), a.Now()); err != nil {
		return nil, err
	}
	for _, n := range had {
		if err := a.letGo(ctx, n); err != nil { // calls to it are told that it is not in service
			a.Log.WarnContext(ctx, "a number of a deleted agent still leads here", "number_id", n.ID, "err", err)
		}
	}
	return &reply[doneAnswer]{doneAnswer{true, "Agent deleted successfully"}}, nil
}

// tries is how often a change is merged anew when somebody else was faster.
const tries = 4

// change makes the next version of an agent: what make says of the present one.
func (a *API) change(ctx context.Context, id string, do func(roster.Agent) (roster.Definition, *int64, error)) (roster.Agent, error) {
	for try := 1; ; try++ {
		g, err := a.Roster.Agent(ctx, gate.Workspace(ctx), id)
		if err != nil {
			return g, err
		}
		d, link, err := do(g)
		if err == nil {
			err = roomy(g.Definition, d)
		}
		if err != nil {
			return g, err
		}
		g, err = a.Roster.ChangeAgent(ctx, gate.Workspace(ctx), id, g.Version, d, link, gate.Actor(ctx), a.Now())
		if errors.Is(err, roster.ErrConflict) && try < tries {
			continue
		}
		if errors.Is(err, roster.ErrTaken) && link != nil {
			return g, a.linkedMeanwhile(ctx, *link)
		}
		return g, err
	}
}

// maxDefinition bounds what an agent is, in bytes of JSON. One request is bounded
// by itself; tools that are added one by one would come to many times as much,
// in every version and in every list.
const maxDefinition = 1 << 20

// roomy refuses what makes an agent larger than it may be.
func roomy(before, after roster.Definition) error {
	now, err := json.Marshal(after)
	if err != nil || len(now) <= maxDefinition {
		return err
	}
	was, err := json.Marshal(before)
	if err != nil || len(now) <= len(was) {
		return err
	}
	return roster.Problems{{Field: "base", Messages: []string{fmt.Sprintf("An agent can have at most %d bytes, its tools and webhooks included.", maxDefinition)}}}
}

// terms is what the workspace may wish for.
func (a *API) terms(ctx context.Context) (roster.Terms, error) {
	ws := gate.Workspace(ctx)
	voices, err := a.Catalog.Voices(ctx, ws)
	if err != nil {
		return roster.Terms{}, err
	}
	return roster.Terms{
		ASR: a.Catalog.ASR(ctx, ws), LLM: a.Catalog.LLM(ctx, ws), Voices: voices,
		AllowHTTP: a.AllowHTTP, Seal: a.Sealer.Seal, Open: a.Sealer.Open, UUID: uuid.NewString,
		Who: gate.Actor(ctx), Now: a.Now(),
	}, nil
}

// link reads phone_number_id, and adds what is wrong with it to what else is.
// It returns nil when the links stay as they are.
func (a *API) link(ctx context.Context, body map[string]any, own string, err error) (*int64, error) {
	var wrong roster.Problems
	if err != nil && !errors.As(err, &wrong) {
		return nil, err
	}
	id, message := numberID(body)
	if id > 0 {
		n, err := a.Roster.Number(ctx, gate.Workspace(ctx), id)
		switch {
		case errors.Is(err, roster.ErrNotFound):
			message = "Phone number not found"
		case err != nil:
			return nil, err
		case n.AgentUUID != "" && n.AgentUUID != own:
			message = linkedTo(n.AgentName)
		case n.Status != roster.NumberActive:
			message = "Phone number is " + n.Status
		}
	}
	if message != "" {
		wrong.Add("phone_number_id", "%s", message)
	}
	if len(wrong) > 0 {
		return nil, wrong
	}
	if id == 0 {
		return nil, nil
	}
	return &id, nil
}

// numberID is the phone_number_id of a body; 0 when it has none.
func numberID(body map[string]any) (id int64, wrong string) {
	v, there := body["phone_number_id"]
	if !there || v == nil {
		return 0, ""
	}
	n, is := v.(json.Number)
	if !is {
		return 0, "is not a number"
	}
	id, err := n.Int64()
	switch {
	case err != nil:
		return 0, "must be an integer"
	case id < 0:
		return 0, "Phone number not found"
	}
	return id, ""
}

func linkedTo(agent string) string {
	return fmt.Sprintf("Phone number is already linked to agent '%s'", agent)
}

// linkedMeanwhile says who was faster.
func (a *API) linkedMeanwhile(ctx context.Context, id int64) error {
	n, err := a.Roster.Number(ctx, gate.Workspace(ctx), id)
	if err != nil {
		return err
	}
	return roster.Problems{{Field: "phone_number_id", Messages: []string{linkedTo(n.AgentName)}}}
}

// numbersOf are the numbers that lead to an agent.
func (a *API) numbersOf(ctx context.Context, agent string) ([]roster.Number, error) {
	all, err := a.Roster.ListNumbers(ctx, gate.Workspace(ctx))
	return slices.DeleteFunc(all, func(n roster.Number) bool { return n.AgentUUID != agent }), err
}

// unlink lets go of all of an agent's numbers.
func (a *API) unlink(ctx context.Context, agent string) error {
	ws := gate.Workspace(ctx)
	all, err := a.numbersOf(ctx, agent)
	if err != nil {
		return err
	}
	for _, n := range all {
		if err := a.letGo(ctx, n); err != nil {
			return err
		}
		if _, err := a.Roster.LinkNumber(ctx, ws, n.ID, "", gate.Actor(ctx), a.Now()); err != nil {
			return err
		}
	}
	return nil
}

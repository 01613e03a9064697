package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/hookswitch/hookswitch/cmd/hookswitch/client"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/fault"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/show"
)

// agentCmd looks after agents.
type agentCmd struct {
	Apply    agentApplyCmd    `cmd:"" help:"Make the gateway's agents what a file says, and show what changes."`
	Diff     agentDiffCmd     `cmd:"" help:"Show how a file, or two versions, differ."`
	List     agentListCmd     `cmd:"" help:"List the agents."`
	Get      agentGetCmd      `cmd:"" help:"Show agents; with -o yaml as a file for apply."`
	Edit     agentEditCmd     `cmd:"" help:"Change an agent in your editor."`
	Versions agentVersionsCmd `cmd:"" help:"List an agent's versions."`
	Restore  agentRestoreCmd  `cmd:"" help:"Make an earlier version the newest."`
	Delete   agentDeleteCmd   `cmd:"" help:"Delete agents."`
}

// agentView is what commands read of an agent of the API (advanced=true).
type agentView struct {
	Agent struct {
		Name       string    `json:"name"`
		UUID       string    `json:"uuid"`
		Status     string    `json:"status"`
		CallsToday int       `json:"calls_today"`
		LastActive time.Time `json:"last_active_at"` // zero: never
	} `json:"agent"`
	ASR *struct{ Provider, Model string }         `json:"asr"`
	LLM *struct{ Provider, Model, Prompt string } `json:"llm"`
	TTS struct {
		UUID string `json:"voice_uuid"`
		Name string `json:"voice_name"`
	} `json:"tts"`
	Numbers []struct {
		ID     int64  `json:"id"`
		Number string `json:"phone_number"`
		Label  string `json:"label"`
	} `json:"phone_numbers"`
	Version int                              `json:"version"`
	Enabled bool                             `json:"enabled"`
	System  map[string]struct{ Active bool } `json:"system_tools"`
	Tools   []struct{ Name string }          `json:"tools"`
	Hooks   []hookView                       `json:"webhooks"`

	raw json.RawMessage
}

func (a *agentView) hears() string {
	if a.ASR == nil {
		return "nothing yet"
	}
	return a.ASR.Provider + " " + a.ASR.Model
}

func (a *agentView) thinks() string {
	if a.LLM == nil || a.LLM.Provider == "" || a.LLM.Model == "" {
		return "nothing yet"
	}
	return a.LLM.Provider + " " + a.LLM.Model
}

// state says whether the agent takes calls, and whether it is in one.
func (a *agentView) state() string {
	if !a.Enabled {
		return "disabled"
	}
	return a.Agent.Status
}

// numbers are those that lead to the agent; for a person with spaces in them.
func (a *agentView) numbers(person bool) string {
	var all []string
	for _, n := range a.Numbers {
		if person {
			n.Number = show.Number(n.Number)
		}
		all = append(all, n.Number)
	}
	return strings.Join(all, ", ")
}

// rawItem is the envelope of one thing whose JSON is kept.
type rawItem = client.Item[json.RawMessage]

// readAgent asks for the agent with this uuid.
func readAgent(ctx context.Context, c *client.Client, uuid string) (*agentView, error) {
	var got rawItem
	if err := c.Get(ctx, client.Path("agents", uuid), url.Values{"advanced": {"true"}}, &got); err != nil {
		return nil, err
	}
	return viewAgent(got.Item)
}

func viewAgent(raw json.RawMessage) (*agentView, error) {
	a := &agentView{raw: raw}
	if err := json.Unmarshal(raw, a); err != nil || a.Agent.UUID == "" {
		return nil, unreadable("an agent")
	}
	return a, nil
}

// unreadable tells that the gateway answered with something that this build
// can't read.
func unreadable(what string) error {
	return &fault.Fault{What: "the gateway shows " + what + " in a form that this build does not know", Where: "the answer", Mend: "use the " + fault.Keep("hookswitch") + " that the gateway is: " + fault.Keep("hookswitch version"), Code: "api/answer"}
}

// agentRef is an agent's name and uuid.
type agentRef struct{ name, uuid string }

// agentRefs lists the workspace's agents.
func agentRefs(ctx context.Context, c *client.Client) ([]agentRef, error) {
	all, err := client.All[agentView](ctx, c, "/agents", nil)
	if err != nil {
		return nil, err
	}
	var refs []agentRef
	for _, a := range all {
		refs = append(refs, agentRef{a.Agent.Name, a.Agent.UUID})
	}
	return refs, nil
}

var uuidForm = regexp.MustCompile(`^[0-9a-fA-F]{8}-([0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}$`)

// findAgent is the one agent of that name or uuid.
func findAgent(ctx context.Context, c *client.Client, name string) (*agentView, error) {
	if uuidForm.MatchString(name) {
		a, err := readAgent(ctx, c, name)
		var e *client.Error
		if err == nil || !errors.As(err, &e) || e.Status != http.StatusNotFound {
			return a, err
		}
	}
	refs, err := agentRefs(ctx, c)
	if err != nil {
		return nil, err
	}
	found, err := pick(refs, name)
	if err != nil {
		return nil, err
	}
	return readAgent(ctx, c, found.uuid)
}

// pick is the one of refs that name means.
func pick(refs []agentRef, name string) (agentRef, error) {
	var found []agentRef
	var names []string
	for _, r := range refs {
		if r.name == name || strings.EqualFold(r.uuid, name) {
			found = append(found, r)
		}
		names = append(names, r.name)
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		f := &fault.Fault{What: fmt.Sprintf("there is no agent %q", name), Where: "this workspace", Mend: fault.Keep("hookswitch agent list"), Code: "agent/not-found", Exit: fault.Wrong}
		if near := fault.Nearest(name, names); near != "" {
			f.Mend = "did you mean " + fault.Keep(near) + "? all agents: " + f.Mend
		}
		return agentRef{}, f
	}
	return agentRef{}, severalAgents(name, found)
}

func severalAgents(name string, found []agentRef) error {
	var uuids []string
	for _, r := range found {
		uuids = append(uuids, r.uuid)
	}
	return &fault.Fault{What: fmt.Sprintf("%d agents are called %q", len(found), name), Where: strings.Join(uuids, "  "),
		Mend: "name one by its uuid, in a file with " + fault.Keep("uuid: "+found[0].uuid), Code: "agent/several", Exit: fault.Wrong}
}

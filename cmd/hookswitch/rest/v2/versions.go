package v2

import (
	"context"
	"fmt"
	"math"
	"net/http"
	"strconv"

	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/rest/gate"
)

// versionHead is a version in a list.
type versionHead struct {
	Version int      `json:"version"`
	Who     string   `json:"who" doc:"Who made it: key:ID, or cli:USER."`
	Created stamp    `json:"created_at"`
	Current bool     `json:"current" doc:"It is the agent's present version."`
	Changed []string `json:"changed" doc:"Paths in which it differs from the version before."`
}

// versionItem is a version with all that it says.
type versionItem struct {
	Version    int          `json:"version"`
	Who        string       `json:"who"`
	Created    stamp        `json:"created_at"`
	Current    bool         `json:"current"`
	Definition agentVersion `json:"definition"`
}

// agentVersion is what one version says, in the shape of the body that makes an
// agent.
type agentVersion struct {
	Name           string                    `json:"name"`
	Enabled        bool                      `json:"enabled"`
	Voice          string                    `json:"voice_uuid"`
	FallbackVoices []string                  `json:"fallback_voice_uuids,omitempty" doc:"When there are any."`
	Languages      []string                  `json:"languages"`
	Variables      object                    `json:"dynamic_variables"`
	Greeting       *string                   `json:"greeting"`
	ASR            orNull[asrPart]           `json:"asr"`
	Turn           orNull[turnPart]          `json:"turn"`
	LLM            orNull[llmPart]           `json:"llm"`
	SystemTools    map[string]systemToolPart `json:"system_tools"`
	Tools          []toolItem                `json:"tools"`
	Webhooks       []webhookItem             `json:"webhooks"`
	Callback       *callbackPart             `json:"smart_callback,omitempty" doc:"When it is set."`
}

type difference struct {
	Path string   `json:"path" example:"llm.prompt"`
	From anything `json:"from"`
	To   anything `json:"to"`
}

type versionsAnswer struct {
	Success bool          `json:"success"`
	Items   []versionHead `json:"items"`
	Count   int           `json:"count"`
}

type versionAnswer struct {
	Success bool        `json:"success"`
	Item    versionItem `json:"item"`
}

type diffAnswer struct {
	Success bool         `json:"success"`
	Items   []difference `json:"items"`
	Count   int          `json:"count"`
}

type VersionPath struct {
	AgentPath
	Version string `path:"version" doc:"Number of the version."`
}

// versions registers what is done with an agent's versions.
func (a *API) versions() {
	handle(a, operation{ID: "list-versions", Method: http.MethodGet, Path: "/agents/{uuid}/versions", Tag: tagVersions, Thing: "Agent",
		Summary: "List versions", Scope: roster.AgentsRead, Fail: "Failed to list versions", Errors: []int{http.StatusBadRequest},
		About: "Lists an agent's versions, the newest first, and what each changed."}, a.listVersions)
	handle(a, operation{ID: "get-version", Method: http.MethodGet, Path: "/agents/{uuid}/versions/{version}", Tag: tagVersions, Thing: "Version",
		Summary: "Get a version", Scope: roster.AgentsRead, Fail: "Failed to get version",
		About: "Returns all that a version says, also of an agent that was deleted."}, a.getVersion)
	handle(a, operation{ID: "restore-version", Method: http.MethodPost, Path: "/agents/{uuid}/versions/{version}/restore", Tag: tagVersions, Thing: "Version",
		Summary: "Restore a version", Scope: roster.AgentsWrite, Fail: "Failed to restore version", Errors: []int{http.StatusConflict},
		About: "Makes a new version that says what an older one said. Links to phone numbers are no part of versions."}, a.restoreVersion)
	handle(a, operation{ID: "diff-versions", Method: http.MethodGet, Path: "/agents/{uuid}/versions/{version}/diff/{other}", Tag: tagVersions, Thing: "Version",
		Summary: "Compare versions", Scope: roster.AgentsRead, Fail: "Failed to compare versions",
		About:  "Lists the places in which `other` differs from `version`. Tools are told apart by name, webhooks by type. Secrets are not shown.",
		Answer: `{"success":true,"items":[{"path":"llm.temperature","from":0.3,"to":0.5}],"count":1}`}, a.diffVersions)
}

func (a *API) listVersions(ctx context.Context, in *struct {
	AgentPath
	Before int `query:"before" minimum:"1" doc:"Only versions below this number."`
	Limit  int `query:"limit" minimum:"1" maximum:"100" default:"20" doc:"At most so many."`
}) (*reply[versionsAnswer], error) {
	g, err := a.Roster.Agent(ctx, gate.Workspace(ctx), in.UUID)
	if err != nil {
		return nil, err
	}
	all, err := a.Roster.Versions(ctx, gate.Workspace(ctx), in.UUID, in.Before, in.Limit+1) // one more, to compare with
	if err != nil {
		return nil, err
	}
	items := []versionHead{}
	for i, v := range all[:min(in.Limit, len(all))] {
		head := versionHead{Version: v.Number, Who: string(v.Who), Created: stamp(v.Created), Current: v.Number == g.Version, Changed: []string{}}
		if i+1 < len(all) {
			places, err := roster.Diff(all[i+1].Definition, v.Definition)
			if err != nil {
				return nil, err
			}
			for _, p := range places {
				head.Changed = append(head.Changed, p.Path)
			}
		}
		items = append(items, head)
	}
	return &reply[versionsAnswer]{versionsAnswer{Success: true, Items: items, Count: len(items)}}, nil
}

// version finds one by its number.
func (a *API) version(ctx context.Context, agent, number string) (roster.Version, error) {
	n, err := strconv.Atoi(number)
	if err != nil || n < 1 || n > math.MaxInt32 {
		return roster.Version{}, roster.ErrNotFound
	}
	return a.Roster.Version(ctx, gate.Workspace(ctx), agent, n)
}

func (a *API) getVersion(ctx context.Context, in *VersionPath) (*reply[versionAnswer], error) {
	v, err := a.version(ctx, in.UUID, in.Version)
	if err != nil {
		return nil, err
	}
	current := false
	if g, err := a.Roster.Agent(ctx, gate.Workspace(ctx), in.UUID); err == nil { // it may be deleted
		current = g.Version == v.Number
	}
	g := roster.Agent{UUID: in.UUID, Workspace: gate.Workspace(ctx), Version: v.Number, Definition: v.Definition}
	item, more := itemOf(g, true), advancedOf(g)
	return &reply[versionAnswer]{versionAnswer{Success: true, Item: versionItem{
		Version: v.Number, Who: string(v.Who), Created: stamp(v.Created), Current: current,
		Definition: agentVersion{Name: v.Name, Enabled: v.Enabled, Voice: v.VoiceUUID, FallbackVoices: v.FallbackVoices, Languages: item.Agent.Languages,
			Variables: item.Agent.Variables, Greeting: v.Greeting, ASR: orNull[asrPart]{item.ASR}, Turn: orNull[turnPart]{item.Turn}, LLM: orNull[llmPart]{item.LLM},
			SystemTools: more.SystemTools, Tools: more.Tools, Webhooks: more.Webhooks, Callback: more.Callback},
	}}}, nil
}

func (a *API) restoreVersion(ctx context.Context, in *struct {
	VersionPath
	AdvancedQuery
}) (*reply[agentAnswer], error) {
	v, err := a.version(ctx, in.UUID, in.Version)
	if err != nil {
		return nil, err
	}
	g, err := a.change(ctx, in.UUID, func(roster.Agent) (roster.Definition, *int64, error) { return v.Definition, nil, nil })
	if err != nil {
		return nil, err
	}
	return a.show(ctx, g, in.Advanced, fmt.Sprintf("Version %d restored as version %d", v.Number, g.Version))
}

func (a *API) diffVersions(ctx context.Context, in *struct {
	VersionPath
	Other string `path:"other" doc:"Number of the version to compare with."`
}) (*reply[diffAnswer], error) {
	from, err := a.version(ctx, in.UUID, in.Version)
	if err != nil {
		return nil, err
	}
	to, err := a.version(ctx, in.UUID, in.Other)
	if err != nil {
		return nil, err
	}
	places, err := roster.Diff(from.Definition, to.Definition)
	if err != nil {
		return nil, err
	}
	items := make([]difference, 0, len(places))
	for _, p := range places {
		items = append(items, difference{p.Path, anything{p.From}, anything{p.To}})
	}
	return &reply[diffAnswer]{diffAnswer{Success: true, Items: items, Count: len(items)}}, nil
}

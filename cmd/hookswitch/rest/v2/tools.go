package v2

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"strconv"

	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/rest/gate"
)

type ToolPath struct {
	AgentPath
	Tool string `path:"tool" doc:"Integer id or UUID of the tool."`
}

type toolAnswer struct {
	Success bool     `json:"success"`
	Item    toolItem `json:"item"`
	Message string   `json:"message,omitempty"`
}

type toolsAnswer struct {
	Success bool       `json:"success"`
	Items   []toolItem `json:"items"`
	Count   int        `json:"count"`
}

// systemToolInfo is what a system tool is before any agent has set it.
type systemToolInfo struct {
	Identifier  string     `json:"identifier" enum:"end_call,transfer_to_number,voicemail_detection"`
	Description string     `json:"description"`
	Config      toolConfig `json:"default_config"`
	Active      bool       `json:"default_active"`
}

type systemToolsAnswer struct {
	Success bool             `json:"success"`
	Items   []systemToolInfo `json:"items"`
	Count   int              `json:"count"`
}

// tools registers what is done with an agent's tools.
func (a *API) tools() {
	for id, path := range map[string]string{"get-system-tools": "/agents/system_tools", "get-system-tools-dashed": "/agents/system-tools"} {
		about := "Lists the gateway's own tools and their settings in a new agent."
		if id != "get-system-tools" {
			about += " The same as /agents/system_tools."
		}
		handle(a, operation{ID: id, Method: http.MethodGet, Path: path, Tag: tagCatalog,
			Summary: "Get system tools", About: about, Scope: roster.AgentsRead, Fail: "Failed to get system tools"}, a.systemTools)
	}
	handle(a, operation{ID: "list-tools", Method: http.MethodGet, Path: "/agents/{uuid}/tools", Tag: tagTools, Thing: "Agent",
		Summary: "List tools", Scope: roster.AgentsRead, Fail: "Failed to list tools",
		About: "Lists an agent's tools, the system tools first."}, a.listTools)
	handle(a, operation{ID: "create-tool", Method: http.MethodPost, Path: "/agents/{uuid}/tools", Tag: tagTools, Thing: "Agent",
		Summary: "Create a tool", Scope: roster.AgentsWrite, Fail: "Failed to create tool", Errors: []int{http.StatusConflict},
		About: "Gives the agent a tool. A `webhook` tool sends an HTTP request. A `client` tool is kept, but cannot run until there is a client " +
			"to run it: a model that calls it is told so. System tools cannot be created.",
		Body: toolBody{}, Example: exampleTool}, a.createTool)
	handle(a, operation{ID: "get-tool", Method: http.MethodGet, Path: "/agents/{uuid}/tools/{tool}", Tag: tagTools, Thing: "Tool",
		Summary: "Get a tool", Scope: roster.AgentsRead, Fail: "Failed to get tool"}, a.getTool)
	handle(a, operation{ID: "update-tool", Method: http.MethodPatch, Path: "/agents/{uuid}/tools/{tool}", Tag: tagTools, Thing: "Tool",
		Summary: "Update a tool", Scope: roster.AgentsWrite, Fail: "Failed to update tool", Errors: []int{http.StatusConflict},
		About: "Merges the body into the tool; `parameters`, `assignments`, `request_headers` and `request_body` are replaced as a whole. " +
			"Of a system tool, `active` and `tool_config` can be set.",
		Body: toolBody{}, Example: `{"active":true,"tool_config":{"disable_interruptions":true}}`}, a.updateTool)
	handle(a, operation{ID: "delete-tool", Method: http.MethodDelete, Path: "/agents/{uuid}/tools/{tool}", Tag: tagTools, Thing: "Tool",
		Summary: "Delete a tool", Scope: roster.AgentsWrite, Fail: "Failed to delete tool", Errors: []int{http.StatusBadRequest, http.StatusConflict},
		About:  "Takes a tool away. System tools cannot be deleted, only turned off.",
		Answer: `{"success":true,"message":"Tool deleted successfully"}`}, a.deleteTool)
}

func (a *API) systemTools(context.Context, *struct{}) (*reply[systemToolsAnswer], error) {
	var items []systemToolInfo
	for _, name := range roster.SystemToolNames {
		items = append(items, systemToolInfo{
			Identifier: name, Description: roster.SystemToolDescriptions[name], Active: name == roster.EndCall,
			Config: toolConfig{Parameters: object{}, Assignments: []assignmentPart{}},
		})
	}
	return &reply[systemToolsAnswer]{systemToolsAnswer{Success: true, Items: items, Count: len(items)}}, nil
}

func (a *API) listTools(ctx context.Context, in *AgentPath) (*reply[toolsAnswer], error) {
	g, err := a.Roster.Agent(ctx, gate.Workspace(ctx), in.UUID)
	if err != nil {
		return nil, err
	}
	var items []toolItem
	for _, name := range roster.SystemToolsOf(g.Definition) {
		items = append(items, systemToolOf(g, name))
	}
	for _, t := range g.Tools {
		items = append(items, toolOf(g.Workspace, t))
	}
	return &reply[toolsAnswer]{toolsAnswer{Success: true, Items: items, Count: len(items)}}, nil
}

// findTool returns a system tool's name, or else the place of a tool.
func findTool(g roster.Agent, id string) (system string, at int, err error) {
	for _, name := range roster.SystemToolsOf(g.Definition) {
		if id == strconv.FormatInt(g.SystemTools[name].ID, 10) || id == systemUUID(g.UUID, name) {
			return name, 0, nil
		}
	}
	at = slices.IndexFunc(g.Tools, func(t roster.Tool) bool { return id == t.UUID || id == strconv.FormatInt(t.ID, 10) })
	if at < 0 {
		return "", 0, roster.ErrNotFound
	}
	return "", at, nil
}

func (a *API) getTool(ctx context.Context, in *ToolPath) (*reply[toolAnswer], error) {
	g, err := a.Roster.Agent(ctx, gate.Workspace(ctx), in.UUID)
	if err != nil {
		return nil, err
	}
	return showTool(g, in.Tool, "")
}

func showTool(g roster.Agent, id, message string) (*reply[toolAnswer], error) {
	system, at, err := findTool(g, id)
	if err != nil {
		return nil, err
	}
	item := systemToolOf(g, system)
	if system == "" {
		item = toolOf(g.Workspace, g.Tools[at])
	}
	return &reply[toolAnswer]{toolAnswer{Success: true, Item: item, Message: message}}, nil
}

func (a *API) createTool(ctx context.Context, in *struct {
	AgentPath
	Posted
}) (*reply[toolAnswer], error) {
	body, err := parse(in.RawBody)
	if err != nil {
		return nil, err
	}
	terms, err := a.terms(ctx)
	if err != nil {
		return nil, err
	}
	made := ""
	g, err := a.change(ctx, in.UUID, func(g roster.Agent) (roster.Definition, *int64, error) {
		t, err := terms.CreateTool(g.Definition, body)
		made = t.UUID
		g.Tools = append(slices.Clone(g.Tools), t)
		return g.Definition, nil, err
	})
	if err != nil {
		return nil, err
	}
	message := "Tool created successfully"
	if at := len(g.Tools) - 1; g.Tools[at].Type == roster.ClientTool {
		message += ". Client tools cannot run yet: a model that calls it is told so."
	}
	return showTool(g, made, message)
}

func (a *API) updateTool(ctx context.Context, in *struct {
	ToolPath
	Posted
}) (*reply[toolAnswer], error) {
	body, err := parse(in.RawBody)
	if err != nil {
		return nil, err
	}
	terms, err := a.terms(ctx)
	if err != nil {
		return nil, err
	}
	g, err := a.change(ctx, in.UUID, func(g roster.Agent) (roster.Definition, *int64, error) {
		d := g.Definition
		system, at, err := findTool(g, in.Tool)
		if err != nil {
			return d, nil, err
		}
		if system != "" {
			d.SystemTools = maps.Clone(d.SystemTools)
			d.SystemTools[system], err = roster.ChangeSystemTool(system, d.SystemTools[system], body)
			return d, nil, err
		}
		d.Tools = slices.Clone(d.Tools)
		d.Tools[at], err = terms.ChangeTool(d, d.Tools[at], body)
		return d, nil, err
	})
	if err != nil {
		return nil, err
	}
	return showTool(g, in.Tool, "Tool updated successfully")
}

func (a *API) deleteTool(ctx context.Context, in *ToolPath) (*reply[doneAnswer], error) {
	_, err := a.change(ctx, in.UUID, func(g roster.Agent) (roster.Definition, *int64, error) {
		system, at, err := findTool(g, in.Tool)
		if err == nil && system != "" {
			err = Fail(http.StatusBadRequest, "System tools can't be deleted, only turned off.")
		}
		if err != nil {
			return g.Definition, nil, err
		}
		g.Tools = slices.Delete(slices.Clone(g.Tools), at, at+1)
		return g.Definition, nil, nil
	})
	if err != nil {
		return nil, err
	}
	return &reply[doneAnswer]{doneAnswer{true, "Tool deleted successfully"}}, nil
}

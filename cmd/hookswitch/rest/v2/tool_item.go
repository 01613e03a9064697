package v2

import (
	"encoding/json"

	"github.com/google/uuid"

	"github.com/hookswitch/hookswitch/agentcore/roster"
)

// toolItem is a tool in an answer.
type toolItem struct {
	ID          int64      `json:"id"`
	UUID        string     `json:"uuid"`
	Name        string     `json:"name"`
	Description string     `json:"description"`
	Type        string     `json:"tool_type" enum:"webhook,client,system"`
	Config      toolConfig `json:"tool_config"`
	Access      accessInfo `json:"access_info"`
	Usage       object     `json:"usage_stats" doc:"Empty so far."`
	Active      bool       `json:"active"`
	Created     stamp      `json:"created_at"`
	Updated     stamp      `json:"updated_at"`
}

type accessInfo struct {
	Owner string `json:"owner" doc:"The workspace; of a system tool Resemble.ai, as its clients expect."`
	By    string `json:"created_by"`
}

type toolConfig struct {
	Request     *requestPart     `json:"api_schema,omitempty" doc:"Of a webhook tool."`
	Parameters  object           `json:"parameters"`
	Assignments []assignmentPart `json:"assignments"`
	Timeout     int              `json:"response_timeout_secs,omitempty" doc:"Of a webhook or client tool."`
	Hold        bool             `json:"disable_interruptions"`
	Speak       bool             `json:"force_pre_tool_speech"`
	Safe        *bool            `json:"safe_to_retry,omitempty" doc:"Of a webhook tool."`
}

type requestPart struct {
	URL     string            `json:"url"`
	Method  string            `json:"method"`
	Headers map[string]string `json:"request_headers,omitempty"`
	Body    any               `json:"request_body,omitempty"`
}

type assignmentPart struct {
	Source    string `json:"source"`
	Attribute string `json:"attribute_name"`
	Variable  string `json:"dynamic_variable"`
}

// systemOwner owns system tools: the word that clients of the API look for.
const systemOwner = "Resemble.ai"

func toolOf(workspace string, t roster.Tool) toolItem {
	c := toolConfig{
		Request: requestOf(t.Config.Request), Parameters: object{}, Assignments: assignmentsOf(t.Config.Assignments),
		Timeout: t.Config.Timeout, Hold: t.Config.DisableInterruptions, Speak: t.Config.ForcePreToolSpeech,
	}
	if t.Type == roster.WebhookTool {
		c.Safe = &t.Config.SafeToRetry
	}
	for name, p := range t.Config.Parameters {
		c.Parameters[name] = p
	}
	return toolItem{
		ID: t.ID, UUID: t.UUID, Name: t.Name, Description: t.Description, Type: t.Type, Config: c,
		Access: accessInfo{workspace, string(t.CreatedBy)}, Usage: object{}, Active: t.Active,
		Created: stamp(t.Created), Updated: stamp(t.Updated),
	}
}

// systemToolOf is one of the gateway's own tools as an agent has it.
func systemToolOf(g roster.Agent, name string) toolItem {
	s := g.SystemTools[name]
	return toolItem{
		ID: s.ID, UUID: systemUUID(g.UUID, name), Name: name, Description: roster.SystemToolDescriptions[name], Type: roster.SystemType,
		Config: toolConfig{Parameters: objectOf(s.Parameters), Assignments: []assignmentPart{}, Hold: s.DisableInterruptions, Speak: s.ForcePreToolSpeech},
		Access: accessInfo{systemOwner, systemOwner}, Usage: object{}, Active: s.Active,
		Created: stamp(g.Created), Updated: stamp(g.Updated),
	}
}

// systemUUID follows from the agent and the tool: nothing else keeps it.
func systemUUID(agent, name string) string {
	of, err := uuid.Parse(agent)
	if err != nil {
		of = uuid.NameSpaceURL // an agent from before there were UUIDs
	}
	return uuid.NewSHA1(of, []byte(name)).String()
}

func requestOf(r *roster.Request) *requestPart {
	if r == nil {
		return nil
	}
	p := &requestPart{URL: r.URL, Method: r.Method, Headers: r.Headers}
	if len(r.Body) > 0 {
		p.Body = json.RawMessage(r.Body)
	}
	return p
}

func assignmentsOf(all []roster.Assignment) []assignmentPart {
	out := make([]assignmentPart, 0, len(all))
	for _, a := range all {
		out = append(out, assignmentPart(a))
	}
	return out
}

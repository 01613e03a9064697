package roster

import (
	"maps"
	"regexp"
	"slices"
	"strconv"
)

// Bounds of a tool.
const (
	maxDescription = 4_000
	maxParameters  = 32
	maxAssignments = 32
	toolTimeout    = 10 // seconds, when a tool doesn't say
)

var (
	toolName       = regexp.MustCompile(`^[a-zA-Z0-9_-]{1,64}$`) // what every model can call
	parameterTypes = []string{"string", "number", "integer", "boolean"}
	methods        = []string{"GET", "POST", "PUT", "PATCH", "DELETE"}
)

// tools reads the whole list. A tool keeps its identity by its name.
func (t Terms) tools(f form, d *Definition) error {
	all, ok := f.list("tools", maxTools)
	if !ok {
		return nil
	}
	before := d.Tools
	d.Tools = []Tool{}
	for i, v := range all {
		in, ok := f.item("tools", i, v)
		if !ok {
			continue
		}
		name, _ := in.in["name"].(string)
		tool := t.newTool()
		if at := slices.IndexFunc(before, func(b Tool) bool { return b.Name == name }); at >= 0 {
			tool = sameTool(before[at], tool)
		}
		tool = t.tool(in, tool, d.Tools, true)
		d.Tools = append(d.Tools, tool)
	}
	return nil
}

// sameTool is fresh under the identity of old: all that a list says of a tool is
// what it is from then on.
func sameTool(old, fresh Tool) Tool {
	fresh.ID, fresh.UUID, fresh.Created, fresh.CreatedBy = old.ID, old.UUID, old.Created, old.CreatedBy
	return fresh
}

func (t Terms) newTool() Tool {
	return Tool{UUID: t.UUID(), Type: WebhookTool, Active: true, CreatedBy: t.Who, Created: t.Now, Updated: t.Now,
		Config: ToolConfig{Parameters: map[string]Parameter{}, Assignments: []Assignment{}, Timeout: toolTimeout}}
}

// CreateTool makes the tool of d that body wishes for.
func (t Terms) CreateTool(d Definition, body map[string]any) (Tool, error) {
	var wrong Problems
	f := form{body, "", &wrong}
	if len(d.Tools) >= maxTools {
		f.refuse("base", "An agent can have at most %d tools.", maxTools)
	}
	tool := t.tool(f, t.newTool(), d.Tools, true)
	assignedHere(f, d, "tool_config.assignments", tool.Config.Assignments)
	if len(wrong) > 0 {
		return tool, wrong
	}
	return tool, nil
}

// ChangeTool merges body into tool, which is one of d's.
func (t Terms) ChangeTool(d Definition, tool Tool, body map[string]any) (Tool, error) {
	var wrong Problems
	f := form{body, "", &wrong}
	others := slices.DeleteFunc(slices.Clone(d.Tools), func(o Tool) bool { return o.UUID == tool.UUID })
	tool.Config.Parameters = maps.Clone(tool.Config.Parameters)
	tool = t.tool(f, tool, others, false)
	tool.Updated = t.Now
	assignedHere(f, d, "tool_config.assignments", tool.Config.Assignments)
	if len(wrong) > 0 {
		return tool, wrong
	}
	return tool, nil
}

// assignedHere tells of assignments to variables that d doesn't have.
func assignedHere(f form, d Definition, field string, all []Assignment) {
	for i, one := range all {
		if _, ok := d.Variables[one.Variable]; !ok && one.Variable != "" {
			f.refuse(field+"."+strconv.Itoa(i)+".dynamic_variable", noVariable)
		}
	}
}

// tool reads a tool over what it was.
func (t Terms) tool(f form, tool Tool, others []Tool, fresh bool) Tool {
	if f.text("name", 64, "", &tool.Name); tool.Name == "" && len(f.wrong.Of(f.under+"name")) == 0 {
		f.refuse("name", blank)
	} else if tool.Name != "" && !toolName.MatchString(tool.Name) {
		f.refuse("name", "may only contain letters, digits, - and _")
	}
	if slices.ContainsFunc(others, func(o Tool) bool { return o.Name == tool.Name }) || slices.Contains(SystemToolNames, tool.Name) || slices.Contains(extraSystemTools, tool.Name) {
		f.refuse("name", taken)
	}
	if f.text("description", maxDescription, "", &tool.Description); tool.Description == "" && len(f.wrong.Of(f.under+"description")) == 0 {
		f.refuse("description", blank)
	}
	f.flag("active", true, &tool.Active)
	kind := tool.Type
	switch {
	case !f.has("tool_type") && fresh:
		f.refuse("tool_type", blank)
	default:
		f.oneOf("tool_type", []string{WebhookTool, ClientTool}, kind, &kind)
	}
	if !fresh && kind != tool.Type {
		f.refuse("tool_type", "can't be changed")
	}
	tool.Type = kind
	in, null, ok := f.object("tool_config")
	switch {
	case ok && !null && len(f.wrong.Of(f.under+"tool_type")) > 0: // what it must hold depends on it
	case ok && !null:
		tool.Config = t.toolConfig(in, tool.Type, tool.Config)
	case (null || fresh) && len(f.wrong.Of(f.under+"tool_config")) == 0:
		f.refuse("tool_config", blank)
	}
	return tool
}

func (t Terms) toolConfig(f form, kind string, c ToolConfig) ToolConfig {
	if kind == WebhookTool {
		c.Request = t.request(f, c.Request)
	} else {
		c.Request = nil
	}
	sources := []string{"response"}
	if kind == ClientTool {
		sources = append(sources, "argument")
	}
	c.Assignments = assignments(f, sources, c.Assignments)
	c.Parameters = arguments(f, c.Parameters)
	f.whole("response_timeout_secs", 1, 60, toolTimeout, &c.Timeout)
	f.flag("disable_interruptions", false, &c.DisableInterruptions)
	f.flag("force_pre_tool_speech", false, &c.ForcePreToolSpeech)
	f.flag("safe_to_retry", false, &c.SafeToRetry)
	return c
}

// arguments reads what the model fills in: a flat map, replaced as a whole.
func arguments(f form, before map[string]Parameter) map[string]Parameter {
	in, null, ok := f.object("parameters")
	if !ok {
		return before
	}
	out := map[string]Parameter{}
	if null {
		return out
	}
	if len(in.in) > maxParameters {
		f.refuse("parameters", "is too long (maximum is %d)", maxParameters)
		return before
	}
	for _, name := range slices.Sorted(maps.Keys(in.in)) {
		one, null, ok := in.object(name)
		if !ok {
			continue
		}
		if !toolName.MatchString(name) {
			f.refuse("parameters", "names may only contain letters, digits, - and _")
			continue
		}
		p := Parameter{Type: "string"}
		if !null {
			one.oneOf("type", parameterTypes, "string", &p.Type)
			one.text("description", maxDescription, "", &p.Description)
			if v, there := one.in["required"]; there && v != nil {
				required := true
				one.flag("required", true, &required)
				p.Required = &required
			}
		}
		out[name] = p
	}
	return out
}

// assignments reads where values of an answer go, replaced as a whole.
func assignments(f form, sources []string, before []Assignment) []Assignment {
	all, ok := f.list("assignments", maxAssignments)
	if !ok {
		if before == nil {
			before = []Assignment{}
		}
		return before
	}
	out := []Assignment{}
	for i, v := range all {
		in, ok := f.item("assignments", i, v)
		if !ok {
			continue
		}
		a := Assignment{Source: sources[0]}
		in.oneOf("source", sources, sources[0], &a.Source)
		in.line("attribute_name", maxName, &a.Attribute)
		in.line("dynamic_variable", vars64, &a.Variable)
		for _, name := range []string{"attribute_name", "dynamic_variable"} {
			if !in.has(name) {
				in.refuse(name, blank)
			}
		}
		out = append(out, a)
	}
	return out
}

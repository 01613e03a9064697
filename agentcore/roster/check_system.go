package roster

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
)

// SystemToolNames are the gateway's own tools, as they are listed.
var SystemToolNames = []string{EndCall, TransferToNumber, VoicemailDetection}

// extraSystemTools are those that an agent has once they are set; until then its
// answers have the shape of seed 001.
var extraSystemTools = []string{CollectDigits, PlayDTMF}

// SystemToolsOf are the gateway's own tools that d has, as they are listed.
func SystemToolsOf(d Definition) []string {
	names := slices.Clone(SystemToolNames)
	for _, name := range extraSystemTools {
		if _, set := d.SystemTools[name]; set {
			names = append(names, name)
		}
	}
	return names
}

// defaultSystemTools are the settings of an agent that says nothing of them.
func defaultSystemTools() map[string]SystemTool {
	return map[string]SystemTool{EndCall: {Active: true}, TransferToNumber: {}, VoicemailDetection: {}}
}

// systemTools reads what is set of the gateway's own tools. One that is given
// when an agent is made is on unless it says otherwise (seed 001); a change
// leaves on or off what it doesn't name.
func systemTools(f form, d *Definition, fresh bool) {
	in, null, ok := f.object("system_tools")
	if !ok {
		return
	}
	before := d.SystemTools
	d.SystemTools = maps.Clone(before)
	if null {
		for name, s := range defaultSystemTools() {
			s.ID = before[name].ID
			d.SystemTools[name] = s
		}
		for _, name := range extraSystemTools {
			delete(d.SystemTools, name)
		}
		return
	}
	for _, name := range SystemToolNames {
		one, null, ok := in.object(name)
		if !ok {
			continue
		}
		s := d.SystemTools[name]
		if null {
			s = defaultSystemTools()[name]
			s.ID = before[name].ID
		} else {
			if fresh {
				s.Active = true
			}
			systemTool(one, name, &s)
		}
		d.SystemTools[name] = s
	}
	for _, name := range extraSystemTools {
		one, null, ok := in.object(name)
		switch {
		case !ok:
		case null:
			delete(d.SystemTools, name)
		default:
			s, set := d.SystemTools[name]
			s.Active = s.Active || fresh || !set
			systemTool(one, name, &s)
			d.SystemTools[name] = s
		}
	}
}

// systemTool reads the settings of one of the gateway's own tools.
func systemTool(f form, name string, s *SystemTool) {
	f.flag("active", true, &s.Active)
	f.flag("disable_interruptions", false, &s.DisableInterruptions)
	f.flag("force_pre_tool_speech", false, &s.ForcePreToolSpeech)
	parameters(f, name, s)
}

func parameters(f form, name string, s *SystemTool) {
	in, null, ok := f.object("parameters")
	if !ok {
		return
	}
	if null || len(in.in) == 0 {
		s.Parameters = nil
		return
	}
	switch name {
	case TransferToNumber:
		transfers(in)
	case CollectDigits:
		keySlots(in)
	case PlayDTMF:
		keyPresses(in)
	case VoicemailDetection:
		voicemail(in)
	}
	raw, err := json.Marshal(in.in)
	if err != nil || len(raw) > maxRaw {
		f.refuse("parameters", "is too long (maximum is %d bytes)", maxRaw)
		return
	}
	s.Parameters = raw
}

// ChangeSystemTool merges a body of the tools API into a system tool:
// {active, tool_config{parameters, disable_interruptions, force_pre_tool_speech}}.
func ChangeSystemTool(name string, s SystemTool, body map[string]any) (SystemTool, error) {
	var wrong Problems
	f := form{body, "", &wrong}
	f.flag("active", true, &s.Active)
	for _, fixed := range []string{"name", "description", "tool_type"} {
		if v, ok := body[fixed]; ok && v != any(systemFixed(name, fixed)) {
			f.refuse(fixed, "can't be changed for a system tool")
		}
	}
	if in, null, ok := f.object("tool_config"); ok && !null {
		in.flag("disable_interruptions", false, &s.DisableInterruptions)
		in.flag("force_pre_tool_speech", false, &s.ForcePreToolSpeech)
		parameters(in, name, &s)
	} else if null {
		s.DisableInterruptions, s.ForcePreToolSpeech, s.Parameters = false, false, nil
	}
	if len(wrong) > 0 {
		return s, wrong
	}
	return s, nil
}

// SystemToolDescriptions say what each of the gateway's own tools does (the
// words are those of the API's documentation).
var SystemToolDescriptions = map[string]string{
	EndCall:            "Use this tool to end the current phone call immediately.",
	TransferToNumber:   "Transfers the current call to another phone number.",
	VoicemailDetection: "Detects if the call has reached voicemail.",
	CollectDigits:      "Collects digits that the caller keys in.",
	PlayDTMF:           "Presses keys on the current call.",
}

func systemFixed(name, field string) string {
	switch field {
	case "name":
		return name
	case "description":
		return SystemToolDescriptions[name]
	case "tool_type":
		return SystemType
	}
	panic(fmt.Sprintf("roster: system tools have no %s", field))
}

package roster

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
)

// SystemToolNames are the gateway's own tools, as they are listed.
var SystemToolNames = []string{EndCall, TransferToNumber, VoicemailDetection}

const maxTransfers = 16

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
	case VoicemailDetection:
		var message string
		in.text("voicemail_message", maxGreeting, "", &message)
	}
	raw, err := json.Marshal(in.in)
	if err != nil || len(raw) > maxRaw {
		f.refuse("parameters", "is too long (maximum is %d bytes)", maxRaw)
		return
	}
	s.Parameters = raw
}

// Ways to transfer, and kinds of destinations. The list of destinations is all
// that the model may choose from.
var (
	transferTypes = []string{"blind", "conference", "warm", "sip_refer"}
	destinations  = []string{"phone", "phone_dynamic_variable", "sip_uri", "sip_uri_dynamic_variable"}
	sipURI        = regexp.MustCompile(`^sips?:[^\s@<>"]+@[^\s@<>"]+$`)
	variableName  = regexp.MustCompile(`^[^{}\s]{1,64}$`)
	digits        = regexp.MustCompile(`^[0-9*#wW]{1,64}$`)
)

func transfers(f form) {
	all, ok := f.list("transfers", maxTransfers)
	if !ok {
		return
	}
	for i, v := range all {
		one, ok := f.item("transfers", i, v)
		if !ok {
			continue
		}
		transfer(one)
	}
}

func transfer(f form) {
	var s string
	if f.text("condition", 1_000, "", &s); s == "" && len(f.wrong.Of(f.under+"condition")) == 0 {
		f.refuse("condition", blank)
	}
	f.oneOf("transfer_type", transferTypes, "blind", &s)
	if f.text("post_dial_digits", 64, "", &s) && s != "" && !digits.MatchString(s) {
		f.refuse("post_dial_digits", invalid)
	}
	to, null, ok := f.object("transfer_destination")
	switch {
	case ok && !null:
		destination(to)
	case f.has("phone_number"): // the older shape
		phone(f, "phone_number")
	case len(f.wrong.Of(f.under+"transfer_destination")) == 0:
		f.refuse("transfer_destination", blank)
	}
}

func destination(f form) {
	var kind, at string
	f.oneOf("type", destinations, "phone", &kind)
	switch kind {
	case "", "phone":
		phone(f, "phone_number")
	case "sip_uri":
		if f.text("sip_uri", 512, "", &at); !sipURI.MatchString(at) {
			f.refuse("sip_uri", "must be a SIP URI such as sip:desk@example.com")
		}
	default: // the name of a variable that holds it
		field := "phone_number"
		if kind == "sip_uri_dynamic_variable" {
			field = "sip_uri"
		}
		if f.text(field, vars64, "", &at); !variableName.MatchString(at) {
			f.refuse(field, "must be the name of a dynamic variable")
		}
	}
}

// vars64 is how long the name of a variable may be.
const vars64 = 64

func phone(f form, name string) {
	var n string
	if !f.text(name, 64, "", &n) && f.has(name) {
		return
	}
	if n == "" {
		f.refuse(name, blank)
	} else if !E164(n) {
		f.refuse(name, noE164)
	}
}

const noE164 = "must be a phone number in E.164 form, such as +14155550100"

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

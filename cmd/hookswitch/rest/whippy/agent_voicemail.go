package whippy

import (
	"strings"

	"github.com/hookswitch/hookswitch/agentcore/roster"
)

// voicemail is what an agent does about a voicemail. Retell's other actions,
// prompt and bridge_transfer, are not there.
type voicemail struct {
	Action voicemailAction `json:"action"`
}

type voicemailAction struct {
	Type string `json:"type"`           // hangup, static_text
	Text string `json:"text,omitempty"` // left there
}

const (
	hangUp     = "hangup"
	staticText = "static_text"
)

// voicemailOf is what v says in the dialect's words: without a message it is
// hung up.
func voicemailOf(v roster.Voicemail) *voicemail {
	if v.Message == "" {
		return &voicemail{voicemailAction{Type: hangUp}}
	}
	return &voicemail{voicemailAction{Type: staticText, Text: v.Message}}
}

// voicemailForm is an agent's voicemail_option as the settings of the roster's
// tool, which it turns on. The roster checks the text.
func voicemailForm(v any, wrong *roster.Problems) map[string]any {
	option, ok := v.(map[string]any)
	if !ok {
		wrong.Add("voicemail_option", noObject)
		return nil
	}
	action, ok := option["action"].(map[string]any)
	if !ok {
		why := noObject
		if option["action"] == nil {
			why = blank
		}
		wrong.Add("voicemail_option.action", "%s", why)
		return nil
	}
	switch action["type"] {
	case hangUp:
		return map[string]any{"active": true}
	case staticText:
		if text, is := action["text"].(string); action["text"] == nil || is && strings.TrimSpace(text) == "" {
			wrong.Add("voicemail_option.action.text", blank)
		}
		return map[string]any{"active": true, "parameters": map[string]any{"voicemail_message": action["text"]}}
	}
	wrong.Add("voicemail_option.action.type", "must be hangup or static_text")
	return nil
}

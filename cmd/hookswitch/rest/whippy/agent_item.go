package whippy

import (
	"fmt"

	"github.com/hookswitch/hookswitch/agentcore/roster"
)

// agent is an agent in an answer, in the words of the vendor's client (apis.md
// 2.3), which are Retell's.
type agent struct {
	ID        string    `json:"id"`
	Name      string    `json:"name"`
	Status    string    `json:"status"` // active, inactive: whether it may talk
	CreatedAt *string   `json:"created_at"`
	UpdatedAt *string   `json:"updated_at"`
	DeletedAt *string   `json:"deleted_at"`
	CreatedBy *string   `json:"created_by"` // of one agent only
	UpdatedBy *string   `json:"updated_by"`
	Current   version   `json:"current_version"`
	Versions  []version `json:"versions,omitempty"` // of one agent only, newest first
}

type version struct {
	ID       string   `json:"id"` // the agent's and a number
	AgentID  string   `json:"agent_id"`
	LLM      *string  `json:"llm_id"` // "openai/gpt-4o"
	Prompt   *string  `json:"prompt"` // ours
	Settings settings `json:"provider_settings"`
}

// settings are those of Retell's that an agent here has. Others are left out.
type settings struct {
	Voice      string         `json:"voice_id"`
	Greeting   *string        `json:"begin_message"`                       // ours here
	SilenceEnd *int           `json:"end_call_after_silence_ms,omitempty"` // absent: never
	Reminder   *int           `json:"reminder_trigger_ms,omitempty"`       // absent: never
	Keys       bool           `json:"allow_user_dtmf"`
	Voicemail  *voicemail     `json:"voicemail_option"` // null: nobody listens for one
	Language   string         `json:"language,omitempty"`
	Variables  map[string]any `json:"default_dynamic_variables"`
}

func agentOf(g roster.Agent) agent {
	out := agent{ID: g.UUID, Name: g.Name, Status: "inactive", CreatedAt: stamp(g.Created), UpdatedAt: stamp(g.Updated),
		Current: versionOf(g.UUID, g.Version, g.Definition)}
	if g.Enabled {
		out.Status = "active"
	}
	return out
}

func versionOf(id string, number int, d roster.Definition) version {
	v := version{ID: fmt.Sprintf("%s:%d", id, number), AgentID: id, Settings: settingsOf(d)}
	if d.LLM == nil {
		return v
	}
	v.Prompt = d.LLM.Prompt
	if d.LLM.Provider != nil && d.LLM.Model != nil {
		id := llmID(*d.LLM.Provider, *d.LLM.Model)
		v.LLM = &id
	}
	return v
}

// llmID names a provider's model.
func llmID(provider, model string) string { return provider + "/" + model }

func settingsOf(d roster.Definition) settings {
	s := settings{Voice: d.VoiceUUID, Greeting: d.Greeting, Keys: true, Variables: d.Variables}
	if len(d.Languages) > 0 {
		s.Language = d.Languages[0]
	}
	if d.Turn != nil {
		s.SilenceEnd, s.Reminder = milliseconds(d.Turn.SilenceEnd), milliseconds(d.Turn.Timeout)
	}
	if v, active := roster.VoicemailOf(d); active {
		s.Voicemail = voicemailOf(v)
	}
	return s
}

// milliseconds is so many seconds; nil for none and for never.
func milliseconds(seconds int) *int {
	if seconds <= 0 {
		return nil
	}
	ms := seconds * 1000
	return &ms
}

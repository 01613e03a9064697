package roster

import (
	"encoding/json"
	"time"
)

// Agent is who answers, in its present version.
type Agent struct {
	ID        int64 // unique in the installation; seeds 000 and 001 show it
	UUID      string
	Workspace string
	Version   int // from 1; every change makes one
	Created   time.Time
	Updated   time.Time
	Definition
}

// Version is one state of an agent, never changed.
type Version struct {
	Number  int
	Who     Actor
	Created time.Time
	Definition
}

// Definition is everything that a version of an agent says. Its JSON is what is
// kept, and the body that the API takes: nested objects, absent ones being nil.
type Definition struct {
	Name           string                `json:"name"`
	Enabled        bool                  `json:"enabled"`
	VoiceUUID      string                `json:"voice_uuid"`
	FallbackVoices []string              `json:"fallback_voice_uuids,omitempty"` // ours: who speaks when that voice fails, in order; nil: nobody
	Languages      []string              `json:"languages"`
	Variables      map[string]any        `json:"dynamic_variables"`  // defaults: flat, scalars or nil
	Greeting       *string               `json:"greeting,omitempty"` // ours: nil has a default, "" lets the caller begin
	ASR            *ASR                  `json:"asr,omitempty"`
	Turn           *Turn                 `json:"turn,omitempty"`
	LLM            *LLM                  `json:"llm,omitempty"`
	SystemTools    map[string]SystemTool `json:"system_tools"` // by name; the first three are always there
	Tools          []Tool                `json:"tools"`
	Webhooks       []Webhook             `json:"webhooks"`                 // at most one of each type
	Callback       *Callback             `json:"smart_callback,omitempty"` // ours in v2: nil: who was not reached is not called again
	Keys           map[string]Secret     `json:"provider_keys,omitempty"`  // the agent's own, by provider, before the workspace's: sealed
	Dialects       map[string]any        `json:"dialects,omitempty"`       // what other dialects keep of an agent that has no place above, by their name
}

// Callback is how often somebody who was not reached is called again.
type Callback struct {
	Enabled     bool          `json:"enabled"`
	MaxAttempts int           `json:"max_attempts"` // callbacks; the first call is not counted
	Gaps        []CallbackGap `json:"gaps"`         // from the end of an attempt to the next; the last one repeats
}

// CallbackGap is a time between two attempts: days of the calendar where the
// callee is, and hours.
type CallbackGap struct {
	Days  int `json:"days"`
	Hours int `json:"hours"`
}

// ASR is how an agent hears.
type ASR struct {
	Provider    string   `json:"provider"`
	Model       string   `json:"model"`
	AudioFormat string   `json:"user_input_audio_format"`
	Keywords    []string `json:"keywords"`
	Fallbacks   []Choice `json:"fallbacks,omitempty"` // ours: who hears when that fails, in order; nil: nobody
}

// Turn is how an agent takes turns.
type Turn struct {
	Timeout        int    `json:"turn_timeout"`               // seconds of silence after which the agent asks; 0 never
	SilenceEnd     int    `json:"silence_end_call_timeout"`   // seconds of silence that end the call; -1 never
	Mode           string `json:"mode"`                       // "silence"
	EndpointWaitMS int    `json:"endpoint_wait_ms,omitempty"` // ours: silence that ends a turn; 0 has a default
}

// LLM is how an agent thinks.
type LLM struct {
	Prompt          *string        `json:"prompt"`
	Provider        *string        `json:"provider"`
	Model           *string        `json:"model"`
	ReasoningEffort *string        `json:"reasoning_effort"`
	Temperature     float64        `json:"temperature"`
	Timezone        *string        `json:"timezone"` // IANA
	BuiltInTools    map[string]any `json:"built_in_tools"`
	Fallbacks       []Choice       `json:"fallbacks,omitempty"` // ours: who thinks when that fails, in order; nil: nobody
}

// Names of the system tools.
const (
	EndCall            = "end_call"
	TransferToNumber   = "transfer_to_number"
	VoicemailDetection = "voicemail_detection"
	CollectDigits      = "collect_digits" // ours, as the next
	PlayDTMF           = "play_dtmf"
)

// SystemTool is how one of the gateway's own tools is set for an agent.
type SystemTool struct {
	ID                   int64           `json:"id"`
	Active               bool            `json:"active"`
	DisableInterruptions bool            `json:"disable_interruptions"`
	ForcePreToolSpeech   bool            `json:"force_pre_tool_speech"`
	Parameters           json.RawMessage `json:"parameters,omitempty"` // a JSON object
}

// Types of a [Tool].
const (
	WebhookTool = "webhook"
	ClientTool  = "client"
	SystemType  = "system" // never of a Tool that somebody made
)

// Tool is one thing that the model can call, made by the user.
type Tool struct {
	ID          int64      `json:"id"`
	UUID        string     `json:"uuid"`
	Name        string     `json:"name"` // unique in the agent
	Description string     `json:"description"`
	Type        string     `json:"tool_type"`
	Config      ToolConfig `json:"tool_config"`
	Active      bool       `json:"active"`
	CreatedBy   Actor      `json:"created_by"`
	Created     time.Time  `json:"created_at"`
	Updated     time.Time  `json:"updated_at"`
}

// ToolConfig is what a tool does.
type ToolConfig struct {
	Request              *Request             `json:"api_schema,omitempty"` // of a webhook tool
	Parameters           map[string]Parameter `json:"parameters"`           // what the model fills in
	Assignments          []Assignment         `json:"assignments"`
	Timeout              int                  `json:"response_timeout_secs,omitempty"` // 1 to 60
	DisableInterruptions bool                 `json:"disable_interruptions"`
	ForcePreToolSpeech   bool                 `json:"force_pre_tool_speech"`
	SafeToRetry          bool                 `json:"safe_to_retry"` // ours: the receiver honours Idempotency-Key, or it only reads
}

// Parameter is one argument of a tool: a flat map, no JSON Schema. Every one is
// required unless it says otherwise.
type Parameter struct {
	Type        string `json:"type"` // string, number, integer, boolean
	Description string `json:"description"`
	Required    *bool  `json:"required,omitempty"` // ours; nil means true
}

// Request is an HTTP request whose texts may hold {{variables}}.
type Request struct {
	URL     string            `json:"url"`
	Method  string            `json:"method"`
	Headers map[string]string `json:"request_headers,omitempty"`
	Body    json.RawMessage   `json:"request_body,omitempty"` // any JSON; every string in it is a template
}

// Assignment copies a value of an answer into a dynamic variable.
type Assignment struct {
	Source    string `json:"source"`           // response; client tools also argument
	Attribute string `json:"attribute_name"`   // a name, or a dotted path
	Variable  string `json:"dynamic_variable"` // must be among the agent's
}

// Types of a [Webhook].
const (
	PreCall  = "pre_call"
	PostCall = "post_call"
)

// Webhook is told before or after a call.
type Webhook struct {
	ID      int64         `json:"id"`
	UUID    string        `json:"uuid"`
	Type    string        `json:"webhook_type"`
	Config  WebhookConfig `json:"webhook_config"`
	Created time.Time     `json:"created_at"`
	Updated time.Time     `json:"updated_at"`
}

// WebhookConfig is what a webhook sends.
type WebhookConfig struct {
	Request     *Request     `json:"api_schema"`
	Assignments []Assignment `json:"assignments"`                     // of pre_call only
	Timeout     int          `json:"response_timeout_secs,omitempty"` // 1 to 60; 0 means 10
	Secret      Secret       `json:"secret,omitempty"`                // ours: signs by Standard Webhooks; write-only
}

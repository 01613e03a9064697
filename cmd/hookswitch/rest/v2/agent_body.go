package v2

// The types in this file are never filled: they are what the document says of
// bodies. What is read of a body, and what is wrong with it, is in roster.Terms.

type agentBody struct {
	Name  string `json:"name" doc:"Name of the agent." maxLength:"255" example:"Customer Support Agent"`
	Voice string `json:"voice_uuid" doc:"UUID of the voice to speak with; see /voices."`
	AgentOptions
}

type agentPatch struct {
	Name  string `json:"name,omitempty" doc:"Name of the agent." maxLength:"255"`
	Voice string `json:"voice_uuid,omitempty" doc:"UUID of the voice to speak with; see /voices."`
	AgentOptions
}

type AgentOptions struct {
	Number         *int64                  `json:"phone_number_id" required:"false" doc:"ID of a phone number to link, beside those that are linked. In an update, null or 0 unlinks all of the agent's numbers."`
	FallbackVoices []string                `json:"fallback_voice_uuids" required:"false" nullable:"true" maxItems:"3" doc:"Ours: who speaks when the voice fails, in this order; at most 3."`
	Languages      []string                `json:"languages" required:"false" nullable:"true" doc:"Supported languages. Default [\"en-US\"], the only one so far."`
	Variables      object                  `json:"dynamic_variables,omitempty" doc:"Flat: keys of at most 64 characters, values scalars of at most 2048. They fill {{name}} in the prompt, the greeting, tools and webhooks."`
	ASR            orNull[asrBody]         `json:"asr" required:"false" doc:"How the agent hears."`
	Turn           orNull[turnBody]        `json:"turn" required:"false" doc:"How it takes turns."`
	LLM            orNull[llmBody]         `json:"llm" required:"false" doc:"How it thinks."`
	Webhooks       []webhookBody           `json:"webhooks" required:"false" nullable:"true" doc:"Who is told, at most one of each type. The list replaces the one before; a webhook keeps its id and its secret by its type."`
	SystemTools    orNull[systemToolsBody] `json:"system_tools" required:"false" doc:"Settings of the gateway's own tools."`
	Enabled        *bool                   `json:"enabled" required:"false" doc:"Whether it may take calls. Default true."`
	Greeting       *string                 `json:"greeting" required:"false" maxLength:"2000" doc:"What it says first. \"\" lets the caller begin; null has a default."`
	Tools          []toolBody              `json:"tools" required:"false" nullable:"true" doc:"The tools of the tools API. The list replaces the one before; a tool keeps its id by its name."`
	Callback       orNull[callbackBody]    `json:"smart_callback" required:"false" doc:"Ours: how often somebody is called again whom a call did not reach, because of no answer, busy, a failure or voicemail. null: never."`
}

type callbackBody struct {
	Enabled     *bool     `json:"enabled" required:"false" doc:"Default true for an object that is given when there was none."`
	MaxAttempts *int      `json:"max_attempts" required:"false" minimum:"0" maximum:"20" doc:"Callbacks; the first call is not counted. Default 5."`
	Gaps        []gapBody `json:"gaps" required:"false" nullable:"true" maxItems:"20" doc:"From the end of an attempt to the next; the last one repeats. Default one day. The list replaces the one before."`
}

type gapBody struct {
	Days  *int `json:"days" required:"false" minimum:"0" maximum:"30" doc:"Of the calendar where the callee is. Default 0."`
	Hours *int `json:"hours" required:"false" minimum:"0" maximum:"23" doc:"Default 0; not both can be 0."`
}

type asrBody struct {
	Provider  *string      `json:"provider" required:"false" doc:"ASR provider. Default \"deepgram\"; see /agents/capabilities."`
	Model     string       `json:"model,omitempty" doc:"ASR model. Required when the agent has none yet."`
	Format    string       `json:"user_input_audio_format,omitempty" enum:"pcm_8000,pcm_16000,pcm_22050,pcm_24000,pcm_44100,pcm_48000,ulaw_8000" doc:"What the recogniser is sent. Default \"pcm_16000\", or what the recogniser takes when it does not take that; ulaw_8000 is the telephone's own and is passed on as it comes."`
	Keywords  []string     `json:"keywords" required:"false" nullable:"true" doc:"Words to listen for, at most 100."`
	Fallbacks []choicePart `json:"fallbacks" required:"false" nullable:"true" maxItems:"3" doc:"Ours: who hears when that fails, in this order; at most 3."`
}

type turnBody struct {
	Timeout    *int   `json:"turn_timeout" required:"false" minimum:"0" maximum:"3600" doc:"Seconds of silence after which the agent asks. Default 7."`
	SilenceEnd *int   `json:"silence_end_call_timeout" required:"false" minimum:"-1" maximum:"3600" doc:"Seconds of silence that end the call. Default -1: never."`
	Mode       string `json:"mode,omitempty" enum:"silence" doc:"How the end of a turn is told. Default \"silence\"."`
	Wait       *int   `json:"endpoint_wait_ms" required:"false" minimum:"0" maximum:"10000" doc:"Milliseconds of silence that end a turn. 0 has a default."`
}

type llmBody struct {
	Prompt      *string      `json:"prompt" required:"false" maxLength:"100000" doc:"System prompt."`
	Provider    *string      `json:"provider" required:"false" doc:"LLM provider; see /agents/capabilities."`
	Model       *string      `json:"model" required:"false" doc:"LLM model."`
	Effort      *string      `json:"reasoning_effort" required:"false" doc:"Reasoning effort: none, minimal, low, medium, high, xhigh or max. Which of them a model has is its own affair."`
	Temperature *float64     `json:"temperature" required:"false" minimum:"0" maximum:"2" doc:"Default 0.3."`
	Timezone    *string      `json:"timezone" required:"false" doc:"IANA time zone: of dates, and of calls_today."`
	BuiltIn     object       `json:"built_in_tools,omitempty" doc:"Kept as it is."`
	Fallbacks   []choicePart `json:"fallbacks" required:"false" nullable:"true" maxItems:"3" doc:"Ours: who thinks when that fails, in this order; at most 3."`
}

type systemToolsBody struct {
	EndCall   orNull[systemToolBody] `json:"end_call" required:"false" doc:"Ends the current call. On by default."`
	Transfer  orNull[systemToolBody] `json:"transfer_to_number" required:"false" doc:"Transfers the call. parameters.transfers is the list of destinations, at most 16: the model cannot go outside it. Each has condition, transfer_destination{type, phone_number or sip_uri}, transfer_type (blind, conference or warm) and may have post_dial_digits; ours: label, caller_id (a number of yours, or caller), ring_timeout_secs (5 to 60), max_attempts (1 to 5, default 2) and accept (key or speech, of a conference)."`
	Voicemail orNull[systemToolBody] `json:"voicemail_detection" required:"false" doc:"Acts on who answered a call that was placed: voicemail and other machines. parameters.voicemail_message is what is left after the beep, or behind the greeting; absent hangs up at once. Ours: screener_message (who is calling and why, told to a call screener; absent: the model answers it), on_menu (talk, press or hang_up; default talk), menu_keys (of press: 1 to 32 of 0-9, *, #, A-D and w, which waits for half a second) and on_hold (wait for a person, two minutes at most, or hang_up; default wait). Both messages may hold {{variables}}."`
	Collect   orNull[systemToolBody] `json:"collect_digits" required:"false" doc:"Ours: collects what the caller keys in. parameters.slots is the list of what may be asked for, at most 16: each has name (also the dynamic variable's) and may have description, min_digits (default 1), max_digits (default 32, at most 64), terminator (#, * or empty; default #), timeout_secs for the first key (default 10), between_secs for each other (default 3) and sensitive: then nobody but tools sees the digits. In answers once it is set; null takes it away."`
	Press     orNull[systemToolBody] `json:"play_dtmf" required:"false" doc:"Ours: presses keys on the call. parameters.sensitive keeps them out of records. In answers once it is set; null takes it away."`
}

type systemToolBody struct {
	Active     *bool  `json:"active" required:"false" doc:"Whether the tool is enabled. Default true for a tool that is given when the agent is made; an update leaves it."`
	Hold       *bool  `json:"disable_interruptions" required:"false" doc:"Prevent interruptions during its use. Default false."`
	Speak      *bool  `json:"force_pre_tool_speech" required:"false" doc:"Have the agent speak before its use. Default false."`
	Parameters object `json:"parameters,omitempty" doc:"What the tool needs to know."`
}

type toolBody struct {
	Name        string         `json:"name,omitempty" doc:"Unique in the agent: letters, digits, - and _." maxLength:"64"`
	Description string         `json:"description,omitempty" doc:"What the model is told of it." maxLength:"4000"`
	Type        string         `json:"tool_type,omitempty" enum:"webhook,client" doc:"A client tool is kept, but cannot run until there is a client to run it."`
	Config      toolConfigBody `json:"tool_config,omitempty"`
	Active      *bool          `json:"active" required:"false" doc:"Default true."`
}

type toolConfigBody struct {
	Request     orNull[requestBody] `json:"api_schema" required:"false" doc:"Of a webhook tool: what is sent."`
	Parameters  object              `json:"parameters,omitempty" doc:"What the model fills in: a flat map of at most 32 {type, description}, type being string, number, integer or boolean; required (ours) is true unless it says otherwise. Of a system tool: what it needs to know."`
	Assignments []assignmentBody    `json:"assignments" required:"false" nullable:"true" doc:"Where values of the answer go."`
	Timeout     *int                `json:"response_timeout_secs" required:"false" minimum:"1" maximum:"60" doc:"Seconds. Default 10."`
	Hold        *bool               `json:"disable_interruptions" required:"false"`
	Speak       *bool               `json:"force_pre_tool_speech" required:"false"`
	Safe        *bool               `json:"safe_to_retry" required:"false" doc:"The receiver honours Idempotency-Key, or only reads."`
}

type requestBody struct {
	URL     string            `json:"url,omitempty" doc:"https. {{variables}} may stand in the path and the query." maxLength:"2048"`
	Method  string            `json:"method,omitempty" enum:"GET,POST,PUT,PATCH,DELETE" doc:"Default POST."`
	Headers map[string]string `json:"request_headers,omitempty" doc:"At most 64. Values may hold {{variables}}."`
	Body    any               `json:"request_body,omitempty" doc:"Any JSON; every string in it may hold {{variables}}."`
}

type assignmentBody struct {
	Source    string `json:"source,omitempty" enum:"response,argument" doc:"Default response; argument is for client tools."`
	Attribute string `json:"attribute_name" doc:"A name, or a dotted path."`
	Variable  string `json:"dynamic_variable" doc:"One of the agent's dynamic variables."`
}

type webhookBody struct {
	Type   string            `json:"webhook_type,omitempty" enum:"pre_call,post_call" doc:"When it is told."`
	Config webhookConfigBody `json:"webhook_config,omitempty"`
}

type webhookConfigBody struct {
	Request     orNull[requestBody] `json:"api_schema" required:"false" doc:"What is sent."`
	Assignments []assignmentBody    `json:"assignments" required:"false" nullable:"true" doc:"Of pre_call only: where values of the answer go."`
	Timeout     *int                `json:"response_timeout_secs" required:"false" minimum:"1" maximum:"60" doc:"Seconds. Default 10."`
	Secret      *string             `json:"secret" required:"false" writeOnly:"true" maxLength:"256" doc:"Signs by Standard Webhooks; whsec_ and base64, or any text. Never shown again."`
}

package declare

// agent is the whole shape of a file's document: the body that the API takes for
// an agent, its tools, and the numbers that lead to it. A test holds it against
// roster.Definition.
var agent = rule{kind: object, fields: []field{
	{name: "name", rule: rule{kind: text}},
	{name: "uuid", rule: rule{kind: text}},
	{name: "enabled", rule: rule{kind: boolean}},
	{name: "voice_uuid", rule: rule{kind: text}},
	{name: "fallback_voice_uuids", rule: rule{kind: list, null: true, of: &rule{kind: text}}},
	{name: "languages", rule: rule{kind: list, of: &rule{kind: text}}},
	{name: "greeting", rule: rule{kind: text, null: true}},
	{name: "dynamic_variables", rule: rule{kind: dict, of: &rule{kind: scalar, null: true}}},
	{name: "asr", rule: rule{kind: object, null: true, fields: []field{
		{name: "provider", rule: rule{kind: text}},
		{name: "model", rule: rule{kind: text}},
		{name: "user_input_audio_format", rule: rule{kind: text}},
		{name: "keywords", rule: rule{kind: list, of: &rule{kind: text}}},
		{name: "fallbacks", rule: fallbacks},
	}}},
	{name: "turn", rule: rule{kind: object, fields: []field{
		{name: "turn_timeout", rule: rule{kind: whole}},
		{name: "silence_end_call_timeout", rule: rule{kind: whole}},
		{name: "mode", rule: rule{kind: text}},
		{name: "endpoint_wait_ms", rule: rule{kind: whole, unset: int64(0)}},
	}}},
	{name: "llm", rule: rule{kind: object, null: true, fields: []field{
		{name: "prompt", rule: rule{kind: text, null: true}},
		{name: "provider", rule: rule{kind: text, null: true}},
		{name: "model", rule: rule{kind: text, null: true}},
		{name: "reasoning_effort", rule: rule{kind: text, null: true}},
		{name: "temperature", rule: rule{kind: number}},
		{name: "timezone", rule: rule{kind: text, null: true}},
		{name: "built_in_tools", rule: rule{kind: dict, of: &rule{kind: anything}}},
		{name: "fallbacks", rule: fallbacks},
	}}},
	{name: "system_tools", rule: rule{kind: object, fields: []field{
		{name: "end_call", rule: systemTool},
		{name: "transfer_to_number", rule: systemTool},
		{name: "voicemail_detection", rule: voicemailTool},
		{name: "collect_digits", rule: systemTool},
		{name: "play_dtmf", rule: systemTool},
	}}},
	{name: "tools", rule: rule{kind: list, keyed: "name", of: &tool}},
	{name: "webhooks", rule: rule{kind: list, keyed: "webhook_type", of: &webhook}},
	{name: "smart_callback", rule: rule{kind: object, null: true, fields: []field{
		{name: "enabled", rule: rule{kind: boolean}},
		{name: "max_attempts", rule: rule{kind: whole}},
		{name: "gaps", rule: rule{kind: list, of: &rule{kind: object, fields: []field{
			{name: "days", rule: rule{kind: whole, unset: int64(0)}},
			{name: "hours", rule: rule{kind: whole, unset: int64(0)}},
		}}}},
	}}},
	{name: "phone_numbers", rule: rule{kind: list, sorted: true, of: &rule{kind: text}}},
}}

var fallbacks = rule{kind: list, null: true, of: &rule{kind: object, fields: []field{
	{name: "provider", rule: rule{kind: text}},
	{name: "model", rule: rule{kind: text}},
}}}

var systemTool = rule{kind: object, fields: []field{
	{name: "active", rule: rule{kind: boolean}},
	{name: "disable_interruptions", rule: rule{kind: boolean}},
	{name: "force_pre_tool_speech", rule: rule{kind: boolean}},
	{name: "parameters", rule: rule{kind: dict, null: true, of: &rule{kind: anything}}},
}}

// voicemailTool is a system tool, of whose parameters those are known that are
// easily mistaken for a number.
var voicemailTool = rule{kind: object, fields: append(systemTool.fields[:3:3],
	field{name: "parameters", rule: rule{kind: dict, null: true, of: &rule{kind: anything}, fields: []field{
		{name: "voicemail_message", rule: rule{kind: text, null: true}},
		{name: "screener_message", rule: rule{kind: text, null: true}},
		{name: "on_menu", rule: rule{kind: text, null: true, choices: []string{"talk", "press", "hang_up"}}},
		{name: "menu_keys", rule: rule{kind: text, null: true}},
		{name: "on_hold", rule: rule{kind: text, null: true, choices: []string{"wait", "hang_up"}}},
	}}})}

var tool = rule{kind: object, fields: []field{
	{name: "name", rule: rule{kind: text}},
	{name: "description", rule: rule{kind: text}},
	{name: "tool_type", rule: rule{kind: text, choices: []string{"webhook", "client"}}},
	{name: "active", rule: rule{kind: boolean}},
	{name: "tool_config", rule: rule{kind: object, fields: []field{
		{name: "api_schema", rule: request},
		{name: "parameters", rule: rule{kind: dict, of: &rule{kind: object, fields: []field{
			{name: "type", rule: rule{kind: text}},
			{name: "description", rule: rule{kind: text}},
			{name: "required", rule: rule{kind: boolean, null: true}},
		}}}},
		{name: "assignments", rule: assignments},
		{name: "response_timeout_secs", rule: rule{kind: whole}},
		{name: "disable_interruptions", rule: rule{kind: boolean}},
		{name: "force_pre_tool_speech", rule: rule{kind: boolean}},
		{name: "safe_to_retry", rule: rule{kind: boolean}},
	}}},
}}

var webhook = rule{kind: object, fields: []field{
	{name: "webhook_type", rule: rule{kind: text, choices: []string{"pre_call", "post_call"}}},
	{name: "webhook_config", rule: rule{kind: object, fields: []field{
		{name: "api_schema", rule: request},
		{name: "assignments", rule: assignments},
		{name: "response_timeout_secs", rule: rule{kind: whole}},
		{name: "secret", secret: true, rule: rule{kind: text}},
	}}},
}}

var request = rule{kind: object, null: true, fields: []field{
	{name: "url", rule: rule{kind: text}},
	{name: "method", rule: rule{kind: text}},
	{name: "request_headers", rule: rule{kind: dict, null: true, of: &rule{kind: text, masked: true}}},
	{name: "request_body", rule: rule{kind: anything, null: true}},
}}

var assignments = rule{kind: list, null: true, of: &rule{kind: object, fields: []field{
	{name: "source", rule: rule{kind: text}},
	{name: "attribute_name", rule: rule{kind: text}},
	{name: "dynamic_variable", rule: rule{kind: text}},
}}}

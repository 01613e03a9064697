package v2

// The examples are seed 001's own.
const (
	exampleCreate = `{
  "name": "Customer Support Agent",
  "voice_uuid": "abc123",
  "phone_number_id": 1,
  "languages": ["en-US"],
  "dynamic_variables": {"customer_name": "{{customer_name}}", "account_id": "{{account_id}}"},
  "asr": {"provider": "deepgram", "model": "nova-2", "user_input_audio_format": "pcm_16000", "keywords": ["resemble", "account"]},
  "turn": {"turn_timeout": 7, "silence_end_call_timeout": -1, "mode": "silence"},
  "llm": {"prompt": "You are a helpful customer support agent.", "provider": "openai", "model": "gpt-4o", "temperature": 0.3, "timezone": "America/New_York"},
  "webhooks": [{"webhook_type": "pre_call", "webhook_config": {"api_schema": {"url": "https://example.com/pre-call", "method": "POST"}, "assignments": []}}],
  "system_tools": {"end_call": {"active": true, "disable_interruptions": false, "force_pre_tool_speech": false}}
}`
	exampleCreated = `{
  "success": true,
  "item": {
    "agent": {
      "name": "Customer Support Agent",
      "uuid": "550e8400-e29b-41d4-a716-446655440000",
      "languages": ["en-US"],
      "dynamic_variables": {"customer_name": "{{customer_name}}", "account_id": "{{account_id}}"},
      "created_at": "2025-01-27T10:00:00Z",
      "updated_at": "2025-01-27T10:00:00Z",
      "last_active_at": null,
      "calls_today": 0,
      "status": "inactive"
    },
    "asr": {"provider": "deepgram", "model": "nova-2", "user_input_audio_format": "pcm_16000", "keywords": ["resemble", "account"]},
    "tts": {"voice_uuid": "abc123", "voice_name": "Professional Voice"},
    "turn": {"turn_timeout": 7, "silence_end_call_timeout": -1, "mode": "silence"},
    "llm": {
      "prompt": "You are a helpful customer support agent.",
      "provider": "openai",
      "model": "gpt-4o",
      "reasoning_effort": null,
      "temperature": 0.3,
      "timezone": "America/New_York",
      "built_in_tools": {}
    },
    "phone_numbers": [
      {
        "id": 1,
        "phone_number": "+14155551234",
        "label": "Support Line",
        "supports_inbound": true,
        "supports_outbound": false,
        "provider": "twilio",
        "outbound_trunk": {},
        "inbound_trunk": {},
        "created_at": "2025-01-15T10:30:00Z",
        "updated_at": "2025-01-15T10:30:00Z"
      }
    ],
    "tools_count": 3,
    "webhooks_count": 1
  },
  "message": "Agent created successfully"
}`
	exampleNumber = `{
  "phone_number": "+14155551234",
  "label": "Support Line",
  "supports_inbound": true,
  "supports_outbound": false,
  "provider": "twilio",
  "twilio_account_sid": "AC00000000000000000000000000000000",
  "twilio_auth_token": "your_auth_token"
}`
	exampleTool = `{
  "name": "check_order",
  "description": "Tells where an order is.",
  "tool_type": "webhook",
  "tool_config": {
    "api_schema": {"url": "https://example.com/orders/{{order_id}}", "method": "GET", "request_headers": {"Authorization": "Bearer x"}},
    "parameters": {"order_id": {"type": "string", "description": "The order's number."}},
    "assignments": [],
    "response_timeout_secs": 30
  }
}`
	exampleWebhook = `{
  "webhook_type": "post_call",
  "webhook_config": {
    "api_schema": {
      "url": "https://example.com/post-call",
      "method": "POST",
      "request_headers": {"Content-Type": "application/json"},
      "request_body": {"agent_uuid": "{{agent_uuid}}", "summary": "{{call_summary}}"}
    },
    "response_timeout_secs": 10
  }
}`
)

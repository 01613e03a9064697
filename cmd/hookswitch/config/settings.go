package config

import (
	"slices"
	"strings"
	"time"
)

// Setting describes one setting: it is at once a flag, a variable and a key of
// the file.
type Setting struct {
	Name    string   // dotted, as in the file: "agent.endpoint_wait"
	Group   string   // the heading under which help shows it
	Unit    string   // what a value looks like: "HOST:PORT", "URL", "DURATION", "N"
	Default string   // as one would type it
	Doc     string   // one line; a sentence without a full stop
	Choices []string // the only values; nil means any
	Secret  bool     // never shown

	least, most int64         // of a number or (in nanoseconds) of a duration
	natural     time.Duration // what a bare number was probably meant in
	field       func(*Config) any
	check       func(value string) *problem // nil: any value of the right type
}

// Prefix is what every environment variable of ours begins with.
const Prefix = "HOOKSWITCH_"

// Variable is the environment variable that holds s.
func (s Setting) Variable() string {
	return Prefix + strings.ToUpper(strings.ReplaceAll(s.Name, ".", "_"))
}

// Flag is the name of the flag that holds s, without its dashes.
func (s Setting) Flag() string { return strings.NewReplacer(".", "-", "_", "-").Replace(s.Name) }

// key is the last part of the name, as it stands in the file.
func (s Setting) key() string { return s.Name[strings.LastIndexByte(s.Name, '.')+1:] }

const (
	serving  = "Serving"
	carriage = "Carrier"
	writing  = "Messages"
	speech   = "Speech"
	thinking = "Model"
	accounts = "Providers"
	agency   = "Agent"
	api      = "API"
	rooms    = "LiveKit"
	keeping  = "Keeping"
	running  = "Running"
	watching = "Watching"
)

// Settings is the table that flags, variables, the file, help and docs are made
// from, in the order in which they are shown. Nobody changes it.
var Settings = slices.Concat([]Setting{
	{Name: "listen", Group: serving, Unit: "HOST:PORT", Default: "127.0.0.1:8080", Doc: "where the gateway serves",
		field: func(c *Config) any { return &c.Listen }, check: address},
	{Name: "public_url", Group: serving, Unit: "URL", Doc: "how the carrier reaches the gateway; needed with carrier twilio, else the address it listens on",
		field: func(c *Config) any { return &c.PublicURL }, check: publicURL},
	{Name: "tls.cert", Group: serving, Unit: "FILE", Doc: "certificate chain (PEM), to serve https without a proxy",
		field: func(c *Config) any { return &c.TLS.Cert }},
	{Name: "tls.key", Group: serving, Unit: "FILE", Doc: "key of that certificate (PEM)",
		field: func(c *Config) any { return &c.TLS.Key }},

	{Name: "carrier", Group: carriage, Unit: "NAME", Default: "sim", Choices: []string{"sim", "twilio"}, Doc: "who carries the calls; sim is built in and needs no account",
		field: func(c *Config) any { return &c.Carrier }},
	{Name: "twilio.account_sid", Group: carriage, Unit: "SID", Doc: "Twilio account, AC and 32 hexadecimal digits",
		field: func(c *Config) any { return &c.Twilio.AccountSID }, check: accountSID},
	{Name: "twilio.auth_token", Group: carriage, Unit: "TOKEN", Secret: true, Doc: "auth token of that very account; requests are signed with it",
		field: func(c *Config) any { return &c.Twilio.AuthToken }, check: authToken},
	{Name: "twilio.api_base", Group: carriage, Unit: "URL", Doc: "another host for Twilio's REST interface, such as a simulator",
		field: func(c *Config) any { return &c.Twilio.APIBase }, check: baseURL},
	{Name: "twilio.edge", Group: carriage, Unit: "NAME", Doc: "Twilio edge location that requests go to, such as dublin; the default one when empty",
		field: func(c *Config) any { return &c.Twilio.Edge }, check: hostPart},
	{Name: "twilio.region", Group: carriage, Unit: "NAME", Doc: "Twilio region whose data the account uses, such as ie1; us1 when empty",
		field: func(c *Config) any { return &c.Twilio.Region }, check: hostPart},
	{Name: "twilio.fallback_url", Group: carriage, Unit: "URL", Doc: "where Twilio asks when public_url fails; public_url once more when empty",
		field: func(c *Config) any { return &c.Twilio.Fallback }, check: publicURL},
	{Name: "twilio.cps", Group: carriage, Unit: "N", Default: "1", least: 1, most: 100, Doc: "calls a second that are placed on an account, as Twilio allows it; more wait for their turn",
		field: func(c *Config) any { return &c.Twilio.CPS }},
	{Name: "twilio.max_calls", Group: carriage, Unit: "N", Default: "0", most: 100000, Doc: "calls at once on an account, of all nodes; those that are placed wait; 0 means no limit",
		field: func(c *Config) any { return &c.Twilio.MaxCalls }},
	{Name: "twilio.amd", Group: carriage, Unit: "CHOICE", Default: "off", Choices: []string{"off", "on"}, Doc: "whether Twilio, too, says who answered the calls that we place (Twilio charges for it)",
		field: func(c *Config) any { return &c.Twilio.AMD }},
	{Name: "line.lead", Group: carriage, Unit: "DURATION", Default: "200ms", natural: time.Millisecond, Doc: "how far ahead of the clock audio is sent",
		least: int64(20 * time.Millisecond), most: int64(2 * time.Second), field: func(c *Config) any { return &c.Line.Lead }},
	{Name: "line.lump", Group: carriage, Unit: "DURATION", Default: "60ms", natural: time.Millisecond, Doc: "how much audio is sent at a time, at most line.lead; more saves CPU",
		least: int64(20 * time.Millisecond), most: int64(time.Second), field: func(c *Config) any { return &c.Line.Lump }},

	{Name: "mail.smtp", Group: writing, Unit: "URL", Secret: true, Doc: "the server that takes our e-mail: smtp://USER:PASSWORD@HOST:587, or smtps:// and port 465; without it e-mail channels can't send",
		field: func(c *Config) any { return &c.Mail.SMTP }, check: smtp},

	{Name: "mail.domains", Group: writing, Unit: "TABLE", Default: "default=*", Doc: "who may write from which addresses: WORKSPACE=DOMAIN, with commas; * stands for any domain. Nobody proves that an address is theirs",
		field: func(c *Config) any { return &c.Mail.Domains }, check: domains},
	{Name: "recogniser", Group: speech, Unit: "NAME", Default: "moonshine", Doc: "who hears: moonshine, PROVIDER/MODEL, or none, which is deaf on purpose (keys still work); behind a comma, who takes over",
		field: func(c *Config) any { return &c.Speech.Recogniser }, check: part("moonshine", "none")},
	{Name: "recogniser_workers", Group: speech, Unit: "N", Default: "0", Doc: "recognitions at once; 0 means one for each core", most: 256,
		field: func(c *Config) any { return &c.Speech.Workers }},
	{Name: "voice", Group: speech, Unit: "NAME", Default: "rms", Doc: "who speaks: a voice of flite (slt, rms, awb, kal, kal16), or a provider's as PROVIDER-ID; behind a comma, who takes over",
		field: func(c *Config) any { return &c.Speech.Voice }, check: each(voice)},

	{Name: "llm", Group: thinking, Unit: "NAME", Default: "script", Doc: "who thinks: script (a dialogue file), openai (a service that speaks its protocol), or PROVIDER/MODEL; behind a comma, who takes over",
		field: func(c *Config) any { return &c.LLM }, check: part("script", "openai")},
	{Name: "script", Group: thinking, Unit: "FILE", Doc: "dialogue file of llm script; the built-in demo agent's when empty",
		field: func(c *Config) any { return &c.Script }},
	{Name: "openai.base_url", Group: thinking, Unit: "URL", Doc: "the service's address up to and with /v1; OpenAI's own when empty",
		field: func(c *Config) any { return &c.OpenAI.BaseURL }, check: baseURL},
	{Name: "openai.key", Group: thinking, Unit: "KEY", Secret: true, Doc: "the service's key",
		field: func(c *Config) any { return &c.OpenAI.Key }},
	{Name: "openai.model", Group: thinking, Unit: "NAME", Default: "gpt-4o-mini", Doc: "the model's name at that service",
		field: func(c *Config) any { return &c.OpenAI.Model }},
	{Name: "openai.voice", Group: thinking, Unit: "NAME", Doc: "the model that speaks with OpenAI's voices; gpt-4o-mini-tts when empty",
		field: func(c *Config) any { return &c.OpenAI.Voice }},
}, accountSettings(), []Setting{
	{Name: "agent.name", Group: agency, Unit: "NAME", Default: "demo", Doc: "the agent's name in journals and logs",
		field: func(c *Config) any { return &c.Agent.Name }},
	{Name: "agent.number", Group: agency, Unit: "NUMBER", Default: "+14155550100", Doc: "the number that this agent answers, unless an agent of the API is linked to it; * every such number, none no number",
		field: func(c *Config) any { return &c.Agent.Number }, check: answered},
	{Name: "agent.greeting", Group: agency, Unit: "TEXT", Doc: "what the agent says first; the script's own greeting when empty",
		field: func(c *Config) any { return &c.Agent.Greeting }},
	{Name: "agent.prompt", Group: agency, Unit: "TEXT", Doc: "the model's system message",
		field: func(c *Config) any { return &c.Agent.Prompt }},
	{Name: "agent.voicemail_message", Group: agency, Unit: "TEXT", Doc: "left on a voicemail that answers a call of this agent; may name dynamic variables. Empty: this agent talks to whoever answers",
		field: func(c *Config) any { return &c.Agent.VoicemailMessage }},
	{Name: "agent.screener_message", Group: agency, Unit: "TEXT", Doc: "said to a call screener: who is calling, and why. Empty: the model answers it; needs agent.voicemail_message",
		field: func(c *Config) any { return &c.Agent.ScreenerMessage }},
	{Name: "agent.endpoint_wait", Group: agency, Unit: "DURATION", Default: "500ms", natural: time.Millisecond, Doc: "silence that ends a caller's turn",
		least: int64(100 * time.Millisecond), most: int64(10 * time.Second), field: func(c *Config) any { return &c.Agent.EndpointWait }},
	{Name: "agent.pause_wait", Group: agency, Unit: "DURATION", Default: "200ms", natural: time.Millisecond, Doc: "silence after which recognition begins",
		least: int64(20 * time.Millisecond), most: int64(10 * time.Second), field: func(c *Config) any { return &c.Agent.PauseWait }},
	{Name: "agent.silence", Group: agency, Unit: "DURATION", Default: "10s", natural: time.Second, Doc: "without a word, before the agent asks; as long again ends the call",
		least: int64(time.Second), most: int64(10 * time.Minute), field: func(c *Config) any { return &c.Agent.Silence }},
	{Name: "agent.max_duration", Group: agency, Unit: "DURATION", Default: "30m", natural: time.Second, Doc: "longest call",
		least: int64(10 * time.Second), most: int64(24 * time.Hour), field: func(c *Config) any { return &c.Agent.MaxDuration }},

	{Name: "trillet.models", Group: api, Unit: "TABLE", Default: trilletModels, Doc: "what an llmModel of /v1/api stands for: NAME=PROVIDER/MODEL, with commas between several",
		field: func(c *Config) any { return &c.Trillet.Models }, check: table("gpt-4o=openai/gpt-4o")},
	{Name: "trillet.voices", Group: api, Unit: "TABLE", Default: trilletVoices, Doc: "what a ttsModel of /v1/api stands for: PROVIDER/VOICE=voice_uuid, with commas; * stands for any voice; PROVIDER alone: who speaks when that one has no key",
		field: func(c *Config) any { return &c.Trillet.Voices }, check: table("rime/*=rime-*")},
	{Name: "bootstrap_key", Group: api, Unit: "KEY", Secret: true, Doc: "an administrator's key of the workspace default, made at the start; others: hookswitch key create",
		field: func(c *Config) any { return &c.BootstrapKey }, check: bootstrapKey},
	{Name: "secret_key", Group: api, Unit: "KEY", Secret: true, Doc: "what credentials are sealed with: 32 bytes in base64; with commas between several, of which the first seals; secret_file when empty",
		field: func(c *Config) any { return &c.SecretKey }},
	{Name: "secret_file", Group: api, Unit: "FILE", Doc: "the same in a file, one key a line; made at the first start; secret.key beside the database file, or in data, when empty",
		field: func(c *Config) any { return &c.SecretFile }},
	{Name: "api_rate", Group: api, Unit: "N", Default: "600", least: 1, most: 1000000, Doc: "requests a minute for each key",
		field: func(c *Config) any { return &c.APIRate }},
	{Name: "webhooks", Group: api, Unit: "REACH", Default: "https", Choices: []string{"https", "http", "private"}, Doc: "where webhooks and tools may go: public https; also plain http; also this machine and private networks",
		field: func(c *Config) any { return &c.Webhooks }},

	{Name: "livekit.url", Group: rooms, Unit: "URL", Doc: "a LiveKit server of your own: calls are bridged into rooms there, for LiveKit agents to answer",
		field: func(c *Config) any { return &c.LiveKit.URL }, check: liveKit},
	{Name: "livekit.key", Group: rooms, Unit: "KEY", Doc: "an API key of that server",
		field: func(c *Config) any { return &c.LiveKit.Key }},
	{Name: "livekit.secret", Group: rooms, Unit: "KEY", Secret: true, Doc: "the secret of that key",
		field: func(c *Config) any { return &c.LiveKit.Secret }},
	{Name: "agents_dir", Group: rooms, Unit: "FOLDER", Doc: "agents that come to calls by themselves or when they are sent, such as live captions: agent-NAME.yaml files, watched; deploy/agents has one",
		field: func(c *Config) any { return &c.AgentsDir }},

	{Name: "database_url", Group: keeping, Unit: "URL", Default: "sqlite://data/hookswitch.db", Doc: "where everything is kept: sqlite:// and a file, or postgres:// and a server",
		field: func(c *Config) any { return &c.DatabaseURL }, check: database},
	{Name: "recordings", Group: keeping, Unit: "FOLDER", Default: "data/recordings", Doc: "where calls are recorded: a folder, or a bucket as s3://NAME?region=...; off keeps none",
		field: func(c *Config) any { return &c.Recordings }},
	{Name: "cache_dir", Group: keeping, Unit: "FOLDER", Doc: "where the speech models are kept; the user's cache folder when empty (~/.cache/hookswitch)",
		field: func(c *Config) any { return &c.CacheDir }},

	{Name: "max_calls", Group: running, Unit: "N", Default: "0", most: 100000, Doc: "calls at once, more are turned down; 0 means no limit",
		field: func(c *Config) any { return &c.MaxCalls }},
	{Name: "drain", Group: running, Unit: "DURATION", Default: "30m", natural: time.Second, Doc: "how long SIGTERM waits for calls to end by themselves",
		most: int64(24 * time.Hour), field: func(c *Config) any { return &c.Drain }},
	{Name: "log", Group: running, Unit: "FORM", Default: "auto", Choices: []string{"auto", "text", "json"}, Doc: "form of the log on stderr; auto is text on a terminal, json elsewhere",
		field: func(c *Config) any { return &c.Log }},
	{Name: "log_level", Group: running, Unit: "LEVEL", Default: "info", Choices: []string{"debug", "info", "warn", "error"}, Doc: "least important line that is logged",
		field: func(c *Config) any { return &c.LogLevel }},
	{Name: "overflow_number", Group: running, Unit: "NUMBER", Doc: "where callers are connected to for whom there is no room; busy when empty",
		field: func(c *Config) any { return &c.Overflow }, check: overflow},
	{Name: "admission.cpu", Group: running, Unit: "PERCENT", Default: "85", most: 100, Doc: "of the cores: busier than that, new calls are turned down; 0 never",
		field: func(c *Config) any { return &c.Admission.CPU }},
	{Name: "admission.lateness", Group: running, Unit: "DURATION", Default: "20ms", natural: time.Millisecond, most: int64(time.Second), Doc: "of the sound that is sent (p99 of some seconds): later than that, new calls are turned down; 0 never",
		field: func(c *Config) any { return &c.Admission.Lateness }},
	{Name: "admission.queue", Group: running, Unit: "DURATION", Default: "1s", natural: time.Millisecond, most: int64(time.Minute), Doc: "that utterances wait for a recogniser (p95): longer than that, new calls are turned down; 0 never",
		field: func(c *Config) any { return &c.Admission.Queue }},
	{Name: "admission.memory", Group: running, Unit: "PERCENT", Default: "90", most: 100, Doc: "of the memory that the process may have: more than that, new calls are turned down; 0 never",
		field: func(c *Config) any { return &c.Admission.Memory }},

	{Name: "admin_listen", Group: watching, Unit: "HOST:PORT", Doc: "where profiles are served (net/http/pprof), and /metrics; nowhere when empty. Nobody is asked for a key there: keep it on this machine",
		field: func(c *Config) any { return &c.Admin }, check: address},
	{Name: "metrics.agents", Group: watching, Unit: "CHOICE", Default: "off", Choices: []string{"off", "on"}, Doc: "whether agents' names are labels of metrics: as many series more as there are agents, of which 100 are told apart",
		field: func(c *Config) any { return &c.Metrics.Agents }},
	{Name: "trace.endpoint", Group: watching, Unit: "URL", Doc: "who takes traces: OpenTelemetry's protocol over HTTP (http://127.0.0.1:4318); none when empty",
		field: func(c *Config) any { return &c.Trace.Endpoint }, check: baseURL},
	{Name: "trace.headers", Group: watching, Unit: "TABLE", Secret: true, Doc: "headers of what is sent there, NAME=VALUE with commas between several, such as a vendor's key",
		field: func(c *Config) any { return &c.Trace.Headers }, check: headers},
	{Name: "trace.sample", Group: watching, Unit: "SHARE", Default: "1", Doc: "of the calls that are traced, from 0 to 1",
		field: func(c *Config) any { return &c.Trace.Sample }, check: share},
	{Name: "prices", Group: watching, Unit: "TABLE", Doc: "what things cost in US dollars: STAGE/PROVIDER/UNIT=DOLLARS per 1000 units, and carrier/DIRECTION/minute=DOLLARS, with commas; * stands for any part. What has no price costs nothing",
		field: func(c *Config) any { return &c.Prices }, check: prices},
})

// What the words of seed 004 stand for, unless the operator says otherwise. Both
// models of Gemini that it names are gone, or will be in December 2026: their maker
// sends those who ask for 2.5 Flash on to 3.5 Flash-Lite, and those of 2.0 Flash to
// 2.5 Flash (ai.google.dev/gemini-api/docs/deprecations).
const (
	trilletModels = "gpt-4o-mini=openai/gpt-4o-mini,gpt-4o=openai/gpt-4o,gpt-4o-enterprise=openai/gpt-4o," +
		"gpt-4.1=openai/gpt-4.1,gpt-4.1-mini=openai/gpt-4.1-mini,gpt-4.1-enterprise=openai/gpt-4.1,gpt-4.1-mini-enterprise=openai/gpt-4.1-mini," +
		"gemini-2.5-flash=gemini/gemini-3.5-flash-lite,gemini-2.0-flash-001=gemini/gemini-3.5-flash-lite,script=script/demo"
	trilletVoices = "rime/*=rime-*,elevenlabs/*=elevenlabs-*,11labs_byo/*=elevenlabs-*,openai/*=openai-*,flite/*=flite-*," +
		"rime=flite-slt,elevenlabs=flite-slt,openai=flite-slt,google=flite-slt"
)

// others are variables of ours that are no settings of the gateway.
var others = []string{Prefix + "CONFIG", Prefix + "SERVER", Prefix + "API_KEY", Prefix + "SIM_SEED"}

// Named finds the setting called name. ok is false when there is none.
func Named(name string) (s Setting, ok bool) {
	for _, s := range Settings {
		if s.Name == name {
			return s, true
		}
	}
	return Setting{}, false
}

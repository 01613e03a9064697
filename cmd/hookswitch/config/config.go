// Package config holds the gateway's settings: what they are called in flags,
// in the environment and in the file, which of the three wins, and what is said
// about a mistake. One table ([Settings]) drives all of it.
package config

import (
	"strings"
	"time"
)

// Config is every setting, with its unit and default. Times are never zero
// where a default is named: [Load] fills them in.
type Config struct {
	Listen      string        // HOST:PORT that the gateway serves. "127.0.0.1:8080"
	PublicURL   string        // how the carrier reaches us, without a path. Required with carrier "twilio"; empty means Listen's own
	DatabaseURL string        // "sqlite://FILE" or "postgres://...". "sqlite://data/hookswitch.db"
	Carrier     string        // "sim" or "twilio". "sim"
	Recordings  string        // folder or s3:// bucket of the calls' WAV files; "off" keeps none. "data/recordings"
	CacheDir    string        // folder of the speech models. The user's cache folder + "/hookswitch"
	Log         string        // "text", "json" or "auto" (text on a terminal). "auto"
	LogLevel    string        // "debug", "info", "warn" or "error". "info"
	MaxCalls    int           // calls at once; more are turned down. 0, no limit
	Drain       time.Duration // how long SIGTERM waits for calls to end. 30 m
	TLS         TLS
	Twilio      Twilio
	Mail        Mail
	Trillet     Trillet
	Line        Line
	Speech      Speech
	LLM         string // who thinks: "script", "openai" or "PROVIDER/MODEL". "script"
	Script      string // dialogue file of llm "script". Empty means the built-in demo agent's
	OpenAI      OpenAI
	Providers   Providers
	Agent       Agent
	LiveKit     LiveKit
	AgentsDir   string // folder of agent-NAME.yaml files. Empty: there are none

	BootstrapKey string // secret; an administrator's key of the workspace "default". Empty makes none
	SecretKey    string // secret; what credentials are sealed with. Empty means SecretFile
	SecretFile   string // file of such keys. Empty means secret.key beside the database file, or in "data"
	APIRate      int    // requests a minute for each key. 600
	Webhooks     string // "https", "http" or "private": where webhooks and tools may go. "https"

	Admin     string // HOST:PORT of the listener for profiles. Empty: there is none
	Metrics   Metrics
	Trace     Trace
	Admission Admission
	Prices    string // "STAGE/PROVIDER/UNIT=USD per 1000,...", "carrier/inbound/minute=USD per minute". Empty: nothing has a price
	Overflow  string // number that callers are connected to when the node has no room. Empty: they hear busy
}

// Metrics says how much /metrics tells.
type Metrics struct {
	Agents string // "on": agents' names are labels. "off"
}

// Trace is where spans go.
type Trace struct {
	Endpoint string // OTLP over HTTP, such as "http://127.0.0.1:4318". Empty: there are none
	Headers  string // secret; "NAME=VALUE,..." of each request, such as a vendor's key
	Sample   string // share of the calls, "0" to "1". "1"
}

// Admission is how busy a node may be and still take new calls. 0 asks nobody.
type Admission struct {
	CPU      int           // percent of the cores that the process may use. 85
	Lateness time.Duration // of frames that are sent, p99 of the last seconds. 20 ms
	Queue    time.Duration // an utterance's wait for a recogniser, p95 of the last seconds. 1 s
	Memory   int           // percent of what the process may have. 90
}

// TLS lets the gateway serve https itself. Both files or neither.
type TLS struct {
	Cert string // PEM file of the certificate chain
	Key  string // PEM file of its key
}

// Twilio is the account behind carrier "twilio".
type Twilio struct {
	AccountSID string // "AC" and 32 hexadecimal digits
	AuthToken  string // secret
	APIBase    string // another host for the REST interface, such as a simulator. Empty means Twilio's own
	Edge       string // edge location, such as "dublin". Empty means the default one
	Region     string // region, such as "ie1". Empty means us1
	Fallback   string // where Twilio asks when PublicURL fails, without a path. Empty means PublicURL once more
	CPS        int    // calls a second that are placed on an account. 1
	MaxCalls   int    // calls at once on an account. 0, no limit
	AMD        string // "on": Twilio says who answered, which costs extra. "off"
}

// Mail is how e-mail leaves.
type Mail struct {
	SMTP    string // secret; smtp://USER:PASSWORD@HOST:PORT or smtps://. Empty: it doesn't
	Domains string // "WORKSPACE=DOMAIN,...": who may write from which addresses; * stands for any. "default=*"
}

// Trillet says what the words of seed 004 stand for.
type Trillet struct {
	Models string // "NAME=PROVIDER/MODEL,..."
	Voices string // "PROVIDER/VOICE=voice_uuid,..."; * stands for any voice, PROVIDER alone for those that are not to be had
}

// Pairs reads a table of the settings, "NAME=VALUE,NAME=VALUE", in its order.
func Pairs(table string) (all [][2]string) {
	for _, one := range strings.Split(table, ",") {
		if name, value, ok := strings.Cut(strings.TrimSpace(one), "="); ok {
			all = append(all, [2]string{strings.TrimSpace(name), strings.TrimSpace(value)})
		}
	}
	return all
}

// LiveKit is a LiveKit server of the operator's own. All three or none.
type LiveKit struct {
	URL    string // ws://, wss://, http:// or https://. Empty: calls are not bridged
	Key    string
	Secret string // secret
}

// Line says how audio is sent to the carrier.
type Line struct {
	Lead time.Duration // how far audio is sent ahead of the clock. 200 ms
	Lump time.Duration // how much audio is sent at a time, at most Lead. 60 ms
}

// Speech says who hears and who speaks.
type Speech struct {
	Recogniser string // "moonshine", "none" (deaf on purpose) or "PROVIDER/MODEL". "moonshine"
	Workers    int    // recognitions at once. 0, the number of cores
	Voice      string // a voice of flite, or a provider's: "elevenlabs-ID". "rms"
}

// OpenAI is any service that speaks OpenAI's chat protocol.
type OpenAI struct {
	BaseURL string // such as "http://127.0.0.1:11434/v1". Empty means OpenAI's own
	Key     string // secret; may be empty on a service of your own
	Model   string // "gpt-4o-mini"
	Voice   string // the model that speaks. Empty has a default
}

// Providers are the accounts at outside services. Their keys serve the workspace
// "default"; others bring their own.
type Providers struct {
	Deepgram         Provider
	DeepgramTraining string // "none" keeps calls out of its model improvement program. "theirs"
	AssemblyAI       Provider
	Whisper          Provider // any server of one's own that speaks the protocol; Key may be empty
	Anthropic        Provider
	Gemini           Provider
	Resemble         Provider
	ElevenLabs       Provider
	Cartesia         Provider
	Rime             Provider
}

// Provider is one account.
type Provider struct {
	Key     string // secret
	BaseURL string // another host that speaks its protocol. Empty means its own
	Model   string // that speaks, or (whisper) hears. Empty has a default
	OptOut  bool   // calls are kept out of the training of models
}

// Agent is who answers when no agent was defined for a number.
type Agent struct {
	Name     string // "demo"
	Number   string // the number that it answers; "*" every one that nobody is linked to, "none" none. "+14155550100"
	Greeting string // said first. Empty means the script's own
	Prompt   string // the model's system message

	VoicemailMessage string // left on a voicemail that answers a call that was placed. Empty: whoever answers is talked to
	ScreenerMessage  string // said to a call screener. Empty: the model answers it

	EndpointWait time.Duration // silence that ends a caller's turn. 500 ms
	PauseWait    time.Duration // silence after which recognition begins. 200 ms
	Silence      time.Duration // without a word from anyone, before the agent asks; as long again ends the call. 10 s
	MaxDuration  time.Duration // of a call. 30 m
}

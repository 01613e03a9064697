package config_test

import (
	"errors"
	"flag"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/cmd/hookswitch/config"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/fault"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// in is an Input whose hookswitch.yaml holds yaml.
func in(t testing.TB, yaml string, environ []string, flags map[string]string) config.Input {
	t.Helper()
	dir := t.TempDir()
	if yaml != "" {
		if err := os.WriteFile(filepath.Join(dir, config.DefaultFile), []byte(yaml), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return config.Input{Flags: flags, Environ: environ, Dir: dir}
}

func TestNothingConfiguredIsTheDemo(t *testing.T) {
	l, err := config.Load(in(t, "", nil, nil))
	if err != nil {
		t.Fatal(err)
	}
	c := l.Config
	if c.Listen != "127.0.0.1:8080" || c.Carrier != "sim" || c.DatabaseURL != "sqlite://data/hookswitch.db" ||
		c.Agent.EndpointWait != 500*time.Millisecond || c.Agent.MaxDuration != 30*time.Minute || c.CacheDir == "" {
		t.Errorf("Load() = %+v", c)
	}
	if got := l.Origin(); got != "defaults (no file, no variables)" {
		t.Errorf("Origin() = %q", got)
	}
}

func TestFlagsBeatVariablesBeatTheFile(t *testing.T) {
	const file = "listen: 127.0.0.1:1\nmax_calls: 1\nagent:\n  silence: 1s\n"
	environ := []string{"HOOKSWITCH_LISTEN=127.0.0.1:2", "HOOKSWITCH_MAX_CALLS=2", "HOOKSWITCH_PUBLIC_URL=", "PATH=/bin"}
	l, err := config.Load(in(t, file, environ, map[string]string{"listen": "127.0.0.1:3"}))
	if err != nil {
		t.Fatal(err)
	}
	if l.Config.Listen != "127.0.0.1:3" || l.Config.MaxCalls != 2 || l.Config.Agent.Silence != time.Second {
		t.Errorf("flag, variable, file = %q, %d, %v", l.Config.Listen, l.Config.MaxCalls, l.Config.Agent.Silence)
	}
	for name, want := range map[string]config.Source{"listen": config.Flag, "max_calls": config.Environment, "agent.silence": config.File, "carrier": config.Default, "public_url": config.Default} {
		if got := l.Origins[name].Source; got != want {
			t.Errorf("%s comes from %v, want %v", name, got, want)
		}
	}
	if got := l.Origins["agent.silence"].String(); got != "hookswitch.yaml:4:12" {
		t.Errorf("agent.silence stands at %s", got)
	}
}

func TestFileIsFoundByFlagThenVariableThenName(t *testing.T) {
	input := in(t, "max_calls: 1\n", []string{"HOOKSWITCH_CONFIG=b.yaml"}, nil)
	for name, text := range map[string]string{"a.yaml": "max_calls: 3\n", "b.yaml": "max_calls: 2\n"} {
		if err := os.WriteFile(filepath.Join(input.Dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, tt := range []struct {
		path    string
		environ []string
		want    int
	}{{"a.yaml", input.Environ, 3}, {"", input.Environ, 2}, {"", nil, 1}} {
		l, err := config.Load(config.Input{Path: tt.path, Environ: tt.environ, Dir: input.Dir})
		if err != nil {
			t.Fatal(err)
		}
		if l.Config.MaxCalls != tt.want {
			t.Errorf("--config %q %v: max_calls = %d, want %d", tt.path, tt.environ, l.Config.MaxCalls, tt.want)
		}
	}
}

const sid = "AC0123456789abcdef0123456789abcdef"

func TestEveryMistakeSaysWhatWhereAndWhatToType(t *testing.T) {
	fourteen := strings.Repeat("# \n", 12) + "agent:\n  max_duration: 600\n"
	tests := []struct {
		golden  string
		yaml    string
		environ []string
		flags   map[string]string
	}{
		{"two-mistakes", fourteen, []string{"HOOKSWITCH_CARRIER=twilio", "HOOKSWITCH_TWILIO_ACCOUNT_SID=" + sid, "HOOKSWITCH_TWILIO_AUTH_TOKEN=t"}, nil},
		{"unknown-key", "agent:\n  endpoint_ms: 500\n", nil, nil},
		{"unknown-key-elsewhere", "max_duration: 10m\n", nil, nil},
		{"unknown-variable", "", []string{"HOOKSWITCH_PUBLIC_ULR=https://voice.example.com"}, nil},
		{"plain-http", "", nil, map[string]string{"public-url": "http://voice.example.com"}},
		{"url-without-scheme", "", []string{"HOOKSWITCH_PUBLIC_URL=voice.example.com"}, nil},
		{"url-of-the-websocket", "public_url: wss://voice.example.com\n", nil, nil},
		{"url-with-a-path", "public_url: https://voice.example.com/twilio/voice\n", nil, nil},
		{"no-unit-milliseconds", "", nil, map[string]string{"agent-endpoint-wait": "700"}},
		{"no-length-of-time", "", []string{"HOOKSWITCH_DRAIN=forever"}, nil},
		{"duration-out-of-bounds", "agent:\n  endpoint_wait: 1m\n", nil, nil},
		{"not-a-number", "max_calls: many\n", nil, nil},
		{"number-out-of-bounds", "", nil, map[string]string{"max-calls": "-1"}},
		{"no-such-carrier", "", []string{"HOOKSWITCH_CARRIER=twillio"}, nil},
		{"port-only", "", nil, map[string]string{"listen": "8081"}},
		{"database-of-another-kind", "", []string{"HOOKSWITCH_DATABASE_URL=mysql://ana:sesame@db/hookswitch"}, nil},
		{"database-path", "database_url: data/hookswitch.db\n", nil, nil},
		{"credentials-missing", "", []string{"HOOKSWITCH_CARRIER=twilio", "HOOKSWITCH_PUBLIC_URL=https://voice.example.com"}, nil},
		{"openai-without-key", "llm: openai\n", nil, nil},
		{"providers-misspelt", "recogniser: deepgramm/nova-2\nvoice: elevenlab-x\n", nil, map[string]string{"llm": "gemni/gemini-2.5-flash"}},
		{"providers-without-keys", "recogniser: deepgram/nova-2\nvoice: elevenlabs-x\nllm: anthropic/claude-sonnet-4-5\n", nil, nil},
		{"address-without-key", "llm: anthropic/claude-haiku-4-5\nanthropic:\n  base_url: http://127.0.0.1:9\n", nil, nil},
		{"whisper-without-address", "recogniser: whisper/whisper-1\n", nil, nil},
		{"key-with-a-space", "", []string{"HOOKSWITCH_DEEPGRAM_KEY=sesame sesame"}, nil},
		{"sid-of-something-else", "twilio:\n  account_sid: SK123\n", nil, nil},
		{"token-with-a-space", "twilio:\n  auth_token: \"sesame sesame\"\n", nil, nil},
		{"certificate-without-key", "tls:\n  cert: cert.pem\n", nil, nil},
		{"livekit-without-its-secret", "livekit:\n  url: wss://livekit.example.com\n  key: APIabc\n", nil, nil},
		{"pause-after-endpoint", "agent:\n  pause_wait: 900ms\n", nil, nil},
		{"lump-beyond-lead", "line:\n  lead: 40ms\n  lump: 60ms\n", nil, nil},
		{"not-yaml", "listen: 127.0.0.1:1\n\tcarrier: sim\n", nil, nil},
		{"set-twice", "carrier: sim\nlisten: 127.0.0.1:1\ncarrier: sim\n", nil, nil},
		{"list-for-a-value", "carrier: [sim, twilio]\n", nil, nil},
		{"value-for-a-section", "agent: 5\n", nil, nil},
		{"two-documents", "carrier: sim\n---\ncarrier: sim\n", nil, nil},
		{"everything-at-once", "liste: x\nagent:\n  silence: 10\n", []string{"HOOKSWITCH_MAX_CALLS=x", "HOOKSWITCH_COLOUR=1"}, map[string]string{"llm": "gpt"}},
	}
	for _, tt := range tests {
		t.Run(tt.golden, func(t *testing.T) {
			_, err := config.Load(in(t, tt.yaml, tt.environ, tt.flags))
			if err == nil {
				t.Fatal("Load() found nothing wrong")
			}
			if got := fault.Status(err); got != fault.Wrong {
				t.Errorf("exit status = %d, want %d", got, fault.Wrong)
			}
			var b strings.Builder
			fault.Write(&b, err, fault.Plain)
			same(t, filepath.Join("testdata", tt.golden+".golden"), b.String())
		})
	}
}

func TestMissingFileThatWasAskedFor(t *testing.T) {
	input := in(t, "", nil, nil)
	input.Path = "nowhere.yaml"
	_, err := config.Load(input)
	if !errors.Is(err, os.ErrNotExist) && err == nil {
		t.Fatal("Load() found nothing wrong")
	}
	var b strings.Builder
	fault.Write(&b, err, fault.Plain)
	same(t, "testdata/missing-file.golden", b.String())
}

// same compares got with the golden file at path, or rewrites it.
func same(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("got:\n%s\nwant (%s; -update rewrites it):\n%s", got, path, want)
	}
}

func TestSecretsAreNeverPrinted(t *testing.T) {
	const secret = "sesame"
	environ := []string{"HOOKSWITCH_TWILIO_AUTH_TOKEN=" + secret, "HOOKSWITCH_OPENAI_KEY=" + secret, "HOOKSWITCH_OPENAI_BASE_URL=http://u:" + secret + "@127.0.0.1/v1"}
	_, err := config.Load(in(t, "", environ, nil))
	var b strings.Builder
	fault.Write(&b, err, fault.Plain)
	if err == nil || strings.Contains(b.String(), secret) {
		t.Errorf("the error is %q", b.String())
	}
	l, err := config.Load(in(t, "", environ[:2], nil))
	if err != nil {
		t.Fatal(err)
	}
	b.Reset()
	l.WriteShown(&b)
	if strings.Contains(b.String(), secret) || strings.Count(b.String(), config.Masked) != 2 {
		t.Errorf("config show prints:\n%s", b.String())
	}
}

func TestEveryFieldHasASettingAndItsDefaultIsGood(t *testing.T) {
	flags, names := map[string]bool{}, map[string]bool{}
	for _, s := range config.Settings {
		if flags[s.Flag()] || names[s.Variable()] || s.Doc == "" || s.Group == "" || s.Unit == "" {
			t.Errorf("setting %q is told twice or not described", s.Name)
		}
		flags[s.Flag()], names[s.Variable()] = true, true
		if strings.Contains(s.Doc, "$") {
			t.Errorf("setting %q: kong would fill in the $ of its help", s.Name)
		}
	}
}

func TestFileThatInitWritesSetsNothingUntilUncommented(t *testing.T) {
	var b strings.Builder
	config.WriteFile(&b)
	l, err := config.Load(in(t, b.String(), nil, nil))
	if err != nil {
		t.Fatal(err)
	}
	if n := len(maps.Clone(l.Origins)); n != 0 {
		t.Errorf("%d settings came from a file of comments", n)
	}
	bare := strings.NewReplacer("\n#", "\n").Replace(b.String())
	bare = strings.NewReplacer("\n Lengths", "\n# Lengths").Replace(bare)
	for _, g := range []string{"Serving", "Carrier", "Messages", "Speech", "Model", "Providers", "Agent", "API", "LiveKit", "Keeping", "Running", "Watching"} {
		bare = strings.ReplaceAll(bare, "\n "+g+"\n", "\n")
	}
	l, err = config.Load(in(t, bare, nil, nil))
	if err != nil {
		var text strings.Builder
		fault.Write(&text, err, 100)
		t.Fatalf("uncommented, it is wrong:\n%s", text.String())
	}
	if l.Config.Agent.Silence != 10*time.Second {
		t.Errorf("uncommented, silence = %v", l.Config.Agent.Silence)
	}
}

func FuzzLoadYAML(f *testing.F) {
	f.Add("listen: 127.0.0.1:1\nagent:\n  silence: 10s\n")
	f.Add("agent: &a\n  silence: *a\n")
	f.Add("? [a]\n: b\n")
	f.Add("a: b: c\n")
	f.Add("---\n...\n---\n")
	f.Add("agent:\n  max_duration: 1e300\n")
	f.Add("max_calls: 99999999999999999999\n%s: \x1b[2J\n")
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, text string) {
		if err := os.WriteFile(filepath.Join(dir, config.DefaultFile), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := config.Load(config.Input{Dir: dir})
		if err == nil {
			return
		}
		if fault.Status(err) != fault.Wrong {
			t.Errorf("exit status %d for %q", fault.Status(err), text)
		}
		var b strings.Builder
		fault.Write(&b, err, 80)
		if strings.ContainsAny(b.String(), "\x1b\a") || !strings.Contains(b.String(), "[config/") {
			t.Errorf("told as %q", b.String())
		}
	})
}

// Who has no key yet is no mistake while somebody else in the list can do it; a
// key of OpenAI's own is enough for whisper.
func TestOneOfAListIsEnough(t *testing.T) {
	for _, tt := range []struct{ yaml, environ string }{
		{"recogniser: deepgram/nova-3,moonshine\nvoice: elevenlabs-x,rms\nllm: anthropic/claude-haiku-4-5,script\n", "HOOKSWITCH_MAX_CALLS=1"},
		{"recogniser: whisper/whisper-1\n", "HOOKSWITCH_WHISPER_KEY=0123456789"},
		{"llm: openai/llama\n", "HOOKSWITCH_OPENAI_BASE_URL=http://127.0.0.1:9/v1"},
	} {
		if _, err := config.Load(in(t, tt.yaml, []string{tt.environ}, nil)); err != nil {
			t.Errorf("%q with %s: %v", tt.yaml, tt.environ, err)
		}
	}
}

func TestCallsAreKeptOutOfTraining(t *testing.T) {
	for value, want := range map[string]bool{"none": true, "theirs": false} {
		l, err := config.Load(in(t, "deepgram:\n  training: "+value+"\n", nil, nil))
		if err != nil {
			t.Fatal(err)
		}
		if got := l.Config.Provider("deepgram").OptOut; got != want {
			t.Errorf("training: %s: kept out: %v, want %v", value, got, want)
		}
	}
}

// Each part may be a list: the first is preferred, the others take over.
func TestPartsMayBeLists(t *testing.T) {
	l, err := config.Load(in(t, "recogniser: deepgram/nova-2, moonshine\nvoice: elevenlabs-x,rms\nllm: openai,anthropic/claude-sonnet-4-5,script\n",
		[]string{"HOOKSWITCH_DEEPGRAM_KEY=0123456789", "HOOKSWITCH_ELEVENLABS_KEY=0123456789", "HOOKSWITCH_ANTHROPIC_KEY=0123456789", "HOOKSWITCH_OPENAI_KEY=0123456789"}, nil))
	if err != nil {
		t.Fatal(err)
	}
	if l.Config.Provider("deepgram").Key != "0123456789" || l.Config.Speech.Voice != "elevenlabs-x,rms" {
		t.Errorf("deepgram %+v, voice %q", l.Config.Provider("deepgram"), l.Config.Speech.Voice)
	}
	for _, name := range config.ProviderNames {
		if _, ok := config.Named(name + ".key"); !ok {
			t.Errorf("%s has no setting for its key", name)
		}
	}
}

func TestMailServerAndTablesAreChecked(t *testing.T) {
	for value, good := range map[string]bool{
		"mail.smtp=smtp://me:secret@mail.example.com:587": true,
		"mail.smtp=smtps://mail.example.com":              true,
		"mail.smtp=mail.example.com:25":                   false,
		"mail.smtp=http://me:secret@mail.example.com":     false,
		"livekit.url=wss://me:secret@livekit.example.com": false,
		"trillet.models=gpt-4o=openai/gpt-4o, a=b/c":      true,
		"trillet.models=gpt-4o":                           false,
		"mail.domains=default=*,ws_a=a.example,ws_a=b.io": true,
		"mail.domains=ws_a=desk@a.example":                false,
		"mail.domains=a.example":                          false,
		"trillet.voices=a/*=b-*,a/*=c-*":                  false,
		"trace.headers=x-api-key=secret,x-team=a":         true,
		"trace.headers=secret":                            false,
		"trace.headers=x-api-key=a,secret":                false, // a key with a comma in it
		"trace.headers=x-api-key:secret":                  false,
		"trace.headers=secret=a,secret=b":                 false,
		"trace.headers=a secret=b":                        false,
		"trace.endpoint=http://me:secret@127.0.0.1:4318":  false,
		"trace.endpoint=http://127.0.0.1:4318?key=secret": false,
	} {
		name, value, _ := strings.Cut(value, "=")
		s, _ := config.Named(name)
		_, err := config.Load(in(t, "", []string{s.Variable() + "=" + value}, nil))
		if (err == nil) != good {
			t.Errorf("%s = %q: %v, want it good: %v", name, value, err, good)
		}
		var shown strings.Builder
		fault.Write(&shown, err, fault.Plain)
		if strings.Contains(shown.String(), "secret") {
			t.Errorf("%s: the mistake tells a password: %s", name, shown.String())
		}
	}
	if got := config.Pairs(" a=b/c ,d/*=e-* "); len(got) != 2 || got[1] != [2]string{"d/*", "e-*"} {
		t.Errorf("Pairs() = %v", got)
	}
}

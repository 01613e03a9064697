package agentfile_test

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/hookswitch/hookswitch/agentcore/asr"
	"github.com/hookswitch/hookswitch/agentcore/room"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/agentfile"
)

// folder is a folder with these files.
func folder(t testing.TB, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		put(t, dir, name, text)
	}
	return dir
}

func put(t testing.TB, dir, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// load reads one file, which must be good.
func load(t testing.TB, text string) agentfile.Agent {
	t.Helper()
	set, err := agentfile.Load(folder(t, map[string]string{"agent-x.yaml": text}))
	if err != nil {
		t.Fatal(err)
	}
	return set.Agents[0]
}

func TestWhatAFileSays(t *testing.T) {
	plain := agentfile.Agent{Name: "x", File: "agent-x.yaml", Kind: room.Worker, Enabled: true, Threshold: .7, Join: room.Replace, LogLevel: slog.LevelInfo}
	with := func(change func(*agentfile.Agent)) agentfile.Agent { a := plain; change(&a); return a }
	captions := func(c agentfile.Captions) agentfile.Agent {
		return with(func(a *agentfile.Agent) { a.Kind, a.Join, a.Captions = room.Service, room.Listen, &c })
	}
	for _, c := range []struct {
		claim, text string
		want        agentfile.Agent
	}{
		{"an empty file is a LiveKit agent with every default", "", plain},
		{"keys without values are not set", "enabled:\nload_threshold:\nlog_level:\nagent_name:\napi_key: ''\nws_url:\nworkspace:\njoin:\n", plain},
		{"all keys of the root", "docker_image: docker.io/someone/something:main\nenabled: false\nload_threshold: 1\nlog_level: CRITICAL\nagent_name: x\nworkspace: acme\n",
			with(func(a *agentfile.Agent) {
				a.Enabled, a.Threshold, a.LogLevel, a.Workspace = false, 1, slog.LevelError+4, "acme"
			})},
		{"a service of somebody's own", "my_own: thing\nmy_service:\n  processing: automatic\n  anything: [1, {a: b}]\n", with(func(a *agentfile.Agent) { a.Automatic = true })},
		{"an agent of the roster", "agent: Receptionist\njoin: wait\nprocessing: automatic\n",
			with(func(a *agentfile.Agent) {
				a.Kind, a.Roster, a.Join, a.Automatic = room.Own, "Receptionist", room.Wait, true
			})},
		{"captions are manual by default, and embedded", "live_captions:\n", captions(agentfile.Captions{})},
		{"a block's keys without values are not set", "live_captions:\n  processing:\n  provider:\n", captions(agentfile.Captions{})},
		{"automatic captions", "live_captions: {processing: automatic, provider: moonshine}\njoin: listen\n",
			with(func(a *agentfile.Agent) {
				a.Kind, a.Join, a.Captions, a.Automatic = room.Service, room.Listen, &agentfile.Captions{}, true
			})},
		{"sherpa is the embedded one", "live_captions: {provider: sherpa, sherpa: {language: en-GB, partial_results: false, use_silero_vad: true}}",
			captions(agentfile.Captions{Silent: true, Options: asr.Options{Language: "en-US"}})},
		{"deepgram", "live_captions: {provider: deepgram, deepgram: {api_key: abc123, model: nova-3, language: de, interim_results: false, keyterms: [Müller, SIP]}}",
			captions(agentfile.Captions{Provider: "deepgram", Key: "abc123", Model: "nova-3", Silent: true, Options: asr.Options{Language: "de", Keywords: []string{"Müller", "SIP"}}})},
		{"a key of digits is a text", "live_captions: {provider: assemblyai, assemblyai: {api_key: 0123, format_turns: true, keyterms_prompt: SIP}}",
			captions(agentfile.Captions{Provider: "assemblyai", Key: "0123", Options: asr.Options{Keywords: []string{"SIP"}}})},
		{"openai", "live_captions: {provider: openai, openai: {api_key: k, detect_language: false}}", captions(agentfile.Captions{Provider: "openai", Key: "k"})},
		{"groq is a Whisper server", "live_captions: {provider: groq, groq: {api_key: k}}",
			captions(agentfile.Captions{Provider: "whisper", Key: "k", BaseURL: "https://api.groq.com/openai/v1", Model: "whisper-large-v3-turbo"})},
		{"a Whisper server of one's own", "live_captions: {provider: whisper, whisper: {base_url: 'http://127.0.0.1:8000/v1/', model: tiny}}",
			captions(agentfile.Captions{Provider: "whisper", BaseURL: "http://127.0.0.1:8000/v1", Model: "tiny"})},
		{"blocks of others are left alone", "live_captions: {provider: openai, aws: {language: de-DE}, nvidia: {use_ssl: false}, deepgram: {numerals: true}}",
			captions(agentfile.Captions{Provider: "openai"})},
	} {
		t.Run(c.claim, func(t *testing.T) {
			if got := load(t, c.text); !reflect.DeepEqual(got, c.want) {
				t.Errorf("got  %+v %+v\nwant %+v %+v", got, got.Captions, c.want, c.want.Captions)
			}
		})
	}
}

func TestMistakesAreToldWhereTheyAre(t *testing.T) {
	for _, c := range []struct{ claim, text, want string }{
		{"threshold above 1", "enabled: true\nload_threshold: 1.5\n", "agent-x.yaml:2:17: load_threshold must be a number from 0 to 1, it is 1.5"},
		{"threshold below 0", "load_threshold: -0.1", "agent-x.yaml:1:17: load_threshold must be a number from 0 to 1, it is -0.1"},
		{"threshold not a number", "load_threshold: .nan", "agent-x.yaml:1:17: load_threshold must be a number from 0 to 1, it is .nan"},
		{"threshold as text", "load_threshold: '0.5'", `agent-x.yaml:1:17: load_threshold must be a number from 0 to 1, it is "0.5"`},
		{"threshold as a list", "load_threshold: [1]", "agent-x.yaml:1:17: load_threshold must be a number from 0 to 1, it is a list"},
		{"enabled as text", "enabled: 'no'", "agent-x.yaml:1:10: enabled must be true or false"},
		{"log level", "log_level: LOUD", `agent-x.yaml:1:12: log_level must be one of DEBUG, INFO, WARN, WARNING, ERROR, CRITICAL; it is "LOUD"`},
		{"another name", "agent_name: y", `agent-x.yaml:1:13: agent_name must be "x" as in the file's name, it is "y"`},
		{"mistyped key", "load_treshold: 0.5", `agent-x.yaml:1:1: "load_treshold" is not known; is it load_threshold?`},
		{"an account of ours", "api_key: APIverysecret\n", "agent-x.yaml:1:1: api_key is how an agent finds its LiveKit server, and the gateway is that; remove it"},
		{"processing", "live_captions:\n  processing: sometimes\n", `agent-x.yaml:2:15: live_captions.processing must be one of manual, automatic; it is "sometimes"`},
		{"a provider that has no recogniser here", "live_captions:\n  provider: aws\n",
			"agent-x.yaml:2:13: live_captions.provider aws has no recogniser here; these have: moonshine, sherpa, vosk, deepgram, assemblyai, openai, groq, whisper"},
		{"a provider that nobody knows", "live_captions:\n  provider: acme\n",
			`agent-x.yaml:2:13: live_captions.provider must be one of moonshine, sherpa, vosk, deepgram, assemblyai, openai, groq, whisper; it is "acme"`},
		{"key of a block", "live_captions:\n  deepgram:\n    api_kye: a\n", `agent-x.yaml:3:5: "live_captions.deepgram.api_kye" is not known; is it api_key?`},
		{"value of a block", "live_captions:\n  nvidia:\n    use_ssl: maybe\n", "agent-x.yaml:3:14: live_captions.nvidia.use_ssl must be true or false"},
		{"a block that is none", "live_captions:\n  deepgram: abc\n", "agent-x.yaml:2:13: live_captions.deepgram must hold KEY: VALUE lines"},
		{"a key with a space", "live_captions:\n  provider: openai\n  openai:\n    api_key: 'sec ret'\n", "agent-x.yaml:4:14: live_captions.openai.api_key is no key: it has a space in it, or is too long"},
		{"a language that the embedded one doesn't know", "live_captions:\n  provider: vosk\n  vosk: {language: de}\n",
			`agent-x.yaml:3:20: live_captions.vosk.language must be English: the embedded recogniser understands nothing else, not "de"`},
		{"a model of such a language", "live_captions:\n  provider: vosk\n  vosk: {model: vosk-model-small-de-0.15}\n",
			`agent-x.yaml:3:17: live_captions.vosk.model must be an English one: the embedded recogniser understands nothing else, not "vosk-model-small-de-0.15"`},
		{"an address that is none", "live_captions:\n  provider: whisper\n  whisper: {base_url: 'file:///etc'}\n", "agent-x.yaml:3:23: live_captions.whisper.base_url must begin with https:// or http://"},
		{"captions that talk", "live_captions:\njoin: replace\n", `agent-x.yaml:2:7: join must be one of listen; it is "replace"`},
		{"two services", "live_captions:\nmore: {processing: manual}\n", `agent-x.yaml:2:1: "more" is a second service; a file has one`},
		{"captions and an agent", "agent: Ann\nlive_captions:\n", "agent-x.yaml:1:1: agent is of an agent of the roster, and live_captions is none; a file has one of them"},
		{"set twice", "enabled: true\nenabled: false\n", `agent-x.yaml:2:1: "enabled" is set twice`},
		{"no mapping", "- a\n- b\n", "agent-x.yaml:1:1: the file must hold KEY: VALUE lines"},
		{"not YAML", "a: b: c\n", "agent-x.yaml:1:1: this is not YAML: mapping values are not allowed in this context"},
		{"two documents", "enabled: true\n---\nenabled: true\n", "agent-x.yaml: there must be one document; remove the line ---"},
		{"aliases", "a: &a [x, x]\nb: [*a, *a]\n", "agent-x.yaml:2:5: aliases (*name) are not taken here; write the value out"},
		{"too many parts", "a: [" + strings.Repeat("x,", 30_000) + "]\n", "agent-x.yaml:1:39997: the file has too many parts"},
		{"too large", "a: " + strings.Repeat("x", 256<<10), "agent-x.yaml: it is larger than 256 KB"},
	} {
		t.Run(c.claim, func(t *testing.T) {
			set, err := agentfile.Load(folder(t, map[string]string{"agent-x.yaml": c.text}))
			if len(set.Agents) != 0 {
				t.Errorf("a file with a mistake is an agent: %+v", set.Agents)
			}
			if got := told(err); !slices.Equal(got, []string{c.want}) {
				t.Errorf("Load() = %q\nwant %q", got, c.want)
			}
			var p *agentfile.Problem
			if !errors.As(err, &p) || p.File != "agent-x.yaml" {
				t.Errorf("%v is no Problem of the file", err)
			}
		})
	}
}

// told are the mistakes one by one.
func told(err error) (all []string) {
	if err == nil {
		return nil
	}
	for _, e := range err.(interface{ Unwrap() []error }).Unwrap() {
		all = append(all, e.Error())
	}
	return all
}

func TestAllMistakesAreToldAtOnce(t *testing.T) {
	dir := folder(t, map[string]string{
		"agent-a.yaml": "enabled: 3\nload_threshold: 2\n",
		"agent-b.yml":  "log_level: 7\n",
		"agent-c.yaml": "enabled: true\n",
	})
	set, err := agentfile.Load(dir)
	want := []string{
		"agent-a.yaml:1:10: enabled must be true or false",
		"agent-a.yaml:2:17: load_threshold must be a number from 0 to 1, it is 2",
		"agent-b.yml:1:12: log_level must be one of DEBUG, INFO, WARN, WARNING, ERROR, CRITICAL; it is 7",
	}
	if got := told(err); !slices.Equal(got, want) {
		t.Errorf("told:\n%q\nwant:\n%q", got, want)
	}
	if len(set.Agents) != 1 || set.Agents[0].Name != "c" {
		t.Errorf("the good one is not there: %+v", set.Agents)
	}
}

func TestFolders(t *testing.T) {
	if _, err := agentfile.Load(filepath.Join(t.TempDir(), "nothing")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a folder that isn't there: %v", err)
	}
	dir := folder(t, map[string]string{"agent-x.yaml": "", "agent-x.yml": "", "agent-a b.yaml": "", "README.md": "-", "other.yaml": "-", "agent-x.txt": "-"})
	if err := os.Mkdir(filepath.Join(dir, "agent-dir.yaml"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(filepath.Join(dir, "agent-pipe.yaml"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("nowhere", filepath.Join(dir, "agent-link.yaml")); err != nil {
		t.Fatal(err)
	}
	set, err := agentfile.Load(dir)
	want := []string{
		"agent-a b.yaml: the name must be agent-NAME.yaml, of letters, digits, - and _",
		"agent-dir.yaml: it is not a file",
		"agent-link.yaml: no such file or directory",
		"agent-pipe.yaml: it is not a file",
		"agent-x.yml: there is agent-x.yaml already: a name is for one agent",
	}
	if got := told(err); !slices.Equal(got, want) {
		t.Errorf("told:\n%q\nwant:\n%q", got, want)
	}
	if len(set.Agents) != 1 || set.Agents[0].Name != "x" {
		t.Errorf("agents: %+v, want x", set.Agents)
	}
}

func TestSoManyFilesAndNoMore(t *testing.T) {
	dir := t.TempDir()
	for i := range 300 {
		put(t, dir, fmt.Sprintf("agent-%03d.yaml", i), "")
	}
	set, err := agentfile.Load(dir)
	if len(set.Agents) != 256 || err == nil {
		t.Errorf("%d agents, %v; want 256 and a word about it", len(set.Agents), err)
	}
}

// What a file asks for and nobody does here is told, and is no mistake.
func TestWhatHasNoEffectIsNoted(t *testing.T) {
	a := load(t, "live_captions:\n  provider: deepgram\n  deepgram:\n    numerals: true\n    punctuate: true\n    keywords: [[SIP, 1.5]]\n")
	want := []string{
		"agent-x.yaml:4:5: live_captions.deepgram.numerals has no effect here",
		"agent-x.yaml:6:5: live_captions.deepgram.keywords has no effect here",
	}
	if !slices.Equal(a.Notes, want) {
		t.Errorf("noted:\n%q\nwant:\n%q", a.Notes, want)
	}
}

func TestWhoIsThere(t *testing.T) {
	set, err := agentfile.Load(folder(t, map[string]string{
		"agent-all.yaml":    "live_captions: {processing: automatic}",
		"agent-acme.yaml":   "workspace: acme\nlive_captions: {processing: automatic}",
		"agent-manual.yaml": "live_captions:",
		"agent-off.yaml":    "enabled: false\nlive_captions: {processing: automatic}",
		"agent-far.yaml":    "s: {processing: automatic}",
	}))
	if err != nil {
		t.Fatal(err)
	}
	names := func(all []agentfile.Agent) (out []string) {
		for _, a := range all {
			out = append(out, a.Name)
		}
		return out
	}
	if got := names(set.Automatic("acme")); !slices.Equal(got, []string{"acme", "all", "far"}) {
		t.Errorf("automatic in acme: %v", got)
	}
	if got := names(set.Automatic("other")); !slices.Equal(got, []string{"all", "far"}) {
		t.Errorf("automatic elsewhere: %v", got)
	}
	for name, want := range map[string]bool{"manual": true, "off": false, "acme": false, "nobody": false} {
		if _, ok := set.Find("other", name); ok != want {
			t.Errorf("Find(other, %s) = %v, want %v", name, ok, want)
		}
	}
	far, _ := set.Find("acme", "far")
	all, _ := set.Find("acme", "all")
	if far.Dispatched() != "" || all.Dispatched() != "all" {
		t.Errorf("dispatched as %q and %q; want no name for a LiveKit agent that comes to all, and all", far.Dispatched(), all.Dispatched())
	}
	if !all.Takes(.69) || all.Takes(.7) {
		t.Error("the threshold is not where jobs end")
	}
	if never, any := (agentfile.Agent{}), (agentfile.Agent{Threshold: 1}); never.Takes(0) || !any.Takes(1) {
		t.Error("0 is not none, or 1 is not any")
	}
}

// The file that we ship is good, and comes to every call without an account.
func TestShippedFile(t *testing.T) {
	set, err := agentfile.Load("../../../deploy/agents")
	if err != nil {
		t.Fatal(err)
	}
	a, ok := set.Find("any", "live-captions")
	if !ok || !a.Automatic || a.Kind != room.Service || !a.Captions.Embedded() || a.Threshold != .7 || len(a.Notes) != 0 {
		t.Errorf("live-captions: %+v", a)
	}
	text, err := os.ReadFile("../../../deploy/agents/agent-live-captions.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"vosk", "sherpa", "deepgram", "assemblyai", "openai", "groq", "whisper"} {
		got := load(t, strings.Replace(string(text), "provider: moonshine", "provider: "+name, 1))
		if len(got.Notes) != 0 {
			t.Errorf("with %s: %q", name, got.Notes)
		}
	}
}

// Whatever a file holds, it is an agent or has mistakes in itself.
func FuzzLoad(f *testing.F) {
	for _, text := range []string{
		"enabled: true\nload_threshold: 0.7\nlive_captions:\n  processing: automatic\n  provider: deepgram\n  deepgram:\n    api_key: a\n",
		"agent: x\njoin: wait\nworkspace: w\n", "a: &a [*a]\n", "? [a]\n: b\n", "!!binary aGk=: b", "enabled: !!bool maybe", "load_threshold: !!float x", "\xff\xfe", "{{{{", "a:\n\t- b",
		"live_captions: {provider: [x]}", "live_captions: {openai: {api_key: !!binary aGk=}}", "<<: {enabled: false}", "# nothing\n", "---\n", "null",
	} {
		f.Add(text)
	}
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, text string) {
		put(t, dir, "agent-x.yaml", text)
		set, err := agentfile.Load(dir)
		if (err == nil) != (len(set.Agents) == 1) {
			t.Fatalf("Load() = %+v, %v", set, err)
		}
		for _, p := range told(err) {
			if !strings.HasPrefix(p, "agent-x.yaml:") {
				t.Errorf("%q names no file", p)
			}
		}
		for _, a := range set.Agents {
			if a.Threshold < 0 || a.Threshold > 1 || a.Threshold != a.Threshold || a.Join == "" || a.Kind == "" || (a.Kind == room.Service) != (a.Captions != nil) {
				t.Errorf("%+v", a)
			}
		}
	})
}

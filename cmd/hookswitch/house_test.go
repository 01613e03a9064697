package main

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"strings"
	"testing"
)

const module = "github.com/hookswitch/hookswitch"

// room says what a package, and those below it, may import of ours. The first
// room whose name fits is the one that counts.
type room struct {
	name   string   // folder; "x/*" means each folder below x, but not x itself
	may    []string // folders; "x/..." means all below x, too
	reason string   // printed when an arrow is wrong
}

// rooms is the picture in docs/ARCHITECTURE.md as a table: arrows go down,
// nothing else is allowed. Tests may import what they like.
var rooms = []room{
	{"cmd/hookswitch/fault", nil, "fault is told by everyone and knows no one"},
	{"cmd/hookswitch/config", []string{"cmd/hookswitch/fault"}, "settings are read before anything else exists; they may only tell mistakes"},
	{"cmd", []string{"..."}, ""},
	{"metrics/lint", []string{"metrics"}, "what is wrong with a metric is looked for from outside"},
	{"metrics", nil, "metrics satisfies agentcore.Observer by shape, so that the core never waits for Prometheus"},
	{"media/*", []string{"media/..."}, "media is arithmetic on samples: it knows no call, no provider, no carrier"},
	{"media", nil, "media defines the frame that all others pass around: it knows nothing of ours"},
	{"telephony/twilio", []string{"telephony", "telephony/sms", "telephony/ws", "telephony/twilio/...", "media/..."}, "a trunk knows its port only, and how texts are counted; a trunk that knew the core, or another trunk, could not be exchanged"},
	{"telephony/sim", []string{"telephony", "telephony/sim/...", "media/..."}, "the simulated carrier stands on the far side of the wire: what it shares with the gateway it cannot test"},
	{"telephony/ws", nil, "frames of a websocket are bytes on a connection: nothing of ours is in them"},
	{"telephony/pace", []string{"telephony"}, "who waits for their turn is decided in front of any carrier: it knows the port only"},
	{"telephony/sms", []string{"telephony"}, "how a text is cut and counted is the same on every carrier"},
	{"telephony/mail", []string{"telephony"}, "e-mail is a channel like any other: it knows the port only"},
	{"telephony", []string{"media"}, "telephony is what a call is, whoever carries it: no technology in it"},
	{"agentcore/turn", nil, "the turn machine is pure: a table can test it because it knows nobody"},
	{"agentcore/answer/*", []string{"agentcore/answer/...", "agentcore/answer", "agentcore/asr", "agentcore/tts", "media/...", "media"}, "recordings are judged with ports alone: a voice that makes them, a recogniser that hears them"},
	{"agentcore/answer", []string{"media/...", "media"}, "who answered is judged from sound and words alone"},
	{"agentcore/models", []string{"agentcore/models/...", "media/..."}, "the embedded models are used by providers; they know none"},
	{"agentcore/provider", []string{"agentcore/provider/..."}, "what providers' clients share: failures and patience, no port, no provider"},
	{"agentcore/failover", []string{"agentcore/asr", "agentcore/llm", "agentcore/tts", "agentcore/provider", "media/..."}, "who takes over is decided between ports: it knows no provider and no call"},
	{"agentcore/meter", []string{"agentcore/asr", "agentcore/llm", "agentcore/tts", "agentcore/provider", "media/..."}, "what a provider costs and how fast it is can be seen at its port: it knows no provider and no call"},
	{"agentcore/asr/*", []string{"agentcore/asr/...", "agentcore/provider/...", "agentcore/models/...", "media/..."}, "a recogniser knows its own port only, never another provider or the core"},
	{"agentcore/llm/*", []string{"agentcore/llm/...", "agentcore/provider/..."}, "a model knows its own port only, never another provider or the core"},
	{"agentcore/tts/*", []string{"agentcore/tts/...", "agentcore/provider/...", "agentcore/models/...", "media/..."}, "a voice knows its own port only, never another provider or the core"},
	{"agentcore/asr", []string{"agentcore/provider", "media"}, "a port knows frames, and the form of a failure"},
	{"agentcore/llm", []string{"agentcore/provider"}, "a port knows the form of a failure, and nothing else of ours"},
	{"agentcore/tts", []string{"agentcore/provider", "media"}, "a port knows frames, and the form of a failure"},
	{"agentcore/vars", nil, "variables are text in text: they know nothing of ours"},
	{"agentcore/trace", nil, "a trace's name follows from a call's: it is arithmetic"},
	{"agentcore/aside", nil, "a stack of its own for what is deep: it knows nobody"},
	{"agentcore/admission", nil, "whether there is room is decided from numbers: whoever asks measures"},
	{"agentcore/cost", []string{"agentcore/provider"}, "what something costs is a table and what was used: it knows no call"},
	{"agentcore/roster", []string{"agentcore/vars"}, "who may answer is written down before any call exists: it knows no call, no provider, no database"},
	{"agentcore/webhook", []string{"agentcore/cost", "agentcore/trace", "agentcore/roster", "agentcore/vars", "agentcore", "agentcore/dispatch", "agentcore/llm", "telephony"}, "a webhook tells others of a call; it runs in none"},
	{"agentcore/tools/remote", []string{"agentcore/trace", "agentcore/tools", "agentcore/llm", "agentcore/roster", "agentcore/vars", "agentcore/webhook"}, "a webhook tool is a tool over the one guarded client"},
	{"agentcore/tools/digits", []string{"agentcore/tools", "agentcore/llm", "agentcore/roster"}, "the tools read the agent's settings; the conversation listens and plays"},
	{"agentcore/tools/transfer", []string{"agentcore/tools", "agentcore/llm", "agentcore/roster", "agentcore/vars", "agentcore/dispatch", "telephony"}, "the tool reads the agent's list and asks the desk; it knows no carrier"},
	{"agentcore/tools", []string{"agentcore/llm", "agentcore/vars"}, "a tool is what a model can ask for; the call around it is none of its business"},
	{"agentcore/dialplan", []string{"telephony"}, "whom one may call is numbers and rules: it knows no call and no database"},
	{"agentcore/agenda/*", []string{"agentcore/agenda"}, "a file of rows is read before anything is made of them"},
	{"agentcore/agenda", []string{"agentcore/dispatch", "agentcore/dialplan", "telephony"}, "what is due is decided from rows: it knows no carrier, no database, no agent"},
	{"agentcore/chat", []string{"agentcore", "agentcore/llm", "agentcore/tools", "agentcore/vars", "agentcore/roster", "agentcore/chat/...", "telephony"}, "a conversation in writing: the same model, tools and journal, without a line"},
	{"agentcore/consult", []string{"agentcore/tts", "agentcore/asr", "media/...", "media", "telephony"}, "a talk with who answered a transfer: a voice, an ear and a leg"},
	{"agentcore/room", []string{"agentcore/aside", "agentcore", "agentcore/room/...", "telephony", "media/...", "media"}, "who is in a call's room is decided from rows: it knows no wire, no database, no model"},
	{"agentcore/captions", []string{"agentcore", "agentcore/asr", "agentcore/provider", "telephony", "media/...", "media"}, "captions are an ear, a recogniser and a list: they know no carrier and no database"},
	{"agentcore/search", []string{"telephony"}, "a query is words about calls: whoever keeps the calls compares them, whoever asks writes it"},
	{"agentcore", []string{"agentcore", "agentcore/aside", "agentcore/cost", "agentcore/turn", "agentcore/answer", "agentcore/asr", "agentcore/llm", "agentcore/tts", "agentcore/provider", "agentcore/tools", "agentcore/vars", "agentcore/roster", "agentcore/dispatch", "agentcore/agenttest", "telephony", "media/..."},
		"the core knows ports, never an adapter: no carrier, no provider, no database, no command"},
	{"storage/blob", []string{"storage", "media/...", "media", "telephony"}, "recordings are sound in files: their rows are storage's, their samples are media's"},
	{"storage/sqlite", []string{"storage/...", "agentcore", "agentcore/dispatch", "agentcore/agenda", "agentcore/captions", "agentcore/chat", "agentcore/room", "agentcore/roster", "agentcore/webhook", "telephony"}, "a backend stores the core's types; it asks nobody for anything"},
	{"storage/postgres", []string{"storage/...", "agentcore", "agentcore/dispatch", "agentcore/agenda", "agentcore/captions", "agentcore/chat", "agentcore/room", "agentcore/roster", "agentcore/webhook", "telephony"}, "a backend stores the core's types; it asks nobody for anything"},
	{"storage/storetest", []string{"storage/...", "agentcore", "agentcore/...", "telephony"}, "what every backend must do is told with the core's types, and with the core's own suites"},
	{"storage", []string{"storage/...", "agentcore", "agentcore/cost", "agentcore/dispatch", "agentcore/agenda", "agentcore/captions", "agentcore/chat", "agentcore/dialplan", "agentcore/room", "agentcore/roster", "agentcore/search", "agentcore/vars", "agentcore/webhook", "telephony"}, "storage keeps the core's types; the core does not know that it does"},
}

// listed is what `go list -json` says of a package.
type listed struct {
	ImportPath string
	Doc        string
	Imports    []string
	GoFiles    []string
	CgoFiles   []string
}

func packages(t *testing.T) []listed {
	t.Helper()
	cmd := exec.Command("go", "list", "-json=ImportPath,Doc,Imports,GoFiles,CgoFiles", module+"/...")
	out, err := cmd.Output()
	if err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			t.Fatalf("go list: %s", exit.Stderr)
		}
		t.Fatal(err)
	}
	var all []listed
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p listed
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}

func TestArrowsGoDown(t *testing.T) {
	for _, p := range packages(t) {
		folder := strings.TrimPrefix(p.ImportPath, module+"/")
		r, ok := roomOf(folder)
		if !ok {
			t.Errorf("%s stands in no room of the house: add it to the table, with the reason for what it may import", folder)
			continue
		}
		for _, imp := range p.Imports {
			target, ours := strings.CutPrefix(imp, module+"/")
			if ours && !r.lets(target) {
				t.Errorf("%s imports %s, and must not: %s", folder, target, r.reason)
			}
		}
	}
}

func TestEveryPackageSaysWhatItIs(t *testing.T) {
	for _, p := range packages(t) {
		if len(p.GoFiles)+len(p.CgoFiles) > 0 && p.Doc == "" {
			t.Errorf("%s has no package comment", p.ImportPath)
		}
	}
}

// The table itself: that it catches what it is there for.
func TestTableRefusesWrongArrows(t *testing.T) {
	for _, tt := range []struct {
		from, to string
		want     bool
	}{
		{"media", "telephony", false},
		{"media/resample", "media", true},
		{"telephony/twilio", "telephony/sim", false},
		{"telephony/sim/line", "telephony/twilio/wire", false},
		{"telephony/twilio", "telephony/twilio/wire", true},
		{"agentcore", "telephony/twilio", false},
		{"agentcore", "agentcore/asr/moonshine", false},
		{"agentcore/dispatch", "agentcore", true},
		{"agentcore/turn", "media", false},
		{"agentcore/tts/flite", "agentcore/asr", false},
		{"agentcore/tts/flite", "agentcore/models", true},
		{"storage/sqlite", "telephony/sim", false},
		{"metrics", "agentcore", false},
		{"cmd/hookswitch/server", "telephony/sim", true},
		{"cmd/hookswitch/config", "agentcore", false},
	} {
		r, ok := roomOf(tt.from)
		if !ok {
			t.Errorf("%s stands in no room", tt.from)
			continue
		}
		if got := r.lets(tt.to); got != tt.want {
			t.Errorf("%s -> %s: allowed = %v, want %v", tt.from, tt.to, got, tt.want)
		}
	}
}

func roomOf(folder string) (room, bool) {
	for _, r := range rooms {
		if under, below := strings.CutSuffix(r.name, "/*"); below {
			if strings.HasPrefix(folder, under+"/") {
				return r, true
			}
			continue
		}
		if folder == r.name || strings.HasPrefix(folder, r.name+"/") {
			return r, true
		}
	}
	return room{}, false
}

func (r room) lets(target string) bool {
	for _, m := range r.may {
		if m == "..." || m == target {
			return true
		}
		if under, all := strings.CutSuffix(m, "/..."); all && (target == under || strings.HasPrefix(target, under+"/")) {
			return true
		}
	}
	return false
}

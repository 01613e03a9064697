package show_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/show"
	"github.com/hookswitch/hookswitch/telephony"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// journal reads a call of testdata.
func journal(t *testing.T, name string) []agentcore.Entry {
	t.Helper()
	f, err := os.Open(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var list []agentcore.Entry
	for lines := bufio.NewScanner(f); lines.Scan(); {
		var e agentcore.Entry
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			t.Fatal(err)
		}
		list = append(list, e)
	}
	return list
}

var busy = show.Heading{Number: 1, Of: 2, Direction: telephony.Inbound,
	From: "+1 415 555 0134", To: "+1 415 555 0100", Who: "busy patient", Recording: "out/demo-1.wav"}

// result is what came of the fixture, with one failed check if asked for.
func result(t *testing.T, fail bool) show.Result {
	call := show.Call{Name: "call 1", From: busy.From, To: busy.To, Persona: busy.Who,
		Recording: "out/demo-1.wav", Journal: "out/demo-1.jsonl"}
	call.Fill(journal(t, "busy.jsonl"))
	second := call
	second.Name, second.Direction, second.Recording = "call 2", telephony.Outbound, "out/demo-2.wav"
	r := show.Result{Build: "0.1.0", TookMS: 58_204, Calls: []show.Call{call, second}, Checks: []show.Check{
		{Name: "every caller turn answered", OK: true, Value: "8 of 8"},
		{Name: "agent's words recognised back", OK: true, Value: "word errors 6.1%", Limit: "limit 30%"},
		{Name: "talk-over silences the agent", OK: true, Value: "118 ms at worst", Limit: "limit 300 ms"},
		{Name: "wire protocol", OK: true, Value: "0 violations in 3,412 messages"},
		{Name: "every call ended exactly once", OK: true, Value: "2 of 2"},
	}}
	if fail {
		r.Checks[2].OK, r.Checks[2].Value = false, "412 ms at worst"
		r.Checks[2].Faults = []show.Fault{{Call: 2, Turn: 3, AtMS: 20_500,
			Detail: "caller began 0:21.402, clear sent 0:21.790, silent 0:21.814"}}
	}
	r.Judge()
	return r
}

var files = show.Files{Page: "out/demo.html", Data: []string{"out/demo.json", "out/demo-1.jsonl", "out/demo-2.jsonl"}}

// demo shows the fixture as `hookswitch demo` does.
func demo(t *testing.T, s *show.Screen, fail bool) {
	s.Head("hookswitch 0.1.0   carrier simulated on loopback, no account   speech moonshine + flite, built in",
		"  1/3 build 0.4 s   2/3 models ready   3/3 gateway :8080, carrier :8090, wss with a test CA")
	call := s.Call(busy)
	call.Note(0, "ringing", "voice webhook answered in 4 ms, signature good")
	for _, e := range journal(t, "busy.jsonl") {
		call.Entry(e)
	}
	r := result(t, fail)
	s.Turns(1, r.Calls[0].Turns)
	s.Finish(r, files,
		show.Step{Command: "hookswitch talk", What: "talk to it yourself, by typing or with a WAV"},
		show.Step{Command: "make run", What: "serve; console and phone at http://127.0.0.1:8080"})
	if err := s.Err(); err != nil {
		t.Error(err)
	}
}

func TestGolden(t *testing.T) {
	for _, tc := range []struct {
		name string
		mode show.Mode
		fail bool
	}{
		{"plain-100", show.Mode{Width: 100}, false},
		{"plain-80", show.Mode{Width: 80}, false},
		{"plain-60", show.Mode{Width: 60}, false},
		{"plain-40", show.Mode{Width: 40}, true},
		{"colour-100", show.Mode{Width: 100, Color: true}, false},
		{"colour-80", show.Mode{Width: 80, Color: true}, true},
		{"colour-60", show.Mode{Width: 60, Color: true}, false},
		{"failed-100", show.Mode{Width: 100}, true},
		{"json", show.Mode{JSON: true}, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var out, status bytes.Buffer
			demo(t, show.New(&out, &status, tc.mode), tc.fail)
			golden(t, tc.name, out.Bytes())
		})
	}
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name+".golden")
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("output differs from %s (go test -update rewrites it)\ngot:\n%s\nwant:\n%s", path, got, want)
	}
}

var wall = time.Date(2026, 11, 21, 9, 31, 0, 0, time.UTC)

// at makes an entry.
func at(ms int64, ev agentcore.Event) agentcore.Entry {
	return agentcore.Entry{N: 1, Version: 1, At: time.Duration(ms) * time.Millisecond, Wall: wall, Event: ev}
}

package report_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/report"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/show"
	"github.com/hookswitch/hookswitch/media/wav"
	"github.com/hookswitch/hookswitch/telephony"
)

var shots = flag.String("shots", "", "keep the screenshots in this folder")

// busy is the call that package show's tests print.
func busy(t *testing.T) []agentcore.Entry {
	t.Helper()
	f, err := os.Open(filepath.Join("..", "show", "testdata", "busy.jsonl"))
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

const evil = `<script>alert(1)</script> "</title><img src=x onerror=alert(2)> &amp; '); {{.}} ` + "\x1b[31m\u202e"

// hostile is a call of somebody who wants to be a script, in which much goes
// wrong besides.
func hostile() []agentcore.Entry {
	var list []agentcore.Entry
	add := func(ms int64, ev agentcore.Event) {
		list = append(list, agentcore.Entry{N: len(list) + 1, Version: 1,
			At: time.Duration(ms) * time.Millisecond, Wall: time.Date(2026, 11, 21, 9, 33, 0, 0, time.UTC), Event: ev})
	}
	slow := &agentcore.Parts{Endpoint: 500, Recognise: 90, Tool: 612, Model: 41, Voice: 38, Line: 13}
	add(0, agentcore.Opened{Epoch: 1, Direction: telephony.Outbound, Pipeline: evil})
	add(2400, agentcore.AgentSaid{Reply: 1, Text: "Hello, this is Lakeside Dental.", Why: "greeting", StartMS: 200, EndMS: 2390})
	add(5600, agentcore.CallerSaid{Turn: 1, Text: evil, StartMS: 2900, EndMS: 5000, Confidence: .41, EndpointMS: 500, AskMS: 90})
	add(5610, agentcore.ToolIntent{Key: "1", Turn: 1, Name: "look_up", Arguments: `{"name":"</script>"}`})
	add(6222, agentcore.ToolResult{Key: "1", Text: evil, Failed: true, TookMS: 612})
	add(9000, agentcore.AgentSaid{Reply: 2, Turn: 1, Text: "I am sorry, I did not catch that. Could you say it again?", Why: "answer",
		StartMS: 6294, EndMS: 8990, GapMS: slow.Sum(), Parts: slow})
	add(9500, agentcore.ProviderError{Part: "model", Error: "cut after 12 tokens"})
	add(12_000, agentcore.CallerSaid{Turn: 2, Text: "Never mind.", StartMS: 10_800, EndMS: 11_400})
	add(13_100, agentcore.Ended{Reason: telephony.CallerHangup})
	return list
}

// recording makes a stereo WAV in which everybody is heard when the journal says
// that they spoke.
func recording(t *testing.T, entries []agentcore.Entry, lasted int64) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "call.wav")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w, err := wav.NewWriter(f, wav.Format{Encoding: wav.MuLaw, Rate: 8000, Channels: 2})
	if err != nil {
		t.Fatal(err)
	}
	samples := make([]int16, 2*8*lasted)
	for _, i := range show.Items(entries) {
		switch i.Kind {
		case show.Caller:
			speak(samples, 0, i.At, i.End)
		case show.Agent:
			speak(samples, 1, i.At, i.End)
		}
	}
	if err := errors.Join(w.Write(samples), w.Close()); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// speak puts syllables of a buzz on a channel.
func speak(samples []int16, channel int, from, to int64) {
	rnd := rand.New(rand.NewPCG(uint64(from), 7))
	loud := 0.5
	for n := from * 8; n < to*8 && 2*n < int64(len(samples)); n++ {
		s := float64(n-from*8) / 8000
		if n%1600 == 0 {
			loud = 0.2 + 0.8*rnd.Float64()
		}
		syllable := math.Abs(math.Sin(s*math.Pi*4)) * loud
		samples[2*n+int64(channel)] = int16(12_000 * syllable * math.Sin(s*2*math.Pi*float64(130+80*channel)))
	}
}

// demo is a page of both calls.
func demo(t *testing.T) report.Page {
	calls := [][]agentcore.Entry{busy(t), hostile()}
	p := report.Page{Result: show.Result{Build: "0.1.0", Began: time.Date(2026, 11, 21, 9, 31, 0, 0, time.UTC), TookMS: 58_204,
		Calls: []show.Call{
			{Name: "call 1", From: "+1 415 555 0134", To: "+1 415 555 0100", Persona: "busy patient", Journal: "out/demo-1.jsonl", Recording: "out/demo-1.wav"},
			{Name: "call 2", From: "+1 415 555 0100", To: "+1 415 555 0177", Persona: "asks <b>twice</b>", Journal: "out/demo-2.jsonl", Recording: "out/demo-2.wav"},
		},
		Checks: []show.Check{
			{Name: "every caller turn answered", Value: "5 of 6", Faults: []show.Fault{{Call: 2, Turn: 2, AtMS: 10_800, Detail: "caller spoke 0:10.800 to 0:11.400, no answer by 0:13.100"}}},
			{Name: "agent's words recognised back", OK: true, Value: "word errors 6.1%", Limit: "limit 30%"},
			{Name: "talk-over silences the agent", OK: true, Value: "118 ms at worst", Limit: "limit 300 ms"},
			{Name: "wire protocol", OK: true, Value: "0 violations in 3,412 messages"},
			{Name: "every call ended exactly once", OK: true, Value: "2 of 2"},
		}}}
	for n, entries := range calls {
		c := &p.Result.Calls[n]
		c.Fill(entries)
		p.Calls = append(p.Calls, report.Recorded{Entries: entries, WAV: recording(t, entries, c.LastedMS)})
	}
	p.Result.Calls[0].Turns[2].CallerSaid = "Tuesday at half past three, please."
	p.Result.Calls[0].Turns[0].CallerGapMS = 611
	p.Result.Judge()
	return p
}

func write(t *testing.T, p report.Page) string {
	t.Helper()
	var b bytes.Buffer
	if err := report.Write(&b, p); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestCallersWordsStayWords(t *testing.T) {
	html := write(t, demo(t))
	for _, bad := range []string{"<script>alert", "<img src=x", "</script> ", "asks <b>", "\x1b", "\u202e", "ZgotmplZ"} {
		if strings.Contains(html, bad) {
			t.Errorf("page holds %q", bad)
		}
	}
	if !strings.Contains(html, "&lt;script&gt;alert(1)&lt;/script&gt;") {
		t.Error("the caller's words are not on the page")
	}
	if n := strings.Count(html, "<script>"); n != 1 {
		t.Errorf("%d scripts, want our own", n)
	}
}

func TestPageNamesNoOtherPlace(t *testing.T) {
	html := write(t, demo(t))
	for _, bad := range []string{"http://", "https://", `src="/`, "@import", "style="} {
		if strings.Contains(html, bad) {
			t.Errorf("page holds %q", bad)
		}
	}
	if !strings.Contains(html, "default-src &#39;none&#39;") {
		t.Error("page has no content policy")
	}
}

func TestEveryTurnHasItsAnchor(t *testing.T) {
	html := write(t, demo(t))
	for _, id := range []string{"call-1", "call-1-turn-1", "call-1-turn-4", "call-2", "call-2-turn-2"} {
		if n := strings.Count(html, ` id="`+id+`"`); n != 1 {
			t.Errorf("%d elements are %s, want 1", n, id)
		}
	}
	for _, want := range []string{`href="#call-2-turn-2"`, "spoken: “Tuesday at half past three, please.”",
		"<del><span class=\"hidden\">not heard: </span>and on Saturday mornings.</del>", "not answered", "tool", "612 of 1,294 ms: tool"} {
		if !strings.Contains(html, want) {
			t.Errorf("page lacks %q", want)
		}
	}
}

func TestPagesOfLittle(t *testing.T) {
	for _, tc := range []struct {
		name string
		p    report.Page
	}{
		{"nothing", report.Page{}},
		{"a call that nobody answered", report.Page{Result: show.Result{Calls: []show.Call{{EndReason: telephony.Busy}}}}},
		{"no recording", report.Page{Result: show.Result{Calls: []show.Call{{LastedMS: 22_400}}}, Calls: []report.Recorded{{Entries: busy(t)}}}},
		{"journal that breaks off", report.Page{Result: show.Result{Calls: []show.Call{{}}}, Calls: []report.Recorded{{Entries: busy(t)[:20]}}}},
		{"an hour", report.Page{Result: show.Result{Calls: []show.Call{{LastedMS: 3_600_000}}}, Calls: []report.Recorded{{Entries: busy(t)}}}},
		{"reply without length", report.Page{Result: show.Result{Calls: []show.Call{{LastedMS: 1000}}}, Calls: []report.Recorded{{Entries: []agentcore.Entry{
			{Event: agentcore.AgentSaid{Reply: 1, Unheard: "all of it", Cut: true}}, {Event: agentcore.CallerSaid{}}}}}}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if html := write(t, tc.p); !strings.Contains(html, "</html>") || strings.Contains(html, "NaN") || strings.Contains(html, "Inf") {
				t.Error("page is not whole")
			}
		})
	}
}

func TestHourLongCallStaysSmall(t *testing.T) {
	one := busy(t)
	var entries []agentcore.Entry
	for n := range 160 { // of 22.4 s, 4 turns each
		entries = append(entries, later(one, time.Duration(n)*22_400*time.Millisecond, 4*n)...)
	}
	call := show.Call{LastedMS: 160 * 22_400}
	call.Fill(entries)
	call.LastedMS = 160 * 22_400
	p := report.Page{Result: show.Result{Calls: []show.Call{call}}, Calls: []report.Recorded{{Entries: entries}}}
	got := len(write(t, p))
	t.Logf("%d turns, %d bytes", len(call.Turns), got)
	if got > 2<<20 {
		t.Errorf("page of %d bytes for %d turns, want less than 2 MB", got, len(call.Turns))
	}
}

// later moves a call's entries in time, and counts its turns on.
func later(entries []agentcore.Entry, by time.Duration, turns int) []agentcore.Entry {
	ms := by.Milliseconds()
	var list []agentcore.Entry
	for _, e := range entries {
		e.At += by
		switch ev := e.Event.(type) {
		case agentcore.CallerSaid:
			ev.Turn, ev.StartMS, ev.EndMS = ev.Turn+turns, ev.StartMS+ms, ev.EndMS+ms
			e.Event = ev
		case agentcore.CallerPressed:
			ev.Turn += turns
			e.Event = ev
		case agentcore.TalkOver:
			ev.StartMS, ev.ClearMS = ev.StartMS+ms, ev.ClearMS+ms
			e.Event = ev
		case agentcore.AgentSaid:
			if ev.Turn > 0 {
				ev.Turn += turns
			}
			ev.StartMS, ev.EndMS = ev.StartMS+ms, ev.EndMS+ms
			e.Event = ev
		case agentcore.Ended:
			continue
		}
		list = append(list, e)
	}
	return list
}

func TestRecordingThatIsNoneIsRefused(t *testing.T) {
	p := demo(t)
	p.Calls[1].WAV = []byte("RIFFxxxxWAVEnonsense")
	var b bytes.Buffer
	err := report.Write(&b, p)
	if err == nil || !strings.Contains(err.Error(), "recording of call 2") || b.Len() > 0 {
		t.Errorf("Write() = %v after %d bytes, want call 2 named and nothing written", err, b.Len())
	}
}

func TestFromFileReadsWhatIsBesideIt(t *testing.T) {
	p, dir := demo(t), t.TempDir()
	save(t, dir, p)
	got, err := report.FromFile(filepath.Join(dir, "demo.json"))
	if err != nil {
		t.Fatal(err)
	}
	if a, b := write(t, got), write(t, p); a != b {
		t.Error("the page made from files is another than the one made from memory")
	}
}

// save writes what a demo leaves.
func save(t *testing.T, dir string, p report.Page) {
	t.Helper()
	b, err := p.Result.JSON()
	if err != nil {
		t.Fatal(err)
	}
	put := func(name string, b []byte) {
		if err := os.WriteFile(filepath.Join(dir, filepath.Base(name)), b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	put("demo.json", b)
	for n, call := range p.Result.Calls {
		var lines bytes.Buffer
		for _, e := range p.Calls[n].Entries {
			b, err := json.Marshal(e)
			if err != nil {
				t.Fatal(err)
			}
			lines.Write(append(b, '\n'))
		}
		put(call.Journal, lines.Bytes())
		put(call.Recording, p.Calls[n].WAV)
	}
}

func TestFromFileNamesWhatIsWrong(t *testing.T) {
	for _, tc := range []struct {
		name  string
		spoil func(dir string) error
		want  string
	}{
		{"no file", func(d string) error { return os.Remove(filepath.Join(d, "demo.json")) }, "demo.json"},
		{"no JSON", func(d string) error { return os.WriteFile(filepath.Join(d, "demo.json"), []byte("{"), 0o644) }, "is no result"},
		{"later version", func(d string) error {
			return os.WriteFile(filepath.Join(d, "demo.json"), []byte(`{"version":9}`), 0o644)
		}, "version 9"},
		{"journal is gone", func(d string) error { return os.Remove(filepath.Join(d, "demo-2.jsonl")) }, "demo-2.jsonl"},
		{"journal is something else", func(d string) error {
			return os.WriteFile(filepath.Join(d, "demo-1.jsonl"), []byte("{}\nroot:x:0\n"), 0o644)
		}, "demo-1.jsonl:2"},
		{"recording is gone", func(d string) error { return os.Remove(filepath.Join(d, "demo-1.wav")) }, "demo-1.wav"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			dir := t.TempDir()
			save(t, dir, demo(t))
			if err := tc.spoil(dir); err != nil {
				t.Fatal(err)
			}
			if _, err := report.FromFile(filepath.Join(dir, "demo.json")); err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("FromFile() = %v, want %q in it", err, tc.want)
			}
		})
	}
}

func FuzzAnyJournalIsAPage(f *testing.F) {
	b, err := os.ReadFile(filepath.Join("..", "show", "testdata", "busy.jsonl"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b, int64(22_400))
	f.Add([]byte(`{"kind":"caller_said","turn":1,"text":"</script><script>","start_ms":-9000000000000000000,"end_ms":9000000000000000000}`), int64(1)<<62)
	f.Fuzz(func(t *testing.T, lines []byte, lasted int64) {
		var entries []agentcore.Entry
		for line := range bytes.Lines(lines) {
			var e agentcore.Entry
			if json.Unmarshal(line, &e) == nil {
				entries = append(entries, e)
			}
		}
		var call show.Call
		call.Fill(entries)
		call.LastedMS = lasted
		html := write(t, report.Page{Result: show.Result{Calls: []show.Call{call}}, Calls: []report.Recorded{{Entries: entries}}})
		if n := strings.Count(html, "<script"); n != 1 {
			t.Fatalf("%d scripts, want our own", n)
		}
	})
}

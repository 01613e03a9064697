package show_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/show"
	"github.com/hookswitch/hookswitch/media"
)

const erase = "\r\x1b[K"

// terminal is a screen whose two outputs are the same.
func terminal() (*show.Screen, *bytes.Buffer) {
	var b bytes.Buffer
	return show.New(&b, &b, show.Mode{Live: true, Color: true, Width: 100}), &b
}

func TestLiveLineIsErasedBeforeARealLine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, b := terminal()
		s.Now("working")
		s.Head("done")
		s.Head("really")
		if got, want := b.String(), erase+"working"+erase+"done\nreally\n"; got != want {
			t.Errorf("wrote %q, want %q", got, want)
		}
	})
}

func TestLogsDoNotTearTheLiveLine(t *testing.T) {
	s, b := terminal()
	s.Now("working")
	s.Status().Write([]byte("log line\n"))
	if got, want := b.String(), erase+"working"+erase+"log line\n"; got != want {
		t.Errorf("wrote %q, want %q", got, want)
	}
}

func TestLiveLineIsDrawnTenTimesASecondAtMost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, b := terminal()
		for range 1000 {
			s.Now("x")
			s.Head("y") // even when real lines come between
			time.Sleep(time.Millisecond)
		}
		if n := strings.Count(b.String(), "x"); n != 10 {
			t.Errorf("drawn %d times in a second, want 10", n)
		}
	})
}

func TestLiveLineNeverWraps(t *testing.T) {
	var b bytes.Buffer
	s := show.New(&b, &b, show.Mode{Live: true, Width: 30})
	s.Now(strings.Repeat("long ", 20))
	if got := len(strings.TrimPrefix(b.String(), erase)); got != 29 {
		t.Errorf("live line of %d columns on a terminal of 30, want 29", got)
	}
}

func TestLiveLineShowsLevelsClockAndWords(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, b := terminal()
		call := s.Call(show.Heading{})
		loud, quiet := media.Frame{0: 20_000}, media.Frame{}
		for range 700 { // 14 s
			call.Meters().Record(&loud, &quiet)
		}
		call.Hearing("tuesday at three\x1b[2J thir")
		ctx, stop := context.WithTimeout(t.Context(), 150*time.Millisecond)
		defer stop()
		call.Watch(ctx)
		want := erase + `  caller ███████   agent ▁▁▁▁▁▁▁   0:14   hearing "tuesday at three\\x1b[2J thir"` + erase
		if got := b.String(); got != want {
			t.Errorf("wrote %q, want %q", got, want)
		}
	})
}

func TestRecordingLevelsAllocatesNothing(t *testing.T) {
	var m show.Meters
	var f media.Frame
	if n := testing.AllocsPerRun(100, func() { m.Record(&f, &f) }); n != 0 {
		t.Errorf("%v allocations a frame, want 0", n)
	}
}

func TestPipeGetsNoEscapes(t *testing.T) {
	var out, status bytes.Buffer
	s := show.New(&out, &status, show.Plain())
	s.Now("live")
	p := s.Progress("2/3 models")
	p.Set("encoder.onnx", 0, 100)
	p.Set("encoder.onnx", 60, 100)
	p.Done("kept in cache")
	demo(t, s, true)
	for _, text := range []string{out.String(), status.String()} {
		for _, r := range text {
			if r != '\n' && !unicode.IsPrint(r) || r > 127 {
				t.Fatalf("wrote %q, want ASCII without controls; whole: %s", r, text)
			}
		}
	}
}

func TestProgressTellsBytesRateAndTimeLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b bytes.Buffer
		s := show.New(&b, &b, show.Mode{Live: true, Width: 100})
		p := s.Progress("2/3 models")
		p.Set("encoder.onnx", 3_000_000, 27_000_000) // an earlier try left it
		time.Sleep(3 * time.Second)
		p.Set("encoder.onnx", 9_000_000, 27_000_000)
		time.Sleep(3 * time.Second)
		p.Set("decoder.onnx", 0, 0)
		if want := "9.0 of 27.0 MB  2.0 MB/s  9s left"; !strings.Contains(b.String(), want) {
			t.Errorf("wrote %q, want %q in it", b.String(), want)
		}
		p.Done("kept in ~/.cache/hookswitch (27 MB); delete it freely")
		if want := erase + "  2/3 models   kept in ~/.cache/hookswitch (27 MB); delete it freely\n"; !strings.HasSuffix(b.String(), want) {
			t.Errorf("wrote %q, want %q at its end", b.String(), want)
		}
	})
}

func TestInterruptedDemoTellsWhatIsKnown(t *testing.T) {
	var out bytes.Buffer
	s := show.New(&out, &out, show.Plain())
	call := s.Call(show.Heading{})
	call.Entry(at(10, planned{Reply: 1}))
	call.Entry(at(20, heard{Text: "kept back", StartMS: 15}))
	call.Flush()
	r := show.Result{TookMS: 4000, Interrupted: true}
	r.Judge()
	s.Finish(r, show.Files{})
	if got := out.String(); !strings.Contains(got, "caller kept back") || !strings.Contains(got, "STOPPED  interrupted after 4 s") || !strings.Contains(got, "exit status 130") {
		t.Errorf("shown %s", got)
	}
}

func TestPipeIsToldEveryQuarter(t *testing.T) {
	var b bytes.Buffer
	p := show.New(&b, &b, show.Plain()).Progress("2/3 models")
	for n := range int64(101) {
		p.Set("encoder.onnx", n*100_000, 10_000_000)
	}
	p.Set("decoder.onnx", 5_000_000, 0)
	want := "  2/3 models  encoder.onnx  0.0 of 10.0 MB\n  2/3 models  encoder.onnx  2.5 of 10.0 MB\n" +
		"  2/3 models  encoder.onnx  5.0 of 10.0 MB\n  2/3 models  encoder.onnx  7.5 of 10.0 MB\n" +
		"  2/3 models  encoder.onnx  10.0 of 10.0 MB\n  2/3 models  decoder.onnx  5.0 MB\n"
	if got := b.String(); got != want {
		t.Errorf("wrote\n%swant\n%s", got, want)
	}
}

func TestVerdictOfAPipeOfJSONGoesToStatus(t *testing.T) {
	var out, status bytes.Buffer
	demo(t, show.New(&out, &status, show.Mode{JSON: true}), true)
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if want := journal(t, "busy.jsonl"); len(lines) != len(want) {
		t.Errorf("%d lines on stdout, want the %d entries and nothing else", len(lines), len(want))
	}
	for _, l := range lines {
		var e agentcore.Entry
		if err := json.Unmarshal([]byte(l), &e); err != nil {
			t.Errorf("%s: %v", l, err)
		}
	}
	if !strings.Contains(status.String(), "FAIL  4 of 5") {
		t.Errorf("status got %q, want the verdict", status.String())
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("disk full") }

func TestFullDiskIsNoticed(t *testing.T) {
	s := show.New(full{}, &bytes.Buffer{}, show.Plain())
	s.Head("hello")
	if s.Err() == nil {
		t.Error("Err() = nil, want the disk's")
	}
}

func TestWhatWasSaidCannotDriveTheTerminal(t *testing.T) {
	evil := "hi\x1b]0;owned\x07\x9b2J\u202etxt\r\n\x00\xff\u2028end"
	for _, mode := range []show.Mode{{Width: 80}, {Width: 80, JSON: true}} {
		var out bytes.Buffer
		s := show.New(&out, &out, mode)
		call := s.Call(show.Heading{Number: 1, From: evil, To: evil, Who: evil, Recording: evil})
		call.Note(0, evil, evil)
		for _, ev := range []agentcore.Event{
			agentcore.Opened{Pipeline: evil}, said{Text: evil, Unheard: evil, Why: evil}, heard{Text: evil},
			agentcore.CallerPressed{Digit: evil}, agentcore.ToolIntent{Key: "k", Name: evil, Arguments: evil},
			agentcore.ToolResult{Key: "k", Text: evil, Failed: true}, agentcore.ProviderError{Part: evil, Error: evil},
			agentcore.Lost{Cause: evil}, agentcore.Ended{Reason: "x\x1b"},
		} {
			call.Entry(at(0, ev))
		}
		s.Finish(show.Result{Calls: []show.Call{{Recording: evil}}, Checks: []show.Check{{Name: evil, Value: evil, Limit: evil, Detail: evil,
			Faults: []show.Fault{{Call: 1, Detail: evil}}}}}, show.Files{Page: evil})
		for _, r := range out.String() {
			if r != '\n' && !unicode.IsPrint(r) {
				t.Fatalf("%+v: wrote %q in:\n%s", mode, r, out.String())
			}
		}
	}
}

// shelf is a journal in memory, which fails when it is full.
type shelf struct{ room int }

func (s *shelf) Append(_ context.Context, entries ...agentcore.Entry) error {
	if s.room -= len(entries); s.room < 0 {
		return errors.New("no room")
	}
	return nil
}

func TestOnlyWhatIsCommittedIsShown(t *testing.T) {
	var out bytes.Buffer
	s := show.New(&out, &out, show.Plain())
	j := s.Call(show.Heading{}).Journal(&shelf{room: 1})
	if err := j.Append(t.Context(), at(100, heard{Text: "kept"})); err != nil {
		t.Fatal(err)
	}
	if err := j.Append(t.Context(), at(200, heard{Text: "refused"})); err == nil {
		t.Error("the journal's error was swallowed")
	}
	if got, want := out.String(), "  0:00.0  caller kept\n"; got != want {
		t.Errorf("shown %q, want %q", got, want)
	}
}

func FuzzAnyJournalIsShown(f *testing.F) {
	b, err := os.ReadFile(filepath.Join("testdata", "busy.jsonl"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b, 80)
	f.Add([]byte(`{"kind":"agent_said","turn":1,"start_ms":-9e18,"parts":{"endpoint":9000000000000000000,"line":9000000000000000000}}`), 1)
	f.Fuzz(func(t *testing.T, lines []byte, width int) {
		var out bytes.Buffer
		s := show.New(&out, &out, show.Mode{Width: width % 300})
		call := s.Call(busy)
		var entries []agentcore.Entry
		for line := range bytes.Lines(lines) {
			var e agentcore.Entry
			if json.Unmarshal(line, &e) == nil {
				entries = append(entries, e)
				call.Entry(e)
			}
		}
		call.Flush()
		s.Turns(1, show.Turns(entries))
		for _, r := range out.String() {
			if r != '\n' && !unicode.IsPrint(r) && !unicode.Is(unicode.Cf, r) && !unicode.Is(unicode.Co, r) {
				t.Fatalf("wrote %q", r)
			}
		}
	})
}

package main

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/answer/replay"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/fault"
	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/media/wav"
)

// sounds writes a WAV file of channels that take turns, and returns its name.
func sounds(t *testing.T, rate int, channels ...[]int16) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "answer.wav")
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w, err := wav.NewWriter(f, wav.Format{Encoding: wav.PCM16, Rate: rate, Channels: len(channels)})
	if err != nil {
		t.Fatal(err)
	}
	var samples []int16
	for i := range channels[0] {
		for _, c := range channels {
			samples = append(samples, c[i])
		}
	}
	if err := w.Write(samples); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return name
}

// beeps is 4 s of silence with a tone in it.
func beeps(rate int, from, to time.Duration) []int16 {
	out := make([]int16, 4*rate)
	at := func(d time.Duration) int { return int(d * time.Duration(rate) / time.Second) }
	for i := at(from); i < at(to); i++ {
		out[i] = int16(8000 * math.Sin(2*math.Pi*1000*float64(i)/float64(rate)))
	}
	return out
}

func TestAnswerSaysWhatIsWrongWithARecording(t *testing.T) {
	none := filepath.Join(t.TempDir(), "none")
	text := filepath.Join(t.TempDir(), "text.wav")
	if err := os.WriteFile(text, []byte("Please leave a message after the tone.\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	mono, link := sounds(t, 8000, make([]int16, 800)), filepath.Join(t.TempDir(), "link.svg")
	if err := os.Symlink(mono, link); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name       string
		args       []string
		what, code string
	}{
		{"no file", nil, "nothing to judge", "answer/file"},
		{"a file that is not there", []string{none}, "no such file", "answer/file"},
		{"no WAV", []string{text}, "does not begin with", "answer/file"},
		{"a folder", []string{t.TempDir()}, "can't be read", "answer/file"},
		{"a rate that nobody uses", []string{sounds(t, 11_000, make([]int16, 800))}, "11000 Hz", "answer/rate"},
		{"an hour", []string{sounds(t, 1, make([]int16, 3600))}, "longer than 10m0s", "answer/long"},
		{"the right of one channel", []string{mono, "--channel", "right"}, "one channel", "answer/channel"},
		{"a drawing in place of the recording", []string{mono, "--svg", link}, "overwrite", "answer/svg"},
		{"a channel that is none", []string{mono, "--channel", "middle"}, `"left","right"`, "cli/usage"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			status, out, errs := typed(t, nil, append([]string{"answer"}, tt.args...)...)
			if status != fault.Wrong || out != "" || !strings.Contains(errs, tt.what) || !strings.Contains(errs, tt.code) {
				t.Errorf("status %d, stdout %q, stderr:\n%s", status, out, errs)
			}
		})
	}
}

// Without models it says how to get them, and that there is another way.
func TestAnswerWithoutModels(t *testing.T) {
	empty := []string{"HOOKSWITCH_CACHE_DIR=" + t.TempDir(), "HOME=" + t.TempDir()}
	file := sounds(t, 16_000, beeps(16_000, time.Second, 1400*time.Millisecond))
	status, out, errs := typed(t, empty, "answer", file)
	if status != fault.Impossible || out != "" || !strings.Contains(errs, "models/missing") || !strings.Contains(errs, "hookswitch models pull") || !strings.Contains(errs, "--deaf") {
		t.Errorf("status %d, stdout %q, stderr:\n%s", status, out, errs)
	}
	svg := filepath.Join(t.TempDir(), "answer.svg")
	status, out, errs = typed(t, empty, "answer", file, "--deaf", "--json", "--svg", svg)
	if status != fault.Held || !strings.Contains(errs, "hookswitch models pull") {
		t.Fatalf("deaf: status %d, stderr:\n%s", status, errs)
	}
	var line replay.Timeline
	if err := json.Unmarshal([]byte(out), &line); err != nil {
		t.Fatal(err)
	}
	if line.DurationMS != 4000 || line.Deaf == "" {
		t.Errorf("it is told as %+v", line)
	}
	drawn, err := os.ReadFile(svg)
	if err != nil || !strings.HasPrefix(string(drawn), "<svg ") {
		t.Errorf("the drawing begins with %.40q: %v", drawn, err)
	}
	status, _, errs = typed(t, empty, "answer", file, "--deaf", "--svg", filepath.Join(t.TempDir(), "no", "such.svg"))
	if status != fault.Impossible || !strings.Contains(errs, "answer/svg") {
		t.Errorf("a drawing that can't be written: status %d, stderr:\n%s", status, errs)
	}
}

func TestTheOtherSideOfARecordingIsTheAgents(t *testing.T) {
	quiet, tone := make([]int16, 4*8000), beeps(8000, time.Second, 2*time.Second)
	file := sounds(t, 8000, quiet, tone)
	c := answerCmd{File: file, Channel: "left"}
	samples, cfg, err := c.open()
	if err != nil {
		t.Fatal(err)
	}
	if want := []replay.Span{{Began: time.Second, Ended: 2 * time.Second}}; !slices.Equal(cfg.Agent, want) {
		t.Errorf("the agent speaks %v, want %v", cfg.Agent, want)
	}
	if !slices.Equal(samples, quiet) {
		t.Error("who answered is not the left side")
	}
	c.Channel = "right"
	if samples, cfg, err = c.open(); err != nil || len(cfg.Agent) != 0 || !slices.Equal(samples, tone) {
		t.Errorf("right: the agent speaks %v, error %v", cfg.Agent, err)
	}
}

func TestABreathDoesNotEndWhatTheAgentSays(t *testing.T) {
	frames := make([]media.Frame, 200)
	for _, n := range []int{10, 11, 12, 40, 41, 120} { // 0.2 s; 0.8 s, after 0.54 s; 2.4 s, after 1.56 s
		for i := range frames[n] {
			frames[n][i] = int16(4000 * (1 - 2*(i&1)))
		}
	}
	ms := time.Millisecond
	if got, want := spans(frames), []replay.Span{{Began: 200 * ms, Ended: 840 * ms}, {Began: 2400 * ms, Ended: 2420 * ms}}; !slices.Equal(got, want) {
		t.Errorf("spans() = %v, want %v", got, want)
	}
}

package server_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/asr/wer"
	"github.com/hookswitch/hookswitch/agentcore/models"
	"github.com/hookswitch/hookswitch/agentcore/models/modelstest"
	"github.com/hookswitch/hookswitch/agentcore/tts"
	"github.com/hookswitch/hookswitch/agentcore/tts/flite"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/server"
	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/telephony"
)

// tells has p say something once, with a voice.
func (p *party) tells(said []media.Frame) {
	p.says.Store(nil)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.once = said
}

// voiceOf is how text sounds in a voice of flite's.
func voiceOf(t *testing.T, voice, text string) (all []media.Frame) {
	t.Helper()
	s, err := flite.New(t.Context(), flite.Config{Models: modelstest.Set(t), Voice: voice})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close(t.Context())
	if err := s.Speak(t.Context(), text, tts.Frames(func(f *media.Frame) error { all = append(all, *f); return nil })); err != nil {
		t.Fatal(err)
	}
	return all
}

// The shipped file, real voices and real ears: a caller asks, the agent answers
// and hands them to a person, who speaks. Who reads along has read all of it.
func TestTheShippedCaptionsOfARealCall(t *testing.T) {
	t.Parallel()
	if !models.CanRun {
		t.Skip("built without cgo: no model can run")
	}
	const asks, wants, greets = "What are your opening hours?", "I want to speak to a real person about my bill.", "Hello, this is the sales department, how can I help you today?"
	modelstest.Set(t)
	shipped, err := os.ReadFile("../../../deploy/agents/agent-live-captions.yaml")
	if err != nil {
		t.Fatal(err)
	}
	const threshold = "load_threshold: 0.7"
	if !strings.Contains(string(shipped), threshold) {
		t.Fatalf("the shipped file has no %s", threshold)
	}
	dir := t.TempDir() // the machine is busy with tests
	writeFile(t, filepath.Join(dir, "agent-live-captions.yaml"), strings.Replace(string(shipped), threshold, "load_threshold: 1", 1))
	voices := map[string][]media.Frame{asks: voiceOf(t, "slt", asks), wants: voiceOf(t, "slt", wants), greets: voiceOf(t, "rms", greets)}
	o := newReadOffice(t, dir, func(o *server.Options) { o.Load = nil })
	s := o.scene(121, "blind", answersAfter(300*time.Millisecond), "")
	along := o.readsAlong(s.record().ID, "")
	// understood has who say text, and waits until side is written down to have. A
	// recogniser that a busy machine keeps waiting misses words: they say it again.
	understood := func(who *party, side, text string, from int) (got caption) {
		t.Helper()
		written := func() bool {
			for _, c := range s.written() {
				if got = c; c.N > from && c.Side == side {
					return true
				}
			}
			return false
		}
		for tries := 0; !written(); tries++ {
			if tries == 3 {
				t.Fatalf("nobody wrote down that %s said %q", side, text)
			}
			who.tells(voices[text])
			for again := time.Now().Add(15 * time.Second); !written() && time.Now().Before(again); {
				time.Sleep(50 * time.Millisecond)
			}
		}
		rate := wer.Rate(text, got.Text)
		t.Logf("%s, confidence %.2f, errors %.2f: %q", side, got.Confidence, rate, got.Text)
		if rate > .35 || got.End.Sub(got.Start) < time.Second {
			t.Errorf("%s said %q, in %v; want %q", side, got.Text, got.End.Sub(got.Start), text)
		}
		return got
	}
	asked := understood(s.caller, "caller", asks, 0)
	answer := s.reads("agent", saysHere, asked.N)
	s.asks()
	s.reads("agent", saysConnect, answer.N)
	s.status("bridged")
	s.within(20*time.Second, "somebody listens", func() bool { return s.happened("fork", "open") })
	before := len(s.written())
	met := understood(s.callee, "person", greets, before)
	told := understood(s.caller, "caller", wants, met.N)
	if !told.Start.After(met.End) {
		t.Errorf("the caller began at %v, before the person had finished at %v", told.Start, met.End)
	}
	s.callee.hangup.Store(true)
	s.ended(telephony.Transferred, "completed")
	for _, c := range o.captionsOf(s.record().ID) {
		if !along.shows("caption", c.Side, c.Text) {
			t.Errorf("nobody read along: %+v", c)
		}
	}
	o.quiet()
}

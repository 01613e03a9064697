package agentcore_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/agentcore/agenttest"
	"github.com/hookswitch/hookswitch/agentcore/tts"
	"github.com/hookswitch/hookswitch/telephony/sim/handset"
	"github.com/hookswitch/hookswitch/telephony/sim/line"
)

// asked is a voice that remembers what it was asked for, and what of it was not
// wanted any more.
type asked struct {
	voice tts.Synthesizer

	mu  sync.Mutex
	all []string
}

func (a *asked) Speak(ctx context.Context, text string, out tts.Sink) error {
	a.mu.Lock()
	n := len(a.all)
	a.all = append(a.all, text)
	a.mu.Unlock()
	err := a.voice.Speak(ctx, text, out)
	if ctx.Err() != nil {
		a.mu.Lock()
		a.all[n] += " (dropped)"
		a.mu.Unlock()
	}
	return err
}

// What a voice is asked for. Cloud voices are paid for each.
func TestTheMessageIsMadeOnSuspicion(t *testing.T) {
	const begins = "greeting Hi.\nanswering act\nmessage Call us.\nanswer late -> We are closed.\nanswer hello -> Ann?\n"
	for name, tt := range map[string]struct {
		script string
		first  time.Duration // of the voice
		want   []string
	}{
		"a short hello is not suspected": {begins + "caller 500ms 800ms hello", 0, []string{"Hi.", "Ann?"}},
		"who talks on is, and the message is dropped once they are spoken to": {
			begins + "caller 1500ms 6s am i too late", 5 * time.Second, []string{"Hi. (dropped)", "Call us. (dropped)", "We are closed."}},
		"a voicemail hears what was made before it was known": {
			begins + "caller 500ms 5s you have reached the voicemail of Ann please leave a message after the tone\ntone 6200ms 400ms 1000", 0, []string{"Hi.", "Call us."}},
		"nothing is made when nothing is to be done": {
			"greeting Hi.\nanswering note\nmessage Call us.\nanswer late -> We are closed.\ncaller 1500ms 6s am i too late", 0, []string{"Hi.", "We are closed."}},
		"a phrase that is said twice is made once": {
			"answering act\nmessage Call us. Call us.\ncaller 500ms 5s you have reached the voicemail of Ann please leave a message after the tone\ntone 6200ms 400ms 1000", 0, []string{"Call us."}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, err := parseScript(tt.script)
				if err != nil {
					t.Fatal(err)
				}
				cfg := s.answeringConfig(&agenttest.Pages{})
				voice := &asked{voice: &agenttest.Speaker{First: tt.first}}
				cfg.Voice = voice
				if _, err := s.hold(t.Context(), t, cfg, line.New(line.Config{Handset: handset.Func(s.Tick)})); err != nil {
					t.Fatal(err)
				}
				if !slices.Equal(voice.all, tt.want) {
					t.Errorf("the voice was asked for %q, want %q", voice.all, tt.want)
				}
			})
		})
	}
}

// sluggish is a journal that takes so long to commit.
type sluggish struct {
	*agenttest.Pages
	time.Duration
}

func (j sluggish) Append(ctx context.Context, entries ...agentcore.Entry) error {
	time.Sleep(j.Duration)
	return j.Pages.Append(ctx, entries...)
}

// The message begins 200 to 500 ms behind the beep, which is over at 6.6 s,
// whatever takes its time.
func TestTheMessageBeginsInTime(t *testing.T) {
	for _, tt := range []struct{ voice, words, commit time.Duration }{
		{40 * time.Millisecond, 80 * time.Millisecond, 0},
		{1500 * time.Millisecond, 80 * time.Millisecond, 0},
		{1500 * time.Millisecond, time.Second, 0},
		{3 * time.Second, time.Second, 0},
		{1500 * time.Millisecond, time.Second, 60 * time.Millisecond},
		{1500 * time.Millisecond, time.Second, 150 * time.Millisecond},
	} {
		t.Run(fmt.Sprint("voice ", tt.voice, ", words ", tt.words, ", commit ", tt.commit), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, err := parseScript("answering act\nmessage Call us back.\ncaller 500ms 5s hello you have reached the voicemail of Ann please leave a message after the tone\ntone 6200ms 400ms 1000")
				if err != nil {
					t.Fatal(err)
				}
				pages := &agenttest.Pages{}
				cfg := s.answeringConfig(sluggish{pages, tt.commit})
				cfg.Voice = &agenttest.Speaker{First: tt.voice}
				cfg.Recognizer = &agenttest.Hearer{Texts: s.texts, Lag: tt.words}
				if _, err := s.hold(t.Context(), t, cfg, line.New(line.Config{Handset: handset.Func(s.Tick)})); err != nil {
					t.Fatal(err)
				}
				after, err := agentcore.Resume(pages.Entries())
				if err != nil {
					t.Fatal(err)
				}
				if at := after.Answer.LeftMS - 6600; at < 200 || at > 500 || !after.Answer.Whole {
					t.Errorf("the message begins %d ms behind the beep, whole: %v", at, after.Answer.Whole)
				}
			})
		})
	}
}

package agentcore_test

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/telephony"
	"github.com/hookswitch/hookswitch/telephony/sim/line"
)

// onLines plays a call whose line is lost after each of these times, counted
// from the line's own beginning, and goes on without limit on the last. It
// returns what the caller heard on that one, and the journal.
func onLines(t *testing.T, p parts, text string, lost ...time.Duration) (string, []agentcore.Entry) {
	t.Helper()
	caller := coded(500 * time.Millisecond)
	for i := 0; ; i++ {
		l := line.New(line.Config{Handset: caller})
		caller = nil // they only listen from now on
		if i < len(lost) {
			time.AfterFunc(lost[i], func() { l.Lose(errors.New("reset")) })
		}
		cfg := p.config(text)
		cfg.Past, cfg.Call.Epoch = p.pages.Entries(), i+1
		sum := run(t, cfg, l)
		if i < len(lost) {
			if sum.End != "" {
				t.Fatalf("line %d: ended %q", i+1, sum.End)
			}
			time.Sleep(700 * time.Millisecond)
			continue
		}
		entries := p.pages.Entries()
		checkJournal(t, entries, sum)
		if sum.End != telephony.Silence {
			t.Errorf("ended %q, want %q", sum.End, telephony.Silence)
		}
		var frames []media.Frame
		for _, h := range l.Heard() {
			frames = append(frames, h.Frame)
		}
		return strings.Join(p.voice.Said(frames), " "), entries
	}
}

func TestLostLines(t *testing.T) {
	const (
		sorry  = "Sorry, we were cut off. "
		open   = "We are open from eight to five on weekdays. "
		closed = "On Saturdays we close at noon."
	)
	for _, tc := range []struct {
		name string
		lost []time.Duration
		want string
	}{
		{"before the answer was heard: it is made anew, once", []time.Duration{1900 * time.Millisecond}, sorry + open + closed},
		{"again in the excuse: one excuse, and the whole answer", []time.Duration{1900 * time.Millisecond, 500 * time.Millisecond}, sorry + open + closed},
		{"in mid-answer, and again in the excuse: nothing is lost", []time.Duration{4700 * time.Millisecond, 500 * time.Millisecond}, sorry + closed},
		{"in mid-answer, and again behind the excuse: nothing is lost", []time.Duration{3 * time.Second, 2500 * time.Millisecond}, sorry + open + closed},
		{"when nothing was left to say, and again in the excuse", []time.Duration{12 * time.Second, 500 * time.Millisecond}, strings.TrimSpace(sorry)},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newParts(map[string]string{"hours": open + closed})
				got, _ := onLines(t, p, "your hours please", tc.lost...)
				if got != tc.want {
					t.Errorf("on the last line the caller heard\n     %q\nwant %q", got, tc.want)
				}
			})
		})
	}
}

// An apology that a lost line cut is not said on the next one: what broke may be
// whole again, and the caller waits for an answer.
func TestApologyIsNotResumed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newParts(map[string]string{"hours": "From eight to five. !"})
		time.AfterFunc(3*time.Second, func() { p.model.Learn("hours", "From eight to five.") })
		got, _ := onLines(t, p, "your hours please", 3*time.Second)
		if strings.Contains(got, "went wrong") {
			t.Errorf("on the second line the caller heard %q", got)
		}
	})
}

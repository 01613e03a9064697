package demo

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/hookswitch/hookswitch/agentcore/models/modelstest"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/show"
	"github.com/hookswitch/hookswitch/telephony"
	"github.com/hookswitch/hookswitch/telephony/sim/handset"
	"github.com/hookswitch/hookswitch/telephony/sim/persona"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// Each built-in persona puts the gateway through what the demo claims to show.
func TestPersonasTalkOverAndPress(t *testing.T) {
	for _, p := range Personas() {
		if p.Is == handset.Voicemail {
			continue // nobody talks with it
		}
		turns, over, keys := 0, 0, 0
		for _, l := range p.Lines {
			if l.Say != "" || l.Press != "" {
				turns++
			}
			if l.When.Kind == persona.IntoAgent {
				over++
			}
			keys += len(l.Press)
		}
		if turns < 4 || over != 1 || keys != 1 {
			t.Errorf("%s has %d turns, %d talk-overs, %d keys; want 4 or more, 1, 1", p.Name, turns, over, keys)
		}
	}
	s := &stage{}
	if in, out := s.row(1, Personas()[0]), s.row(2, Personas()[1]); in.Direction != telephony.Inbound || out.Direction != telephony.Outbound {
		t.Errorf("calls go %s and %s, want one in and one out", in.Direction, out.Direction)
	}
}

func TestGapsAreComparedInTheMedian(t *testing.T) {
	turns := func(apart ...int64) []show.Call {
		c := show.Call{}
		for i, d := range apart {
			c.Turns = append(c.Turns, show.Turn{Turn: i + 1, GapMS: 600, CallerGapMS: 600 + d})
		}
		return []show.Call{c}
	}
	for _, tc := range []struct {
		name   string
		calls  []show.Call
		ok     bool
		faults int
	}{
		{"all alike", turns(10, 20, 30), true, 0},
		{"one far apart", turns(10, 20, 200), true, 0},
		{"most far apart", turns(10, 110, -95), false, 2},
		{"no gap at all", turns(), false, 0},
	} {
		if got := checkGaps(tc.calls); got.OK != tc.ok || len(got.Faults) != tc.faults {
			t.Errorf("%s: ok %v with %d faults, want %v with %d", tc.name, got.OK, len(got.Faults), tc.ok, tc.faults)
		}
	}
}

// greeted is a screen that tells when the agent's greeting is on it.
type greeted struct {
	all  bytes.Buffer
	told func()
}

func (g *greeted) Write(p []byte) (int, error) {
	n, err := g.all.Write(p)
	if strings.Contains(g.all.String(), "Lakeside Dental") {
		g.told()
	}
	return n, err
}

// Ctrl-C in mid-call: the far end hangs up, what is known is left, and nothing is
// judged that did not happen.
func TestInterruptedDemo(t *testing.T) {
	modelstest.Runtime(t)
	ctx, cancel := context.WithCancel(t.Context())
	out := t.TempDir()
	shown := greeted{told: cancel}
	result, err := Run(ctx, Options{CacheDir: os.Getenv("HOOKSWITCH_CACHE_DIR"), Out: out, Only: 1, Screen: show.New(&shown, io.Discard, show.Plain()), Began: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	if !result.Interrupted || result.Pass || len(result.Checks) != 0 {
		t.Errorf("interrupted %v, pass %v, %d checks", result.Interrupted, result.Pass, len(result.Checks))
	}
	if len(result.Calls) != 1 || result.Calls[0].EndReason != telephony.CallerHangup {
		t.Errorf("calls %+v, want one that the caller hung up", result.Calls)
	}
	for _, want := range []string{"ringing", "voice webhook answered in", "signature good", "Lakeside Dental", "caller_hangup", "STOPPED"} {
		if !strings.Contains(shown.all.String(), want) {
			t.Errorf("it does not show %q:\n%s", want, shown.all.String())
		}
	}
	for _, name := range []string{"demo.json", "demo.html", "demo-1.wav", "demo-1.jsonl"} {
		if info, err := os.Stat(filepath.Join(out, name)); err != nil || info.Size() == 0 {
			t.Errorf("%s is not there: %v", name, err)
		}
	}
}

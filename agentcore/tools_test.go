package agentcore_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/agentcore/llm"
	"github.com/hookswitch/hookswitch/agentcore/tools"
	"github.com/hookswitch/hookswitch/agentcore/vars"
	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/telephony"
	"github.com/hookswitch/hookswitch/telephony/sim/line"
)

// desk is a tool that remembers under which keys it was used, and takes 2 s.
type desk struct {
	safe bool

	mu   sync.Mutex
	keys []string
	seen []vars.Set
}

func (*desk) Spec() llm.Tool         { return llm.Tool{Name: "desk"} }
func (d *desk) Traits() tools.Traits { return tools.Traits{Safe: d.safe} }

func (d *desk) Call(ctx context.Context, in tools.Invocation) (tools.Result, error) {
	d.mu.Lock()
	d.keys, d.seen = append(d.keys, in.Key), append(d.seen, in.Variables)
	d.mu.Unlock()
	select {
	case <-time.After(2 * time.Second):
		return tools.Result{Text: "desk done", Assigned: vars.Set{"first": "Anna", "room": int64(12), "account": "007"}}, nil
	case <-ctx.Done():
		return tools.Result{}, ctx.Err()
	}
}

func heardOn(p parts, l *line.Line) string {
	var frames []media.Frame
	for _, h := range l.Heard() {
		frames = append(frames, h.Frame)
	}
	return strings.Join(p.voice.Said(frames), " ")
}

// A line is lost while a tool runs, or the process dies, which is a journal that
// stops anywhere.
func TestToolsAfterALostLine(t *testing.T) {
	const sorry = "Sorry, we were cut off. "
	for _, tc := range []struct {
		name   string
		safe   bool
		answer string
		lost   time.Duration
		uses   []string
		heard  string // on the second line
	}{
		{"a safe tool is used once more, under its key", true, "!desk", 3 * time.Second,
			[]string{"c1/1/1", "c1/1/1"}, sorry + "You are booked."},
		{"some of the answer was heard: its rest comes all the same", true, "One moment. !desk", 3500 * time.Millisecond,
			[]string{"c1/1/1", "c1/1/1"}, sorry + "You are booked."},
		{"any other tool is not: the model is told that nobody knows", false, "!desk", 3 * time.Second,
			[]string{"c1/1/1"}, sorry + "Nobody knows."},
		{"what was answered before is not asked again", true, "!desk", 4200 * time.Millisecond,
			[]string{"c1/1/1"}, sorry + "You are booked."},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newParts(map[string]string{"book": tc.answer, "desk done": "You are booked.", "unknown": "Nobody knows."})
				d := &desk{safe: tc.safe}
				cfg := p.config("please book me")
				cfg.Tools = append(cfg.Tools, d)
				first := line.New(line.Config{Handset: coded(500 * time.Millisecond)})
				time.AfterFunc(tc.lost, func() { first.Lose(errors.New("reset")) })
				if sum := run(t, cfg, first); sum.End != "" {
					t.Fatalf("ended %q", sum.End)
				}
				second := line.New(line.Config{})
				cfg.Past, cfg.Call.Epoch = p.pages.Entries(), 2
				sum := run(t, cfg, second)
				checkJournal(t, p.pages.Entries(), sum)
				if !slices.Equal(d.keys, tc.uses) {
					t.Errorf("it was used under %q, want %q", d.keys, tc.uses)
				}
				if got := heardOn(p, second); got != tc.heard {
					t.Errorf("on the second line the caller heard\n     %q\nwant %q", got, tc.heard)
				}
				results := 0
				for _, e := range p.pages.Entries() {
					if _, ok := e.Event.(agentcore.ToolResult); ok {
						results++
					}
				}
				if want := map[bool]int{true: 1}[tc.safe]; results != want {
					t.Errorf("%d results are in the journal, want %d", results, want)
				}
			})
		})
	}
}

// pastOf is what happened before, numbered.
func pastOf(events ...agentcore.Event) []agentcore.Entry {
	var out []agentcore.Entry
	for i, ev := range events {
		out = append(out, agentcore.Entry{N: i + 1, Version: 1, Wall: time.Now(), Event: ev})
	}
	return out
}

// After a crash, tools are used again only while somebody waits for them.
func TestToolsAfterACrash(t *testing.T) {
	open := agentcore.Opened{Epoch: 1}
	asks := agentcore.CallerSaid{Turn: 1, Text: "book me"}
	means := agentcore.ToolIntent{Key: "c1/1/1", Turn: 1, ID: "x", Name: "desk", Arguments: `{}`, Safe: true}
	bye := agentcore.ToolResult{Key: "c1/1/1", Text: "ok", End: true}
	for _, tc := range []struct {
		name string
		past []agentcore.Entry
		uses int
		end  telephony.EndReason
	}{
		{"the caller waits", pastOf(open, asks, means), 1, telephony.Silence},
		{"the caller has spoken since", pastOf(open, asks, means, agentcore.CallerSaid{Turn: 1, Text: "no, stop"}), 0, telephony.Silence},
		{"its intent was not safe", pastOf(open, asks, agentcore.ToolIntent{Key: "c1/1/1", Turn: 1, ID: "x", Name: "desk"}), 0, telephony.Silence},
		{"the tool is not there any more", pastOf(open, asks, agentcore.ToolIntent{Key: "c1/1/1", Turn: 1, ID: "x", Name: "gone", Safe: true}), 0, telephony.Silence},
		{"a tool has ended the call", pastOf(open, asks, means, bye), 0, telephony.AgentHangup},
		{"the call is over", pastOf(open, asks, means, agentcore.Ended{Reason: telephony.CallerHangup}), 0, telephony.CallerHangup},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newParts(map[string]string{"": "Well."})
				d := &desk{safe: true}
				cfg := p.config()
				cfg.Tools, cfg.Past, cfg.Call.Epoch = append(cfg.Tools, d), tc.past, 2
				sum := run(t, cfg, line.New(line.Config{}))
				if sum.End != tc.end || len(d.keys) != tc.uses {
					t.Errorf("ended %q after %d uses, want %q after %d", sum.End, len(d.keys), tc.end, tc.uses)
				}
				if asked := len(p.model.Seen()); tc.end != telephony.Silence && asked > 0 {
					t.Errorf("the model of an ended call was asked %d times", asked)
				}
			})
		})
	}
}

// A caller hangs up while a tool runs: it is stopped, and nothing follows the end.
func TestToolsEndWithTheCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newParts(map[string]string{"book": "!desk"})
		d := &desk{}
		cfg := p.config("please book me")
		cfg.Tools = append(cfg.Tools, d)
		c, err := agentcore.New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancelCause(t.Context())
		began := time.Now()
		time.AfterFunc(3*time.Second, func() { cancel(telephony.OverError{Reason: telephony.CallerHangup}) })
		sum, err := c.Run(ctx, line.New(line.Config{Handset: coded(500 * time.Millisecond)}))
		if err != nil || sum.End != telephony.CallerHangup || time.Since(began) > 3100*time.Millisecond {
			t.Errorf("Run() = %+v, %v, after %v", sum, err, time.Since(began))
		}
		entries := p.pages.Entries()
		checkJournal(t, entries, sum)
		if last := entries[len(entries)-2].Event.Kind(); len(d.keys) != 1 || last != "tool_intent" {
			t.Errorf("%d uses; before the end came %s, want the intent and no result", len(d.keys), last)
		}
	})
}

// The prompt reads as the variables do when the model is asked; tools set them,
// and a later line still has them.
func TestVariablesGoWithTheCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newParts(map[string]string{"book": "!desk", "desk done": "You are booked."})
		var log bytes.Buffer
		d := &desk{safe: true}
		cfg := p.config("please book me", "is it big")
		cfg.Tools = append(cfg.Tools, d)
		cfg.Variables = vars.Set{"first": "Ann"}
		cfg.Agent.Prompt = "You serve {{first}}{{nobody}} in room {{room}}, account {{account}}."
		cfg.Agent.CutOff = "Sorry, {{first}}."
		cfg.Log = slog.New(slog.NewTextHandler(&log, nil))
		first := line.New(line.Config{Handset: coded(500 * time.Millisecond)})
		time.AfterFunc(7*time.Second, func() { first.Lose(errors.New("reset")) })
		run(t, cfg, first)

		second := line.New(line.Config{Handset: coded(time.Hour, 4*time.Second)})
		cfg.Past, cfg.Call.Epoch = p.pages.Entries(), 2
		run(t, cfg, second)
		if got := heardOn(p, second); !strings.HasPrefix(got, "Sorry, Anna.") {
			t.Errorf("on the second line the caller heard %q", got)
		}
		var prompts []string
		for _, messages := range p.model.Seen() {
			prompts = append(prompts, messages[0].Text)
		}
		want := []string{"You serve Ann in room , account .", "You serve Anna in room 12, account 007.", "You serve Anna in room 12, account 007."}
		if !slices.Equal(prompts, want) {
			t.Errorf("the model was told %q, want %q", prompts, want)
		}
		if len(d.seen) != 1 || d.seen[0]["first"] != "Ann" {
			t.Errorf("the tool saw %v", d.seen)
		}
		for name, want := range map[string]int{"variable=nobody": 2, "variable=room": 1, "variable=first": 0, "Ann": 0} {
			if got := strings.Count(log.String(), name); got != want { // once on each line
				t.Errorf("the log says %s %d times, want %d:\n%s", name, got, want, log.String())
			}
		}
	})
}

package webhook

import (
	"context"
	"errors"
	"iter"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/agentcore/llm"
)

// model says some words, after a while, and then fails if err is set.
type model struct {
	words []string
	pause time.Duration
	err   error
	asked llm.Request
}

func (m *model) Chat(ctx context.Context, r llm.Request) iter.Seq2[llm.Delta, error] {
	m.asked = r
	return func(yield func(llm.Delta, error) bool) {
		for _, w := range m.words {
			select {
			case <-ctx.Done():
				yield(llm.Delta{}, ctx.Err())
				return
			case <-time.After(m.pause):
			}
			if !yield(llm.Delta{Text: w}, nil) {
				return
			}
		}
		if m.err != nil {
			yield(llm.Delta{}, m.err)
		}
	}
}

const picked = `The caller said: "I want to book a table for two tonight." The agent said: "Your table is booked for six."`

func TestSummaryByAModel(t *testing.T) {
	for claim, tt := range map[string]struct {
		m    *model
		said []agentcore.Utterance
		want string
		took time.Duration
	}{
		"its words":                     {&model{words: []string{"They booked\n", " a table."}, pause: time.Second}, talk, "They booked a table.", 2 * time.Second},
		"it fails":                      {&model{words: []string{"They"}, err: errors.New("down")}, talk, picked, 0},
		"it says nothing":               {&model{words: []string{" \n"}}, talk, picked, 0},
		"it takes longer than 20 s":     {&model{words: []string{"They", "booked"}, pause: 15 * time.Second}, talk, picked, 20 * time.Second},
		"it never stops":                {&model{words: strings.Split(strings.Repeat("on and on. ", 9000), "\x00")}, talk, strings.TrimSpace(strings.Repeat("on and on. ", 90)), 0},
		"nobody spoke, nobody is asked": {&model{words: []string{"They"}}, talk[2:3], "", 0},
	} {
		t.Run(claim, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				if got := Summary(t.Context(), tt.m, tt.said, nil); got != tt.want || time.Since(start) != tt.took {
					t.Errorf("Summary() = %q after %v, want %q after %v", got, time.Since(start), tt.want, tt.took)
				}
			})
		})
	}
}

func TestSummaryTellsTheModelTheTranscript(t *testing.T) {
	m := &model{words: []string{"ok"}}
	long := append([]agentcore.Utterance{{Speaker: "caller", Text: "FIRST"}}, talk...)
	for range 100 {
		long = append(long, agentcore.Utterance{Speaker: "caller", Text: strings.Repeat("Ünd ", 100)})
	}
	long = append(long, agentcore.Utterance{Speaker: "agent", Text: "LAST"})
	Summary(t.Context(), m, long, nil)
	if len(m.asked.Messages) != 2 || m.asked.Messages[0].Role != llm.System || len(m.asked.Tools) != 0 {
		t.Fatalf("asked %+v", m.asked)
	}
	got := m.asked.Messages[1].Text
	if !strings.HasPrefix(got, "<transcript>\nCaller: FIRST\n") || !strings.HasSuffix(got, "Agent: LAST\n</transcript>") ||
		!strings.Contains(got, "\n[...]\n") || len(got) > summaryWords+100 || !utf8.ValidString(got) {
		t.Errorf("asked with %d bytes: %.60q ... %q", len(got), got, got[len(got)-40:])
	}
}

func TestPick(t *testing.T) {
	caller := func(s string) agentcore.Utterance { return agentcore.Utterance{Speaker: "caller", Text: s} }
	agent := func(s string) agentcore.Utterance { return agentcore.Utterance{Speaker: "agent", Text: s} }
	for claim, tt := range map[string]struct {
		said []agentcore.Utterance
		want string
	}{
		"nothing":          {nil, ""},
		"only a greeting":  {[]agentcore.Utterance{agent("Hello, how can I help?")}, ""},
		"request, outcome": {talk, picked},
		"the first of substance": {[]agentcore.Utterance{caller("Hello?"), caller("My order never came home."), caller("It was a big one, a very big one.")},
			`The caller said: "My order never came home."`},
		"or else the longest": {[]agentcore.Utterance{caller("Hi."), caller("Wrong number."), caller("Bye.")}, `The caller said: "Wrong number."`},
		"two outcomes, the last": {[]agentcore.Utterance{agent("It is sent. It is moved to six. Is that fine?"), caller("Cancel my flight now, please."), agent("It is cancelled. Goodbye.")},
			`The caller said: "Cancel my flight now, please." The agent said: "It is moved to six. It is cancelled."`},
		"no outcome: what was said last": {[]agentcore.Utterance{agent("We open at nine. We close at ten. Have a nice day! Goodbye.")},
			`The agent said: "We close at ten."`},
		"nothing unheard": {[]agentcore.Utterance{{Speaker: "agent", Text: "We open", Unheard: " at nine. It is booked."}}, `The agent said: "We open"`},
	} {
		if got := Pick(tt.said); got != tt.want {
			t.Errorf("%s: %q, want %q", claim, got, tt.want)
		}
	}
	huge := []agentcore.Utterance{caller(strings.Repeat("ümlaut ", 5000)), agent(strings.Repeat("booked ", 5000))}
	if got := Pick(huge); utf8.RuneCountInString(got) > maxWant+maxOutcome+50 || !utf8.ValidString(got) || got != Pick(huge) {
		t.Errorf("of much: %d characters", utf8.RuneCountInString(got))
	}
}

func TestShorten(t *testing.T) {
	for _, tt := range []struct {
		in   string
		n    int
		want string
	}{
		{"short", 5, "short"}, {"One. Two. Three.", 12, "One. Two."}, {"one two three", 10, "one two…"}, {"abcdefghijkl", 6, "abcde…"}, {"üüüüüüüü", 4, "üüü…"},
	} {
		if got := shorten(tt.in, tt.n); got != tt.want {
			t.Errorf("shorten(%q, %d) = %q, want %q", tt.in, tt.n, got, tt.want)
		}
	}
}

func TestVerdict(t *testing.T) {
	status := func(code int, after time.Duration) error {
		return &Error{Kind: BadStatus, Status: code, RetryAfter: after}
	}
	for claim, tt := range map[string]struct {
		n      int
		err    error
		jitter float64
		want   string
		wait   time.Duration
	}{
		"good":                            {1, nil, 0, Delivered, 0},
		"first":                           {1, status(500, 0), 0.5, Pending, 5 * time.Second},
		"least jitter":                    {1, status(500, 0), 0, Pending, 4 * time.Second},
		"second":                          {2, status(500, 0), 0.5, Pending, 30 * time.Second},
		"seventh":                         {7, status(500, 0), 0.5, Pending, 3 * time.Hour},
		"eighth":                          {8, status(500, 0), 0.5, Dead, 0},
		"sent again, ninth":               {9, status(500, 0), 0.5, Dead, 0},
		"ninth, and good":                 {9, nil, 0.5, Delivered, 0},
		"gone":                            {1, status(410, 0), 0.5, Dead, 0},
		"not found may be mended":         {1, status(404, 0), 0.5, Pending, 5 * time.Second},
		"a redirect, too":                 {1, &Error{Kind: Redirected, Status: 307}, 0.5, Pending, 5 * time.Second},
		"put off":                         {1, status(429, time.Minute), 0.5, Pending, time.Minute},
		"put off less than we would wait": {3, status(429, time.Second), 0.5, Pending, 2 * time.Minute},
		"put off for an hour at most":     {1, status(503, 24*time.Hour), 0.5, Pending, time.Hour},
		"it can't be sent":                {1, refuse(BadRequest, "x"), 0.5, Dead, 0},
		"it may not go there":             {1, refuse(Forbidden, "x"), 0.5, Dead, 0},
		"cut short by our own end":        {1, &Error{Kind: Stopped}, 0.5, Pending, 5 * time.Second},
		"an error that is no *Error":      {1, errors.New("x"), 0.5, Pending, 5 * time.Second},
	} {
		if got, wait := verdict(tt.n, tt.err, tt.jitter); got != tt.want || wait != tt.wait {
			t.Errorf("%s: %s in %v, want %s in %v", claim, got, wait, tt.want, tt.wait)
		}
	}
}

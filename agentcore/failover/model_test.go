package failover

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/hookswitch/hookswitch/agentcore/llm"
	"github.com/hookswitch/hookswitch/agentcore/llm/llmtest"
)

// mind is a model that gives its deltas and then fails, or not.
type mind struct {
	name string
	says []string // "!name arguments" is a tool call
	use  llm.Usage
	err  error

	mu   sync.Mutex
	seen []llm.Request
}

func (m *mind) String() string { return m.name }

func (m *mind) Chat(ctx context.Context, r llm.Request) iter.Seq2[llm.Delta, error] {
	return func(yield func(llm.Delta, error) bool) {
		m.mu.Lock()
		m.seen = append(m.seen, r)
		m.mu.Unlock()
		if m.use != (llm.Usage{}) && !yield(llm.Delta{Usage: &m.use}, nil) {
			return
		}
		for i, text := range m.says {
			if err := ctx.Err(); err != nil {
				yield(llm.Delta{}, err)
				return
			}
			d := llm.Delta{Text: text}
			if call, ok := strings.CutPrefix(text, "!"); ok {
				name, args, _ := strings.Cut(call, " ")
				d = llm.Delta{Call: &llm.ToolCall{ID: fmt.Sprint(i), Name: name, Arguments: json.RawMessage(args)}}
			}
			if !yield(d, nil) {
				return
			}
		}
		if m.err != nil {
			yield(llm.Delta{}, m.err)
		}
	}
}

func minds(all ...*mind) llm.Model {
	var c Config[llm.Model]
	for _, m := range all {
		c.Candidates = append(c.Candidates, Candidate[llm.Model]{Port: m})
	}
	return Model(c)
}

// answer reads a reply: its words, tool calls as "!name", and its error.
func answer(ctx context.Context, m llm.Model) (text string, usage llm.Usage, err error) {
	var b strings.Builder
	for d, e := range m.Chat(ctx, llm.Request{Messages: []llm.Message{{Role: llm.User, Text: "go"}}}) {
		switch {
		case e != nil:
			err = e
		case d.Usage != nil:
			usage = *d.Usage
		case d.Call != nil:
			b.WriteString("!" + d.Call.Name)
		default:
			b.WriteString(d.Text)
		}
	}
	return b.String(), usage, err
}

// A model that fails is replaced, and the caller hears each word once.
func TestNoWordIsSaidTwiceByTwoModels(t *testing.T) {
	for _, tt := range []struct {
		claim string
		a, b  []string
		want  string
	}{
		{"before the first word", nil, []string{"We ", "are open."}, "We are open."},
		{"the next goes on", []string{"We ", "are "}, []string{"open ", "today."}, "We are open today."},
		{"the next goes on with a space", []string{"We ", "are "}, []string{" open", " today."}, "We are open today."},
		{"in the middle of a word", []string{"We are op"}, []string{"open today."}, "We are open today."},
		{"the next says all of it again", []string{"We are ", "open "}, []string{"We", " are op", "en today."}, "We are open today."},
		{"the next says its end again", []string{"Good morning. We are ", "open "}, []string{"we ", "are open today."}, "Good morning. We are open today."},
		{"with other punctuation", []string{"Well, yes: we're open "}, []string{"“Well — yes, we're open,”", " until five."}, "Well, yes: we're open until five."},
		{"the next has nothing to add", []string{"We are open. "}, []string{"We are open."}, "We are open. "},
		{"the next stops short", []string{"We are open until five. "}, []string{"We are open"}, "We are open until five. "},
		{"the next agrees for a while", []string{"We are open "}, []string{"We are closed today."}, "We are open We are closed today."},
		{"a number has the same digit twice", []string{"It is four five "}, []string{"five two."}, "It is four five five two."},
		{"one word was all", []string{"Hello. "}, []string{"Hello. How are you?"}, "Hello. How are you?"},
		{"the end repeats itself", []string{"no no no "}, []string{"no no yes."}, "no no no yes."},
		{"nothing to add at all", []string{"We are open. "}, nil, "We are open. "},
		{"a tool was asked for", []string{"One moment. ", "!look"}, []string{"never"}, "One moment. !look"},
		{"the next asks for a tool", []string{"One "}, []string{"moment.", "!look"}, "One moment.!look"},
		{"no white space for long", []string{strings.Repeat("あ", 30), "い"}, []string{"う"}, strings.Repeat("あ", 30) + " う"},
	} {
		t.Run(tt.claim, func(t *testing.T) {
			var tr told
			got, _, err := answer(tr.trace(t.Context()), minds(&mind{name: "a", says: tt.a, err: down("a")}, &mind{name: "b", says: tt.b}))
			if err != nil || got != tt.want {
				t.Errorf("the caller heard %q, %v; want %q", got, err, tt.want)
			}
			if tt.claim != "a tool was asked for" {
				tr.check(t, "a -> b")
			} else {
				tr.check(t, "a -> ")
			}
		})
	}
}

// The next is told what was said, and to go on there.
func TestTheNextModelIsToldWhatWasSaid(t *testing.T) {
	b := &mind{name: "b", says: []string{"open."}}
	if _, _, err := answer(t.Context(), minds(&mind{name: "a", says: []string{"We are op"}, err: down("a")}, b)); err != nil {
		t.Fatal(err)
	}
	got := b.seen[0].Messages
	if len(got) != 3 || got[0].Text != "go" || got[1].Role != llm.Assistant || got[1].Text != "We are" || got[2].Role != llm.User || !strings.HasPrefix(got[2].Text, "[") {
		t.Errorf("it was told %+v", got)
	}
}

// Tokens of models that failed were paid for, too.
func TestUsageIsThatOfAllModels(t *testing.T) {
	_, got, err := answer(t.Context(), minds(
		&mind{name: "a", says: []string{"We "}, use: llm.Usage{Input: 10, Cached: 4, Output: 1}, err: down("a")},
		&mind{name: "b", says: []string{"are"}, use: llm.Usage{Input: 20, Output: 2}}))
	if want := (llm.Usage{Input: 30, Cached: 4, Output: 3}); got != want || err != nil {
		t.Errorf("usage = %+v, %v, want %+v", got, err, want)
	}
}

// The one that did well goes on being asked, until it fails.
func TestTheWinnerStays(t *testing.T) {
	var tr told
	ctx := tr.trace(t.Context())
	a, b := &mind{name: "a", err: down("a")}, &mind{name: "b", says: []string{"yes"}}
	m := minds(a, b)
	for range 3 {
		if got, _, err := answer(ctx, m); got != "yes" || err != nil {
			t.Errorf("%q, %v", got, err)
		}
	}
	tr.check(t, "a -> b")
	a.err, a.says, b.err, b.says = nil, []string{"no"}, down("b"), nil
	if got, _, err := answer(ctx, m); got != "no" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	tr.check(t, "a -> b", "b -> a")
}

// When all fail, the last one's error is told, and no more.
func TestAllModelsFail(t *testing.T) {
	var tr told
	m := minds(&mind{name: "a", says: []string{"One "}, err: down("a")}, &mind{name: "b", says: []string{"two "}, err: down("b")})
	got, _, err := answer(tr.trace(t.Context()), m)
	if e := new(llm.Error); got != "One two " || !errors.As(err, &e) || e.Provider != "b" {
		t.Errorf("%q, %v", got, err)
	}
	tr.check(t, "a -> b")
	if _, _, err := answer(t.Context(), minds()); !errors.Is(err, errNobody) {
		t.Errorf("an empty list: %v", err)
	}
}

// A caller who begins to speak ends the reply; that is nobody's failure.
func TestACancelledReplyIsNotReplaced(t *testing.T) {
	var tr told
	ctx, stop := context.WithCancel(tr.trace(t.Context()))
	defer stop()
	b := &mind{name: "b"}
	for range minds(&mind{name: "a", says: []string{"One ", "two ", "three "}}, b).Chat(ctx, llm.Request{}) {
		stop()
	}
	tr.check(t)
	if len(b.seen) != 0 {
		t.Error("the next was asked")
	}
}

// Where the first model breaks, and how the pieces fall, makes no difference.
func FuzzNoWordIsSaidTwice(f *testing.F) {
	f.Add("We are open from eight to five on weekdays.", 11, 0, 4)
	f.Add("one two one two three", 8, 1, 1)
	f.Add("a\u2003b c", 2, 2, 3)
	f.Fuzz(func(t *testing.T, text string, cut, back, piece int) {
		if len(text) > 1000 || cut < 0 || back < 0 || piece < 1 {
			return
		}
		words := strings.Fields(strings.ToValidUTF8(text, ""))
		for i, w := range words { // all differ, so that a repetition shows
			words[i] = bare(w) + string(rune('a'+i%26)) + strings.Repeat("x", i/26)
			if len(words[i]) > longestWord {
				return // let through before it is whole
			}
		}
		whole := strings.Join(words, " ")
		cut = min(cut, len(whole))
		said := whole[:cut]
		complete, _ := wholeWords(said)
		done := len(strings.Fields(complete))
		from := max(0, done-back)
		if done-from == 1 && done > 1 {
			return // one word is no echo
		}
		m := minds(&mind{name: "a", says: pieces(said, piece), err: down("a")}, &mind{name: "b", says: pieces(strings.Join(words[from:], " "), piece)})
		got, _, err := answer(t.Context(), m)
		if err != nil || !slices.Equal(strings.Fields(got), words) {
			t.Errorf("cut at %d, again from word %d of %d: heard %q, want %q (%v)", cut, from, done, got, whole, err)
		}
	})
}

func pieces(text string, n int) (out []string) {
	for part := range slices.Chunk([]rune(text), n) {
		out = append(out, string(part))
	}
	return out
}

func TestModelConformance(t *testing.T) {
	fails := &mind{name: "a", err: down("a")}
	for claim, list := range map[string]func(m *mind) llm.Model{
		"alone":     func(m *mind) llm.Model { return minds(m) },
		"preferred": func(m *mind) llm.Model { return minds(m, &mind{name: "b", err: down("b")}) },
		"next":      func(m *mind) llm.Model { return minds(fails, m) },
	} {
		t.Run(claim, func(t *testing.T) {
			llmtest.Run(t, func(_ *testing.T, b llmtest.Behaviour) llm.Model {
				return list(map[llmtest.Behaviour]*mind{
					llmtest.Talks:     {name: "m", says: strings.SplitAfter(llmtest.Words, " ")},
					llmtest.TalksOn:   {name: "m", says: slices.Repeat([]string{"word "}, 100)},
					llmtest.CallsTool: {name: "m", says: []string{"!look " + llmtest.Arguments}},
					llmtest.CallsTwo:  {name: "m", says: []string{"!look " + llmtest.Arguments, "!look " + llmtest.OtherArguments}},
					llmtest.Counts:    {name: "m", says: strings.SplitAfter(llmtest.Words, " "), use: llmtest.Cost},
					llmtest.Fails:     {name: "m", says: []string{"One "}, err: down("m")},
				}[b])
			})
		})
	}
}

package agenttest

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"strings"
	"sync"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/agentcore/llm"
)

// Thinker is a model that answers by what the last message holds.
type Thinker struct {
	Answers map[string]string // part of the last message -> reply; a word "!name" or "!name{JSON}" calls that tool, "!" breaks the stream
	Delay   time.Duration     // until the first word
	Port    Port              // "llm.chat" goes through it, before the first word

	mu   sync.Mutex
	seen [][]llm.Message
}

var errBroken = errors.New("agenttest: the stream broke off")

// Chat implements [llm.Model].
func (t *Thinker) Chat(ctx context.Context, r llm.Request) iter.Seq2[llm.Delta, error] {
	return func(yield func(llm.Delta, error) bool) {
		t.mu.Lock()
		t.seen = append(t.seen, r.Messages)
		n := len(t.seen)
		t.mu.Unlock()
		if err := t.Port.do(ctx, "llm.chat", func() error { return wait(ctx, t.Delay) }); err != nil {
			yield(llm.Delta{}, err)
			return
		}
		for i, word := range strings.Fields(t.answer(r.Messages)) {
			if word == "!" {
				yield(llm.Delta{}, errBroken)
				return
			}
			d := llm.Delta{Text: word + " "}
			if call, ok := strings.CutPrefix(word, "!"); ok {
				name, args, _ := strings.Cut(call, "{")
				args = "{" + cmp.Or(args, "}")
				d = llm.Delta{Call: &llm.ToolCall{ID: fmt.Sprintf("call-%d-%d", n, i), Name: name, Arguments: json.RawMessage(args)}}
			}
			if !yield(d, nil) {
				return
			}
		}
	}
}

// Learn changes what it answers, in mid-call.
func (t *Thinker) Learn(part, reply string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.Answers[part] = reply
}

func (t *Thinker) answer(messages []llm.Message) string {
	if len(messages) == 0 {
		return ""
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	last := messages[len(messages)-1].Text
	best := ""
	for part := range t.Answers { // the longest part wins, so that the order of the map does not matter
		if strings.Contains(last, part) && len(part) >= len(best) {
			best = part
		}
	}
	if reply, ok := t.Answers[best]; ok {
		return reply
	}
	return "You said " + last + "."
}

// Seen is every conversation that the model was shown, oldest first.
func (t *Thinker) Seen() [][]llm.Message {
	t.mu.Lock()
	defer t.mu.Unlock()
	return append([][]llm.Message(nil), t.seen...)
}

// Pages is a journal in memory.
type Pages struct {
	Port Port // "journal.append" goes through it

	mu      sync.Mutex
	entries []agentcore.Entry
}

// Append implements [agentcore.Journal].
func (p *Pages) Append(ctx context.Context, entries ...agentcore.Entry) error {
	return p.Port.do(ctx, "journal.append", func() error {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.entries = append(p.entries, entries...)
		return nil
	})
}

// Entries is what was committed so far.
func (p *Pages) Entries() []agentcore.Entry {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]agentcore.Entry(nil), p.entries...)
}

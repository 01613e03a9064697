package script_test

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hookswitch/hookswitch/agentcore/llm"
	"github.com/hookswitch/hookswitch/agentcore/llm/script"
)

var update = flag.Bool("update", false, "rewrite the agent's side of testdata/*.talk")

// TestTalks plays conversations. A talk file holds what the caller says, one
// "caller: " line a turn, and what the script answered, which -update rewrites:
//
//	use: FILE.yaml          the script; without it, the demo
//	without: book           a tool that the agent doesn't have
//	result: {"ok":false}    what the next tool call returns
//	heard: 3                the caller heard only three words of the next reply
func TestTalks(t *testing.T) {
	files, err := filepath.Glob("testdata/*.talk")
	if err != nil || len(files) == 0 {
		t.Fatalf("no talks: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".talk"), func(t *testing.T) {
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := play(t, want)
			if *update {
				if err := os.WriteFile(file, got, 0o644); err != nil {
					t.Fatal(err)
				}
			} else if !bytes.Equal(got, want) {
				t.Errorf("%s is now:\n%s", file, got)
			}
		})
	}
}

// talk is a conversation being played, as agentcore plays it.
type talk struct {
	t      *testing.T
	model  *script.Script
	tools  map[string]bool
	msgs   []llm.Message
	out    bytes.Buffer
	result string
	heard  int
	ids    map[string]bool
}

func play(t *testing.T, file []byte) []byte {
	p := &talk{t: t, model: script.Demo(), tools: map[string]bool{"book": true, "end_call": true}, heard: -1, ids: map[string]bool{}}
	for line := range strings.Lines(string(file)) {
		line = strings.TrimRight(line, "\n")
		key, rest, _ := strings.Cut(line, ":")
		rest = strings.TrimSpace(rest)
		switch key {
		case "agent", "tool", "end":
			continue // written anew
		case "use":
			b, err := os.ReadFile(filepath.Join("testdata", rest))
			if err != nil {
				t.Fatal(err)
			}
			if p.model, err = script.Load(b); err != nil {
				t.Fatal(err)
			}
			for _, name := range p.model.Tools() {
				p.tools[name] = true
			}
			p.tools["collect_digits"] = len(p.model.Keyed()) > 0
		case "without":
			delete(p.tools, rest)
		case "result":
			p.result = rest
		case "heard":
			fmt.Sscan(rest, &p.heard)
		}
		if p.out.WriteString(line + "\n"); key == "caller" {
			p.msgs = append(p.msgs, llm.Message{Role: llm.User, Text: rest})
			p.turn()
		}
	}
	return p.out.Bytes()
}

// turn asks for the reply, runs its tools and, unless it ends the call, asks
// again for what they brought.
func (p *talk) turn() {
	said := false
	for range 5 {
		text, calls := p.ask()
		if text != "" {
			said = true
			fmt.Fprintf(&p.out, "agent:  %s\n", text)
		}
		if p.heard >= 0 {
			words := strings.Fields(text)
			text, p.heard = strings.Join(words[:min(p.heard, len(words))], " "), -1
		}
		p.msgs = append(p.msgs, llm.Message{Role: llm.Assistant, Text: text, Calls: calls})
		if len(calls) == 0 {
			return
		}
		for _, c := range calls {
			if p.ids[c.ID] {
				p.t.Errorf("id %q is used twice", c.ID)
			}
			p.ids[c.ID] = true
			if c.Name == "end_call" {
				p.msgs = append(p.msgs, llm.Message{Role: llm.ToolRole, Call: c.ID, Text: `{"ok":true}`})
				p.out.WriteString("end:\n")
				if said {
					return
				}
				continue
			}
			result := `{"ok":true}`
			if p.result != "" {
				result, p.result = p.result, ""
			}
			fmt.Fprintf(&p.out, "tool:   %s %s -> %s\n", c.Name, c.Arguments, result)
			p.msgs = append(p.msgs, llm.Message{Role: llm.ToolRole, Call: c.ID, Text: result})
		}
	}
	p.t.Error("the script never stops calling tools")
}

func (p *talk) ask() (text string, calls []llm.ToolCall) {
	r := llm.Request{Messages: append([]llm.Message{{Role: llm.System, Text: p.model.Prompt}, {Role: llm.Assistant, Text: p.model.Greeting}}, p.msgs...)}
	for name, offered := range p.tools {
		if !offered {
			continue
		}
		r.Tools = append(r.Tools, llm.Tool{Name: name})
	}
	for d, err := range p.model.Chat(context.Background(), r) {
		if err != nil {
			p.t.Fatal(err)
		}
		if d.Call != nil {
			if !json.Valid(d.Call.Arguments) {
				p.t.Errorf("arguments %q", d.Call.Arguments)
			}
			calls = append(calls, *d.Call)
			continue
		}
		if len(calls) > 0 {
			p.t.Error("words after a tool call")
		}
		text += d.Text
	}
	return text, calls
}

package chat_test

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/agentcore/chat"
	"github.com/hookswitch/hookswitch/agentcore/llm"
	"github.com/hookswitch/hookswitch/agentcore/tools"
	"github.com/hookswitch/hookswitch/agentcore/vars"
	"github.com/hookswitch/hookswitch/telephony"
)

var update = flag.Bool("update", false, "rewrite the golden chats")

// TestGoldenChats plays each testdata/*.chat: a scripted contact and a fake model
// in; what both wrote and the journal, with virtual times, out. Read a change of
// these files as you would read prose: it is what a contact experiences.
func TestGoldenChats(t *testing.T) {
	files, err := filepath.Glob("testdata/*.chat")
	if err != nil || len(files) == 0 {
		t.Fatalf("no chats: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".chat"), func(t *testing.T) {
			whole, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			script, want, _ := strings.Cut(string(whole), "---\n")
			var got string
			synctest.Test(t, func(t *testing.T) { got = play(t, script) })
			if *update {
				if err := os.WriteFile(file, []byte(script+"---\n"+got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if got != want {
				t.Errorf("the chat went otherwise (-update rewrites it)\n got:\n%s\nwant:\n%s", got, want)
			}
		})
	}
}

// play plays a script, and returns what came of it.
func play(t *testing.T, script string) string {
	w := newWorld(t)
	p := &player{w: w, began: time.Now(), until: time.Minute}
	for i, line := range strings.Split(script, "\n") {
		if line = strings.TrimSpace(line); line == "" || line[0] == '#' {
			continue
		}
		if err := p.read(line); err != nil {
			t.Fatalf("line %d: %v", i+1, err)
		}
	}
	w.start()
	for _, a := range p.acts { // beside the jobs; at no moment of theirs
		time.AfterFunc(a.at, a.do)
	}
	time.Sleep(w.poll / 2)
	w.run(p.until)
	synctest.Wait()
	return p.told()
}

// player plays one script.
type player struct {
	w     *world
	began time.Time
	until time.Duration
	acts  []act
	ours  []tools.Tool

	mu    sync.Mutex
	wrote []string // by the contact
}

// act is something that happens from outside.
type act struct {
	at time.Duration
	do func()
}

// read reads one line of a script.
func (p *player) read(line string) error {
	w := p.w
	what, rest, _ := strings.Cut(line, " ")
	var err error
	switch what {
	case "prompt":
		w.who.Prompt = rest
	case "greeting":
		w.who.Greeting = rest
	case "kind":
		w.channel.Kind = rest
		if rest == telephony.Email {
			w.channel.Address = "tea@example.com"
		}
	case "answer":
		part, reply, _ := strings.Cut(rest, " -> ")
		w.model.Answers[part] = strings.TrimPrefix(reply, "(nothing)")
	case "tool":
		err = p.tool(rest)
	case "calls": // the agent may call
		w.who.MayCall = true
		w.config.Dial = p.dial
	case "variable":
		name, value, _ := strings.Cut(rest, " ")
		w.who.Variables = vars.Merge(w.who.Variables, vars.Set{name: value})
	case "past":
		where, text, _ := strings.Cut(rest, " ")
		w.store.past = append(w.store.past, chat.Past{At: p.began.Add(-time.Hour), Where: where, Contact: len(w.store.past)%2 == 0, Text: text})
	case "model": // fails its first n requests
		var n int
		n, err = strconv.Atoi(strings.TrimPrefix(rest, "fails "))
		w.faulty = func(asked int) error {
			if asked <= n {
				return errors.New("llm: overloaded")
			}
			return nil
		}
	case "carrier": // refuses its first n requests
		err = p.refuse(rest)
	case "split":
		w.config.Split = func(_, text string) []string { return strings.Split(text, "; ") }
	case "until":
		p.until, err = time.ParseDuration(rest)
	default:
		return p.act(what, rest)
	}
	return err
}

func (p *player) tool(rest string) error {
	name, result, _ := strings.Cut(rest, " ")
	tool, err := tools.Func(llm.Tool{Name: name, Description: name}, tools.Traits{}, func(context.Context, tools.Invocation) (tools.Result, error) {
		if cause, fails := strings.CutPrefix(result, "fails "); fails {
			return tools.Result{}, errors.New(cause)
		}
		if value, sets := strings.CutPrefix(result, "sets "); sets {
			return tools.Result{Text: `{"ok":true}`, Assigned: vars.Set{name: value}}, nil
		}
		return tools.Result{Text: result}, nil
	})
	if name == tools.EndCallName {
		tool, err = tools.EndCall(), nil
	}
	if err != nil {
		return err
	}
	p.ours = append(p.ours, tool)
	p.w.who.Tools, err = tools.NewSet(p.ours...)
	return err
}

func (p *player) dial(_ context.Context, c chat.Chat, key string, at time.Time) (string, error) {
	p.w.dialled[key] = at
	return fmt.Sprintf("call_%d", len(p.w.dialled)), nil
}

// refuse is "n code" and how: "passes", "optout" or nothing.
func (p *player) refuse(rest string) error {
	f := strings.Fields(rest + " no")
	n, err := strconv.Atoi(f[0])
	p.w.carrier.refuses = func(asked int, _ telephony.Text) error {
		if asked > n {
			return nil
		}
		return &telephony.TextError{Code: f[1], Why: "no", Passes: f[2] == "passes", OptOut: f[2] == "optout"}
	}
	return err
}

// act reads what happens at a time.
func (p *player) act(what, rest string) error {
	when, rest, _ := strings.Cut(rest, " ")
	at, err := time.ParseDuration(when)
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	var do func()
	switch what {
	case "in":
		text := telephony.TextIn{Carrier: fmt.Sprintf("IN-%d", len(p.acts)), Body: rest}
		do = func() { p.receive(text) }
	case "mail": // subject | body
		subject, body, _ := strings.Cut(rest, " |")
		body = strings.TrimSpace(body)
		text := telephony.TextIn{Carrier: fmt.Sprintf("<in-%d@example.org>", len(p.acts)), Subject: subject, Body: body,
			From: "Ada@Example.org", Answers: []string{"<first@example.org>"}}
		do = func() { p.receive(text) }
	case "picture":
		do = func() { p.receive(telephony.TextIn{Carrier: "IN-picture", Body: rest, Media: 1}) }
	case "automatic":
		id := fmt.Sprintf("IN-%d", len(p.acts))
		do = func() { p.receive(telephony.TextIn{Carrier: id, Body: rest, Automatic: true}) }
	case "begin":
		do = func() { p.begin() }
	case "call_over":
		do = func() { p.callOver(rest) }
	default:
		return fmt.Errorf("what is %q?", what)
	}
	p.acts = append(p.acts, act{at, do})
	return nil
}

// note is what the contact sees, now.
func (p *player) note(text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.wrote = append(p.wrote, fmt.Sprintf("%8.3f%s", time.Since(p.began).Seconds(), text))
}

func (p *player) receive(text telephony.TextIn) {
	p.note("  < " + text.Body)
	p.w.receive(text)
}

func (p *player) begin() {
	c := chat.Chat{
		Workspace: "ws", Channel: p.w.channel.ID, Kind: p.w.channel.Kind, Address: p.w.channel.Address, Contact: "+15550199",
		AgentUUID: "agent-1", Agent: "Tea", Version: 1, Variables: `{"name":"Ada"}`,
	}
	if _, _, err := p.w.engine.Begin(p.w.t.Context(), c, true); err != nil {
		p.note(fmt.Sprint("  begin: ", err))
	}
}

// callOver is "contact words; agent words; ..." of a call that is over.
func (p *player) callOver(rest string) {
	var lines []chat.Past
	for i, text := range strings.Split(rest, "; ") {
		lines = append(lines, chat.Past{Contact: i%2 == 0, Text: text})
	}
	for range 2 { // whoever follows a call up may do it twice
		if err := p.w.engine.CallOver(p.w.t.Context(), "chat_1", "call_1", "completed", lines); err != nil {
			p.w.t.Error(err)
		}
	}
}

// told is all that can be seen of it afterwards.
func (p *player) told() string {
	var b strings.Builder
	lines := p.wrote
	for i, s := range p.w.carrier.sent {
		line := fmt.Sprintf("%8.3f >  %s", p.w.carrier.at[i].Sub(p.began).Seconds(), s.Body)
		if s.Kind == telephony.Email {
			line += fmt.Sprintf("  (%q answers %v)", s.Subject, s.Answers)
		}
		lines = append(lines, line)
	}
	slices.SortStableFunc(lines, func(x, y string) int { return strings.Compare(x[:8], y[:8]) })
	for _, l := range lines {
		fmt.Fprintln(&b, l)
	}
	for _, id := range p.w.store.order {
		p.chat(&b, id)
	}
	for who, o := range p.w.outs {
		fmt.Fprintf(&b, "out: %s of %s, by %s\n", who[0], o.Scope, o.Source)
	}
	if n := len(p.w.shown); n > 0 {
		fmt.Fprintf(&b, "the model's last request:\n")
		for _, m := range p.w.shown[n-1].Messages {
			p.message(&b, m)
		}
		var names []string
		for _, tool := range p.w.shown[n-1].Tools {
			names = append(names, tool.Name)
		}
		fmt.Fprintf(&b, "    tools: %s\n", strings.Join(names, " "))
	}
	return b.String()
}

func (p *player) message(b *strings.Builder, m llm.Message) {
	text := m.Text
	for _, c := range m.Calls {
		text += " !" + c.Name + string(c.Arguments)
	}
	fmt.Fprintf(b, "    %-9s %s\n", m.Role, strings.ReplaceAll(strings.TrimSpace(text), "\n", "\n              "))
}

func (p *player) chat(b *strings.Builder, id string) {
	c := p.w.store.chats[id]
	fmt.Fprintf(b, "%s: %s %s %s\n", id, c.Status, c.Reason, c.Variables)
	for _, line := range c.journal {
		var e agentcore.Entry
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			p.w.t.Fatal(err)
		}
		fmt.Fprintf(b, "%3d %7d %-14s %+v\n", e.N, e.At.Milliseconds(), e.Event.Kind(), e.Event)
	}
	for _, id := range p.w.store.ids {
		if m := p.w.store.messages[id]; m.Chat == c.ID {
			fmt.Fprintf(b, "  #%d %-3s %s %s\n", m.Seq, m.Direction, m.Status, m.Error)
		}
	}
}

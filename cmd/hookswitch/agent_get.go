package main

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"net/url"
	"strings"

	"github.com/hookswitch/hookswitch/cmd/hookswitch/declare"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/sheet"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/show"
)

type agentListCmd struct {
	reach
	output
	hushed
}

// Run lists the agents, the oldest first.
func (c *agentListCmd) Run(ctx context.Context, s streams) error {
	ask, err := c.dial(s)
	if err != nil {
		return err
	}
	defer ask.Close()
	out := &sheet.Sheet{Columns: []sheet.Column{{Name: "NAME", Gives: true}, {Name: "VERSION", Right: true}, {Name: "STATE"}, {Name: "TODAY", Right: true}, {Name: "NUMBERS", Gives: true},
		{Name: "HEARS", Wide: true}, {Name: "THINKS", Gives: true}, {Name: "SPEAKS", Wide: true}, {Name: "LAST CALL", Wide: true}, {Name: "UUID", Wide: true}}}
	for raw, err := range ask.List(ctx, "/agents", url.Values{"advanced": {"true"}}, 0) {
		if err != nil {
			return err
		}
		a, err := viewAgent(raw)
		if err != nil {
			return err
		}
		out.Add(a.Agent.UUID, raw, a.Agent.Name, fmt.Sprint(a.Version), a.state(), fmt.Sprint(a.Agent.CallsToday), a.numbers(c.table(s)),
			a.hears(), a.thinks(), a.TTS.UUID, when(a.Agent.LastActive), a.Agent.UUID)
	}
	if out.Len() == 0 && c.mode(s).Terminal && !c.structured() {
		c.note(s, "no agents yet; the first one: hookswitch agent apply -f agent.yaml")
		return nil
	}
	return out.Write(s.out, c.mode(s))
}

type agentGetCmd struct {
	Names []string `arg:"" name:"name" help:"Names or uuids."`
	reach
	output
}

// Run shows agents. As YAML they are what apply takes, and as JSON what the API
// gives.
func (c *agentGetCmd) Run(ctx context.Context, s streams) error {
	ask, err := c.dial(s)
	if err != nil {
		return err
	}
	defer ask.Close()
	for i, name := range c.Names {
		a, err := findAgent(ctx, ask, name)
		if err != nil {
			return err
		}
		if err := c.print(s, a, i > 0); err != nil {
			return err
		}
	}
	return nil
}

func (c *agentGetCmd) print(s streams, a *agentView, further bool) error {
	switch c.form() {
	case sheet.JSON:
		return sheet.Item(s.out, sheet.JSON, a.raw)
	case sheet.YAML:
		if further {
			fmt.Fprintln(s.out, "---")
		}
		return writeAgent(s.out, a, false)
	case sheet.ID:
		_, err := fmt.Fprintln(s.out, a.Agent.UUID)
		return err
	}
	if further {
		fmt.Fprintln(s.out)
	}
	return a.summary(s.out, c.mode(s))
}

// writeAgent writes a as a file for apply; with its uuid, it may be renamed
// there.
func writeAgent(w io.Writer, a *agentView, renamed bool) error {
	fields, err := declare.Remote(a.raw)
	if err != nil {
		return unreadable("an agent")
	}
	if renamed {
		fields["uuid"] = a.Agent.UUID
	}
	return declare.Write(w, fmt.Sprintf("version %d; secrets of webhooks are not shown, and stay when the file has none", a.Version), fields)
}

// summary tells the main things of an agent, one a line.
func (a *agentView) summary(w io.Writer, m sheet.Mode) error {
	var tools, hooks []string
	for _, t := range a.Tools {
		tools = append(tools, t.Name)
	}
	for _, name := range []string{"end_call", "transfer_to_number", "voicemail_detection"} {
		if a.System[name].Active {
			tools = append(tools, name)
		}
	}
	for _, h := range a.Hooks {
		hooks = append(hooks, h.Type)
	}
	prompt := ""
	if a.LLM != nil {
		prompt = a.LLM.Prompt
	}
	table := m.Terminal || m.Form == sheet.Table || m.Form == sheet.Wide
	lines := [][2]string{
		{"name", a.Agent.Name}, {"uuid", a.Agent.UUID}, {"version", fmt.Sprint(a.Version)}, {"state", a.state()},
		{"calls today", fmt.Sprint(a.Agent.CallsToday)}, {"last call", when(a.Agent.LastActive)}, {"numbers", a.numbers(table)},
		{"hears", a.hears()}, {"thinks", a.thinks()}, {"speaks", strings.TrimSpace(a.TTS.Name + " " + a.TTS.UUID)},
		{"tools", strings.Join(tools, ", ")}, {"webhooks", strings.Join(hooks, ", ")}, {"prompt", prompt},
	}
	var b bytes.Buffer
	for _, l := range lines {
		text := show.Clean(l[1])
		if table && text == "" {
			continue
		}
		if !table {
			fmt.Fprintf(&b, "%s\t%s\n", l[0], text)
			continue
		}
		if room := max(cmp.Or(m.Width, 100), 60) - 14; m.Form != sheet.Wide && len([]rune(text)) > room {
			text = string([]rune(text)[:room-3]) + "..."
		}
		fmt.Fprintf(&b, "%s\n", strings.TrimRight(fmt.Sprintf("%-12s  %s", l[0], text), " "))
	}
	if table {
		fmt.Fprintf(&b, "all of it: hookswitch agent get %s -o yaml\n", quoted(show.Clean(a.Agent.Name)))
	}
	_, err := w.Write(b.Bytes())
	return err
}

// quoted is s as a shell takes it for one word.
func quoted(s string) string {
	if s != "" && !strings.ContainsAny(s, " \t'\"\\$&|;<>()*?#~`!{}[]") {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

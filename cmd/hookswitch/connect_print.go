package main

import (
	"fmt"
	"strings"

	"github.com/hookswitch/hookswitch/cmd/hookswitch/fault"
	v2 "github.com/hookswitch/hookswitch/cmd/hookswitch/rest/v2"
)

func (r *connecting) tell(steps []v2.RoadStep) {
	for _, s := range steps {
		f := findingOf(s)
		if f.State == fails && r.kept != nil && s.Name == "account" && !r.added {
			f.Mend += fmt.Sprintf("; the gateway keeps those that the number came with, for others: hookswitch number remove %d", r.kept.ID)
		}
		r.out.add(f)
	}
}

// plan says what linking changes, here and at the carrier.
func (r *connecting) plan(p v2.RoadProof) {
	for _, d := range p.Changes {
		r.out.under(fmt.Sprintf("%s: %s -> %s", d.Setting, orNone(d.Is), orNone(d.Want)))
	}
	what := ""
	switch {
	case r.before != "":
		what = fmt.Sprintf("%s leads to %s now, and will lead to %s", r.shown(), r.kept.AgentName, r.agent.Agent.Name)
	case r.kept == nil:
		what = fmt.Sprintf("the gateway does not know %s yet; it will lead to %s", r.shown(), r.agent.Agent.Name)
	default:
		what = fmt.Sprintf("%s will lead to %s", r.shown(), r.agent.Agent.Name)
	}
	r.out.add(finding{State: noted, Name: "agent", Text: what})
	if r.DryRun {
		r.out.add(finding{State: noted, Name: "result", Text: "nothing was changed: a dry run", Mend: "do it without --dry-run"})
	}
}

// nothing ends a run that changed nothing.
func (r *connecting) nothing() error {
	r.out.add(finding{State: noted, Name: "result", Text: "nothing was changed"})
	return fault.ErrCheckFailed
}

// undo says how all of it is taken back.
func (r *connecting) undo() {
	v, id := r.out, r.kept.ID
	fmt.Fprintln(v.w)
	line := func(what, command string) {
		v.hang(fmt.Sprintf("  %-16s  ", what), findingsAt, strings.ReplaceAll(command, " ", "\u00a0"))
	}
	line("undo", fmt.Sprintf("hookswitch number link %d --nobody", id))
	v.under("Twilio's settings are then as they were before")
	if r.before != "" {
		line("as it was", fmt.Sprintf("hookswitch number link %d %s", id, r.before))
	}
	line("forget it, too", fmt.Sprintf("hookswitch number remove %d", id))
	line("call it, and see", "hookswitch call logs -f")
}

// shown is the number as it may be posted anywhere.
func (r *connecting) shown() string { return "the number that ends in " + r.number[len(r.number)-2:] }

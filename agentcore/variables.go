package agentcore

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/hookswitch/hookswitch/agentcore/vars"
)

// variables are the call's dynamic variables as they are now: those that it
// began with, and over them those that tools have set.
func (c *Conversation) variables() vars.Set {
	var now vars.Set
	c.pen.look(func(s *State) { now = vars.Merge(c.cfg.Variables, s.Assigned) })
	return now
}

// mostFilled bounds a text with its variables in it, in bytes.
const mostFilled = 1 << 20

func same(s string) string { return s }

// fill puts the variables into a text of the agent's.
func (c *Conversation) fill(text string) string {
	if !strings.Contains(text, "{{") {
		return text
	}
	filled, ok := c.variables().FillWithin(text, mostFilled, same, c.missing)
	if !ok { // a short text may name a long value very often
		c.cfg.Log.Warn("a text is too long with its variables in it: it is used without them", "call", c.cfg.Call.ID)
		return vars.Set{}.Fill(text, nil)
	}
	return filled
}

// missing tells the log, once for each name, of a variable that a text names
// and that the call doesn't have.
func (c *Conversation) missing(name string) {
	if len(name) > 4*vars.MaxKey {
		name = name[:4*vars.MaxKey]
	}
	if _, twice := c.warned.LoadOrStore(name, true); !twice {
		c.cfg.Log.Warn("a text names a variable that the call doesn't have: nothing is put there", "call", c.cfg.Call.ID, "variable", name)
	}
}

// assignable is what of set a call may have, each value as it reads back from
// the journal. What is out of bounds is told to the log, by its name.
func (c *Conversation) assignable(set vars.Set) vars.Set {
	if len(set) == 0 {
		return nil
	}
	out := vars.Set{}
	for _, name := range slices.Sorted(maps.Keys(set)) {
		if len(out) == vars.MaxCount || vars.Check(vars.Set{name: set[name]}) != nil {
			c.cfg.Log.Warn("a tool's variable is out of bounds: it is not set", "call", c.cfg.Call.ID, "variable", strconv.Quote(name[:min(len(name), vars.MaxKey)]))
			continue
		}
		out[name] = plain(set[name])
	}
	return out
}

// plain is a value of a variable as JSON knows it. A number that would not read
// back as it was written, such as a long account number, becomes its text.
func plain(v any) any {
	switch v.(type) {
	case nil, bool, string, float64:
		return v
	}
	text := vars.Text(v)
	if f, err := json.Number(text).Float64(); err == nil && vars.Text(f) == text {
		return f
	}
	return text
}

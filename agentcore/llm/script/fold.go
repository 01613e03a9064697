package script

import (
	"maps"
	"slices"
	"strings"

	"github.com/hookswitch/hookswitch/agentcore/llm"
)

// reply is what the script answers.
type reply struct {
	text  string
	calls []llm.ToolCall
}

// dialogue is where a conversation stands: a fold over its messages.
type dialogue struct {
	script  *Script
	offered map[string]bool // the tools that this request allows
	state   *state
	slots   map[string]value
	misses  int    // messages in a row that were not understood
	last    string // the last reply that can be repeated

	lines    []string // of the reply in the making
	calls    []string // tools to call in it
	collects string   // the slot that the caller is to key in after it
	result   map[string]string
}

// reply folds the messages and returns the answer to the last of them.
func (s *Script) reply(r llm.Request) reply {
	d := &dialogue{script: s, offered: map[string]bool{}, state: s.states[s.start], slots: map[string]value{}, last: s.Greeting}
	for _, t := range r.Tools {
		d.offered[t.Name] = true
	}
	asked := map[string]string{} // id of a call: its tool
	answered := false
	for _, m := range own(r.Messages) {
		switch m.Role {
		case llm.User:
			d.begin()
			d.hear(m.Text)
			answered = true
		case llm.Assistant:
			if len(m.Calls) > 0 {
				d.begin() // what its results bring is another reply
			}
			for _, c := range m.Calls {
				asked[c.ID] = c.Name
			}
		case llm.ToolRole:
			d.resulted(asked[m.Call], m.Text)
			answered = true
		}
		d.finish()
	}
	if !answered { // nobody has said a word yet
		return reply{text: s.Greeting}
	}
	return reply{text: strings.Join(d.lines, " "), calls: d.toolCalls(r)}
}

func (d *dialogue) begin() { d.lines, d.calls, d.result, d.collects = nil, nil, nil, "" }

// finish remembers what could be asked for again.
func (d *dialogue) finish() {
	if len(d.lines) > 0 && d.misses == 0 {
		d.last = strings.Join(d.lines, " ")
	}
}

// hear takes one message of the caller.
func (d *dialogue) hear(text string) {
	words, keyed := d.keyed(text)
	m := d.understand(read(words), keyed)
	if len(m.intents) == 0 {
		d.miss()
		return
	}
	d.misses = 0
	maps.Copy(d.slots, m.slots)
	next := ""
	for _, in := range m.intents {
		if in.repeat {
			d.line(d.last)
			continue
		}
		d.apply(in.do)
		if in.do.state != "" {
			next = in.do.state
		}
	}
	d.move(next)
}

// miss answers what was not understood: with other words each time, and then
// with goodbye.
func (d *dialogue) miss() {
	if d.misses < len(d.script.fallback) {
		d.say(d.script.fallback[d.misses])
		if q := d.missing(); q != nil {
			d.collect(q)
		}
	} else {
		d.say(d.script.giveUp)
		d.call(endCall)
	}
	d.misses++
}

// resulted takes a tool's result.
func (d *dialogue) resulted(name, result string) {
	t := d.script.tools[name]
	if t == nil {
		return // end_call, or a tool that this script knows nothing about
	}
	var ok bool
	d.result, ok = readResult(result)
	o := t.failed
	if ok {
		o = t.done
	}
	d.misses = 0
	d.apply(o)
	d.move(o.state)
}

// apply does all of an outcome but its move to another state.
func (d *dialogue) apply(o outcome) {
	d.say(o.say) // before clear: it may tell what is being forgotten
	for _, s := range o.clear {
		delete(d.slots, s)
	}
	if o.call != "" {
		d.call(o.call)
	}
	if o.end {
		d.call(endCall)
	}
}

// move enters a state, and asks what is missing there. A reply that ends the
// call or waits for a tool asks nothing.
func (d *dialogue) move(name string) {
	if name == "" {
		return
	}
	for range len(d.script.states) + 1 { // then may lead in a circle
		d.state = d.script.states[name]
		d.refuse()
		if d.waits() {
			return
		}
		if q := d.missing(); q != nil {
			d.say(q.say)
			d.collect(q)
			return
		}
		if d.state.then == "" {
			d.say(d.state.say)
			return
		}
		name = d.state.then
	}
}

func (d *dialogue) refuse() {
	for _, r := range d.state.refuse {
		if !slices.ContainsFunc(r.when, func(c condition) bool { return !c.holds(d.slots) }) {
			d.say(r.say)
			for _, s := range r.clear {
				delete(d.slots, s)
			}
			return
		}
	}
}

// waits says whether the reply calls a tool: what comes next depends on it.
func (d *dialogue) waits() bool { return len(d.calls) > 0 }

func (d *dialogue) missing() *question {
	for i, q := range d.state.ask {
		if _, ok := d.slots[q.slot]; !ok {
			return &d.state.ask[i]
		}
	}
	return nil
}

// question is what the caller is to answer now.
func (d *dialogue) question() string {
	if q := d.missing(); q != nil {
		return q.say.render(d.variable)
	}
	return d.state.say.render(d.variable)
}

func (d *dialogue) say(t text) { d.line(t.render(d.variable)) }

// line adds a line to the reply, once.
func (d *dialogue) line(s string) {
	if s != "" && !slices.Contains(d.lines, s) {
		d.lines = append(d.lines, s)
	}
}

// call asks for a tool. One that the request doesn't offer can't be called:
// that is as if it had failed.
func (d *dialogue) call(name string) {
	switch {
	case slices.Contains(d.calls, name):
	case d.offered[name]:
		d.calls = append(d.calls, name)
	case d.script.tools[name] != nil:
		o := d.script.tools[name].failed
		if o.call == "" { // never from failure to failure
			d.apply(o)
			d.move(o.state)
		}
	}
}

// variable is the value of {name}.
func (d *dialogue) variable(name string) string {
	switch name {
	case "name":
		return d.script.Name
	case "ask":
		return d.question()
	case "hint":
		if h := d.state.hint.render(d.variable); h != "" {
			return h
		}
		return d.question()
	}
	if field, ok := strings.CutPrefix(name, "result."); ok {
		return d.result[field]
	}
	base, form, _ := strings.Cut(name, ".")
	v := d.slots[base]
	switch form {
	case "spoken":
		return v.spoken
	case "on":
		return v.on
	}
	return v.plain
}

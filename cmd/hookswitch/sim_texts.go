package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"sync"

	"github.com/hookswitch/hookswitch/cmd/hookswitch/fault"
	"github.com/hookswitch/hookswitch/telephony/sim"
)

// written is a text that a phone writes, and textGot one that it got, as --json
// says it.
type (
	written struct{ from, body string }
	textGot struct {
		Text string `json:"text"`
		From string `json:"from"`
		To   string `json:"to"`
	}
)

var textFlag = regexp.MustCompile(`^(\+[1-9][0-9]{1,14})\s+(\S(?s:.*))$`)

var errNoText = errors.New("sim: --text takes a number and a text")

// texts reads what was typed after --text.
func (c *simCmd) texts() (all []written, err error) {
	for _, typed := range c.Text {
		m := textFlag.FindStringSubmatch(typed)
		if m == nil {
			return nil, &fault.Fault{
				What: strings.TrimPrefix(errNoText.Error(), "sim: "), Where: fault.Keep("--text " + typed), Mend: "such as " + fault.Keep("--text '+14155550134 Hello'"),
				Code: "sim/settings", Exit: fault.Wrong, Err: errNoText,
			}
		}
		all = append(all, written{m[1], m[2]})
	}
	return all, nil
}

// tellText says what a phone got.
func (c *simCmd) tellText(w io.Writer) func(*sim.Message) {
	return func(m *sim.Message) {
		if c.JSON {
			json.NewEncoder(w).Encode(textGot{m.Body(), m.From(), m.To()})
			return
		}
		fmt.Fprintf(w, "%-19s%q\n", m.To()+" got", m.Body())
	}
}

// oneAtATime lets several goroutines write, each of them whole.
type oneAtATime struct {
	mu sync.Mutex
	w  io.Writer
}

// Write implements [io.Writer].
func (o *oneAtATime) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.w.Write(p)
}

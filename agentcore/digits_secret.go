package agentcore

import (
	"encoding/json"
	"maps"
	"math"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/llm"
	"github.com/hookswitch/hookswitch/agentcore/tools"
	"github.com/hookswitch/hookswitch/agentcore/vars"
)

// Secrets are what a caller keyed in for tools alone. They are in memory and
// nowhere else: the journal, and so the transcript, events, webhooks and the
// model, have "****" in their place. A process that dies takes them along, and
// the model is told to ask again. The zero Secrets is empty and ready to use.
type Secrets struct {
	mu sync.Mutex
	of map[string]string // by slot
}

func (s *Secrets) put(slot, digits string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.of == nil {
		s.of = map[string]string{}
	}
	s.of[slot] = digits
}

func (s *Secrets) has(slot string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, ok := s.of[slot]
	return ok
}

// all is a copy.
func (s *Secrets) all() map[string]string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.of)
}

// secretVariables are the call's variables for tools: with what nobody else may
// see. One whose value is gone is not there at all.
func (c *Conversation) secretVariables() vars.Set {
	now := c.variables()
	var hidden []string
	c.pen.look(func(s *State) { hidden = s.hidden })
	secret := c.cfg.Secrets.all()
	for _, slot := range hidden {
		if value, ok := secret[slot]; ok {
			now[slot] = value
		} else {
			delete(now, slot)
		}
	}
	return now
}

// scrub takes secrets out of what a tool answers, for its far end may repeat what
// it was sent.
func (c *Conversation) scrub(r *tools.Result) {
	secret := c.cfg.Secrets.all()
	if len(secret) == 0 {
		return
	}
	values := slices.SortedFunc(maps.Values(secret), func(a, b string) int { return len(b) - len(a) }) // one may hold another
	hide := func(text string) string {
		for _, v := range values {
			text = without(text, v)
			if escaped := url.QueryEscape(v); escaped != v {
				text = without(text, escaped)
			}
		}
		return text
	}
	r.Text = hide(r.Text)
	r.Problems = slices.Clone(r.Problems)
	for i := range r.Problems {
		r.Problems[i] = hide(r.Problems[i])
	}
	r.Assigned = maps.Clone(r.Assigned)
	for name, v := range r.Assigned {
		if text := vars.Text(v); hide(text) != text {
			r.Assigned[name] = hide(text)
		}
	}
}

// without masks secret in text. A short one is one only where it stands alone: a
// code of three digits is in every telephone number.
func without(text, secret string) string {
	const short = 4
	var b strings.Builder
	for {
		at := strings.Index(text, secret)
		if at < 0 || secret == "" {
			b.WriteString(text)
			return b.String()
		}
		end := at + len(secret)
		within := at > 0 && isDigit(text[at-1]) || end < len(text) && isDigit(text[end])
		if len(secret) < short && within {
			b.WriteString(text[:at+1])
			text = text[at+1:]
			continue
		}
		b.WriteString(text[:at] + masked(len(secret)))
		text = text[end:]
	}
}

func isDigit(b byte) bool { return b >= '0' && b <= '9' }

// shown is what the journal may say of the arguments of a call.
func (c *Conversation) shown(call llm.ToolCall) json.RawMessage {
	tool, _ := c.tools.Get(call.Name)
	if d, ok := tool.(tools.Discreet); ok {
		return d.Shown(call.Arguments)
	}
	return call.Arguments
}

// tail is how long the tone of the last key may sound on.
const tail = time.Second

// hushRecorder keeps the caller out of the recording while what they key in is
// sensitive, for its tones could be read back from there.
func (h *holder) hushRecorder(sensitive bool) {
	if sensitive {
		h.deafTo.Store(math.MaxInt64)
	} else {
		h.deafTo.CompareAndSwap(math.MaxInt64, time.Now().Add(tail).UnixNano())
	}
}

func (h *holder) unhushRecorder(now time.Time) { h.deafTo.Store(now.Add(tail).UnixNano()) }

// discreet reports whether the recorder must not hear the caller now.
func (h *holder) discreet(now time.Time) bool { return now.UnixNano() < h.deafTo.Load() }

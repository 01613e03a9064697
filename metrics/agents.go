package metrics

import (
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

// Bounds of the label agent: operators' words, which may be any.
const (
	mostAgents   = 100
	longestAgent = 64 // bytes
	mostDigits   = 6  // of a name; more may be a phone number, and are shown as #
)

// agents are the names of agents that a label may have, if the operator allows
// any: the first hundred. The zero agents allows none.
type agents struct {
	allowed bool

	mu    sync.Mutex
	known map[string]struct{}
}

// labels are all, and agent where the operator allows it.
func (a *agents) labels(all ...string) []string {
	if a.allowed {
		return append(all, "agent")
	}
	return all
}

// values are all, and what name is shown as where the operator allows it.
func (a *agents) values(name string, all ...string) []string {
	if a.allowed {
		return append(all, name)
	}
	return all
}

// admit is what name is shown as: itself, without what may be a phone number and
// cut to 64 bytes; "other" when there are a hundred already, and "" when none is
// shown.
func (a *agents) admit(name string) string {
	if !a.allowed || name == "" {
		return ""
	}
	name = shortened(withoutNumbers(strings.ToValidUTF8(name, "\uFFFD")))
	a.mu.Lock()
	defer a.mu.Unlock()
	if _, ok := a.known[name]; ok {
		return name
	}
	if len(a.known) >= mostAgents {
		return other
	}
	if a.known == nil {
		a.known = map[string]struct{}{}
	}
	a.known[name] = struct{}{}
	return name
}

// withoutNumbers is name, with # for each digit if there are too many.
func withoutNumbers(name string) string {
	digits := 0
	for _, r := range name {
		if unicode.IsDigit(r) {
			digits++
		}
	}
	if digits <= mostDigits {
		return name
	}
	return strings.Map(func(r rune) rune {
		if unicode.IsDigit(r) {
			return '#'
		}
		return r
	}, name)
}

// shortened is name cut to 64 bytes, between two characters.
func shortened(name string) string {
	if len(name) <= longestAgent {
		return name
	}
	end := longestAgent
	for !utf8.RuneStart(name[end]) {
		end--
	}
	return name[:end]
}

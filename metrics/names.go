package metrics

import "sync"

// Bounds of a label: how many values, and how long each.
const (
	mostNames   = 32
	longestName = 32
	other       = "other"
)

// names lets a label have so many values and no more, and only such as can't
// hold a number or an id: small letters and underscores.
type names struct {
	mu     sync.RWMutex
	known  map[string]struct{}
	closed bool // no others
}

func newNames() *names { return &names{known: map[string]struct{}{}} }

// only are names that are known all, because they stand beside other labels.
func only(known ...string) *names {
	n := newNames()
	for _, k := range known {
		n.known[k] = struct{}{}
	}
	n.closed = true
	return n
}

// admit returns value if the label may have it, else "other".
func (n *names) admit(value string) string {
	n.mu.RLock()
	_, ok := n.known[value]
	n.mu.RUnlock()
	switch {
	case ok:
		return value
	case n.closed || !word(value):
		return other
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if len(n.known) >= mostNames {
		if _, ok := n.known[value]; !ok {
			return other
		}
	}
	n.known[value] = struct{}{}
	return value
}

// word reports whether s is a name that a programmer chose.
func word(s string) bool {
	if s == "" || len(s) > longestName {
		return false
	}
	for i := range len(s) {
		if c := s[i]; (c < 'a' || c > 'z') && c != '_' {
			return false
		}
	}
	return true
}

package tools_test

import (
	"slices"
	"testing"

	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/agentcore/tools"
)

// Every tool that an agent's definition can switch on is counted by its name, and
// whatever an agent calls its own is not.
func TestOnlyOurToolsAreCountedByName(t *testing.T) {
	ours := slices.Concat(roster.SystemToolNames, []string{roster.CollectDigits, roster.PlayDTMF, tools.BookName})
	for _, name := range ours {
		if got := tools.Ours(name); got != name {
			t.Errorf("%s is counted as %q", name, got)
		}
	}
	for _, name := range []string{"", "pay", "End_Call", "own", "lookup_0815"} {
		if got := tools.Ours(name); got != tools.Own {
			t.Errorf("%q is counted as %q, want %q", name, got, tools.Own)
		}
	}
}

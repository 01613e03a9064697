package roster_test

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/hookswitch/hookswitch/agentcore/roster"
)

func TestSlotsOfKeysAreCheckedWhenTheyAreSaved(t *testing.T) {
	for _, tt := range []struct {
		name, one      string
		field, message string // below slots.0.; empty: it is good
	}{
		{"a name alone", `{"name":"account"}`, "", ""},
		{"all of it", `{"name":"pin","description":"the PIN","min_digits":4,"max_digits":6,"terminator":"*","timeout_secs":60,"between_secs":1,"sensitive":true}`, "", ""},
		{"no terminator", `{"name":"pin","terminator":""}`, "", ""},
		{"nothing set", `{"name":"pin","description":null,"min_digits":null,"max_digits":null,"terminator":null,"timeout_secs":null,"between_secs":null,"sensitive":null}`, "", ""},
		{"no name", `{}`, "name", "can't be blank"},
		{"a name that no template can say", `{"name":"{{pin}}"}`, "name", "must be lower-case letters, digits and _, and begin with a letter"},
		{"a minimum of none", `{"name":"pin","min_digits":0}`, "min_digits", "must be greater than or equal to 1"},
		{"too many", `{"name":"pin","max_digits":65}`, "max_digits", "must be less than or equal to 64"},
		{"fewer than the minimum", `{"name":"pin","min_digits":6,"max_digits":4}`, "max_digits", "must be greater than or equal to min_digits"},
		{"another terminator", `{"name":"pin","terminator":"1"}`, "terminator", "is not included in the list"},
		{"a long wait", `{"name":"pin","timeout_secs":61}`, "timeout_secs", "must be less than or equal to 60"},
		{"no time between", `{"name":"pin","between_secs":0}`, "between_secs", "must be greater than or equal to 1"},
		{"maybe sensitive", `{"name":"pin","sensitive":"yes"}`, "sensitive", "must be true or false"},
		{"not even an object", `7`, "", "must be an object"},
	} {
		_, err := roster.ChangeSystemTool(roster.CollectDigits, roster.SystemTool{}, bodyOf(t, `{"tool_config":{"parameters":{"slots":[`+tt.one+`]}}}`))
		var wrong roster.Problems
		switch {
		case tt.message == "" && err != nil:
			t.Errorf("%s: %v", tt.name, err)
		case tt.message != "" && (!errors.As(err, &wrong) || !strings.Contains(err.Error(), tt.message) || !strings.Contains(err.Error(), tt.field)):
			t.Errorf("%s: %v, want %s %s", tt.name, err, tt.field, tt.message)
		}
	}
	twice := bodyOf(t, `{"tool_config":{"parameters":{"slots":[{"name":"pin"},{"name":"pin"}]}}}`)
	if _, err := roster.ChangeSystemTool(roster.CollectDigits, roster.SystemTool{}, twice); err == nil || !strings.Contains(err.Error(), "already been taken") {
		t.Errorf("two slots of one name: %v", err)
	}
	if _, err := roster.ChangeSystemTool(roster.PlayDTMF, roster.SystemTool{}, bodyOf(t, `{"tool_config":{"parameters":{"sensitive":1}}}`)); err == nil {
		t.Error("play_dtmf takes a number for a flag")
	}
}

func bodyOf(t *testing.T, text string) map[string]any {
	t.Helper()
	body := map[string]any{}
	dec := json.NewDecoder(strings.NewReader(text))
	dec.UseNumber()
	if err := dec.Decode(&body); err != nil {
		t.Fatal(err)
	}
	return body
}

func TestToolsForKeysAreListedOnceTheyAreSet(t *testing.T) {
	d := roster.Definition{SystemTools: map[string]roster.SystemTool{}}
	if got := roster.SystemToolsOf(d); !slices.Equal(got, roster.SystemToolNames) {
		t.Errorf("of an agent without them: %v", got)
	}
	d.SystemTools[roster.PlayDTMF] = roster.SystemTool{}
	if got := roster.SystemToolsOf(d); len(got) != 4 || got[3] != roster.PlayDTMF || len(roster.SystemToolNames) != 3 {
		t.Errorf("of one with play_dtmf: %v", got)
	}
}

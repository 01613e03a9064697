package agentcore

import (
	"encoding/json"
	"log/slog"
	"math"
	"strings"
	"testing"

	"github.com/hookswitch/hookswitch/agentcore/vars"
)

// What a tool assigns is the same before and after it was in a journal, and is
// spoken as it was written.
func TestAssignedValuesReadBack(t *testing.T) {
	for _, tc := range []struct{ given, want any }{
		{nil, nil}, {true, true}, {"x", "x"}, {1.5, 1.5}, {12, 12.0}, {int64(-3), -3.0},
		{json.Number("2"), 2.0}, {json.Number("1.50"), "1.50"},
		{json.Number("12345678901234567890"), "12345678901234567890"}, {int64(math.MaxInt64), "9223372036854775807"},
	} {
		got := plain(tc.given)
		if got != tc.want || vars.Text(got) != vars.Text(tc.given) {
			t.Errorf("plain(%#v) = %#v, want %#v", tc.given, got, tc.want)
		}
		b, err := json.Marshal(ToolResult{Assigned: map[string]any{"v": got}})
		if err != nil {
			t.Fatal(err)
		}
		var back ToolResult
		if err := json.Unmarshal(b, &back); err != nil || back.Assigned["v"] != got {
			t.Errorf("%#v reads back as %#v, %v", got, back.Assigned["v"], err)
		}
	}
}

func TestVariablesOutOfBoundsAreNotSet(t *testing.T) {
	var log strings.Builder
	c := &Conversation{cfg: Config{Log: slog.New(slog.NewTextHandler(&log, nil))}}
	got := c.assignable(vars.Set{"good": "g", "__proto__": "p", "long": strings.Repeat("secret", 1000), "deep": map[string]any{"a": 1}})
	if len(got) != 1 || got["good"] != "g" {
		t.Errorf("assignable() = %v", got)
	}
	if n := strings.Count(log.String(), "not set"); n != 3 || strings.Contains(log.String(), "secret") {
		t.Errorf("the log: %s", log.String())
	}
}

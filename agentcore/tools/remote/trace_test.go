package remote_test

import (
	"encoding/json"
	"testing"

	"github.com/hookswitch/hookswitch/agentcore/tools"
	"github.com/hookswitch/hookswitch/agentcore/tools/remote"
	"github.com/hookswitch/hookswitch/agentcore/trace"
	"github.com/hookswitch/hookswitch/agentcore/vars"
)

func TestAUseSaysItsTrace(t *testing.T) {
	id := trace.Of("call_1")
	ours := id.String() + "-" + id.Span("tool/call_1/2/1").String()
	for name, tt := range map[string]struct {
		share trace.Share
		own   string
		want  string
	}{
		"all are traced":   {1, "", "00-" + ours + "-01"},
		"not this one":     {1e-9, "", "00-" + ours + "-00"},
		"nobody traces":    {0, "", ""},
		"the user has one": {1, "mine", "mine"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newReceiver(t, 200, "")
			b := booking(r.URL)
			if tt.own != "" {
				b.Config.Request.Headers["traceparent"] = tt.own
			}
			tool, err := remote.New(b, client(t), tt.share)
			if err != nil {
				t.Fatal(err)
			}
			for range 2 { // a use that is tried again is the same span
				if _, err := tool.Call(t.Context(), tools.Invocation{
					Key: "call_1/2/1", Arguments: json.RawMessage(`{"day":"Mon","people":2}`), Variables: vars.Set{"customer": "c"},
				}); err != nil {
					t.Fatal(err)
				}
			}
			for _, s := range r.seen {
				if got := s.header.Get("traceparent"); got != tt.want {
					t.Errorf("it says %q, want %q", got, tt.want)
				}
			}
		})
	}
}

package v2

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/dispatch"
	"github.com/hookswitch/hookswitch/storage"
)

func TestCallsVariablesAreAsTheyWereWritten(t *testing.T) {
	for kept, want := range map[string]string{
		`{"account":12345678901234567890,"large":1e999}`: `{"account":12345678901234567890,"large":1e999}`,
		"": `{}`, "null": `{}`, "{}": `{}`,
	} {
		b, err := json.Marshal(callItemOf(dispatch.Record{Variables: kept}, storage.Numbers{}, time.Now()).Variables)
		if err != nil || string(b) != want {
			t.Errorf("%q is shown as %s, %v, want %s", kept, b, err, want)
		}
	}
}

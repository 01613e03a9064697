package webhook

import (
	"encoding/json"
	"errors"
	"runtime"
	"strings"
	"testing"

	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/agentcore/vars"
)

// A definition of a few thousand bytes that names a transcript again and again
// must not fill the memory before somebody sees that it is too large.
func TestLongValueManyTimesCostsNoMoreThanItsBound(t *testing.T) {
	v := vars.Set{Transcript: strings.Repeat("Caller: so it goes. ", maxTranscript/20)}
	again := strings.Repeat("{{transcript}}", 4000)
	quoted, err := json.Marshal(again)
	if err != nil {
		t.Fatal(err)
	}
	const address = "https://example.com/"
	for name, r := range map[string]roster.Request{
		"body":   {URL: address, Body: quoted},
		"header": {URL: address, Headers: map[string]string{"X-Words": again}},
		"path":   {URL: address + again},
		"query":  {URL: address + "?q=" + again},
	} {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, err := Render(r, v, nil, nil)
			runtime.ReadMemStats(&after)
			var wrong *Error
			if !errors.As(err, &wrong) || wrong.Kind != BadRequest {
				t.Errorf("Render() = %v, want it refused", err)
			}
			if took := after.TotalAlloc - before.TotalAlloc; took > 16<<20 {
				t.Errorf("Render() took %d MB of memory to say so", took>>20)
			}
		})
	}
}

package webhook

import (
	"strings"
	"testing"
)

// What receivers are documented to get of who answered, key for key.
func TestAnswerIsTold(t *testing.T) {
	for claim, tt := range map[string]struct{ kept, want string }{
		"nobody found out":                    {"", "null"},
		"what a later build wrote is no JSON": {"[", "null"},
		"a person": {
			`{"class":"human","confidence":0.97,"at_ms":1180,"evidence":[{"kind":"cadence","what":"0.6 s, then they waited","for":"human","weight":3.5,"began_ms":300,"ended_ms":900}]}`,
			`{"class":"human","confidence":0.97,"at_ms":1180,"evidence":[{"kind":"cadence","what":"0.6 s, then they waited","for":"human","weight":3.5,"began_ms":300,"ended_ms":900}],` +
				`"message_left":null,"message_left_at_ms":null,"whole":false}`,
		},
		"a voicemail was left a message": {
			`{"class":"voicemail_beep","confidence":0.99,"at_ms":6400,"evidence":null,"left":"Please <call> us.","left_ms":6700,"whole":true}`,
			`{"class":"voicemail_beep","confidence":0.99,"at_ms":6400,"evidence":[],"message_left":"Please <call> us.","message_left_at_ms":6700,"whole":true}`,
		},
		"it began, and nobody knows how much was heard": {
			`{"class":"voicemail_beep","confidence":0.99,"at_ms":6400,"evidence":[],"left_ms":6700}`,
			`{"class":"voicemail_beep","confidence":0.99,"at_ms":6400,"evidence":[],"message_left":null,"message_left_at_ms":6700,"whole":false}`,
		},
	} {
		call := finished
		call.Answer = tt.kept
		e, err := ending(matter{call: call}, "")
		if err != nil {
			t.Fatalf("%s: %v", claim, err)
		}
		got, err := encode(e)
		if err != nil || !strings.Contains(string(got), `"answered_by":"human","answer":`+tt.want+`,"ended_at"`) {
			t.Errorf("%s: %s, %v, want an answer %s", claim, got, err, tt.want)
		}
	}
}

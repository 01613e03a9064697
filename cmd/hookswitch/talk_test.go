package main

import (
	"strings"
	"testing"

	"github.com/hookswitch/hookswitch/cmd/hookswitch/fault"
)

func TestTalkSaysWhatIsWrongBeforeAnythingIsStarted(t *testing.T) {
	for _, tt := range []struct {
		args       []string
		what, mend string
	}{
		{[]string{"talk", "--at-once"}, "only a file can be said at once", "with --wav FILE"},
		{[]string{"talk", "--wav", "nowhere.wav"}, "can't be read: no such file", "name a WAV file that is there"},
		{[]string{"talk", "--agent-endpoint-wait", "5"}, "has no unit", "--agent-endpoint-wait 5ms"},
		{[]string{"talk", "--rekord", "x"}, `"--rekord" is not a flag of hookswitch talk`, "did you mean --record?"},
	} {
		status, out, errs := typed(t, nil, tt.args...)
		if status != fault.Wrong || out != "" || !strings.Contains(errs, tt.what) || !strings.Contains(errs, tt.mend) {
			t.Errorf("%v: status %d, stdout %q, stderr:\n%s", tt.args, status, out, errs)
		}
	}
}

// A gateway of the caller's own: the real carrier of the settings is not asked
// for, however little of it is configured.
func TestTalkLeavesTheRealCarrierAlone(t *testing.T) {
	environ := []string{"HOOKSWITCH_CARRIER=twilio", "HOME=" + t.TempDir()}
	status, _, errs := typed(t, environ, "talk", "--wav", "nowhere.wav")
	if status != fault.Wrong || !strings.Contains(errs, "talk/wav") {
		t.Errorf("status %d, stderr:\n%s", status, errs)
	}
}

package fault_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/hookswitch/hookswitch/cmd/hookswitch/fault"
)

func TestStatusOfWhatACommandReturns(t *testing.T) {
	tests := []struct {
		name string
		err  error
		want int
	}{
		{"all held", nil, fault.Held},
		{"a check failed", fmt.Errorf("demo: %w", fault.ErrCheckFailed), fault.CheckFailed},
		{"wrong flag", &fault.Fault{What: "x", Exit: fault.Wrong}, fault.Wrong},
		{"mistakes", &fault.List{Faults: []*fault.Fault{{Exit: fault.Wrong}}}, fault.Wrong},
		{"port taken", fmt.Errorf("serve: %w", &fault.Fault{What: "x"}), fault.Impossible},
		{"Ctrl-C", fmt.Errorf("talk: %w", context.Canceled), fault.Interrupted},
		{"anything else", errors.New("disk full"), fault.Impossible},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := fault.Status(tt.err); got != tt.want {
				t.Errorf("Status(%v) = %d, want %d", tt.err, got, tt.want)
			}
		})
	}
}

func TestTextsHangUnderTheirFirstWord(t *testing.T) {
	f := &fault.Fault{
		What:  "the recogniser can't start: moonshine encoder is damaged (sha256 differs)",
		Where: "~/.cache/hookswitch/moonshine-1.0.4/encoder.onnx   wanted 9f2c41, found 00b7aa",
		Mend:  fault.Keep("hookswitch models pull --force") + "      (or start deaf on purpose: " + fault.Keep("--recogniser none") + ")",
		Code:  "models/digest",
	}
	want := strings.TrimPrefix(`
hookswitch: the recogniser can't start: moonshine encoder is
            damaged (sha256 differs)         [models/digest]
   where   ~/.cache/hookswitch/moonshine-1.0.4/encoder.onnx
           wanted 9f2c41, found 00b7aa
   mend    hookswitch models pull --force      (or start
           deaf on purpose: --recogniser none)
`, "\n")
	var b strings.Builder
	fault.Write(&b, f, 60)
	if b.String() != want {
		t.Errorf("got:\n%s\nwant:\n%s", b.String(), want)
	}
}

func TestNoWordIsEverBroken(t *testing.T) {
	path := "/srv/" + strings.Repeat("a-very-long-folder/", 8) + "hookswitch.yaml:14:17"
	var b strings.Builder
	fault.Write(&b, &fault.Fault{What: "x", Where: fault.Keep(path + " with a space"), Code: "config/yaml"}, 40)
	if !strings.Contains(b.String(), path+" with a space") {
		t.Errorf("the path was broken:\n%s", b.String())
	}
}

func TestWhatSomebodyTypedCannotSteerTheTerminal(t *testing.T) {
	var b strings.Builder
	fault.Write(&b, &fault.Fault{What: "\"\x1b[2J\" is not a setting", Where: "a\rb", Mend: "c\u009bd"}, 80)
	if strings.ContainsAny(b.String(), "\x1b\r\u009b") {
		t.Errorf("control characters came through: %q", b.String())
	}
}

func TestAlreadyToldIsNotToldAgain(t *testing.T) {
	for _, err := range []error{nil, fault.ErrCheckFailed, context.Canceled} {
		var b strings.Builder
		fault.Write(&b, err, 80)
		if b.Len() != 0 {
			t.Errorf("Write(%v) = %q, want nothing", err, b.String())
		}
	}
}

func TestNearest(t *testing.T) {
	names := []string{"listen", "public_url", "agent.endpoint_wait", "agent.pause_wait", "agent.max_duration", "recogniser", "voice_uuid", "fallback_voice_uuids"}
	for typed, want := range map[string]string{
		"lisetn":            "listen", // a swap is one mistake
		"agent.endpoint_ms": "agent.endpoint_wait",
		"turn.max_duration": "agent.max_duration",
		"recognizer":        "recogniser",
		"Public_URL":        "public_url",
		"voice":             "voice_uuid", // it begins like that
		"colour":            "",
		"agent.wait":        "",
		"":                  "",
	} {
		if got := fault.Nearest(typed, names); got != want {
			t.Errorf("Nearest(%q) = %q, want %q", typed, got, want)
		}
	}
}

func FuzzWrite(f *testing.F) {
	f.Add("what is wrong", "here", "type this", "config/x", 80)
	f.Add("", "", "", "", 0)
	f.Add("a\u00a0b  c", "é", "\xff", "x", 41)
	f.Fuzz(func(t *testing.T, what, where, mend, code string, width int) {
		var b strings.Builder
		fault.Write(&b, &fault.Fault{What: what, Where: where, Mend: mend, Code: code}, width%400)
		if utf8.ValidString(what) && strings.ContainsRune(b.String(), '\x1b') && !strings.Contains(code, "\x1b") {
			t.Errorf("an escape came through: %q", b.String())
		}
	})
}

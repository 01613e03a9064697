package talk

import (
	"strings"
	"testing"

	"github.com/hookswitch/hookswitch/cmd/hookswitch/fault"
)

func TestLinesAreUnderstood(t *testing.T) {
	for text, want := range map[string]line{
		"":                   {},
		"   ":                {},
		"!":                  {},
		" Hello there. ":     {say: "Hello there."},
		"! stop":             {say: "stop", over: true},
		"[1]":                {keys: "1"},
		"/press 4 2 #":       {keys: "42#"},
		"![0]":               {keys: "0", over: true},
		"/hangup":            {hangup: true},
		"!/hangup":           {hangup: true, over: true},
		"/help":              {help: true},
		"[sic] is no key":    {say: "[sic] is no key"},
		"half past [1] or 2": {say: "half past [1] or 2"},
	} {
		if got, err := parse(text); got != want || err != nil {
			t.Errorf("parse(%q) = %+v, %v; want %+v", text, got, err, want)
		}
	}
}

func TestLinesThatAreMistakesSayWhatWasMeant(t *testing.T) {
	for text, want := range map[string]string{
		"/hagnup":                  "did you mean /hangup?",
		"/dance":                   "there are /press 1, /hangup and /help",
		"/press":                   "[1], /press 42#",
		"[x]":                      "[1], /press 42#",
		"[1234567890123]":          "up to 12 of",
		strings.Repeat("la ", 200): "at most 500",
	} {
		_, err := parse(text)
		f, ok := at(err, 3).(*fault.Fault)
		if !ok || !strings.Contains(f.Mend, want) || f.Code != "talk/line" || !strings.Contains(f.Where, "stdin:3") || fault.Status(err) != fault.Wrong {
			t.Errorf("parse(%.20q): %+v, want a fault that mends with %q", text, err, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, text := range []string{"", "!", "[1]", "/press 1", "!/hangup", "Hello.", "[", "]", "[]", "/"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		l, err := parse(text)
		if err == nil && (len([]rune(l.say)) > mostLetters || len(l.keys) > mostKeys) {
			t.Errorf("parse(%q) = %+v: too long", text, l)
		}
	})
}

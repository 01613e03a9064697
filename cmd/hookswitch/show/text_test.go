package show

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestCleanWritesOutWhatATerminalObeys(t *testing.T) {
	for _, tc := range []struct{ in, want string }{
		{"plain words", "plain words"},
		{" two\tlines\r\n of  it ", "two lines of it"},
		{"bell\a", `bell\x07`},
		{"\x1b[31mred", `\x1b[31mred`},
		{"C1 \u009b and \u0085", `C1 \x9b and \x85`},
		{"bad \xff byte", `bad \xff byte`},
		{"true \uFFFD stays", "true \uFFFD stays"},
		{"\u202eabc", `\u202eabc`},
		{"größer 日本 😀", "größer 日本 😀"},
	} {
		if got := Clean(tc.in); got != tc.want {
			t.Errorf("Clean(%q) = %q, want %q", tc.in, got, tc.want)
		}
	}
}

func TestColumns(t *testing.T) {
	for text, want := range map[string]int{"abc": 3, "日本": 4, "e\u0301": 1, "😀": 2, "": 0} {
		if got := columns(text); got != want {
			t.Errorf("columns(%q) = %d, want %d", text, got, want)
		}
	}
}

func FuzzWrapLosesNothing(f *testing.F) {
	f.Add("We are open from eight to five on weekdays,", "and on Saturday mornings.", 20)
	f.Add("Donaudampfschifffahrtsgesellschaft 日本語日本語", "", 5)
	f.Add("", "", 0)
	f.Fuzz(func(t *testing.T, a, b string, cols int) {
		if len(a)+len(b) > 2000 || cols > 200 || cols < -200 {
			return
		}
		a, b = Clean(a), Clean(b)
		var all strings.Builder
		for _, line := range wrap(cols, span{a, none}, span{b, unheard}) {
			if w := width(line); w > max(cols, 2) {
				t.Fatalf("line of %d columns, want at most %d: %q", w, cols, line)
			}
			for _, s := range line {
				all.WriteString(s.text)
			}
		}
		whole := strings.NewReplacer(" ", "", "\u00a0", "").Replace
		if got, want := whole(all.String()), whole(a+b); got != want {
			t.Fatalf("wrapped to %q, want %q", got, want)
		}
	})
}

func FuzzClean(f *testing.F) {
	f.Add("hi\x1b]0;owned\x07\x9b2J\u202e")
	f.Fuzz(func(t *testing.T, s string) {
		got := Clean(s)
		if !utf8.ValidString(got) || strings.ContainsFunc(got, obeyed) {
			t.Fatalf("Clean(%q) = %q", s, got)
		}
		if again := Clean(got); again != got {
			t.Fatalf("Clean(%q) = %q, cleaned again %q", s, got, again)
		}
	})
}

func TestWhoWantsColour(t *testing.T) {
	screen, pipe := tty{true, 120}, tty{}
	for _, tc := range []struct {
		name        string
		f           Flags
		out, status tty
		env         string // NAME=value
		want        Mode
	}{
		{"a terminal", Flags{}, screen, screen, "", Mode{Color: true, Live: true, Width: 120}},
		{"piped", Flags{}, pipe, screen, "", Mode{Live: true, Width: 100}},
		{"both piped", Flags{}, pipe, pipe, "", Mode{Width: 100}},
		{"NO_COLOR", Flags{}, screen, screen, "NO_COLOR=1", Mode{Width: 120}},
		{"TERM=dumb", Flags{}, screen, screen, "TERM=dumb", Mode{Width: 120}},
		{"--plain", Flags{Plain: true}, screen, screen, "", Mode{Width: 120}},
		{"--plain beats --color", Flags{Plain: true, Color: "always"}, screen, screen, "", Mode{Width: 120}},
		{"--color always, piped", Flags{Color: "always"}, pipe, pipe, "", Mode{Color: true, Width: 100}},
		{"--color always beats NO_COLOR", Flags{Color: "always"}, screen, screen, "NO_COLOR=1", Mode{Color: true, Live: true, Width: 120}},
		{"--color never", Flags{Color: "never"}, screen, screen, "", Mode{Width: 120}},
		{"--json", Flags{JSON: true}, screen, screen, "", Mode{JSON: true, Live: true, Width: 120}},
	} {
		env := func(name string) string {
			v, _ := strings.CutPrefix(tc.env, name+"=")
			if v == tc.env {
				return ""
			}
			return v
		}
		if got := detect(tc.f, tc.out, tc.status, env); got != tc.want {
			t.Errorf("%s: %+v, want %+v", tc.name, got, tc.want)
		}
	}
}

func TestGapColours(t *testing.T) {
	for ms, want := range map[int64]style{0: green, 799: green, 800: yellow, 1199: yellow, 1200: red} {
		if got := gapStyle(ms); got != want {
			t.Errorf("gap of %d ms is %q, want %q", ms, got, want)
		}
	}
}

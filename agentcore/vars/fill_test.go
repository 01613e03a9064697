package vars_test

import (
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/hookswitch/hookswitch/agentcore/vars"
)

var some = vars.Set{
	"name": "Ada", "n": 1.5, "none": nil, "user.id": "u1", "two words": "2",
	"own": "{{ own }}", "tricky": "{{name}}", "open": "{{", "Ä": "umlaut",
}

func TestFill(t *testing.T) {
	for claim, c := range map[string]struct {
		text, want string
		missing    []string
	}{
		"nothing to do":                {"Hello.", "Hello.", nil},
		"empty":                        {"", "", nil},
		"one":                          {"Hello {{name}}!", "Hello Ada!", nil},
		"spaces within":                {"{{ name }}", "Ada", nil},
		"side by side":                 {"{{name}}{{n}}", "Ada1.5", nil},
		"nil is nothing":               {"<{{none}}>", "<>", nil},
		"a name with a dot":            {"{{user.id}}", "u1", nil},
		"a name with a space":          {"{{two words}}", "2", nil},
		"a name beyond ASCII":          {"{{Ä}}", "umlaut", nil},
		"missing is nothing, and told": {"Hello {{who}}.", "Hello .", []string{"who"}},
		"told as often as it is named": {"{{who}}{{who}}", "", []string{"who", "who"}},
		"its own placeholder":          {"Hello {{own}}.", "Hello .", []string{"own"}},
		"what is put in is not filled": {"{{tricky}}", "{{name}}", nil},
		"put together, still not":      {"{{open}}name}}", "{{name}}", nil},
		"unclosed":                     {"Hello {{name", "Hello {{name", nil},
		"unopened":                     {"Hello name}}", "Hello name}}", nil},
		"closed late":                  {"{{name}} and {{n", "Ada and {{n", nil},
		"nested: the inner one":        {"{{a {{name}} }}", "{{a Ada }}", nil},
		"three braces":                 {"{{{name}}}", "{Ada}", nil},
		"a single brace within":        {"{{na}me}}", "{{na}me}}", nil},
		"empty braces stay":            {"{{}} {{ }}", "{{}} {{ }}", nil},
		"JSON stays":                   {`{"a":{"b":{{"c":1}}}}`, `{"a":{"b":{{"c":1}}}}`, nil},
		"a line break is no name":      {"{{na\nme}}", "{{na\nme}}", nil},
		"too long to be a name":        {"{{" + strings.Repeat("x", 65) + "}}", "{{" + strings.Repeat("x", 65) + "}}", nil},
	} {
		var missing []string
		if got := some.Fill(c.text, func(n string) { missing = append(missing, n) }); got != c.want || !slices.Equal(missing, c.missing) {
			t.Errorf("%s: Fill(%q) = %q missing %q, want %q missing %q", claim, c.text, got, missing, c.want, c.missing)
		}
	}
	if got := some.Fill("{{who}}", nil); got != "" {
		t.Errorf("Fill() with nobody to tell = %q", got)
	}
}

func TestFillEscapedEscapesValuesOnly(t *testing.T) {
	s := vars.Set{"q": "a&b=c d/é"}
	if got := s.FillEscaped("x=&{{q}}", url.QueryEscape, nil); got != "x=&a%26b%3Dc+d%2F%C3%A9" {
		t.Errorf("FillEscaped() = %q", got)
	}
}

func TestOnly(t *testing.T) {
	for text, want := range map[string]string{"{{a}}": "a", "{{ a }}": "a", " {{a}}": "", "{{a}}{{b}}": "", "a": "", "{{a}}x": ""} {
		if got, is := vars.Only(text); is != (want != "") || is && got != want {
			t.Errorf("Only(%q) = %q, %v, want %q", text, got, is, want)
		}
	}
}

func FuzzFill(f *testing.F) {
	for _, s := range []string{"{{name}}", "{{", "}}", "{{{}}}", "{{a {{name}} b}}", "\x00{{\xff}}", "{{}}}{{}", `{"a":{}}`} {
		f.Add(s, "v")
	}
	f.Fuzz(func(t *testing.T, text, value string) {
		names := vars.Names(text)
		s := vars.Set{}
		for i, n := range names {
			if i%2 == 0 {
				s[n] = value
			}
		}
		got := s.Fill(text, func(name string) {
			if _, ok := s.Lookup(name); ok {
				t.Errorf("%q was told to be missing", name)
			}
		})
		if len(names) == 0 && got != text {
			t.Errorf("Fill(%q) = %q, and there is no name in it", text, got)
		}
		if max := len(text) + len(names)*len(value); len(got) > max {
			t.Errorf("Fill(%q) has %d bytes, want at most %d", text, len(got), max)
		}
	})
}

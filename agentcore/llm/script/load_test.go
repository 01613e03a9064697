package script_test

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/hookswitch/hookswitch/agentcore/llm/script"
)

const small = `name: Small
greeting: Hello.
start: open
slots:
  day: {kind: day}
states:
  open: {say: "What now?"}
intents:
  buy: {words: [buy], say: "Sold {day.on}.", end: true}
fallback: ["What? {ask}"]
give_up: Goodbye.
`

func TestASmallScriptLoads(t *testing.T) {
	s, err := script.Load([]byte(small))
	if err != nil {
		t.Fatal(err)
	}
	if s.Name != "Small" || s.Greeting != "Hello." || s.String() != "script" {
		t.Errorf("%+v", s)
	}
}

func TestTheDemoLoads(t *testing.T) {
	s, err := script.Load(script.DemoYAML())
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(s.Tools(), " "); got != "book end_call" {
		t.Errorf("Tools() = %s", got)
	}
	if d := script.Demo(); d.Name != "Lakeside Dental" || d.Greeting != s.Greeting || d.Prompt == "" || d.Apology == "" || d.StillThere == "" {
		t.Errorf("Demo() = %+v", d)
	}
}

// bad.yaml makes many mistakes; bad.txt is what is said of them.
func TestEveryMistakeIsReportedWithItsPlace(t *testing.T) {
	bad, err := os.ReadFile("testdata/bad.yaml")
	if err != nil {
		t.Fatal(err)
	}
	_, err = script.Load(bad)
	var e *script.Error
	if !errors.As(err, &e) || len(e.Mistakes) < 20 {
		t.Fatalf("Load() = %v", err)
	}
	got := err.Error() + "\n"
	if *update {
		if err := os.WriteFile("testdata/bad.txt", []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile("testdata/bad.txt")
	if err != nil || got != string(want) {
		t.Errorf("err = %v; the mistakes are now:\n%s", err, got)
	}
}

func TestWhatIsNotAScriptIsRefused(t *testing.T) {
	good := string(script.DemoYAML())
	for _, tt := range []struct{ name, file, want string }{
		{"nothing", "", "1:1: the file is empty"},
		{"a comment", "# hello", "1:1: the file is empty"},
		{"not YAML", "name: [", "not YAML"},
		{"a word", "hello", "1:1: script: want settings"},
		{"a list", "- a", "1:1: script: want settings"},
		{"two documents", good + "\n---\nname: b\n", "a second document"},
		{"an alias", "name: &a x\ngreeting: *a\n", "1:7: anchors and aliases are not used"},
		{"too big", good + strings.Repeat("#", 256<<10), "bytes, at most 262144"},
		{"a huge reply", strings.Replace(good, "Goodbye.", strings.Repeat("x", 2000), 1), "bytes, at most 1000"},
		{"too many states", "states: {" + many(101, "s%d: {say: a}") + "}", "101 entries, at most 100"},
		{"a pattern that matches silence", `intents: {a: {match: "x*", say: b}}`, "matches silence"},
		{"a pattern too long", "intents: {a: {match: " + strings.Repeat("x", 501) + ", say: b}}", "501 bytes, at most 500"},
		{"an empty start", strings.Replace(good, "start: open", `start: ""`, 1), "start is empty"},
		{"an unknown start", strings.Replace(good, "start: open", `start: opeb`, 1), `there is no state "opeb"; did you mean "open"?`},
		{"a backreference", `intents: {a: {match: '(a)\1', say: b}}`, "invalid escape sequence"},
	} {
		_, err := script.Load([]byte(tt.file))
		var e *script.Error
		if !errors.As(err, &e) || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: Load() = %.300v, want %s", tt.name, err, tt.want)
		}
	}
}

func many(n int, format string) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, format+", ", i)
	}
	return b.String()
}

package main

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/hookswitch/hookswitch/agentcore/answer"
)

// The table of thresholds in the documents is the code's. Refresh it:
// go test ./cmd/hookswitch -run TestThresholdsInTheDocs -update
func TestThresholdsInTheDocsAreTheCodes(t *testing.T) {
	const page, from, to = "../../docs/who-answered.md", "<!-- thresholds -->\n", "<!-- end of thresholds -->"
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, began := strings.Cut(string(text), from)
	have, after, ended := strings.Cut(rest, to)
	if !began || !ended {
		t.Fatalf("%s has no place for the table", page)
	}
	want := "| name | value | unit | why |\n|---|---|---|---|\n"
	for _, r := range answer.Table() {
		want += fmt.Sprintf("| `%s` | %s | %s | %s |\n", r.Name, r.Value, r.Unit, strings.ReplaceAll(r.Why, "|", "\\|"))
	}
	if have == want {
		return
	}
	if !*update {
		t.Fatalf("%s is not current: run this test with -update", page)
	}
	if err := os.WriteFile(page, []byte(before+from+want+to+after), 0o644); err != nil {
		t.Fatal(err)
	}
}

package sheet_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/hookswitch/hookswitch/cmd/hookswitch/sheet"
)

func two() *sheet.Sheet {
	s := &sheet.Sheet{Columns: []sheet.Column{{Name: "NAME", Gives: true}, {Name: "TODAY", Right: true}, {Name: "UUID", Wide: true}, {Name: "NUMBERS", Gives: true}}}
	s.Add("u1", json.RawMessage(`{"z":1,"a":"x\u001b[2J`+"\u202e"+`"}`), "front\tdesk\x1b[2J", "7", "u1", "+14155550100, +14155550101, +14155550102")
	s.Add("u2", json.RawMessage(`{"z":2}`), "é", "12", "u2", "")
	return s
}

func TestForms(t *testing.T) {
	for _, tt := range []struct {
		name string
		mode sheet.Mode
		want string
	}{
		{"a pipe gets values and no header", sheet.Mode{}, `front desk\x1b[2J	7	+14155550100, +14155550101, +14155550102
é	12	
`},
		{"a terminal gets a table", sheet.Mode{Terminal: true, Width: 80}, `
NAME               TODAY  NUMBERS
front desk\x1b[2J      7  +14155550100, +14155550101, +14155550102
é                     12
`},
		{"what gives way is cut", sheet.Mode{Form: sheet.Table, Width: 50}, `
NAME               TODAY  NUMBERS
front desk\x1b[2J      7  +14155550100, +141555...
é                     12
`},
		{"wide cuts nothing", sheet.Mode{Form: sheet.Wide, Width: 50}, `
NAME               TODAY  UUID  NUMBERS
front desk\x1b[2J      7  u1    +14155550100, +14155550101, +14155550102
é                     12  u2
`},
		{"ids", sheet.Mode{Form: sheet.ID, Terminal: true}, "u1\nu2\n"},
		{"the API's JSON", sheet.Mode{Form: sheet.JSON}, `
[
  {
    "z": 1,
    "a": "x\u001b[2J\u202e"
  },
  {
    "z": 2
  }
]
`},
		{"YAML, in the API's order", sheet.Mode{Form: sheet.YAML}, `
- z: 1
  a: "x\e[2J\u202E"
- z: 2
`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var b strings.Builder
			if err := two().Write(&b, tt.mode); err != nil {
				t.Fatal(err)
			}
			if got := b.String(); got != strings.TrimPrefix(tt.want, "\n") {
				t.Errorf("got\n%s", got)
			}
		})
	}
}

func TestNothingIsAHeaderOrAnEmptyList(t *testing.T) {
	for form, want := range map[string]string{sheet.Table: "NAME\n", sheet.JSON: "[]\n", sheet.YAML: "[]\n", sheet.ID: "", "": ""} {
		var b strings.Builder
		s := &sheet.Sheet{Columns: []sheet.Column{{Name: "NAME"}}}
		if err := s.Write(&b, sheet.Mode{Form: form}); err != nil || b.String() != want || s.Len() != 0 {
			t.Errorf("%s: %q, %v", form, b.String(), err)
		}
	}
}

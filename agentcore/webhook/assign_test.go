package webhook

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/agentcore/vars"
)

func TestAssign(t *testing.T) {
	answer := `{"name":"Ada","n":1.50,"yes":true,"none":null,"a":{"b":[{"c":"deep"},[1,2]]},"a.b":"literal","x[0]":"odd",
		"list":["first"],"object":{"k":1},"long":"` + longText + `"}`
	for path, want := range map[string]any{
		"name": "Ada", "n": json.Number("1.50"), "yes": true, "none": nil,
		"a.b[0].c": "deep", "a.b.0.c": "deep", "a.b[1][1]": json.Number("2"), "a.b": "literal", "x[0]": "odd", "list[0]": "first", "list.0": "first",
	} {
		got, problems := Assign([]roster.Assignment{{Source: "response", Attribute: path, Variable: "v"}}, []byte(answer))
		if problems != nil || !reflect.DeepEqual(got, vars.Set{"v": want}) {
			t.Errorf("%s: %v, %q, want %v", path, got, problems, want)
		}
	}
	for path, want := range map[string]string{
		"nobody":                       `the answer has no "nobody"`,
		"":                             `the answer has no ""`,
		".":                            `the answer has no "."`,
		"name.x":                       `the answer has no "name.x"`,
		"list[1]":                      `the answer has no "list[1]"`,
		"list[-1]":                     `the answer has no "list[-1]"`,
		"list.x":                       `the answer has no "list.x"`,
		"list[999999999999999999999]":  `the answer has no "list[999999999999999999999]"`,
		"object":                       `"object" can't be assigned: Dynamic variables must be a flat hash. Key 'v' contains a nested object or array.`,
		"list":                         `"list" can't be assigned: Dynamic variables must be a flat hash. Key 'v' contains a nested object or array.`,
		"long":                         `"long" can't be assigned: Dynamic variable 'v' is too long (maximum is 2048 characters).`,
		strings.Repeat("a.", 40) + "b": `the answer has no "` + strings.Repeat("a.", 40) + `"`,
	} {
		got, problems := Assign([]roster.Assignment{{Source: "response", Attribute: path, Variable: "v"}}, []byte(answer))
		if len(got) != 0 || len(problems) != 1 || problems[0] != want {
			t.Errorf("%s: %v, %q, want the problem %q", path, got, problems, want)
		}
	}
}

var longText = strings.Repeat("l", vars.MaxValue+1)

func TestAssignTakesWhatItCan(t *testing.T) {
	as := []roster.Assignment{
		{Source: "response", Attribute: "nobody", Variable: "a"},
		{Source: "response", Attribute: "name", Variable: "b"},
		{Source: "argument", Attribute: "name", Variable: "c"},
		{Source: "response", Attribute: "name", Variable: "__proto__"},
	}
	got, problems := Assign(as, []byte(`{"name":"Ada"}`))
	if !reflect.DeepEqual(got, vars.Set{"b": "Ada"}) || len(problems) != 2 {
		t.Errorf("Assign() = %v, %q", got, problems)
	}
}

func TestAssignOfNoJSON(t *testing.T) {
	as := []roster.Assignment{{Source: "response", Attribute: "a", Variable: "a"}, {Source: "response", Attribute: "b", Variable: "b"}}
	for _, body := range []string{"", "<html>", `{"a":1`, `{"a":1} trailing`, "\xff"} {
		got, problems := Assign(as, []byte(body))
		if len(got) != 0 || len(problems) != 1 || problems[0] != "the answer is no JSON: nothing was assigned" {
			t.Errorf("%q: %v, %q", body, got, problems)
		}
	}
	if got, problems := Assign(nil, []byte("<html>")); len(got) != 0 || problems != nil {
		t.Errorf("nothing to assign: %v, %q", got, problems)
	}
	for _, body := range []string{`[{"a":1}]`, `"a"`, `null`, `7`} {
		if got, problems := Assign(as[:1], []byte(body)); len(got) != 0 || len(problems) != 1 {
			t.Errorf("%q: %v, %q", body, got, problems)
		}
	}
	if got, _ := Assign([]roster.Assignment{{Source: "response", Attribute: "[0].a", Variable: "a"}}, []byte(`[{"a":true}]`)); got["a"] != true {
		t.Errorf("[0].a = %v", got)
	}
}

func TestAssignIsBounded(t *testing.T) {
	var as []roster.Assignment
	for i := range vars.MaxCount + 3 {
		as = append(as, roster.Assignment{Source: "response", Attribute: "a", Variable: fmt.Sprint("v", i)})
	}
	got, problems := Assign(as, []byte(`{"a":1}`))
	if len(got) != vars.MaxCount || len(problems) != 3 {
		t.Errorf("%d variables, %d problems, want %d and 3", len(got), len(problems), vars.MaxCount)
	}
}

func FuzzAssign(f *testing.F) {
	f.Add("a.b[0].c", `{"a":{"b":[{"c":"x"}]}}`)
	f.Add("[[]].", `[[1]]`)
	f.Add("a", `{"a":1e999}`)
	f.Fuzz(func(t *testing.T, path, body string) {
		got, problems := Assign([]roster.Assignment{{Source: "response", Attribute: path, Variable: "v"}}, []byte(body))
		if len(got)+len(problems) != 1 {
			t.Fatalf("Assign(%q, %q) = %v, %q, want a value or a problem", path, body, got, problems)
		}
		if wrong := vars.Check(got); wrong != nil {
			t.Fatalf("Assign(%q, %q) = %v: %q", path, body, got, wrong)
		}
		if _, err := got.Encode(); err != nil {
			t.Fatalf("Assign(%q, %q) = %v, which is no JSON: %v", path, body, got, err)
		}
	})
}

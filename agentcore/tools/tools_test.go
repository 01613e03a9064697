package tools_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/hookswitch/hookswitch/agentcore/llm"
	"github.com/hookswitch/hookswitch/agentcore/tools"
)

// args is a use of a tool with nothing but arguments.
func args(text string) tools.Invocation {
	return tools.Invocation{Key: "k", Arguments: json.RawMessage(text)}
}

func TestEndCallEndsTheCall(t *testing.T) {
	for _, a := range []string{"", "null", "{}", ` {"reason":"done"} `} {
		r, err := tools.EndCall().Call(t.Context(), args(a))
		if err != nil || !r.End {
			t.Errorf("Call(%q) = %+v, %v, want End", a, r, err)
		}
	}
	if !tools.EndCall().Traits().Safe {
		t.Error("end_call is not safe to repeat")
	}
}

func TestBookAgreesToAWellFormedAppointment(t *testing.T) {
	r, err := tools.Book().Call(t.Context(), args(`{"day":"Tuesday","time":"15:30"}`))
	if err != nil || r.Text != `{"ok":true}` || r.End {
		t.Errorf("Call() = %+v, %v", r, err)
	}
}

func TestBadArgumentsAreToldInWords(t *testing.T) {
	const schema = `{"type":"object","required":["day"],"additionalProperties":false,"properties":{
		"day":{"type":"string","minLength":2,"maxLength":9},"n":{"type":"integer","minimum":1,"maximum":9},
		"size":{"enum":["s","m",3]},"ok":{"type":"boolean"},"list":{"type":"array","maxItems":2,"items":{"type":"number"}},
		"deep":{"type":"object","properties":{"x":{"type":"string","pattern":"^a+$"}},"required":["x"]}}}`
	tool, err := tools.Func(llm.Tool{Name: "t", Parameters: json.RawMessage(schema)}, tools.Traits{},
		func(context.Context, tools.Invocation) (tools.Result, error) {
			return tools.Result{Text: "ok"}, nil
		})
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ args, want string }{
		{`{"day":"Monday","n":3.0,"size":3.0,"ok":true,"list":[1,2.5],"deep":{"x":"aa"}}`, ""},
		{`{"day":`, `not a JSON object`},
		{`{"day":"Monday"} {}`, `something follows the JSON object`},
		{`[]`, `the arguments must be an object, not an array`},
		{`{}`, `"day" is missing`},
		{`{"day":7}`, `"day" must be a string, not a number`},
		{`{"day":null}`, `"day" must be a string, not null`},
		{`{"day":"M"}`, `"day" needs at least 2 characters`},
		{`{"day":"éééééééééé"}`, `"day" has 10 characters, at most 9`},
		{`{"day":"Monday","hour":1}`, `"hour" is not known`},
		{`{"day":"Monday","n":1.5}`, `"n" must be an integer, not a number`},
		{`{"day":"Monday","n":0}`, `"n" must be at least 1`},
		{`{"day":"Monday","n":10}`, `"n" must be at most 9`},
		{`{"day":"Monday","n":1e999}`, `"n" must be an integer, not a number`},
		{`{"day":"Monday","size":"xl"}`, `"size" is none of ["s","m",3]`},
		{`{"day":"Monday","list":[1,2,3]}`, `"list" has 3 items, at most 2`},
		{`{"day":"Monday","list":["a"]}`, `"list[0]" must be a number, not a string`},
		{`{"day":"Monday","deep":{}}`, `"deep.x" is missing`},
		{`{"day":"Monday","deep":{"x":"b"}}`, `"deep.x" does not match ^a+$`},
		{`{"n":true,"ok":1}`, `"day" is missing; "n" must be an integer, not a boolean; "ok" must be a boolean, not a number`},
		{`{"day":"` + strings.Repeat("x", tools.MaxArguments) + `"}`, `too long`},
	} {
		r, err := tool.Call(t.Context(), args(tt.args))
		var bad *tools.ArgumentsError
		switch {
		case tt.want == "" && (err != nil || r.Text != "ok"):
			t.Errorf("Call(%.60s) = %+v, %v", tt.args, r, err)
		case tt.want != "" && (!errors.As(err, &bad) || !strings.HasPrefix(err.Error(), "tools: t: bad arguments: "+tt.want)):
			t.Errorf("Call(%.60s) = %v, want %s", tt.args, err, tt.want)
		}
	}
}

func TestArgumentErrorsDoNotRepeatWhatTheCallerSaid(t *testing.T) {
	_, err := tools.Book().Call(t.Context(), args(`{"day":"Tuesday","time":"my number is 555"}`))
	if err == nil || strings.Contains(err.Error(), "555") {
		t.Errorf("err = %v", err)
	}
}

func TestAToolThatCannotWorkIsRefused(t *testing.T) {
	do := func(context.Context, tools.Invocation) (tools.Result, error) { return tools.Result{}, nil }
	for _, tt := range []struct {
		name, schema string
		do           tools.Do
		want         string
	}{
		{"", "", do, `name ""`},
		{"two words", "", do, `name "two words"`},
		{"t", "", nil, "no function"},
		{"t", "{", do, "parameters"},
		{"t", `{"type":"string"}`, do, `want "object"`},
		{"t", `{"type":"object","oneOf":[]}`, do, `oneOf`},
		{"t", `{"type":"object","properties":{"a":{"type":"date"}}}`, do, `a: type "date"`},
		{"t", `{"type":"object","properties":{"a":null}}`, do, `property "a" is null`},
		{"t", `{"type":"object","required":["a"]}`, do, `"a" is required and not among the properties`},
		{"t", `{"type":"object","properties":{"a":{"pattern":"("}}}`, do, `pattern`},
	} {
		_, err := tools.Func(llm.Tool{Name: tt.name, Parameters: json.RawMessage(tt.schema)}, tools.Traits{}, tt.do)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("Func(%q, %s) = %v, want %s", tt.name, tt.schema, err, tt.want)
		}
	}
}

func TestLongResultsAreCut(t *testing.T) {
	tool, err := tools.Func(llm.Tool{Name: "t"}, tools.Traits{}, func(context.Context, tools.Invocation) (tools.Result, error) {
		return tools.Result{Text: strings.Repeat("é", tools.MaxResult)}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	r, err := tool.Call(t.Context(), tools.Invocation{})
	if err != nil || len(r.Text) > tools.MaxResult || !utf8.ValidString(r.Text) || !strings.HasSuffix(r.Text, " [cut]") {
		t.Errorf("%d bytes, valid %v, %v", len(r.Text), utf8.ValidString(r.Text), err)
	}
}

func TestACancelledToolDoesNothing(t *testing.T) {
	ran := false
	tool, err := tools.Func(llm.Tool{Name: "t"}, tools.Traits{}, func(context.Context, tools.Invocation) (tools.Result, error) {
		ran = true
		return tools.Result{}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := tool.Call(ctx, tools.Invocation{}); !errors.Is(err, context.Canceled) || ran {
		t.Errorf("err = %v, ran = %v", err, ran)
	}
}

func TestSetFindsToolsByName(t *testing.T) {
	s, err := tools.NewSet(tools.Book(), tools.EndCall())
	if err != nil {
		t.Fatal(err)
	}
	if specs := s.Specs(); len(specs) != 2 || specs[0].Name != "book" || specs[1].Name != "end_call" {
		t.Errorf("Specs() = %v", specs)
	}
	r, err := s.Call(t.Context(), "end_call", args(""))
	if err != nil || !r.End {
		t.Errorf("Call(end_call) = %+v, %v", r, err)
	}
	_, err = s.Call(t.Context(), "pay", args(""))
	if want := `tools: there is no tool "pay"; there are: book, end_call`; err == nil || err.Error() != want {
		t.Errorf("Call(pay) = %v, want %s", err, want)
	}
	if _, err := (tools.Set{}).Call(t.Context(), "pay", args("")); err == nil || !strings.Contains(err.Error(), "there are none") {
		t.Errorf("empty set: %v", err)
	}
	if _, err := tools.NewSet(tools.Book(), tools.EndCall(), tools.Book()); err == nil || !strings.Contains(err.Error(), `two tools are named "book"`) {
		t.Errorf("NewSet with a duplicate: %v", err)
	}
}

func FuzzArguments(f *testing.F) {
	for _, s := range []string{``, `{}`, `null`, `{"day":"Tuesday","time":"15:30"}`, `{"day":1}`, `[[[[`, `{"a":{"b":[1,2,{"c":null}]}}`, "\xff", `1e999`} {
		f.Add([]byte(s))
	}
	book, end := tools.Book(), tools.EndCall()
	f.Fuzz(func(t *testing.T, args []byte) {
		for _, tool := range []tools.Tool{book, end} {
			r, err := tool.Call(context.Background(), tools.Invocation{Key: "k", Arguments: args})
			if (err == nil) != (r.Text == `{"ok":true}`) {
				t.Errorf("%s(%q) = %+v, %v", tool.Spec().Name, args, r, err)
			}
			if err != nil && len(err.Error()) > 4096 {
				t.Errorf("an error of %d bytes", len(err.Error()))
			}
		}
	})
}

func FuzzSchema(f *testing.F) {
	f.Add([]byte(`{"type":"object","properties":{"a":{"type":"array","items":{"enum":[1,"a",null,true]}}}}`), []byte(`{"a":[1]}`))
	f.Fuzz(func(t *testing.T, schema, args []byte) {
		tool, err := tools.Func(llm.Tool{Name: "t", Parameters: schema}, tools.Traits{},
			func(context.Context, tools.Invocation) (tools.Result, error) { return tools.Result{}, nil })
		if err == nil {
			_, _ = tool.Call(context.Background(), tools.Invocation{Key: "k", Arguments: args}) // must not panic
		}
	})
}

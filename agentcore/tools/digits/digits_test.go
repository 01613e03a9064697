package digits_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/agentcore/tools"
	"github.com/hookswitch/hookswitch/agentcore/tools/digits"
)

func settings(parameters string) roster.SystemTool {
	return roster.SystemTool{Active: true, Parameters: json.RawMessage(parameters)}
}

func use(t *testing.T, tool tools.Tool, args string) (tools.Result, error) {
	t.Helper()
	return tool.Call(t.Context(), tools.Invocation{Key: "k", Arguments: json.RawMessage(args)})
}

func TestASlotIsWantedAsItIsSet(t *testing.T) {
	tool, err := digits.Collect(settings(`{"slots":[
		{"name":"account","description":"the account\nnumber"},
		{"name":"pin","min_digits":4,"max_digits":4,"terminator":"","timeout_secs":20,"between_secs":5,"sensitive":true}]}`))
	if err != nil {
		t.Fatal(err)
	}
	for slot, want := range map[string]tools.Collect{
		"account": {Slot: "account", Min: 1, Max: 32, Terminator: "#", First: 10 * time.Second, Between: 3 * time.Second},
		"pin":     {Slot: "pin", Min: 4, Max: 4, First: 20 * time.Second, Between: 5 * time.Second, Sensitive: true},
	} {
		r, err := use(t, tool, `{"slot":"`+slot+`"}`)
		if err != nil || r.Collect == nil || *r.Collect != want {
			t.Errorf("%s: %+v, %v, want %+v", slot, r.Collect, err, want)
		}
	}
	for _, args := range []string{`{}`, `{"slot":"card"}`, `{"slot":"pin","max":9}`, `null`, `[`} {
		if r, err := use(t, tool, args); err == nil || r.Collect != nil {
			t.Errorf("Call(%s) = %+v, want an error: nobody may make up a slot", args, r)
		}
	}
	if spec := string(tool.Spec().Parameters); !strings.Contains(spec, `- account: the account number (1 to 32 digits, ended with the hash key)`) || !strings.Contains(spec, `- pin:  (4 digits)`) {
		t.Errorf("the model is told %s", spec)
	}
	if tool.Traits().Safe {
		t.Error("collect_digits is repeated after a lost line, though the caller was asked on that")
	}
}

func TestKeysArePressedAndHiddenAsTheyAreSet(t *testing.T) {
	open, err1 := digits.Play(settings(``))
	closed, err2 := digits.Play(settings(`{"sensitive":true}`))
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	for _, tool := range []tools.Tool{open, closed} {
		if r, err := use(t, tool, `{"digits":"12w#AD"}`); err != nil || r.Press != "12w#AD" || strings.Contains(r.Text, "12") {
			t.Errorf("Call() = %+v, %v", r, err)
		}
		for _, keys := range []string{"", "x", "1 2", "a", "W", strings.Repeat("1", 33), "+1", "1\n"} {
			args, _ := json.Marshal(map[string]string{"digits": keys})
			if r, err := use(t, tool, string(args)); err == nil || len(keys) > 5 && strings.Contains(err.Error(), keys) {
				t.Errorf("Call(%q) = %+v, %v", keys, r, err)
			}
		}
	}
	if _, hides := open.(tools.Discreet); hides {
		t.Error("keys that are no secret are hidden")
	}
	for args, want := range map[string]string{
		`{"digits":"8642#"}`: `{"digits":"*****"}`, `{"digits":"86 42"}`: `{"digits":"****"}`, `8642`: `{"digits":"****"}`, `{"pin":"8642"`: `{"digits":"****"}`,
	} {
		if got := closed.(tools.Discreet).Shown(json.RawMessage(args)); string(got) != want {
			t.Errorf("Shown(%s) = %s, want %s", args, got, want)
		}
	}
}

func TestAnAgentHasWhatIsSetAndActive(t *testing.T) {
	slots := `{"slots":[{"name":"pin"}]}`
	for _, tt := range []struct {
		name string
		set  map[string]roster.SystemTool
		want int
		bad  bool
	}{
		{"nothing", nil, 0, false},
		{"both", map[string]roster.SystemTool{roster.CollectDigits: settings(slots), roster.PlayDTMF: settings(``)}, 2, false},
		{"one is off", map[string]roster.SystemTool{roster.CollectDigits: {Parameters: json.RawMessage(slots)}, roster.PlayDTMF: settings(``)}, 1, false},
		{"no slots", map[string]roster.SystemTool{roster.CollectDigits: settings(``)}, 0, false},
		{"no JSON", map[string]roster.SystemTool{roster.CollectDigits: settings(`{"slots":7}`), roster.PlayDTMF: settings(``)}, 1, true},
	} {
		got, err := digits.Of(roster.Definition{SystemTools: tt.set})
		if len(got) != tt.want || (err != nil) != tt.bad {
			t.Errorf("%s: %d tools, %v", tt.name, len(got), err)
		}
	}
}

func FuzzArguments(f *testing.F) {
	f.Add([]byte(`{"digits":"1#"}`))
	f.Add([]byte(`{"slot":"pin"}`))
	collect, err1 := digits.Collect(settings(`{"slots":[{"name":"pin"}]}`))
	play, err2 := digits.Play(settings(`{"sensitive":true}`))
	if err := errors.Join(err1, err2); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, args []byte) {
		if r, err := use(t, collect, string(args)); (err == nil) != (r.Collect != nil) {
			t.Errorf("collect(%q) = %+v, %v", args, r, err)
		}
		if r, err := use(t, play, string(args)); (err == nil) != (r.Press != "") || len(r.Press) > 32 {
			t.Errorf("play(%q) = %+v, %v", args, r, err)
		}
		if shown := play.(tools.Discreet).Shown(args); !json.Valid(shown) || strings.ContainsAny(string(shown), "0123456789") {
			t.Errorf("Shown(%q) = %s", args, shown)
		}
	})
}

package roster_test

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/hookswitch/hookswitch/agentcore/roster"
)

func TestSmartCallbackHasTheSeedsDefaults(t *testing.T) {
	for _, tt := range []struct{ name, body, want string }{
		{"none", `{}`, `null`},
		{"null", `{"smart_callback":null}`, `null`},
		{"an empty object", `{"smart_callback":{}}`, `{"enabled":true,"max_attempts":5,"gaps":[{"days":1,"hours":0}]}`},
		{"no gaps", `{"smart_callback":{"gaps":[]}}`, `{"enabled":true,"max_attempts":5,"gaps":[{"days":1,"hours":0}]}`},
		{"half a gap", `{"smart_callback":{"max_attempts":1,"gaps":[{"hours":4},{"days":2}]}}`, `{"enabled":true,"max_attempts":1,"gaps":[{"days":0,"hours":4},{"days":2,"hours":0}]}`},
		{"the bounds", `{"smart_callback":{"enabled":false,"max_attempts":20,"gaps":[{"days":30,"hours":23}]}}`, `{"enabled":false,"max_attempts":20,"gaps":[{"days":30,"hours":23}]}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := body(t, tt.body)
			b["name"], b["voice_uuid"] = "A", "abc123"
			d, err := terms().Create(b)
			if err != nil {
				t.Fatal(err)
			}
			if got, _ := json.Marshal(d.Callback); string(got) != tt.want {
				t.Errorf("smart_callback = %s, want %s", got, tt.want)
			}
		})
	}
}

func TestWrongSmartCallbackIsToldAtOnce(t *testing.T) {
	_, err := terms().Create(body(t, `{"name":"A","voice_uuid":"abc123","smart_callback":{"enabled":"yes","max_attempts":21,
		"gaps":[{"days":31},{"hours":24},{"days":0,"hours":0},{},{"days":1.5},7]}}`))
	var wrong roster.Problems
	if !errors.As(err, &wrong) {
		t.Fatalf("Create() = %v", err)
	}
	want := `{"smart_callback.enabled":["must be true or false"],"smart_callback.max_attempts":["must be less than or equal to 20"],` +
		`"smart_callback.gaps.0.days":["must be less than or equal to 30"],"smart_callback.gaps.1.hours":["must be less than or equal to 23"],` +
		`"smart_callback.gaps.2.hours":["must leave some time: days and hours can't both be 0"],` +
		`"smart_callback.gaps.3.hours":["must leave some time: days and hours can't both be 0"],` +
		`"smart_callback.gaps.4.days":["must be an integer"],"smart_callback.gaps.5":["must be an object"]}`
	if got, _ := json.Marshal(wrong); string(got) != want {
		t.Errorf("wrong = %s\nwant %s", got, want)
	}
}

func TestSmartCallbackMerges(t *testing.T) {
	d := create(t, `{"name":"A","voice_uuid":"abc123","smart_callback":{"max_attempts":3,"gaps":[{"days":1,"hours":2}]}}`)
	d, err := terms().Change(d, body(t, `{"smart_callback":{"enabled":false}}`))
	if err != nil {
		t.Fatal(err)
	}
	if c := d.Callback; c.Enabled || c.MaxAttempts != 3 || len(c.Gaps) != 1 || c.Gaps[0] != (roster.CallbackGap{Days: 1, Hours: 2}) {
		t.Errorf("smart_callback = %+v", c)
	}
}

func TestOwnKeysAndOtherDialectsStayOverAChange(t *testing.T) {
	d := create(t, whole)
	d, err := terms().OwnKey(d, "elevenlabs", "key", "xi-1")
	if err != nil {
		t.Fatal(err)
	}
	d.Dialects = map[string]any{"trillet": map[string]any{"volume": 1.0}}
	after, err := terms().Change(d, body(t, `{"name":"B","provider_keys":{"elevenlabs":"mine"},"dialects":{}}`))
	if err != nil {
		t.Fatal(err)
	}
	if after.Keys["elevenlabs"] != "sealed:xi-1" || after.Dialects["trillet"] == nil {
		t.Errorf("keys %v, dialects %v", after.Keys, after.Dialects)
	}
}

func TestAnOwnKeyIsSealedOnceAndTakenAway(t *testing.T) {
	set := terms()
	n := 0
	set.Seal = func(plain string) (roster.Secret, error) {
		n++
		return roster.Secret(string(rune('a'+n)) + ":" + plain), nil
	}
	set.Open = func(s roster.Secret) (string, error) { return string(s[2:]), nil }
	d := create(t, whole)
	first, err := set.OwnKey(d, "elevenlabs", "key", "xi-1")
	if err != nil || d.Keys != nil {
		t.Fatalf("OwnKey() = %v; it changed what it came from: %v", err, d.Keys)
	}
	again, err := set.OwnKey(first, "elevenlabs", "key", "xi-1")
	if err != nil || again.Keys["elevenlabs"] != first.Keys["elevenlabs"] {
		t.Errorf("the same key was sealed anew: %v, %v", again.Keys, err)
	}
	other, err := set.OwnKey(first, "elevenlabs", "key", "xi-2")
	if err != nil || other.Keys["elevenlabs"] == first.Keys["elevenlabs"] || first.Keys["elevenlabs"] != "b:xi-1" {
		t.Errorf("another key: %v over %v, %v", other.Keys, first.Keys, err)
	}
	if gone, err := set.OwnKey(first, "elevenlabs", "key", ""); err != nil || len(gone.Keys) != 0 {
		t.Errorf("taken away: %v, %v", gone.Keys, err)
	}
	var wrong roster.Problems
	if _, err := set.OwnKey(first, "elevenlabs", "key", "xi 1\n"); !errors.As(err, &wrong) || len(wrong.Of("key")) != 1 {
		t.Errorf("a broken key: %v", err)
	}
}

func TestDiffTellsThatAKeyIsAnotherAndNoMore(t *testing.T) {
	of := func(keys map[string]roster.Secret) roster.Definition {
		d := create(t, whole)
		d.Keys = keys
		return d
	}
	for _, tt := range []struct {
		name     string
		from, to map[string]roster.Secret
		want     string
	}{
		{"changed", map[string]roster.Secret{"elevenlabs": "s1"}, map[string]roster.Secret{"elevenlabs": "s2"},
			`[{"path":"provider_keys.elevenlabs","from":"[a secret]","to":"[another secret]"}]`},
		{"came", nil, map[string]roster.Secret{"elevenlabs": "s1"}, `[{"path":"provider_keys","from":null,"to":{"elevenlabs":"[a secret]"}}]`},
		{"one more", map[string]roster.Secret{"a": "s1"}, map[string]roster.Secret{"a": "s1", "b": "s2"},
			`[{"path":"provider_keys.b","from":null,"to":"[a secret]"}]`},
		{"went", map[string]roster.Secret{"elevenlabs": "s1"}, nil, `[{"path":"provider_keys","from":{"elevenlabs":"[a secret]"},"to":null}]`},
	} {
		got, err := roster.Diff(of(tt.from), of(tt.to))
		if err != nil {
			t.Fatal(err)
		}
		if text, _ := json.Marshal(got); string(text) != tt.want {
			t.Errorf("%s: Diff() = %s\nwant %s", tt.name, text, tt.want)
		}
	}
}

func TestATargetIsAnAddressWithoutVariables(t *testing.T) {
	for raw, want := range map[string]string{
		"https://a.example/hook?x=1":      "",
		"http://a.example/":               "must be an https URL",
		"https://a.example/{{name}}":      "can't hold variables",
		"https://user:pass@a.example/":    "must not hold credentials: put them in request_headers",
		"https://a.example/\nHost: other": "is not a valid URL",
		"":                                "can't be blank",
	} {
		if got := terms().Target(raw); got != want {
			t.Errorf("Target(%q) = %q, want %q", raw, got, want)
		}
	}
}

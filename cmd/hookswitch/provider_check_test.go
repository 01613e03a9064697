package main

import (
	"bytes"
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"github.com/hookswitch/hookswitch/cmd/hookswitch/config"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/fault"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/providers"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/providers/vendortest"
)

// checkKeys are of the vendors on this machine.
var checkKeys = map[string]string{"DEEPGRAM": "dg-4f1c9a7766aa11", "OPENAI": "sk-proj-b83e5d02cc77", "RESEMBLE": "rs-90d2e6f3318844"}

// accounts are vendors on this machine, and the settings that lead to them.
func accounts(t *testing.T) (all map[string]*vendortest.Vendor, environ []string) {
	d := vendortest.StartDeepgram(t, "one two three")
	o := vendortest.StartOpenAI(t, func(vendortest.Chat) string { return "Yes." })
	r := vendortest.StartResemble(t, "abc123")
	for name, url := range map[string]string{"DEEPGRAM": d.URL(), "OPENAI": o.URL(), "RESEMBLE": r.URL()} {
		environ = append(environ, "HOOKSWITCH_"+name+"_BASE_URL="+url, "HOOKSWITCH_"+name+"_KEY="+checkKeys[name])
	}
	return map[string]*vendortest.Vendor{"deepgram": &d.Vendor, "openai": &o.Vendor, "resemble": &r.Vendor}, environ
}

// checks runs provider check with these settings. No output has a key in it.
func checks(t *testing.T, environ []string, args ...string) (status int, out, errs string) {
	t.Helper()
	var o, e bytes.Buffer
	s := streams{in: strings.NewReader(""), out: &o, err: &e, environ: append(environ, "COLUMNS=200"), width: fault.Plain}
	status = run(t.Context(), s, append([]string{"provider", "check"}, args...))
	for name, key := range checkKeys {
		if strings.Contains(o.String()+e.String(), key) {
			t.Errorf("%v: the key of %s is printed:\n%s%s", args, name, o.String(), e.String())
		}
	}
	return status, o.String(), e.String()
}

// times are the milliseconds of a check, which are others in each run, and the
// spaces that they need.
var times = []struct {
	what *regexp.Regexp
	with string
}{
	{regexp.MustCompile(`"latency_ms": \d+`), `"latency_ms": 12`},
	{regexp.MustCompile(`(?m)(\t|  +)\d+(\t|  +)(-|[0-9.e-]+)(\t|  )`), `${1}12${2}${3}${4}`},
	{regexp.MustCompile(`(\S) {2,}`), "$1  "},
}

func timeless(out string) string {
	for _, m := range times {
		out = m.what.ReplaceAllString(out, m.with)
	}
	return out
}

// A word is recognised, a token is thought of, a word is spoken: once for each
// part of each provider that has a key.
func TestProvidersThatHaveAKeyAreChecked(t *testing.T) {
	vendors, environ := accounts(t)
	for name, args := range map[string][]string{
		"provider-check-table": {"-o", "table"}, "provider-check-pipe": nil, "provider-check-json": {"-o", "json", "deepgram", "openai", "resemble"},
	} {
		status, out, errs := checks(t, environ, args...)
		if status != fault.Held || errs != "" {
			t.Errorf("%s: status %d\n%s%s", name, status, out, errs)
		}
		golden(t, name, timeless(out))
	}
	for name, v := range vendors {
		for _, key := range v.Keys() {
			if key != checkKeys[strings.ToUpper(name)] {
				t.Errorf("%s was asked with %q", name, key)
			}
		}
		if len(v.Keys()) == 0 {
			t.Errorf("%s was not asked", name)
		}
	}
}

// Each way to fail is told with its class, is no reason not to ask the others,
// and makes the command fail.
func TestAProviderThatFailsItsCheckFailsTheCommand(t *testing.T) {
	vendors, environ := accounts(t)
	for name, part := range map[string]string{"deepgram": "asr", "openai": "llm", "resemble": "tts"} {
		for mood, class := range map[vendortest.Mood]string{vendortest.Refuses: "auth: ", vendortest.Broken: "unavailable: "} {
			vendors[name].Turn(mood)
			status, out, errs := checks(t, environ, "-o", "json")
			vendors[name].Turn(vendortest.Well)
			if status != fault.CheckFailed {
				t.Errorf("%s that %s: status %d\n%s%s", name, mood, status, out, errs)
			}
			var all []checkedView
			if err := json.Unmarshal([]byte(out), &all); err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			told := 0
			for _, v := range all {
				switch {
				case v.Needs != "":
				case v.Provider != name && !v.OK:
					t.Errorf("%s that %s fails %+v", name, mood, v)
				case v.Provider == name && (v.OK || !strings.HasPrefix(v.Error, class+name+": ")):
					t.Errorf("%s that %s: %+v", name, mood, v)
				case v.Provider == name && v.Stage == part:
					told++
				}
			}
			if told != 1 {
				t.Errorf("%s that %s is told %d times:\n%s", name, mood, told, out)
			}
		}
	}
}

// A wrong key stands out also for people.
func TestAWrongKeyIsToldInTheTable(t *testing.T) {
	vendors, environ := accounts(t)
	vendors["deepgram"].Turn(vendortest.Refuses)
	status, out, _ := checks(t, environ, "deepgram", "openai", "-o", "table")
	if status != fault.CheckFailed {
		t.Errorf("status %d", status)
	}
	golden(t, "provider-check-failed", timeless(out))
}

// Without keys nobody is asked, and each line says what to set.
func TestACheckWithoutKeysSaysWhatItNeeds(t *testing.T) {
	status, out, errs := checks(t, nil)
	if status != fault.Held || errs != "" {
		t.Errorf("status %d\n%s%s", status, out, errs)
	}
	for _, p := range providers.Table {
		want := "HOOKSWITCH_" + strings.ToUpper(p.Name) + "_KEY"
		if p.Name == "whisper" {
			want = "HOOKSWITCH_WHISPER_BASE_URL"
		}
		if !strings.Contains(out, "needs "+want) {
			t.Errorf("%s does not say that it needs %s:\n%s", p.Name, want, out)
		}
	}
	if n := strings.Count(out, "needs "); n != len(config.ProviderNames) {
		t.Errorf("%d lines of %d providers", n, len(config.ProviderNames))
	}
	if status, _, errs := checks(t, nil, "deepgrm"); status != fault.Wrong || !strings.Contains(errs, "[provider/not-found]") || strings.Contains(errs, "deepgrm") {
		t.Errorf("a provider that there isn't: status %d\n%s", status, errs)
	}
}

// The gateway checks with the keys of the workspace.
func TestTheGatewayChecks(t *testing.T) {
	g := newGateway(t)
	out := g.ok("provider", "check", "deepgram", "--gateway")
	if !strings.Contains(out, "needs hookswitch provider set deepgram --key-stdin") {
		t.Errorf("without a key: %s", out)
	}
	g.okIn(theKey+"\n", "provider", "set", "deepgram", "--key-stdin")
	status, out, errs := g.typed("", "provider", "check", "--gateway", "deepgram", "-o", "table")
	if status != fault.CheckFailed {
		t.Errorf("status %d\n%s%s", status, out, errs)
	}
	golden(t, "provider-check-gateway", out)
	g.fails(fault.Wrong, "", []string{"provider", "check", "--gateway", "deepgrm"}, "did you mean deepgram?")
}

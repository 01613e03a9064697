package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hookswitch/hookswitch/cmd/hookswitch/config"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/fault"
)

// typed runs a command line and returns its exit status and what it printed.
func typed(t *testing.T, environ []string, args ...string) (status int, out, errs string) {
	t.Helper()
	var o, e bytes.Buffer
	status = run(t.Context(), streams{in: strings.NewReader(""), out: &o, err: &e, environ: environ, width: fault.Plain}, args)
	return status, o.String(), e.String()
}

func TestNameAloneShowsWhatOneCanDoInTenLines(t *testing.T) {
	status, out, _ := typed(t, nil)
	if lines := strings.Count(out, "\n") - 2; status != fault.Held || lines > 10 { // the title and a blank line come first
		t.Errorf("status %d, %d lines:\n%s", status, lines, out)
	}
}

func TestWrongCommandLinesExitWith2AndSayWhatWasMeant(t *testing.T) {
	for _, tt := range []struct {
		args       []string
		what, mend string
	}{
		{[]string{"serv"}, `"serv" is not a command`, "did you mean hookswitch serve?"},
		{[]string{"config", "shwo"}, `"shwo" is not a command`, "did you mean hookswitch config show?"},
		{[]string{"serve", "--listne", "x"}, `"--listne" is not a flag of hookswitch serve`, "did you mean --listen?"},
		{[]string{"serve", "--endpoint-wait", "1s"}, `"--endpoint-wait" is not a flag`, "did you mean --agent-endpoint-wait?"},
		{[]string{"config", "docs", "agnet"}, `"agnet" is not a setting`, "did you mean agent?"},
		{[]string{"config"}, "expected one of", "hookswitch config --help"},
		{[]string{"serve", "--max-calls", "many"}, `"--max-calls many" is not a whole number`, "--max-calls 0"},
		{[]string{"config", "check", "--config", "nowhere.yaml"}, "can't be read", "hookswitch config init"},
	} {
		status, out, errs := typed(t, nil, tt.args...)
		if status != fault.Wrong || out != "" || !strings.Contains(errs, tt.what) || !strings.Contains(errs, tt.mend) {
			t.Errorf("%v: status %d, stdout %q, stderr:\n%s", tt.args, status, out, errs)
		}
	}
}

func TestSecretOnAWrongCommandLineIsNotRepeated(t *testing.T) {
	for _, args := range [][]string{
		{"serve", "--twilio-auth-token", "sesame", "--nope"},
		{"serve", "--openai-key=sesame", "--nope"},
		{"serve", "--twilio-auth-token=sesame sesame", "--max-calls=x"},
	} {
		if status, _, errs := typed(t, nil, args...); status != fault.Wrong || strings.Contains(errs, "sesame") {
			t.Errorf("%v: status %d:\n%s", args, status, errs)
		}
	}
}

func TestServeHelpNamesEverySettingWithItsDefaultAndVariable(t *testing.T) {
	status, out, _ := typed(t, nil, "serve", "--help")
	if status != fault.Held {
		t.Fatalf("status %d", status)
	}
	flat := strings.Join(strings.Fields(out), " ")
	for _, s := range config.Settings {
		if !strings.Contains(flat, "--"+s.Flag()+"="+s.Unit) || !strings.Contains(flat, "("+s.Variable()+")") {
			t.Errorf("--help does not name %s with its unit and variable", s.Name)
		}
		if s.Default != "" && !strings.Contains(flat, "Default "+s.Default+" ("+s.Variable()+")") {
			t.Errorf("--help does not tell the default of %s", s.Name)
		}
	}
}

func TestConfigShowTellsWhereEachValueCameFrom(t *testing.T) {
	status, out, errs := typed(t, []string{"HOOKSWITCH_MAX_CALLS=7", "HOOKSWITCH_OPENAI_KEY=sesame"}, "config", "show", "--drain=1m")
	if status != fault.Held {
		t.Fatalf("status %d: %s", status, errs)
	}
	flat := strings.Join(strings.Fields(out), " ")
	for _, want := range []string{"max_calls 7 HOOKSWITCH_MAX_CALLS", "drain 1m --drain", "carrier sim default", "openai.key " + config.Masked} {
		if !strings.Contains(flat, want) {
			t.Errorf("config show lacks %q:\n%s", want, out)
		}
	}
	if strings.Contains(out, "sesame") {
		t.Error("a secret was printed")
	}
}

func TestConfigInitWritesOnceAndWhatItWritesIsGood(t *testing.T) {
	file := filepath.Join(t.TempDir(), "hookswitch.yaml")
	if status, _, errs := typed(t, nil, "config", "init", "--config", file); status != fault.Held {
		t.Fatalf("status %d: %s", status, errs)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v: it will hold secrets", info.Mode(), err)
	}
	if status, out, errs := typed(t, nil, "config", "check", "--config", file); status != fault.Held || !strings.Contains(out, file) {
		t.Errorf("config check: status %d, %q, %s", status, out, errs)
	}
	status, _, errs := typed(t, nil, "config", "init", "--config", file)
	if flat := strings.Join(strings.Fields(errs), " "); status != fault.Wrong || !strings.Contains(flat, "exists already") || !strings.Contains(errs, "--force") {
		t.Errorf("a second time: status %d: %s", status, errs)
	}
	if status, _, errs := typed(t, nil, "config", "init", "--config", file, "--force"); status != fault.Held {
		t.Errorf("--force: status %d: %s", status, errs)
	}
}

func TestScriptThatIsPrintedCanBeUsed(t *testing.T) {
	status, out, _ := typed(t, nil, "config", "script")
	if status != fault.Held || !strings.Contains(out, "greeting:") {
		t.Errorf("status %d: %.80s", status, out)
	}
}

func TestDoctorFailsWithoutModelsAndSaysWhatToType(t *testing.T) {
	dir := t.TempDir()
	args := []string{"doctor", "--json", "--listen=127.0.0.1:0", "--cache-dir=" + dir, "--database-url=sqlite://" + dir + "/x.db", "--recordings=off"}
	status, out, errs := typed(t, nil, args...)
	if status != fault.CheckFailed || errs != "" {
		t.Errorf("status %d, stderr %q", status, errs)
	}
	var got struct{ Findings []finding }
	if err := json.Unmarshal([]byte(out), &got); err != nil {
		t.Fatal(err)
	}
	failed := 0
	for _, f := range got.Findings {
		if f.State == "FAIL" {
			failed++
			if f.Name != "hearing" || f.Mend == "" {
				t.Errorf("%+v", f)
			}
		}
	}
	if failed != 1 {
		t.Errorf("%d findings failed: %+v", failed, got.Findings)
	}
	if status, _, _ := typed(t, nil, append(args, "--recogniser=none")...); status != fault.Held {
		t.Errorf("deaf on purpose: status %d", status)
	}
}

func TestHealthOfAGatewayThatIsNotThere(t *testing.T) {
	status, _, errs := typed(t, nil, "doctor", "--health", "--listen=127.0.0.1:1")
	if status != fault.CheckFailed || !strings.Contains(errs, "nothing answers on 127.0.0.1:1") {
		t.Errorf("status %d: %s", status, errs)
	}
}

func TestInterruptedIs130AndSilent(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var o, e bytes.Buffer
	s := streams{out: &o, err: &e, width: fault.Plain}
	if got := run(ctx, s, []string{"sim", "--listen=127.0.0.1:0"}); got != fault.Interrupted || e.Len() != 0 {
		t.Errorf("status %d, stderr %q", got, e.String())
	}
}

func TestModelsThatAreMissingAreListed(t *testing.T) {
	status, out, _ := typed(t, nil, "models", "list", "--cache-dir", t.TempDir())
	if status != fault.Held || !strings.Contains(out, "flite.wasm                     missing") || !strings.Contains(out, "next  hookswitch models pull") {
		t.Errorf("status %d:\n%s", status, out)
	}
	status, _, errs := typed(t, nil, "models", "verify", "--cache-dir", t.TempDir())
	if status != fault.Impossible || !strings.Contains(errs, "[models/missing]") || !strings.Contains(errs, "hookswitch models pull") {
		t.Errorf("verify: status %d:\n%s", status, errs)
	}
}

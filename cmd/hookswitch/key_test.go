package main

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/fault"
	"github.com/hookswitch/hookswitch/storage/seal"
	"github.com/hookswitch/hookswitch/storage/sqlite"
)

var secretForm = regexp.MustCompile(`^hsk_[a-z2-7]{40}\n$`)

func TestKeyIsMadeOnTheMachineItselfAndShownOnce(t *testing.T) {
	address := "sqlite://" + filepath.Join(t.TempDir(), "x.db")
	environ := []string{"HOOKSWITCH_DATABASE_URL=" + address, "USER=ana"}
	status, out, errs := typed(t, environ, "key", "create", "--name", "laptop", "--scope", "calls:read,agents:write")
	if status != fault.Held || !secretForm.MatchString(out) {
		t.Fatalf("status %d, %q\n%s", status, out, errs)
	}
	if !strings.Contains(errs, `"laptop"`) || !strings.Contains(errs, ", new") || strings.Contains(errs, out[:20]) {
		t.Errorf("stderr:\n%s", errs)
	}
	// A gateway that is running has the same file open.
	db, err := sqlite.Open(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	k, err := db.KeyByHash(t.Context(), roster.HashKey(strings.TrimSpace(out)))
	if err != nil || k.Name != "laptop" || !k.May(roster.CallsRead) || !k.May(roster.AgentsRead) || k.May(roster.CallsWrite) {
		t.Errorf("%+v, %v", k, err)
	}
	changes, err := db.Changes(t.Context(), roster.Default, 1)
	if err != nil || len(changes) != 1 || changes[0].Who != "cli:ana" {
		t.Errorf("audit: %+v, %v", changes, err)
	}
	status, quiet, errs := typed(t, environ, "key", "create", "--name", "ci", "-q")
	if status != fault.Held || !secretForm.MatchString(quiet) || errs != "" {
		t.Errorf("--quiet: %d %q %q", status, quiet, errs)
	}
	status, asJSON, _ := typed(t, environ, "key", "create", "--name", "crm", "-o", "json")
	var made struct{ ID, Key string }
	if err := json.Unmarshal([]byte(asJSON), &made); status != fault.Held || err != nil || !strings.HasPrefix(made.Key, "hsk_") || !strings.HasPrefix(made.ID, "key_") {
		t.Errorf("json: %v\n%s", err, asJSON)
	}
	if status, out, _ := typed(t, environ, "key", "create", "--name", "x", "--dry-run"); status != fault.Held || !strings.Contains(out, "would make a key") {
		t.Errorf("dry run: %s", out)
	}
	status, list, _ := typed(t, environ, "keys", "list")
	if rows := strings.Split(strings.TrimSpace(list), "\n"); status != fault.Held || len(rows) != 3 || !strings.Contains(rows[0], "laptop\thsk_") || strings.Contains(list, strings.TrimSpace(out)) {
		t.Errorf("list:\n%s", list)
	}

	if status, _, errs := typed(t, environ, "key", "revoke", "laptop"); status != fault.Wrong || !strings.Contains(errs, "--yes") {
		t.Errorf("revoke without --yes: %d %s", status, errs)
	}
	if status, out, errs := typed(t, environ, "key", "revoke", "laptop", "--dry-run"); status != fault.Held || out != "would revoke "+k.ID+" \"laptop\"\n" {
		t.Errorf("revoke --dry-run: %d %q %s", status, out, errs)
	}
	if status, out, errs := typed(t, environ, "key", "revoke", "laptop", "--yes"); status != fault.Held || out != "revoked "+k.ID+"\n" {
		t.Errorf("revoke: %d %q %s", status, out, errs)
	}
	if k, err = db.KeyByHash(t.Context(), k.Hash); err != nil || k.Revoked.IsZero() {
		t.Errorf("%+v, %v: want it revoked", k, err)
	}
	if _, list, _ := typed(t, environ, "key", "list"); strings.Contains(list, "laptop") {
		t.Errorf("list:\n%s", list)
	}
	if _, list, _ := typed(t, environ, "key", "list", "--all", "-o", "table"); !strings.Contains(list, "revoked") {
		t.Errorf("list --all:\n%s", list)
	}
}

func TestWrongKeyCommands(t *testing.T) {
	environ := []string{"HOOKSWITCH_DATABASE_URL=sqlite://" + filepath.Join(t.TempDir(), "x.db")}
	for _, tt := range []struct {
		args []string
		want []string
	}{
		{[]string{"key", "create", "--name", "x", "--scope", "call:read"}, []string{`"call:read" is not a scope`, "did you mean calls:read?", "[key/scope]"}},
		{[]string{"key", "create", "--name", "x", "-w", "defualt"}, []string{`no workspace "defualt"`, "did you mean --workspace default?", "[key/workspace]"}},
		{[]string{"key", "create", "--name", strings.Repeat("x", 70)}, []string{"too long", "[key/name]"}},
		{[]string{"key", "create"}, []string{"--name", "[cli/usage]"}},
		{[]string{"key", "revoke", "nobody", "--yes"}, []string{`no key "nobody"`, "[key/not-found]"}},
		{[]string{"key", "list", "--database-url", "mysql://user:sesame@host/x"}, []string{"[config/"}},
	} {
		status, out, errs := typed(t, environ, tt.args...)
		flat := strings.Join(strings.Fields(errs), " ")
		if status != fault.Wrong || out != "" || strings.Contains(errs, "sesame") {
			t.Errorf("%v: status %d, %q\n%s", tt.args, status, out, errs)
		}
		for _, want := range tt.want {
			if !strings.Contains(flat, want) {
				t.Errorf("%v lacks %q:\n%s", tt.args, want, errs)
			}
		}
	}
}

func TestADryRunOfSealingAnewMakesNoFiles(t *testing.T) {
	dir := t.TempDir()
	address := "sqlite://" + filepath.Join(dir, "x.db")
	environ := []string{"HOOKSWITCH_DATABASE_URL=" + address}
	if status, out, errs := typed(t, environ, "key", "rotate-secrets", "--dry-run"); status != fault.Held || !strings.HasPrefix(out, "would seal 0 rows anew: there is no database ") {
		t.Errorf("without a database: %d %s%s", status, out, errs)
	}
	if made, err := os.ReadDir(dir); err != nil || len(made) != 0 {
		t.Errorf("it made %v, %v", made, err)
	}
	db, err := sqlite.Open(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if status, out, errs := typed(t, environ, "key", "rotate-secrets", "--dry-run"); status != fault.Wrong || out != "" || !strings.Contains(errs, "[start/secret-key]") {
		t.Errorf("without a key file: %d %s%s", status, out, errs)
	}
	if _, err := os.Stat(filepath.Join(dir, "secret.key")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a dry run made a key file: %v", err)
	}
}

func TestSecretsAreSealedAnewWithTheNewestKey(t *testing.T) {
	address := "sqlite://" + filepath.Join(t.TempDir(), "x.db")
	key := func(n byte) string { return base64.StdEncoding.EncodeToString(append(make([]byte, 31), n)) }
	old, _, err := seal.Load(seal.Options{Env: key(1)})
	if err != nil {
		t.Fatal(err)
	}
	db, err := sqlite.Open(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	token, err := old.Seal("sesame")
	if err != nil {
		t.Fatal(err)
	}
	n, err := db.CreateNumber(t.Context(), roster.Number{Workspace: roster.Default, Number: "+14155550100", Label: "x", Provider: "twilio", Token: token, OutTrunk: json.RawMessage("{}"), InTrunk: json.RawMessage("{}"), Status: roster.NumberActive}, "cli:test", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	rotate := func(keys string, flags ...string) (int, string, string) {
		return typed(t, []string{"HOOKSWITCH_DATABASE_URL=" + address, "HOOKSWITCH_SECRET_KEY=" + keys}, append([]string{"key", "rotate-secrets"}, flags...)...)
	}
	for keys, want := range map[string]string{key(2) + "," + key(1): "would seal 1 row anew with key ", key(1): "would seal 0 rows anew with key "} {
		if status, out, errs := rotate(keys, "--dry-run"); status != fault.Held || !strings.HasPrefix(out, want) {
			t.Errorf("rotate --dry-run: %d %s%s, want %q", status, out, errs, want)
		}
	}
	if status, out, errs := rotate(key(2), "--dry-run"); status != fault.Impossible || out != "" || !strings.Contains(errs, "sealed with key "+old.ID()) {
		t.Errorf("rotate --dry-run without the old key: %d %s%s", status, out, errs)
	}
	if n, err := db.Number(t.Context(), roster.Default, n.ID); err != nil || n.Token != token {
		t.Errorf("a dry run sealed anew: %v", err)
	}
	if status, _, errs := rotate(key(2)); status != fault.Impossible || !strings.Contains(errs, "sealed with key "+old.ID()) || !strings.Contains(errs, "<new>,<old>") || strings.Contains(errs, key(2)) {
		t.Errorf("without the old key: %d %s", status, errs)
	}
	status, out, errs := rotate(key(2) + "," + key(1))
	if status != fault.Held || !strings.HasPrefix(out, "sealed 1 row anew with key ") || !strings.Contains(out, "nothing needs an older key") {
		t.Errorf("rotate: %d %s%s", status, out, errs)
	}
	fresh, _, err := seal.Load(seal.Options{Env: key(2)})
	if err != nil {
		t.Fatal(err)
	}
	if n, err = db.Number(t.Context(), roster.Default, n.ID); err != nil {
		t.Fatal(err)
	}
	if plain, err := fresh.Open(n.Token); err != nil || plain != "sesame" {
		t.Errorf("Open() = %q, %v", plain, err)
	}
}

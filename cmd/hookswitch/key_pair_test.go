package main

import (
	"encoding/json"
	"fmt"
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

var pairForm = regexp.MustCompile(`^LIVEKIT_API_KEY=(API[A-Z2-7]{12})\nLIVEKIT_API_SECRET=([A-Z2-7]{43})\n$`)

func TestKeyPairIsMadeOnTheMachineItselfAndShownOnce(t *testing.T) {
	address := "sqlite://" + filepath.Join(t.TempDir(), "x.db")
	key := strings.Repeat("0a", 32)
	environ := []string{"HOOKSWITCH_DATABASE_URL=" + address, "HOOKSWITCH_SECRET_KEY=" + key, "USER=ana"}
	if status, out, _ := typed(t, environ, "key", "pair", "x", "--dry-run"); status != fault.Held || !strings.Contains(out, `would make a LiveKit key pair called "x"`) {
		t.Errorf("dry run: %s", out)
	}
	status, out, errs := typed(t, environ, "key", "pair", "dispatcher")
	made := pairForm.FindStringSubmatch(out)
	if status != fault.Held || made == nil || strings.Contains(errs, made[2]) {
		t.Fatalf("status %d, %q\n%s", status, out, errs)
	}
	db, err := sqlite.Open(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	ring, _, err := seal.Load(seal.Options{Env: key})
	if err != nil {
		t.Fatal(err)
	}
	p, err := db.Pair(t.Context(), made[1])
	if err != nil || p.Name != "dispatcher" || p.Workspace != roster.Default {
		t.Fatalf("%s of %s, %v", p.Name, p.Workspace, err)
	}
	if secret, err := ring.Open(p.Secret); err != nil || secret != made[2] {
		t.Errorf("the gateway reads another secret, %v", err)
	}
	if changes, err := db.Changes(t.Context(), roster.Default, 1); err != nil || len(changes) != 1 || changes[0].Who != "cli:ana" {
		t.Errorf("audit: %+v, %v", changes, err)
	}
	status, asJSON, _ := typed(t, environ, "key", "pair", "crm", "-o", "json")
	var second struct {
		Key    string `json:"api_key"`
		Secret string `json:"api_secret"`
	}
	if err := json.Unmarshal([]byte(asJSON), &second); status != fault.Held || err != nil || len(second.Secret) != 43 {
		t.Errorf("json: %v\n%s", err, asJSON)
	}
	status, list, _ := typed(t, environ, "key", "pairs")
	if rows := strings.Split(strings.TrimSpace(list), "\n"); status != fault.Held || len(rows) != 2 || !strings.HasPrefix(rows[0], made[1]+"\tdispatcher") || strings.Contains(list, made[2]) {
		t.Errorf("list:\n%s", list)
	}

	if status, _, errs := typed(t, environ, "key", "unpair", made[1]); status != fault.Wrong || !strings.Contains(errs, "--yes") {
		t.Errorf("unpair without --yes: %d %s", status, errs)
	}
	if status, out, _ := typed(t, environ, "key", "unpair", made[1], "--dry-run"); status != fault.Held || out != "would revoke "+made[1]+" \"dispatcher\"\n" {
		t.Errorf("unpair --dry-run: %d %q", status, out)
	}
	if status, out, errs := typed(t, environ, "key", "unpair", made[1], "--yes"); status != fault.Held || out != "revoked "+made[1]+"\n" {
		t.Errorf("unpair: %d %q %s", status, out, errs)
	}
	if p, err = db.Pair(t.Context(), made[1]); err != nil || p.Revoked.IsZero() {
		t.Errorf("revoked %v, %v", p.Revoked, err)
	}
	if _, list, _ := typed(t, environ, "key", "pairs"); strings.Contains(list, "dispatcher") {
		t.Errorf("list:\n%s", list)
	}
	if _, list, _ := typed(t, environ, "key", "pairs", "--all", "-o", "table"); !strings.Contains(list, "revoked") {
		t.Errorf("list --all:\n%s", list)
	}
}

func TestWrongKeyPairCommands(t *testing.T) {
	address := "sqlite://" + filepath.Join(t.TempDir(), "x.db")
	environ := []string{"HOOKSWITCH_DATABASE_URL=" + address, "HOOKSWITCH_SECRET_KEY=" + strings.Repeat("0a", 32)}
	db, err := sqlite.Open(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for i := range roster.MaxPairs {
		if err := db.CreatePair(t.Context(), roster.Pair{Key: fmt.Sprint("API", i), Workspace: roster.Default, Created: time.Now()}, "cli:test"); err != nil {
			t.Fatal(err)
		}
	}
	for _, tt := range []struct {
		args []string
		want []string
	}{
		{[]string{"key", "pair", " "}, []string{"can't be blank", "[key/name]"}},
		{[]string{"key", "pair", strings.Repeat("x", 70)}, []string{"too long", "[key/name]"}},
		{[]string{"key", "pair", "one more"}, []string{"50 key pairs, as many as it may", "hookswitch key unpair", "[key/too-many]"}},
		{[]string{"key", "pair"}, []string{"[cli/usage]"}},
		{[]string{"key", "unpair", "APInobody", "--yes"}, []string{`no key pair "APInobody"`, "[key/not-found]"}},
		{[]string{"key", "pairs", "-w", "defualt"}, []string{"did you mean --workspace default?", "[key/workspace]"}},
	} {
		status, out, errs := typed(t, environ, tt.args...)
		flat := strings.Join(strings.Fields(errs), " ")
		if status != fault.Wrong || out != "" {
			t.Errorf("%v: status %d, %q\n%s", tt.args, status, out, errs)
		}
		for _, want := range tt.want {
			if !strings.Contains(flat, want) {
				t.Errorf("%v: no %q in\n%s", tt.args, want, errs)
			}
		}
	}
}

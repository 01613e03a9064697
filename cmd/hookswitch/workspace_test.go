package main

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/hookswitch/hookswitch/cmd/hookswitch/fault"
)

func TestAWorkspaceIsMadeAndHasKeysOfItsOwn(t *testing.T) {
	environ := []string{"HOOKSWITCH_DATABASE_URL=sqlite://" + filepath.Join(t.TempDir(), "x.db")}
	if status, out, _ := typed(t, environ, "workspace", "create", "acme", "--dry-run"); status != fault.Held || !strings.Contains(out, "would make") {
		t.Errorf("dry run: %d %s", status, out)
	}
	status, out, errs := typed(t, environ, "workspace", "create", "acme", "--name", "Acme Inc.")
	if status != fault.Held || !strings.Contains(out, "key create --workspace acme") {
		t.Fatalf("create: %d %s%s", status, out, errs)
	}
	if status, out, _ := typed(t, environ, "workspace", "list"); status != fault.Held || out != "default\tdefault\nacme\tAcme Inc.\n" {
		t.Errorf("list: %d %q", status, out)
	}
	if status, out, errs := typed(t, environ, "key", "create", "--workspace", "acme", "--name", "me", "-o", "id"); status != fault.Held || !strings.HasPrefix(out, "hsk_") {
		t.Errorf("key: %d %q %s", status, out, errs)
	}
	if _, out, _ := typed(t, environ, "key", "list"); out != "" {
		t.Errorf("the other workspace sees the key:\n%s", out)
	}
	for _, id := range []string{"acme", "Two Words", ""} {
		if status, _, errs := typed(t, environ, "workspace", "create", id); status != fault.Wrong || !strings.Contains(errs, "workspace") {
			t.Errorf("create %q: %d %s", id, status, errs)
		}
	}
}

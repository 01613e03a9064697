package server

import (
	"errors"
	"log/slog"
	"strings"
	"testing"

	"github.com/hookswitch/hookswitch/agentcore/agenda"
	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/storage/sqlite"
)

// Who lost the answer to an upload sends the file again: nobody is called twice.
func TestAFileThatIsSentAgainMakesNoSecondBatch(t *testing.T) {
	ctx := t.Context()
	db, err := sqlite.Open(ctx, sqlite.Memory)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	s := &Server{store: db, log: slog.New(slog.DiscardHandler)}
	if s.clerk, err = agenda.New(agenda.Config{Store: db.Agenda(), Placer: placer{s}, Calls: db, Node: "n"}); err != nil {
		t.Fatal(err)
	}
	const file = "phone_number,name\n+14155550101,Ada\n+14155550102,Grace\n"
	load := func(key, file string) (agenda.Batch, error) {
		b := agenda.Batch{ID: agenda.BatchID(roster.Default, key), Workspace: roster.Default, Source: agenda.FromBatch}
		return files{s}.Load(ctx, b, strings.NewReader(file))
	}
	first, err := load("k", file)
	if err != nil || first.Total != 2 {
		t.Fatalf("Load() = %+v, %v", first, err)
	}
	again, err := load("k", file)
	if err != nil || again.ID != first.ID || again.Total != 2 {
		t.Errorf("Load(again) = %+v, %v, want the first", again, err)
	}
	if other, err := load("another", file); err != nil || other.ID == first.ID {
		t.Errorf("Load(another key) = %+v, %v, want a batch of its own", other, err)
	}
	if n, err := db.Agenda().CountErrands(ctx, roster.Default, agenda.Filter{Batch: first.ID}); err != nil || n != 2 {
		t.Errorf("%d errands, %v, want 2", n, err)
	}

	// One whose file broke off called nobody, so that the same key loads it anew.
	var broken *agenda.FileError
	if _, err := load("b", "phone_number,name\n+14155550101,Ada\n+14155550102,\""+strings.Repeat("x", 2<<20)); !errors.As(err, &broken) {
		t.Fatalf("Load(broken) = %v, want a FileError", err)
	}
	mended, err := load("b", file)
	if err != nil || mended.Total != 2 || mended.Status == agenda.BatchFailed {
		t.Errorf("Load(mended) = %+v, %v, want a batch", mended, err)
	}
	if last, err := load("b", file); err != nil || last.ID != mended.ID {
		t.Errorf("Load(mended, again) = %+v, %v, want the same", last, err)
	}
}

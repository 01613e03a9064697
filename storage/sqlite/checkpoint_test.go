package sqlite_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/storage"
	"github.com/hookswitch/hookswitch/telephony"
)

// What is committed is moved into the file every 4,000 pages: seldom, and not at
// the end only.
func TestTheLogIsMovedIntoTheFileEvery4000Pages(t *testing.T) {
	const page = 4096 + 24 // bytes in the log
	file := filepath.Join(t.TempDir(), "x.db")
	s := open(t, "sqlite://"+file)
	now := time.UnixMicro(1_790_000_000_123_456)
	r := storage.Call{ID: "call_1", Direction: telephony.Inbound, State: telephony.Ringing, Created: now}
	if _, _, err := s.Create(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	size := func(file string) int64 {
		info, err := os.Stat(file)
		if err != nil {
			t.Fatal(err)
		}
		return info.Size() / page
	}
	began, before := size(file), int64(0)
	for n := 1; size(file) == began; n++ {
		before = size(file + "-wal")
		if before > 4200 {
			t.Fatalf("%d pages, and none was moved", before)
		}
		if err := s.Append(t.Context(), "call_1", 1, []agentcore.Entry{{N: n, Version: 1, Wall: now, Event: agentcore.Lost{}}}); err != nil {
			t.Fatal(err)
		}
	}
	if before < 3900 {
		t.Errorf("%d pages were moved", before)
	}
}

package agentcore_test

import (
	"context"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/agentcore/dispatch"
	"github.com/hookswitch/hookswitch/storage"
	"github.com/hookswitch/hookswitch/storage/sqlite"
	"github.com/hookswitch/hookswitch/telephony"
)

// filed is the journal of one call in a database file.
type filed struct {
	db *storage.DB
	id telephony.CallID
}

func (f filed) Append(ctx context.Context, entries ...agentcore.Entry) error {
	return f.db.Append(ctx, f.id, 1, entries)
}

func newFiled(t testing.TB, id telephony.CallID) filed {
	t.Helper()
	db, err := sqlite.Open(t.Context(), "sqlite://"+filepath.Join(t.TempDir(), "calls.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	if _, _, err := db.Create(t.Context(), dispatch.Record{ID: id, Epoch: 1, Workspace: "default", Direction: telephony.Inbound, Sequence: -1, Created: time.Now()}); err != nil {
		t.Fatal(err)
	}
	return filed{db, id}
}

// medianCommit is what the journal makes one of n turns wait for.
func medianCommit(t testing.TB, j agentcore.Journal, n int) time.Duration {
	t.Helper()
	var took []time.Duration
	if err := agentcore.CommitTime(t.Context(), j, n, func(d time.Duration) { took = append(took, d) }); err != nil {
		t.Fatal(err)
	}
	slices.Sort(took)
	return took[len(took)/2]
}

// A turn is promised to wait for the journal at most 3 ms, by the median, with a
// database in a file: docs/performance.md.
func BenchmarkTurnJournal(b *testing.B) {
	j := newFiled(b, "call_1")
	b.ResetTimer()
	median := medianCommit(b, j, b.N)
	b.ReportMetric(float64(median.Microseconds()), "µs/median")
}

package sqlite_test

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/agenda"
	"github.com/hookswitch/hookswitch/agentcore/roster"
)

// A batch of 10,000 rows is loaded in well under 2 s. While it waits and is
// called, nobody else who writes waits long: each step says how long it takes.
func BenchmarkBatch10000(b *testing.B) {
	const rows, atOnce = 10_000, 500
	ctx, now := b.Context(), time.UnixMicro(1_790_000_000_123_456)
	s := open(b, "sqlite://"+filepath.Join(b.TempDir(), "x.db")).Agenda()
	took := map[string]time.Duration{}
	step := func(what string, do func() error) {
		began := time.Now()
		if err := do(); err != nil {
			b.Fatalf("%s: %v", what, err)
		}
		took[what] += time.Since(began)
	}
	for n := 0; b.Loop(); n++ {
		batch := agenda.Batch{ID: fmt.Sprint("batch_", n), Workspace: roster.Default, Status: agenda.BatchLoading, Created: now, Updated: now}
		if err := s.CreateBatch(ctx, batch); err != nil {
			b.Fatal(err)
		}
		step("load", func() error {
			for from := 0; from < rows; from += atOnce {
				var some []agenda.Errand
				for i := from; i < from+atOnce; i++ {
					some = append(some, agenda.Errand{
						ID: fmt.Sprintf("call_%d_%d", n, i), Workspace: roster.Default, Kind: agenda.Call, Source: agenda.FromBatch,
						AgentUUID: "uuid", Agent: "demo", To: fmt.Sprintf("+1555%07d", i), Batch: batch.ID, Line: i + 2,
						Variables: `{"name":"Ann Miller","city":"New York"}`, Metadata: "{}",
						Status: agenda.Scheduled, Due: now, Created: now, Updated: now,
					})
				}
				if err := s.AddErrands(ctx, some); err != nil {
					return err
				}
			}
			return nil
		})
		step("start", func() error { _, err := s.StartBatch(ctx, batch, now); return err })
		step("wake", func() error { _, err := s.WakeBatch(ctx, batch.ID, now); return err })
		step("100_claims", func() error {
			for range 100 {
				all, err := s.Claim(ctx, "node", now, 4, nil)
				if err != nil || len(all) != 4 {
					return fmt.Errorf("%d claimed, %w", len(all), err)
				}
			}
			return nil
		})
		step("progress", func() error { _, err := s.Progress(ctx, batch.ID); return err })
		step("cancel", func() error { _, err := s.CancelBatch(ctx, "", batch.ID, now); return err })
		b.StopTimer()
		for { // what was claimed is over: the next round finds its numbers free
			placing, err := s.Claimed(ctx, "node", now)
			if err != nil {
				b.Fatal(err)
			}
			for _, e := range placing {
				e.Status = agenda.Cancelled
				if _, err := s.Move(ctx, e, now); err != nil {
					b.Fatal(err)
				}
			}
			if len(placing) == 0 {
				break
			}
		}
		b.StartTimer()
	}
	for what, d := range took {
		b.ReportMetric(float64(d.Microseconds())/1000/float64(b.N), "ms/"+what)
	}
}

package dispatch_test

import (
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/dispatch"
	"github.com/hookswitch/hookswitch/storage"
	"github.com/hookswitch/hookswitch/storage/sqlite"
	"github.com/hookswitch/hookswitch/telephony"
)

func benchDB(b *testing.B) *storage.DB {
	b.Helper()
	db, err := sqlite.Open(b.Context(), "sqlite://"+filepath.ToSlash(filepath.Join(b.TempDir(), "calls.db")))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := db.Close(); err != nil {
			b.Error(err)
		}
	})
	return db
}

// BenchmarkRing is the desk's part of the answer to an inbound call's webhook,
// without pre_call, at 50 calls a second, on a database in a file.
func BenchmarkRing(b *testing.B) {
	d, err := dispatch.New(dispatch.Config{
		Calls: benchDB(b), Node: "bench", Secret: []byte("0123456789abcdef"), Route: house, Talk: (&office{}).talk,
		ConnectWait: time.Hour, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		b.Fatal(err)
	}
	pace := time.NewTicker(time.Second / 50)
	defer pace.Stop()
	var took []time.Duration
	for i := 0; b.Loop(); i++ {
		<-pace.C
		began := time.Now()
		in := telephony.Incoming{Carrier: fmt.Sprint("CA", i), From: "+15550100", To: "+15550199", State: telephony.Ringing}
		if step, err := d.Ring(b.Context(), in); err != nil || step.Kind != telephony.StepConnect {
			b.Fatalf("Ring() = %+v, %v", step, err)
		}
		took = append(took, time.Since(began))
	}
	b.StopTimer()
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds()), "p50-µs")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "p99-µs")
	if err := d.Close(b.Context()); err != nil {
		b.Error(err)
	}
}

// BenchmarkBeat is what a node's telling that it is alive costs, once a second.
func BenchmarkBeat(b *testing.B) {
	db := benchDB(b)
	for b.Loop() {
		if err := db.Beat(b.Context(), "bench", time.Now()); err != nil {
			b.Fatal(err)
		}
	}
}

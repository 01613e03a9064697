package sqlite_test

import (
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/storage"
	"github.com/hookswitch/hookswitch/telephony"
)

// BenchmarkAppendOfManyCalls commits two entries of a call, of so many calls at a time.
func BenchmarkAppendOfManyCalls(b *testing.B) {
	for _, calls := range []int{1, 16, 64} {
		b.Run(fmt.Sprint(calls), func(b *testing.B) {
			ctx, now := b.Context(), time.UnixMicro(1_790_000_000_123_456)
			s := open(b, "sqlite://"+filepath.Join(b.TempDir(), "x.db"))
			for i := range calls {
				r := storage.Call{ID: telephony.CallID(fmt.Sprint("call_", i)), Direction: telephony.Inbound, State: telephony.Ringing, Created: now}
				if _, _, err := s.Create(ctx, r); err != nil {
					b.Fatal(err)
				}
			}
			var writers sync.WaitGroup
			b.ResetTimer()
			for i := range calls {
				writers.Go(func() {
					for n := 1; n <= 2*(b.N/calls); n += 2 {
						err := s.Append(ctx, telephony.CallID(fmt.Sprint("call_", i)), 1, []agentcore.Entry{
							{N: n, Version: 1, Wall: now, Event: agentcore.SpeechBegan{StartMS: 1200}},
							{N: n + 1, Version: 1, Wall: now, Event: agentcore.CallerSaid{Turn: n, Text: "What are your opening hours?", StartMS: 1200, EndMS: 2400}},
						})
						if err != nil {
							b.Error(err)
							return
						}
					}
				})
			}
			writers.Wait()
		})
	}
}

package storetest

import (
	"math"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/storage"
	"github.com/hookswitch/hookswitch/telephony"
)

// Fuzz checks that entries with any content come back from the store as they
// went in, whatever batches they came in. Text that is not UTF-8 comes back
// with U+FFFD for each byte that isn't.
func Fuzz(f *testing.F, open func(t testing.TB) storage.Store) {
	s := open(f)
	f.Add("hello", 1, int64(20), int64(1_790_000_000), true)
	f.Add("", 0, int64(0), int64(0), false)
	f.Add("null \x00 quote ' \" backslash \\ 漢 🙂 \u2028 </script>", -1, int64(-5), int64(253_402_300_799), true)
	f.Add("\xff\xfe half a rune \xe6", math.MaxInt, int64(math.MaxInt32), int64(-1), false)
	var calls atomic.Int64
	f.Fuzz(func(t *testing.T, text string, number int, ms, wall int64, flag bool) {
		name := "fuzz" + strconv.FormatInt(calls.Add(1), 10)
		id := call(t, s, name).ID
		in := anything(text, number, ms, wall, flag)
		cut := 1 + len(text)%len(in)
		for _, batch := range [][]agentcore.Entry{in[:cut], in[cut:]} {
			if err := s.Append(t.Context(), id, 1, batch); err != nil {
				t.Fatalf("Append() = %v", err)
			}
		}
		want := anything(string([]rune(text)), number, ms, wall, flag)
		if got := whole(t, s, id); !same(got, want) {
			t.Errorf("Journal() = %+v, want %+v", got, want)
		}
	})
}

// anything is a journal with one entry of each kind.
func anything(text string, number int, ms, wall int64, flag bool) []agentcore.Entry {
	events := []agentcore.Event{
		agentcore.Opened{Epoch: number, Agent: text, Direction: telephony.Direction(text), Pipeline: text},
		agentcore.SpeechBegan{StartMS: ms},
		agentcore.CallerSaid{Turn: number, Text: text, StartMS: ms, EndMS: ms, Confidence: 0.25, TalkedOver: flag, AskMS: ms},
		agentcore.NotUnderstood{StartMS: ms, EndMS: ms},
		agentcore.CallerPressed{Turn: number, Digit: text},
		agentcore.Planned{Reply: number, Phrase: number, Text: text, Why: text},
		agentcore.Heard{Reply: number, Phrase: number, Text: text, How: text, Cut: flag},
		agentcore.AgentSaid{Reply: number, Turn: number, Text: text, Unheard: text, Why: text, Cut: flag, GapMS: ms, Parts: &agentcore.Parts{Model: ms}},
		agentcore.TalkOver{Reply: number, StartMS: ms, ClearMS: ms, HeardWords: number, AllWords: number},
		agentcore.ToolIntent{Key: text, Turn: number, ID: text, Name: text, Arguments: text, Safe: flag},
		agentcore.ToolResult{Key: text, Text: text, Failed: flag, TookMS: ms, End: flag},
		agentcore.ProviderError{Part: text, Error: text, Fatal: flag},
		agentcore.Lost{Epoch: number, Cause: text},
		agentcore.Ended{Reason: telephony.AgentHangup},
	}
	// A record keeps years 1 to 9999, an entry whole milliseconds.
	const last = 253_402_300_799
	wall = min(max(wall, 0), last)
	at := time.Duration(ms%math.MaxInt32) * time.Millisecond
	entries := make([]agentcore.Entry, len(events))
	for i, e := range events {
		entries[i] = agentcore.Entry{N: i + 1, Version: agentcore.JournalVersion, At: at, Wall: time.Unix(wall, 123_456_789).UTC(), Sync: flag, Event: e}
	}
	return entries
}

package storetest

import (
	"errors"
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/storage"
	"github.com/hookswitch/hookswitch/telephony"
)

func roundTrip(t *testing.T, s storage.Store) {
	r := call(t, s, "1")
	want := []agentcore.Entry{
		entry(1, agentcore.Opened{Epoch: 1, Agent: "demo", Direction: telephony.Inbound, Pipeline: "a > b"}),
		entry(2, agentcore.CallerSaid{Turn: 1, Text: "Grüß Gott \x00 'quoted' \" 漢字 🙂", Confidence: 0.5}),
		entry(3, agentcore.Planned{Reply: 1, Text: "on Monday", Why: "answer"}),
		entry(4, agentcore.Heard{Reply: 1, Text: "on", How: "mark", Cut: true}),
		entry(5, agentcore.AgentSaid{Reply: 1, Turn: 1, Text: "on", Unheard: " Monday", Why: "answer", Parts: &agentcore.Parts{Endpoint: 500, Line: 20}}),
		entry(6, agentcore.ToolIntent{Key: "call_1/1/1", Name: "end_call", Arguments: `{"a":1}`, Safe: true}),
		entry(7, agentcore.ToolResult{Key: "call_1/1/1", Text: "ok", End: true}),
		end(8),
	}
	if err := s.Append(t.Context(), r.ID, 1, want[:3]); err != nil {
		t.Fatalf("Append(1..3) = %v", err)
	}
	if err := s.Append(t.Context(), r.ID, 1, want[3:]); err != nil {
		t.Fatalf("Append(4..8) = %v", err)
	}
	for after := range len(want) + 1 {
		got, err := s.Journal(t.Context(), r.ID, after)
		if err != nil || !same(got, want[after:]) {
			t.Errorf("Journal(after %d) = %+v, %v, want %+v", after, got, err, want[after:])
		}
	}
}

func exact(t *testing.T, s storage.Store) {
	r := call(t, s, "1")
	if err := s.Append(t.Context(), r.ID, 1, said(1, 3)); err != nil {
		t.Fatal(err)
	}
	for claim, c := range map[string]struct {
		entries []agentcore.Entry
		want    error
	}{
		"a gap":                {said(5, 5), storage.ErrGap},
		"a repeat":             {said(3, 4), storage.ErrGap},
		"a gap within":         {append(said(4, 4), said(6, 6)...), storage.ErrGap},
		"number 0":             {said(0, 1), storage.ErrGap},
		"something after End":  {append([]agentcore.Entry{end(4)}, said(5, 5)...), storage.ErrEnded},
		"nothing":              {nil, nil},
		"an event that is nil": {[]agentcore.Entry{{N: 4}}, errAny},
	} {
		err := s.Append(t.Context(), r.ID, 1, c.entries)
		if !errors.Is(err, c.want) && (c.want != errAny || err == nil) {
			t.Errorf("Append(%s) = %v, want %v", claim, err, c.want)
		}
	}
	if got := whole(t, s, r.ID); len(got) != 3 {
		t.Errorf("%d entries after refused appends, want 3", len(got))
	}
	if err := s.Append(t.Context(), r.ID, 1, said(4, 4)); err != nil {
		t.Errorf("Append(the next) = %v", err)
	}
}

var errAny = errors.New("any error")

func stale(t *testing.T, s storage.Store) {
	r := call(t, s, "1")
	if err := s.Append(t.Context(), r.ID, 1, said(1, 2)); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Raise(t.Context(), r.ID, 1, "b"); err != nil {
		t.Fatal(err)
	}
	for _, entries := range [][]agentcore.Entry{said(3, 3), {end(3)}} {
		if err := s.Append(t.Context(), r.ID, 1, entries); !errors.Is(err, storage.ErrEpoch) {
			t.Errorf("Append(%s by the old epoch) = %v, want ErrEpoch", entries[0].Event.Kind(), err)
		}
	}
	if err := s.Append(t.Context(), r.ID, 2, said(3, 3)); err != nil {
		t.Errorf("Append(by the new epoch) = %v", err)
	}
	if got := whole(t, s, r.ID); len(got) != 3 {
		t.Errorf("%d entries, want 3", len(got))
	}
}

func endedByEntry(t *testing.T, s storage.Store) {
	r := call(t, s, "1")
	if err := s.Append(t.Context(), r.ID, 1, append(said(1, 2), end(3))); err != nil {
		t.Fatal(err)
	}
	got, err := s.Call(t.Context(), r.ID)
	if want := end(3).Wall; err != nil || got.Reason != telephony.AgentHangup || !got.Ended.Equal(want) {
		t.Errorf("record ended %v for %q, %v, want %v for agent_hangup", got.Ended, got.Reason, err, want)
	}
	if err := s.Append(t.Context(), r.ID, 1, said(4, 4)); !errors.Is(err, storage.ErrEnded) {
		t.Errorf("Append(after the end) = %v, want ErrEnded", err)
	}
	if _, first, err := s.End(t.Context(), r.ID, 1, telephony.LineLost, now); err != nil || first {
		t.Errorf("End(ended call) = %v, %v, want false", first, err)
	}
	whole(t, s, r.ID)
}

func endedByHand(t *testing.T, s storage.Store) {
	r := call(t, s, "1")
	if err := s.Admit(t.Context(), r.ID, 1, "a", now); err != nil {
		t.Fatal(err)
	}
	if err := s.Append(t.Context(), r.ID, 1, said(1, 2)); err != nil {
		t.Fatal(err)
	}
	at := now.Add(90 * time.Second)
	e, first, err := s.End(t.Context(), r.ID, 1, telephony.CallerHangup, at)
	if err != nil || !first || e.N != 3 || e.At != 90*time.Second || e.Event != (agentcore.Ended{Reason: telephony.CallerHangup}) {
		t.Fatalf("End() = %+v, %v, %v, want entry 3 at 1m30s", e, first, err)
	}
	got := whole(t, s, r.ID)
	if !same(got[2:], []agentcore.Entry{e}) {
		t.Errorf("the journal's last is %+v, want the entry that End returned %+v", got[2], e)
	}
	if r, _ := s.Call(t.Context(), r.ID); !r.Ended.Equal(at) || r.Reason != telephony.CallerHangup {
		t.Errorf("record ended %v for %q, want %v for caller_hangup", r.Ended, r.Reason, at)
	}
}

func twoAppenders(t *testing.T, s storage.Store) {
	r := call(t, s, "1")
	for n := 1; n <= 20; n++ {
		errs := race(4, func(int) error { return s.Append(t.Context(), r.ID, 1, said(n, n)) })
		oneWins(t, errs, storage.ErrGap)
	}
	if got := whole(t, s, r.ID); len(got) != 20 {
		t.Errorf("%d entries, want 20", len(got))
	}
}

func twoEnders(t *testing.T, s storage.Store) {
	r := call(t, s, "1")
	const enders = 8
	errs := race(enders, func(i int) error {
		if i%2 == 0 {
			return s.Append(t.Context(), r.ID, 1, []agentcore.Entry{end(1)})
		}
		_, first, err := s.End(t.Context(), r.ID, 1, telephony.CallerHangup, now)
		if err == nil && !first {
			err = storage.ErrEnded
		}
		return err
	})
	oneWins(t, errs, storage.ErrEnded)
	if got := whole(t, s, r.ID); len(got) != 1 {
		t.Errorf("%d entries, want the one end", len(got))
	}
}

func endAgainstAppend(t *testing.T, s storage.Store) {
	r := call(t, s, "1")
	written := 0
	race(2, func(i int) error {
		if i == 1 {
			time.Sleep(time.Millisecond)
			_, _, err := s.End(t.Context(), r.ID, 1, telephony.CallerHangup, now)
			return err
		}
		for {
			err := s.Append(t.Context(), r.ID, 1, said(written+1, written+2))
			if err != nil {
				return err
			}
			written += 2
		}
	})
	if got := whole(t, s, r.ID); len(got) != written+1 {
		t.Errorf("%d entries, want the %d that were accepted and the end", len(got), written)
	}
}

// race runs do n times at once and returns what each came to.
func race(n int, do func(i int) error) []error {
	errs := make([]error, n)
	start := make(chan struct{})
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			<-start
			errs[i] = do(i)
		})
	}
	close(start)
	wg.Wait()
	return errs
}

// oneWins fails t unless one error is nil and all others are lose.
func oneWins(t testing.TB, errs []error, lose error) {
	t.Helper()
	winners := 0
	for i, err := range errs {
		switch {
		case err == nil:
			winners++
		case !errors.Is(err, lose):
			t.Errorf("racer %d: %v, want %v", i, err, lose)
		}
	}
	if winners != 1 {
		t.Errorf("%d of %d racers won, want 1", winners, len(errs))
	}
}

// same compares entries; their times may be in different zones.
func same(got, want []agentcore.Entry) bool {
	if len(got) != len(want) {
		return false
	}
	for i, g := range got {
		w := want[i]
		if !g.Wall.Equal(w.Wall) {
			return false
		}
		g.Wall, w.Wall = time.Time{}, time.Time{}
		if !reflect.DeepEqual(g, w) {
			return false
		}
	}
	return true
}

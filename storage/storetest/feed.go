package storetest

import (
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/storage"
	"github.com/hookswitch/hookswitch/telephony"
)

func init() {
	suite("feed",
		check{"every entry gets one number, in its call's order", sequenced},
		check{"entries of many calls are numbered twenty calls at a time", sequencedInParts},
		check{"numbering at once from many sides numbers each entry once", sequencedAtOnce},
		check{"who reads behind the numbering misses nothing", followed},
		check{"a feed is its workspace's own", fedElsewhere},
		check{"a journal is read by the page", journalPaged},
	)
	suite("recordings",
		check{"a recording is kept by epoch, the last word counts", recorded},
	)
}

// fed reads a whole feed, by pages of limit.
func fed(t testing.TB, db *storage.DB, after int64, limit int) []storage.FeedEntry {
	t.Helper()
	var all []storage.FeedEntry
	for {
		page, err := db.Feed(t.Context(), "default", after, limit)
		if err != nil || len(page) > limit {
			t.Fatalf("Feed(after %d, %d) = %d entries, %v", after, limit, len(page), err)
		}
		if len(page) == 0 {
			return all
		}
		all = append(all, page...)
		after = page[len(page)-1].Seq
	}
}

// inOrder fails t unless numbers run from 1 without gaps and each call's entries
// do so too.
func inOrder(t testing.TB, feed []storage.FeedEntry, want int) {
	t.Helper()
	at := map[telephony.CallID]int{}
	for i, f := range feed {
		if f.Seq != int64(i+1) {
			t.Fatalf("number %d stands at place %d", f.Seq, i+1)
		}
		if at[f.Call]++; f.Entry.N != at[f.Call] {
			t.Fatalf("number %d is entry %d of %s, want %d", f.Seq, f.Entry.N, f.Call, at[f.Call])
		}
	}
	if len(feed) != want {
		t.Fatalf("%d entries have a number, want %d", len(feed), want)
	}
}

func sequenced(t *testing.T, s storage.Store) {
	db := s.(*storage.DB)
	if n, err := db.Sequence(t.Context(), 0); err != nil || n != 0 {
		t.Errorf("Sequence(nothing) = %d, %v", n, err)
	}
	a, b := call(t, s, "a"), call(t, s, "b")
	add := func(id telephony.CallID, from, to int) {
		if err := s.Append(t.Context(), id, 1, said(from, to)); err != nil {
			t.Fatal(err)
		}
	}
	add(a.ID, 1, 3)
	add(b.ID, 1, 2)
	for i, want := range []int{4, 1, 0} {
		if n, err := db.Sequence(t.Context(), 4); err != nil || n != want {
			t.Errorf("Sequence %d = %d, %v, want %d", i+1, n, err, want)
		}
	}
	first := fed(t, db, 0, 2)
	inOrder(t, first, 5)
	add(b.ID, 3, 3)
	add(a.ID, 4, 6)
	if n, err := db.Sequence(t.Context(), 0); err != nil || n != 4 {
		t.Errorf("Sequence(the new ones) = %d, %v, want 4", n, err)
	}
	all := fed(t, db, 0, 3)
	inOrder(t, all, 9)
	if !reflect.DeepEqual(all[:5], first) {
		t.Errorf("what had a number changed: %v, was %v", all[:5], first)
	}
	if last, err := db.FeedLast(t.Context(), "default"); err != nil || last != 9 {
		t.Errorf("FeedLast() = %d, %v, want 9", last, err)
	}
}

func sequencedInParts(t *testing.T, s storage.Store) {
	db := s.(*storage.DB)
	for i := range 45 {
		if err := s.Append(t.Context(), call(t, s, fmt.Sprint(i)).ID, 1, said(1, 1)); err != nil {
			t.Fatal(err)
		}
	}
	for i, want := range []int{20, 20, 5, 0} {
		if n, err := db.Sequence(t.Context(), 0); err != nil || n != want {
			t.Errorf("Sequence %d of 45 calls = %d, %v, want %d", i+1, n, err, want)
		}
	}
	inOrder(t, fed(t, db, 0, 100), 45)
}

func sequencedAtOnce(t *testing.T, s storage.Store) {
	const calls, rounds, sequencers = 3, 15, 3
	db := s.(*storage.DB)
	ids := make([]telephony.CallID, calls)
	for i := range ids {
		ids[i] = call(t, s, fmt.Sprint(i)).ID
	}
	errs := race(calls+sequencers, func(i int) error {
		for n := 1; n <= rounds; n++ {
			var err error
			if i < calls {
				err = s.Append(t.Context(), ids[i], 1, said(n, n))
			} else {
				_, err = db.Sequence(t.Context(), 2)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
	for i, err := range errs {
		if err != nil {
			t.Fatalf("racer %d: %v", i, err)
		}
	}
	for {
		n, err := db.Sequence(t.Context(), 0)
		if err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			break
		}
	}
	inOrder(t, fed(t, db, 0, 100), calls*rounds)
}

func followed(t *testing.T, s storage.Store) {
	const calls, rounds = 3, 15
	db := s.(*storage.DB)
	ids := make([]telephony.CallID, calls)
	for i := range ids {
		ids[i] = call(t, s, fmt.Sprint(i)).ID
	}
	var seen []storage.FeedEntry
	errs := race(calls+1, func(i int) error { // the last one reads
		after := int64(0)
		deadline := time.Now().Add(30 * time.Second)
		for n := 1; ; n++ {
			switch {
			case i < calls:
				if n > rounds {
					return nil
				}
				if err := s.Append(t.Context(), ids[i], 1, said(n, n)); err != nil {
					return err
				}
				if _, err := db.Sequence(t.Context(), 0); err != nil {
					return err
				}
			case len(seen) == calls*rounds || time.Now().After(deadline):
				return nil
			default:
				page, err := db.Feed(t.Context(), "default", after, 4)
				if err != nil {
					return err
				}
				if len(page) > 0 {
					after = page[len(page)-1].Seq
				} else {
					time.Sleep(time.Millisecond)
				}
				seen = append(seen, page...)
			}
		}
	})
	for i, err := range errs {
		if err != nil {
			t.Fatalf("racer %d: %v", i, err)
		}
	}
	inOrder(t, seen, calls*rounds)
}

func fedElsewhere(t *testing.T, s storage.Store) {
	db := s.(*storage.DB)
	r := call(t, s, "1")
	if err := s.Append(t.Context(), r.ID, 1, said(1, 2)); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Sequence(t.Context(), 0); err != nil {
		t.Fatal(err)
	}
	if got, err := db.Feed(t.Context(), "ws_other", 0, 10); err != nil || len(got) != 0 {
		t.Errorf("Feed(another workspace) = %v, %v", got, err)
	}
}

func journalPaged(t *testing.T, s storage.Store) {
	r := call(t, s, "1")
	if err := s.Append(t.Context(), r.ID, 1, said(1, 7)); err != nil {
		t.Fatal(err)
	}
	got, err := s.(*storage.DB).JournalPage(t.Context(), r.ID, 2, 3)
	if err != nil || !same(got, said(3, 5)) {
		t.Errorf("JournalPage(2, 3) = %v, %v, want entries 3 to 5", got, err)
	}
}

func recorded(t *testing.T, s storage.Store) {
	db := s.(*storage.DB)
	r := call(t, s, "1")
	one := storage.Recording{Call: r.ID, Epoch: 1, Object: "a.wav", Length: 2 * time.Second, Bytes: 32_058}
	two := storage.Recording{Call: r.ID, Epoch: 2, Object: "b.wav", Start: 3 * time.Second, Length: time.Second, Bytes: 16_058}
	for _, part := range []storage.Recording{two, {Call: r.ID, Epoch: 1, Object: "old.wav"}, one} {
		if err := db.SetRecording(t.Context(), part); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := db.Recordings(t.Context(), r.ID); err != nil || !reflect.DeepEqual(got, []storage.Recording{one, two}) {
		t.Errorf("Recordings() = %+v, %v", got, err)
	}
	if got, err := db.Recordings(t.Context(), "call_nobody"); err != nil || len(got) != 0 {
		t.Errorf("Recordings(nobody) = %+v, %v", got, err)
	}
}

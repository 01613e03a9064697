package storetest

import (
	"errors"
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/captions"
	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/storage"
	"github.com/hookswitch/hookswitch/telephony"
)

func init() {
	suite("captions",
		check{"captions come back numbered, as they went in", captionsKept},
		check{"captions are those of the workspace's call", captionsIsolated},
		check{"two who write at once leave no gap", captionsRace},
		check{"a call has so many captions and no more", captionsBounded},
		check{"what comes after the end is kept, too", captionsLate},
	)
}

// captionsOf are n captions of a job.
func captionsOf(job string, n int) []captions.Caption {
	all := make([]captions.Caption, n)
	for i := range all {
		at := now.Add(time.Duration(i) * time.Second)
		all[i] = captions.Caption{
			Job: job, Agent: "live-captions", Side: captions.Caller, Text: fmt.Sprint("word ", i),
			Confidence: 0.93, Start: at, End: at.Add(700 * time.Millisecond),
		}
	}
	return all
}

func captionsKept(t *testing.T, s storage.Store) {
	r, c := call(t, s, "1"), s.Captions()
	first, second := captionsOf("AJ_1", 2), captionsOf("AJ_1", 1)
	second[0].Side, second[0].Speaker, second[0].Text, second[0].Confidence = captions.Agent, "demo", "zero \x00 and \xff", 0
	for _, some := range [][]captions.Caption{first, nil, second} {
		if kept, err := c.Append(t.Context(), r.ID, some); err != nil || len(kept) != len(some) {
			t.Fatalf("Append() = %+v, %v", kept, err)
		}
	}
	want := append(first, second...)
	for i := range want {
		want[i].Call, want[i].N = r.ID, i+1
	}
	want[2].Text = "zero \uFFFD and \uFFFD" // which every engine takes
	if got, err := c.Captions(t.Context(), roster.Default, r.ID, 0, 100); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("Captions() = %+v, %v, want %+v", got, err, want)
	}
	if got, err := c.Captions(t.Context(), roster.Default, r.ID, 1, 1); err != nil || !reflect.DeepEqual(got, want[1:2]) {
		t.Errorf("Captions(after 1, limit 1) = %+v, %v, want the second", got, err)
	}
	if n, err := s.(*storage.DB).Numbers(t.Context(), r.ID); err != nil || n.Captions != 3 {
		t.Errorf("Numbers() = %+v, %v, want 3 captions", n, err)
	}
}

func captionsIsolated(t *testing.T, s storage.Store) {
	newWorkspace(t, s)
	r, c := call(t, s, "1"), s.Captions()
	if _, err := c.Append(t.Context(), r.ID, captionsOf("AJ_1", 1)); err != nil {
		t.Fatal(err)
	}
	for _, of := range []struct {
		workspace string
		call      telephony.CallID
	}{{other, r.ID}, {roster.Default, "call_nobody"}} {
		if got, err := c.Captions(t.Context(), of.workspace, of.call, 0, 10); err != nil || len(got) != 0 {
			t.Errorf("Captions(%v) = %+v, %v, want none", of, got, err)
		}
	}
	_, err := c.Append(t.Context(), "call_nobody", captionsOf("AJ_1", 1))
	refused(t, "Append(no call)", err, storage.ErrNotFound)
}

func captionsRace(t *testing.T, s storage.Store) {
	r, c := call(t, s, "1"), s.Captions()
	errs := race(16, func(i int) error {
		_, err := c.Append(t.Context(), r.ID, captionsOf(fmt.Sprint("AJ_", i), 3))
		return err
	})
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	all, err := c.Captions(t.Context(), roster.Default, r.ID, 0, 100)
	if err != nil || len(all) != 48 {
		t.Fatalf("%d captions, %v, want 48", len(all), err)
	}
	for i, one := range all {
		if one.N != i+1 || one.Job != all[i/3*3].Job {
			t.Errorf("caption %d has number %d and job %s, want those of one Append together", i+1, one.N, one.Job)
		}
	}
}

func captionsBounded(t *testing.T, s storage.Store) {
	r, c := call(t, s, "1"), s.Captions()
	if _, err := c.Append(t.Context(), r.ID, captionsOf("AJ_1", 3)); err != nil {
		t.Fatal(err)
	}
	err := engine(t, s).Write(t.Context(), func(tx storage.Tx) error { // as after a call of many hours
		_, err := tx.Exec(t.Context(), `UPDATE calls SET captions_n = $1`, storage.MaxCaptions-2)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []int{2, 0} {
		if kept, err := c.Append(t.Context(), r.ID, captionsOf("AJ_1", 3)); err != nil || len(kept) != want {
			t.Errorf("Append() kept %d, %v, want %d", len(kept), err, want)
		}
	}
}

func captionsLate(t *testing.T, s storage.Store) {
	r, c := call(t, s, "1"), s.Captions()
	if _, _, err := s.End(t.Context(), r.ID, 1, telephony.CallerHangup, now); err != nil {
		t.Fatal(err)
	}
	if kept, err := c.Append(t.Context(), r.ID, captionsOf("AJ_1", 1)); err != nil || len(kept) != 1 {
		t.Errorf("Append(after the end) = %v, %v, want it kept", kept, err)
	}
}

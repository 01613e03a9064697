package storetest

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/agentcore/answer"
	"github.com/hookswitch/hookswitch/storage"
	"github.com/hookswitch/hookswitch/telephony"
)

func init() {
	suite("answers",
		check{"the newest verdict is kept with its entry, and what was left beside it", answerKept},
		check{"who answered and the end come in one append", answerAtTheEnd},
		check{"a stale epoch, a gap and an end keep the verdict that is there", answerRefused},
		check{"words that no database takes, and much evidence, are kept as what all take", answerOdd},
	)
}

// verdict says that class answered, 900 ms after they did.
func verdict(class answer.Class) answer.Verdict {
	return answer.Verdict{Class: class, Confidence: 0.75, AtMS: 900, Evidence: []answer.Evidence{
		{Kind: "tone", What: "beep of 1000 Hz, 0.4 s", For: answer.Beeped, Weight: 4.5, BeganMS: 400, EndedMS: 800},
	}}
}

// isFound is the n-th entry of a call: that class answered.
func isFound(n int, class answer.Class) agentcore.Entry {
	return entry(n, agentcore.WhoAnswered{Verdict: verdict(class)})
}

// answered returns what is kept of who answered.
func answered(t *testing.T, s storage.Store, id telephony.CallID) agentcore.Answer {
	t.Helper()
	r, err := s.Call(t.Context(), id)
	if err != nil {
		t.Fatalf("Call() = %v", err)
	}
	a, _ := r.WhoAnswered()
	return a
}

func answerKept(t *testing.T, s storage.Store) {
	r, other := call(t, s, "1"), call(t, s, "2")
	left := agentcore.AgentSaid{Reply: 1, Text: "Please call us", Unheard: " back.", Why: "message", StartMS: 4100, Cut: true}
	for i, step := range []struct {
		entries []agentcore.Entry
		want    agentcore.Answer
	}{
		{said(1, 1), agentcore.Answer{}},
		{[]agentcore.Entry{isFound(2, answer.Greeting)}, agentcore.Answer{Verdict: verdict(answer.Greeting)}},
		{append(said(3, 3), isFound(4, answer.Beeped), entry(5, agentcore.MessageBegan{Reply: 1})),
			agentcore.Answer{Verdict: verdict(answer.Beeped), LeftMS: 100}},
		{said(6, 7), agentcore.Answer{Verdict: verdict(answer.Beeped), LeftMS: 100}},
		{[]agentcore.Entry{entry(8, left)}, agentcore.Answer{Verdict: verdict(answer.Beeped), Left: "Please call us", LeftMS: 4100}},
		{[]agentcore.Entry{isFound(9, answer.Human)}, agentcore.Answer{Verdict: verdict(answer.Human), Left: "Please call us", LeftMS: 4100}},
	} {
		if err := s.Append(t.Context(), r.ID, 1, step.entries); err != nil {
			t.Fatalf("step %d: Append() = %v", i, err)
		}
		if got := answered(t, s, r.ID); !reflect.DeepEqual(got, step.want) {
			t.Errorf("step %d: kept %+v, want %+v", i, got, step.want)
		}
	}
	if got := whole(t, s, r.ID)[1]; !same([]agentcore.Entry{got}, []agentcore.Entry{isFound(2, answer.Greeting)}) {
		t.Errorf("the journal has %+v, want the first verdict as it was", got)
	}
	if got, err := s.Call(t.Context(), other.ID); err != nil || got != other {
		t.Errorf("another call is %+v, %v, want it as it was, %+v", got, err, other)
	}
}

func answerAtTheEnd(t *testing.T, s storage.Store) {
	r := call(t, s, "1")
	ended := entry(3, agentcore.Ended{Reason: telephony.Voicemail})
	if err := s.Append(t.Context(), r.ID, 1, []agentcore.Entry{isFound(1, answer.Fax), entry(2, agentcore.Lost{}), ended}); err != nil {
		t.Fatal(err)
	}
	if got, err := s.Call(t.Context(), r.ID); err != nil || got.Reason != telephony.Voicemail {
		t.Errorf("ended for %q, %v, want voicemail", got.Reason, err)
	}
	if got, want := answered(t, s, r.ID), (agentcore.Answer{Verdict: verdict(answer.Fax)}); !reflect.DeepEqual(got, want) {
		t.Errorf("kept %+v, want %+v", got, want)
	}
}

func answerRefused(t *testing.T, s storage.Store) {
	ctx := t.Context()
	r := call(t, s, "1")
	if err := s.Append(ctx, r.ID, 1, []agentcore.Entry{isFound(1, answer.Human)}); err != nil {
		t.Fatal(err)
	}
	want := answered(t, s, r.ID)
	refuse := func(why string, epoch, n int, err error) {
		t.Helper()
		refused(t, why, s.Append(ctx, r.ID, epoch, []agentcore.Entry{isFound(n, answer.Fax)}), err)
		if got := answered(t, s, r.ID); !reflect.DeepEqual(got, want) || want.Class != answer.Human {
			t.Errorf("%s: kept %+v, want %+v", why, got, want)
		}
	}
	refuse("Append(with a gap)", 1, 3, storage.ErrGap)
	if _, err := s.Raise(ctx, r.ID, 1, "b"); err != nil {
		t.Fatal(err)
	}
	refuse("Append(by the old epoch)", 1, 2, storage.ErrEpoch)
	if err := s.SetAnswerer(ctx, r.ID, "machine_start"); err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.End(ctx, r.ID, 2, telephony.LineLost, later(1)); err != nil {
		t.Fatal(err)
	}
	refuse("Append(after the end)", 2, 3, storage.ErrEnded)
}

func answerOdd(t *testing.T, s storage.Store) {
	r := call(t, s, "1")
	v := verdict("a\x00class \xff'; DROP TABLE calls; --")
	v.Evidence[0].What = "\x00\xff \" \\ 漢"
	for range 100 {
		v.Evidence = append(v.Evidence, answer.Evidence{What: strings.Repeat("x", 10)})
	}
	message := agentcore.AgentSaid{Text: "\x00 \xff \u2028 🙂", Why: "message", StartMS: 1}
	if err := s.Append(t.Context(), r.ID, 1, []agentcore.Entry{entry(1, agentcore.WhoAnswered{Verdict: v}), entry(2, message)}); err != nil {
		t.Fatalf("Append() = %v", err)
	}
	got := answered(t, s, r.ID)
	switch {
	case len(got.Evidence) != answer.MostEvidence:
		t.Errorf("%d pieces of evidence are kept, want %d", len(got.Evidence), answer.MostEvidence)
	case got.Evidence[0].What != "\x00\uFFFD \" \\ 漢" || got.Left != "\x00 \uFFFD \u2028 🙂" || !got.Whole:
		t.Errorf("kept %+v", got)
	}
	if again, err := s.Call(t.Context(), r.ID); err != nil || strings.ContainsRune(again.Answer, 0) {
		t.Errorf("the record holds a zero byte, %v", err)
	}
	if err := s.Append(t.Context(), "nobody", 1, []agentcore.Entry{isFound(1, answer.Human)}); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("Append(nobody) = %v, want ErrNotFound", err)
	}
}

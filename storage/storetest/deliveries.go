package storetest

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/roster"
	hooks "github.com/hookswitch/hookswitch/agentcore/webhook"
	"github.com/hookswitch/hookswitch/storage"
	"github.com/hookswitch/hookswitch/telephony"
)

func init() {
	suite("deliveries",
		check{"a delivery comes back as it went in", deliveryKept},
		check{"a call has one delivery of each webhook and kind", deliveryOnce},
		check{"tests are no rivals", deliveryTests},
		check{"another workspace sees no delivery", deliveryForeign},
		check{"a delivery is claimed by one, and only when it is due", deliveryClaimed},
		check{"an attempt comes back as it went in, and counts", attemptKept},
		check{"the newest attempt's error is told", attemptLast},
		check{"of very many attempts the newest are shown", attemptsBounded},
		check{"what was delivered stays so", deliveredStays},
		check{"attempts that end at once have different numbers", attemptsAtOnce},
		check{"a summary is kept once", summaryOnce},
		check{"a delivery is sent again, and not twice at a time", resent},
		check{"the oldest that is not delivered is known", deliveryOldest},
		check{"deliveries are listed by page and by filter, newest first", deliveriesListed},
	)
}

// owed is a post_call delivery of a call, kept.
func owed(t testing.TB, s storage.Store, call string) hooks.Delivery {
	t.Helper()
	d, created, err := s.CreateDelivery(t.Context(), hooks.Owed(roster.PostCall, roster.Default, telephony.CallID(call), "agent-1", 3, 7, now))
	if err != nil || !created {
		t.Fatalf("CreateDelivery(%s) = %v, %v", call, created, err)
	}
	return d
}

// sameDelivery compares deliveries whose times may be in different zones.
func sameDelivery(got, want hooks.Delivery) bool {
	for _, d := range []*hooks.Delivery{&got, &want} {
		d.Created, d.Next, d.Done = d.Created.UTC(), d.Next.UTC(), d.Done.UTC()
	}
	return reflect.DeepEqual(got, want)
}

func deliveryKept(t *testing.T, s storage.Store) {
	want := hooks.Owed(roster.PostCall, roster.Default, "call_1", "agent-1", 3, 7, now)
	if !strings.HasPrefix(want.ID, "dlv_") || !strings.HasPrefix(want.Message, "msg_") || want.Status != hooks.Pending || !want.Next.Equal(now) {
		t.Errorf("Owed() = %+v", want)
	}
	got := owed(t, s, "call_1")
	if !sameDelivery(got, want) {
		t.Errorf("CreateDelivery() = %+v, want %+v", got, want)
	}
	for _, find := range []func() (hooks.Delivery, error){
		func() (hooks.Delivery, error) { return s.Delivery(t.Context(), roster.Default, want.ID) },
		func() (hooks.Delivery, error) { return s.Due(t.Context(), want.ID) },
	} {
		if got, err := find(); err != nil || !sameDelivery(got, want) {
			t.Errorf("found %+v, %v, want %+v", got, err, want)
		}
	}
	if _, err := s.Due(t.Context(), "dlv_none"); !errors.Is(err, hooks.ErrNotFound) {
		t.Errorf("Due(none) = %v, want ErrNotFound", err)
	}
}

func deliveryOnce(t *testing.T, s storage.Store) {
	first := owed(t, s, "call_1")
	again := hooks.Owed(roster.PostCall, roster.Default, "call_1", "agent-1", 3, 7, later(1))
	again.ID, again.Message = "dlv_other", "msg_other" // an id alone doesn't make it another one
	got, created, err := s.CreateDelivery(t.Context(), again)
	if err != nil || created || !sameDelivery(got, first) {
		t.Errorf("CreateDelivery(again) = %+v, %v, %v, want the first and false", got, created, err)
	}
	pre := hooks.Owed(roster.PreCall, roster.Default, "call_1", "agent-1", 3, 7, now)
	pre.Status, pre.Next, pre.Done = hooks.Delivered, time.Time{}, now
	if got, created, err := s.CreateDelivery(t.Context(), pre); err != nil || !created || !sameDelivery(got, pre) || pre.ID == first.ID {
		t.Errorf("CreateDelivery(pre_call) = %+v, %v, %v", got, created, err)
	}
}

func deliveryTests(t *testing.T, s storage.Store) {
	for _, id := range []string{"dlv_t1", "dlv_t2"} {
		d := hooks.Delivery{ID: id, Message: "msg_" + id, Workspace: roster.Default, Webhook: 7, Kind: hooks.TestKind, Status: hooks.Dead, Created: now, Done: now}
		if got, created, err := s.CreateDelivery(t.Context(), d); err != nil || !created || !sameDelivery(got, d) {
			t.Errorf("CreateDelivery(%s) = %+v, %v, %v", id, got, created, err)
		}
	}
}

func deliveryForeign(t *testing.T, s storage.Store) {
	d := owed(t, s, "call_1")
	if _, err := s.Delivery(t.Context(), "ws_other", d.ID); !errors.Is(err, hooks.ErrNotFound) {
		t.Errorf("Delivery() = %v, want ErrNotFound", err)
	}
	if _, err := s.Attempts(t.Context(), "ws_other", d.ID); !errors.Is(err, hooks.ErrNotFound) {
		t.Errorf("Attempts() = %v, want ErrNotFound", err)
	}
	if _, err := s.LastError(t.Context(), "ws_other", d.ID); !errors.Is(err, hooks.ErrNotFound) {
		t.Errorf("LastError() = %v, want ErrNotFound", err)
	}
	if _, err := s.Resend(t.Context(), "ws_other", d.ID, later(1)); !errors.Is(err, hooks.ErrNotFound) {
		t.Errorf("Resend() = %v, want ErrNotFound", err)
	}
	if all, err := s.Deliveries(t.Context(), hooks.Filter{Workspace: "ws_other"}); err != nil || len(all) != 0 {
		t.Errorf("Deliveries() = %v, %v, want none", all, err)
	}
	if _, err := s.Deliveries(t.Context(), hooks.Filter{Workspace: "ws_other", After: d.ID}); !errors.Is(err, hooks.ErrNotFound) {
		t.Errorf("Deliveries(after another's) = %v, want ErrNotFound", err)
	}
}

func deliveryClaimed(t *testing.T, s storage.Store) {
	d := owed(t, s, "call_1")
	if got, mine, err := s.Claim(t.Context(), d.ID, now.Add(-time.Microsecond), later(1)); err != nil || mine || !got.Next.Equal(now) {
		t.Errorf("Claim(before it is due) = %v, %v, want false", mine, err)
	}
	oneWins(t, race(4, func(int) error {
		got, mine, err := s.Claim(t.Context(), d.ID, now, later(1))
		if err == nil && !mine {
			err = hooks.ErrBusy
		}
		if err == nil && !got.Next.Equal(later(1)) {
			t.Errorf("claimed until %v, want %v", got.Next, later(1))
		}
		return err
	}), hooks.ErrBusy)
	if _, mine, err := s.Claim(t.Context(), d.ID, later(1), later(2)); err != nil || !mine {
		t.Errorf("Claim(whose holder died) = %v, %v, want true", mine, err)
	}
	if _, err := s.RecordAttempt(t.Context(), d.ID, hooks.Attempt{Exchange: hooks.Exchange{Started: now}}, hooks.Dead, later(2)); err != nil {
		t.Fatal(err)
	}
	if got, mine, err := s.Claim(t.Context(), d.ID, later(9), later(10)); err != nil || mine || got.Status != hooks.Dead {
		t.Errorf("Claim(dead) = %+v, %v, %v, want false", got, mine, err)
	}
	if _, _, err := s.Claim(t.Context(), "dlv_none", now, later(1)); !errors.Is(err, hooks.ErrNotFound) {
		t.Errorf("Claim(none) = %v, want ErrNotFound", err)
	}
}

// attempt is one that failed, with everything set.
func attempt(next time.Time) hooks.Attempt {
	return hooks.Attempt{Next: next, Exchange: hooks.Exchange{
		Started: now, Took: 1234 * time.Millisecond, Method: "POST", URL: "https://h.example/p", Status: 500, Err: "answered 500",
		RequestHeaders: map[string]string{"Authorization": "***", "X": "ü\"'"}, RequestBody: `{"a":"\u0000"}` + "\n漢字 🙂",
		ResponseHeaders: map[string]string{"Y": ""}, ResponseBody: strings.Repeat("b", hooks.MaxKept), Answer: []byte("never kept"),
	}}
}

func attemptLast(t *testing.T, s storage.Store) {
	d := owed(t, s, "call_1")
	for i, want := range []string{"", "first", "second", ""} {
		if i > 0 {
			a := attempt(later(i))
			a.Err = want
			if _, err := s.RecordAttempt(t.Context(), d.ID, a, hooks.Pending, now); err != nil {
				t.Fatal(err)
			}
		}
		if got, err := s.LastError(t.Context(), roster.Default, d.ID); err != nil || got != want {
			t.Errorf("LastError(after %d attempts) = %q, %v, want %q", i, got, err, want)
		}
	}
}

func attemptKept(t *testing.T, s storage.Store) {
	d := owed(t, s, "call_1")
	first, err := s.RecordAttempt(t.Context(), d.ID, attempt(later(1)), hooks.Pending, now)
	if err != nil || first.N != 1 || first.Delivery != d.ID {
		t.Fatalf("RecordAttempt() = %+v, %v, want number 1", first, err)
	}
	on, err := s.Due(t.Context(), d.ID)
	if err != nil || on.Attempts != 1 || on.Status != hooks.Pending || !on.Next.Equal(later(1)) || !on.Done.IsZero() {
		t.Errorf("delivery %+v, %v, want it pending for a minute", on, err)
	}
	if a, err := s.RecordAttempt(t.Context(), d.ID, hooks.Attempt{Next: later(5), Exchange: hooks.Exchange{Started: later(1)}}, hooks.Dead, later(2)); err != nil || a.N != 2 {
		t.Fatalf("RecordAttempt() = %+v, %v, want number 2", a, err)
	}
	if on, err := s.Due(t.Context(), d.ID); err != nil || on.Attempts != 2 || on.Status != hooks.Dead || !on.Next.IsZero() || !on.Done.Equal(later(2)) {
		t.Errorf("delivery %+v, %v, want it dead, and nothing next", on, err)
	}
	all, err := s.Attempts(t.Context(), roster.Default, d.ID)
	if err != nil || len(all) != 2 {
		t.Fatalf("Attempts() = %v, %v, want two", all, err)
	}
	want := attempt(later(1))
	want.Delivery, want.N, want.Answer = d.ID, 1, nil
	got := all[0]
	if !got.Started.Equal(want.Started) || !got.Next.Equal(want.Next) {
		t.Errorf("times %v, %v, want %v, %v", got.Started, got.Next, want.Started, want.Next)
	}
	got.Started, got.Next = want.Started, want.Next
	if !reflect.DeepEqual(got, want) {
		t.Errorf("attempt %+v, want %+v", got, want)
	}
	if !all[1].Next.IsZero() || all[1].N != 2 {
		t.Errorf("the last attempt is %+v, want nothing after it", all[1])
	}
	if _, err := s.RecordAttempt(t.Context(), "dlv_none", attempt(now), hooks.Pending, now); !errors.Is(err, hooks.ErrNotFound) {
		t.Errorf("RecordAttempt(none) = %v, want ErrNotFound", err)
	}
}

// Of two who sent it, because one was thought dead, the one that was late does
// not undo what the other reached.
func attemptsBounded(t *testing.T, s storage.Store) {
	d := owed(t, s, "call_1")
	for range 53 {
		if _, err := s.RecordAttempt(t.Context(), d.ID, attempt(later(1)), hooks.Pending, now); err != nil {
			t.Fatal(err)
		}
	}
	all, err := s.Attempts(t.Context(), roster.Default, d.ID)
	if err != nil || len(all) != 50 || all[0].N != 4 || all[49].N != 53 {
		t.Errorf("Attempts() = %d of 53, %v, want the newest 50, oldest first", len(all), err)
	}
}

func deliveredStays(t *testing.T, s storage.Store) {
	d := owed(t, s, "call_1")
	if _, err := s.RecordAttempt(t.Context(), d.ID, attempt(time.Time{}), hooks.Delivered, later(1)); err != nil {
		t.Fatal(err)
	}
	if _, err := s.RecordAttempt(t.Context(), d.ID, attempt(later(3)), hooks.Pending, later(2)); err != nil {
		t.Fatal(err)
	}
	if on, err := s.Due(t.Context(), d.ID); err != nil || on.Status != hooks.Delivered || on.Attempts != 2 || !on.Next.IsZero() || !on.Done.Equal(later(1)) {
		t.Errorf("delivery %+v, %v, want it delivered, with two attempts", on, err)
	}
}

func attemptsAtOnce(t *testing.T, s storage.Store) {
	d := owed(t, s, "call_1")
	for i, err := range race(6, func(int) error {
		_, err := s.RecordAttempt(t.Context(), d.ID, attempt(later(1)), hooks.Pending, now)
		return err
	}) {
		if err != nil {
			t.Errorf("RecordAttempt() %d = %v", i, err)
		}
	}
	all, err := s.Attempts(t.Context(), roster.Default, d.ID)
	if err != nil || len(all) != 6 || all[0].N != 1 || all[5].N != 6 {
		t.Errorf("%d attempts, %v, want 1 to 6", len(all), err)
	}
}

func summaryOnce(t *testing.T, s storage.Store) {
	d := owed(t, s, "call_1")
	for _, made := range []string{"", "another"} { // nothing to tell is a summary, too
		if kept, err := s.SetSummary(t.Context(), d.ID, made); err != nil || kept != "" {
			t.Errorf("SetSummary(%q) = %q, %v, want the first", made, kept, err)
		}
	}
	if on, err := s.Due(t.Context(), d.ID); err != nil || on.Summary == nil || *on.Summary != "" {
		t.Errorf("delivery %+v, %v, want an empty summary", on, err)
	}
	if _, err := s.SetSummary(t.Context(), "dlv_none", "x"); !errors.Is(err, hooks.ErrNotFound) {
		t.Errorf("SetSummary(none) = %v, want ErrNotFound", err)
	}
}

func resent(t *testing.T, s storage.Store) {
	d := owed(t, s, "call_1")
	again := func(at time.Time, want error) {
		t.Helper()
		got, err := s.Resend(t.Context(), roster.Default, d.ID, at)
		if !errors.Is(err, want) {
			t.Errorf("Resend() = %v, want %v", err, want)
		}
		if err == nil && (got.Status != hooks.Pending || !got.Next.Equal(at) || !got.Done.IsZero() || got.Message != d.Message) {
			t.Errorf("Resend() = %+v, want it due, under the same webhook-id", got)
		}
	}
	record := func(status string, next time.Time) {
		t.Helper()
		if _, err := s.RecordAttempt(t.Context(), d.ID, attempt(next), status, later(1)); err != nil {
			t.Fatal(err)
		}
	}
	claim := func(at, until time.Time) {
		t.Helper()
		if _, mine, err := s.Claim(t.Context(), d.ID, at, until); err != nil || !mine {
			t.Fatalf("Claim() = %v, %v", mine, err)
		}
	}
	again(later(1), hooks.ErrBusy) // it is due as it is
	claim(later(1), later(2))
	again(later(1), hooks.ErrBusy) // it is being sent
	again(later(3), nil)           // by somebody who died
	again(later(3), hooks.ErrBusy) // just asked for
	claim(later(3), later(4))
	record(hooks.Pending, later(60))
	again(later(5), nil) // it waits for its next time
	claim(later(5), later(6))
	record(hooks.Dead, time.Time{})
	again(later(7), nil)
	claim(later(7), later(8))
	record(hooks.Delivered, time.Time{})
	again(later(9), nil) // somebody wants it once more
	claim(later(9), later(10))
	record(hooks.Dead, time.Time{})
	if on, err := s.Due(t.Context(), d.ID); err != nil || on.Status != hooks.Dead || on.Attempts != 4 {
		t.Errorf("delivery %+v, %v, want it dead after four attempts", on, err)
	}

	pre := hooks.Owed(roster.PreCall, roster.Default, "call_1", "agent-1", 3, 7, now)
	pre.Status, pre.Next = hooks.Dead, time.Time{}
	if _, _, err := s.CreateDelivery(t.Context(), pre); err != nil {
		t.Fatal(err)
	}
	d = pre
	again(later(1), hooks.ErrNotAgain)
}

func deliveriesListed(t *testing.T, s storage.Store) {
	var ids []string // newest first
	for i, call := range []string{"call_1", "call_2", "call_3", "call_4", "call_5"} {
		d := hooks.Owed(roster.PostCall, roster.Default, telephony.CallID(call), "agent-"+call[5:], 1, 7, later(i/2)) // two at a time
		if _, _, err := s.CreateDelivery(t.Context(), d); err != nil {
			t.Fatal(err)
		}
	}
	all, err := s.Deliveries(t.Context(), hooks.Filter{Workspace: roster.Default})
	if err != nil || len(all) != 5 {
		t.Fatalf("Deliveries() = %v, %v, want five", all, err)
	}
	for i, d := range all {
		if i > 0 && (d.Created.After(all[i-1].Created) || d.Created.Equal(all[i-1].Created) && d.ID >= all[i-1].ID) {
			t.Errorf("%s comes after %s", d.ID, all[i-1].ID)
		}
		ids = append(ids, d.ID)
	}
	var paged []string
	for after := ""; ; {
		page, err := s.Deliveries(t.Context(), hooks.Filter{Workspace: roster.Default, After: after, Limit: 2})
		if err != nil {
			t.Fatal(err)
		}
		if len(page) == 0 {
			break
		}
		for _, d := range page {
			paged = append(paged, d.ID)
		}
		after = page[len(page)-1].ID
	}
	if !reflect.DeepEqual(paged, ids) {
		t.Errorf("by pages %q, want %q", paged, ids)
	}
	if _, err := s.RecordAttempt(t.Context(), ids[0], attempt(now), hooks.Delivered, now); err != nil {
		t.Fatal(err)
	}
	for claim, c := range map[string]struct {
		f    hooks.Filter
		want int
	}{
		"delivered": {hooks.Filter{Status: hooks.Delivered}, 1}, "pending": {hooks.Filter{Status: hooks.Pending}, 4},
		"a call": {hooks.Filter{Call: "call_2"}, 1}, "an agent": {hooks.Filter{Agent: "agent-3"}, 1},
		"a kind": {hooks.Filter{Kind: roster.PostCall}, 5}, "another kind": {hooks.Filter{Kind: roster.PreCall}, 0},
		"both": {hooks.Filter{Call: "call_2", Status: hooks.Dead}, 0},
	} {
		c.f.Workspace = roster.Default
		if got, err := s.Deliveries(t.Context(), c.f); err != nil || len(got) != c.want {
			t.Errorf("Deliveries(%s) = %d, %v, want %d", claim, len(got), err, c.want)
		}
	}
}

func deliveryOldest(t *testing.T, s storage.Store) {
	ctx := t.Context()
	oldest := func(when string, want time.Time) {
		t.Helper()
		if got, err := s.OldestUndelivered(ctx); err != nil || !got.Equal(want) {
			t.Errorf("OldestUndelivered(%s) = %v, %v, want %v", when, got, err, want)
		}
	}
	oldest("none", time.Time{})
	if err := s.CreateWorkspace(ctx, roster.Workspace{ID: "other", Name: "Other", Created: now}); err != nil {
		t.Fatal(err)
	}
	young := hooks.Owed(roster.PostCall, "other", "call_2", "agent-1", 3, 7, later(60))
	if _, _, err := s.CreateDelivery(ctx, young); err != nil {
		t.Fatal(err)
	}
	oldest("one of another workspace", later(60))
	old := owed(t, s, "call_1")
	oldest("two", now)
	done := func(d hooks.Delivery, status string) {
		t.Helper()
		if _, err := s.RecordAttempt(ctx, d.ID, hooks.Attempt{Exchange: hooks.Exchange{Started: later(61)}, Next: later(90)}, status, later(62)); err != nil {
			t.Fatal(err)
		}
	}
	done(old, hooks.Pending)
	oldest("an attempt failed", now)
	done(old, hooks.Dead)
	oldest("the older is given up", later(60))
	done(young, hooks.Delivered)
	oldest("all are over", time.Time{})
	if _, err := s.Resend(ctx, roster.Default, old.ID, later(99)); err != nil {
		t.Fatal(err)
	}
	oldest("one is sent again", now)
}

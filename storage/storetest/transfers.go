package storetest

import (
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/dispatch"
	"github.com/hookswitch/hookswitch/storage"
	"github.com/hookswitch/hookswitch/telephony"
)

func init() {
	suite("transfers",
		check{"a transfer comes back as it went in", transferKept},
		check{"the same key of a call is the same transfer, also when all is over", transferKey},
		check{"a call has one open transfer at a time", transferOpen},
		check{"a call that is over is not handed on", transferOfEnded},
		check{"text that no database takes is kept as one that all do, in transfers too", transferOddText},
		check{"a transfer moves on from where it is, and from nowhere else", transferMoved},
		check{"a move sets what it names, and leaves the rest", transferChanged},
		check{"a transfer that is over is not opened again", transferStaysOver},
		check{"no two transfers have one carrier id", transferCarrier},
		check{"a call's transfers and the open ones are listed oldest first", transferLists},
	)
	suite("transfers, several at once",
		check{"of 16 transfers of one call one begins", transferRace},
		check{"16 who ask with one key get one transfer", transferKeyRace},
		check{"of 16 moves from one status one wins", moveRace},
		check{"a transfer begins before its call's end, or not at all", transferAgainstEnd},
	)
}

// newTransfer is the n-th of a call, every field set that one has at its beginning.
func newTransfer(call storage.Call, n int) dispatch.Transfer {
	return dispatch.Transfer{
		ID: transferID(call, n), Call: call.ID, Workspace: call.Workspace, Key: fmt.Sprintf("%s/1/%d", call.ID, n),
		Kind: dispatch.Warm, Label: "sales", From: "+15550199", To: "sip:sales@example.com", PostDial: "ww1",
		Ring: 25 * time.Second, Summary: "wants a quote", Status: dispatch.TransferDialling, Account: "AC1", Created: later(n),
	}
}

func transferID(call storage.Call, n int) telephony.CallID {
	return telephony.CallID(fmt.Sprintf("xfer_%s_%d", call.ID, n))
}

// begin creates the n-th transfer of a call and fails t if that fails.
func begin(t testing.TB, s storage.Store, call storage.Call, n int) dispatch.Transfer {
	t.Helper()
	made, created, err := s.CreateTransfer(t.Context(), newTransfer(call, n))
	if err != nil || !created {
		t.Fatalf("CreateTransfer() = %v, %v, want a new one", created, err)
	}
	return made
}

// finish ends a transfer and fails t if that fails.
func finish(t testing.TB, s storage.Store, id telephony.CallID) dispatch.Transfer {
	t.Helper()
	over, err := s.MoveTransfer(t.Context(), id, []string{dispatch.TransferDialling},
		dispatch.TransferChange{Status: dispatch.TransferOver, Outcome: dispatch.OutcomeBusy, Ended: later(60)})
	if err != nil || !over.Over() {
		t.Fatalf("MoveTransfer(over) = %+v, %v", over, err)
	}
	return over
}

func transferKept(t *testing.T, s storage.Store) {
	ctx := t.Context()
	want := newTransfer(call(t, s, "1"), 1)
	want.Outcome, want.Reason, want.Carrier, want.SIPCode = dispatch.OutcomeCompleted, "they talked", "CAleg", 200
	want.Answered, want.Bridged, want.Ended = later(2), later(3), later(4)
	if got, created, err := s.CreateTransfer(ctx, want); err != nil || !created || got != want {
		t.Fatalf("CreateTransfer() = %+v, %v, %v, want %+v", got, created, err, want)
	}
	if got, err := s.Transfer(ctx, want.ID); err != nil || got != want {
		t.Errorf("Transfer() = %+v, %v, want %+v", got, err, want)
	}
	if got, err := s.TransferByCarrier(ctx, "CAleg"); err != nil || got != want {
		t.Errorf("TransferByCarrier() = %+v, %v, want %+v", got, err, want)
	}
	bare := newTransfer(call(t, s, "2"), 1)
	if got := begin(t, s, storage.Call{ID: bare.Call, Workspace: bare.Workspace}, 1); got != bare {
		t.Errorf("CreateTransfer() = %+v, want %+v", got, bare)
	}
	_, byID := s.Transfer(ctx, "xfer_nobody")
	_, byCarrier := s.TransferByCarrier(ctx, "")
	_, move := s.MoveTransfer(ctx, "xfer_nobody", []string{dispatch.TransferAsked}, dispatch.TransferChange{Status: dispatch.TransferOver})
	_, _, create := s.CreateTransfer(ctx, newTransfer(storage.Call{ID: "nobody"}, 1))
	for what, err := range map[string]error{"Transfer": byID, "TransferByCarrier": byCarrier, "MoveTransfer": move, "CreateTransfer": create} {
		refused(t, what+"(nobody)", err, storage.ErrNotFound)
	}
}

func transferKey(t *testing.T, s storage.Store) {
	ctx := t.Context()
	c := call(t, s, "1")
	first := begin(t, s, c, 1)
	again := newTransfer(c, 1)
	again.ID, again.Label = "xfer_other", "billing"
	same := func(when string) {
		t.Helper()
		if got, created, err := s.CreateTransfer(ctx, again); err != nil || created || got != first {
			t.Errorf("CreateTransfer(same key, %s) = %+v, %v, %v, want the first %+v", when, got, created, err, first)
		}
	}
	same("while it goes on")
	first = finish(t, s, first.ID)
	same("when it is over")
	if _, _, err := s.End(ctx, c.ID, 1, telephony.CallerHangup, later(90)); err != nil {
		t.Fatal(err)
	}
	same("when the call is")
	_, err := s.Transfer(ctx, "xfer_other")
	refused(t, "Transfer(the second id)", err, storage.ErrNotFound)
	// A key is a call's own.
	other := newTransfer(call(t, s, "2"), 1)
	other.Key = first.Key
	if _, created, err := s.CreateTransfer(ctx, other); err != nil || !created {
		t.Errorf("CreateTransfer(same key, another call) = %v, %v, want a new one", created, err)
	}
}

func transferOpen(t *testing.T, s storage.Store) {
	ctx := t.Context()
	c := call(t, s, "1")
	first := begin(t, s, c, 1)
	for _, step := range [][2]string{
		{"", dispatch.TransferDialling},
		{dispatch.TransferDialling, dispatch.TransferChecking},
		{dispatch.TransferChecking, dispatch.TransferAccepted},
		{dispatch.TransferAccepted, dispatch.TransferBridged},
	} {
		if step[0] != "" {
			if _, err := s.MoveTransfer(ctx, first.ID, step[:1], dispatch.TransferChange{Status: step[1]}); err != nil {
				t.Fatalf("MoveTransfer(%s) = %v", step[1], err)
			}
		}
		_, _, err := s.CreateTransfer(ctx, newTransfer(c, 2))
		refused(t, "CreateTransfer(while one is "+step[1]+")", err, storage.ErrTransferring)
	}
	if _, err := s.Transfer(ctx, transferID(c, 2)); err == nil {
		t.Error("what was refused is on record")
	}
	begin(t, s, call(t, s, "2"), 1) // another call's is none of its business
	if _, err := s.MoveTransfer(ctx, first.ID, []string{dispatch.TransferBridged}, dispatch.TransferChange{Status: dispatch.TransferOver}); err != nil {
		t.Fatal(err)
	}
	begin(t, s, c, 2)
}

func transferOfEnded(t *testing.T, s storage.Store) {
	c := call(t, s, "1")
	if _, _, err := s.End(t.Context(), c.ID, 1, telephony.CallerHangup, now); err != nil {
		t.Fatal(err)
	}
	_, _, err := s.CreateTransfer(t.Context(), newTransfer(c, 1))
	refused(t, "CreateTransfer(of a call that is over)", err, storage.ErrEnded)
	if all, err := s.TransfersOf(t.Context(), c.ID); err != nil || len(all) != 0 {
		t.Errorf("TransfersOf() = %+v, %v, want none", all, err)
	}
}

func transferOddText(t *testing.T, s storage.Store) {
	ctx := t.Context()
	odd := newTransfer(call(t, s, "1"), 1)
	odd.Key, odd.Label, odd.Summary = "k\x00\xff", "漢\x00", "'; DROP TABLE transfers; --\xff"
	got, created, err := s.CreateTransfer(ctx, odd)
	if err != nil || !created || got.Label != "漢\uFFFD" || got.Summary != "'; DROP TABLE transfers; --\uFFFD" {
		t.Fatalf("CreateTransfer() = %+v, %v, %v, want the odd bytes replaced", got, created, err)
	}
	if again, created, err := s.CreateTransfer(ctx, odd); err != nil || created || again != got {
		t.Errorf("CreateTransfer(again) = %+v, %v, %v, want the same", again, created, err)
	}
	moved, err := s.MoveTransfer(ctx, odd.ID, []string{dispatch.TransferDialling}, dispatch.TransferChange{Reason: "\x00", Carrier: "CA\xff"})
	if err != nil || moved.Reason != "\uFFFD" {
		t.Errorf("MoveTransfer() = %+v, %v, want the odd byte replaced", moved, err)
	}
	if by, err := s.TransferByCarrier(ctx, "CA\xff"); err != nil || by != moved {
		t.Errorf("TransferByCarrier(as it was given) = %+v, %v, want the transfer", by, err)
	}
}

func transferMoved(t *testing.T, s storage.Store) {
	ctx := t.Context()
	made := begin(t, s, call(t, s, "1"), 1)
	asked := dispatch.TransferChange{Status: dispatch.TransferChecking, Reason: "no"}
	for _, from := range [][]string{nil, {}, {""}, {dispatch.TransferAsked}, {dispatch.TransferAsked, dispatch.TransferBridged, dispatch.TransferOver}} {
		got, err := s.MoveTransfer(ctx, made.ID, from, asked)
		refused(t, fmt.Sprintf("MoveTransfer(from %q)", from), err, storage.ErrMoved)
		if got != made {
			t.Errorf("MoveTransfer(from %q) = %+v, want it as it is: %+v", from, got, made)
		}
	}
	if got, err := s.Transfer(ctx, made.ID); err != nil || got != made {
		t.Errorf("Transfer() = %+v, %v, want nothing changed: %+v", got, err, made)
	}
	from := []string{dispatch.TransferOver, dispatch.TransferAsked, dispatch.TransferDialling}
	if got, err := s.MoveTransfer(ctx, made.ID, from, asked); err != nil || got.Status != dispatch.TransferChecking {
		t.Errorf("MoveTransfer(from one of %q) = %+v, %v", from, got, err)
	}
	if !slices.Equal(from, []string{dispatch.TransferOver, dispatch.TransferAsked, dispatch.TransferDialling}) {
		t.Errorf("the caller's list is now %q", from)
	}
}

func transferChanged(t *testing.T, s storage.Store) {
	want := begin(t, s, call(t, s, "1"), 1)
	anywhere := []string{dispatch.TransferDialling, dispatch.TransferChecking, dispatch.TransferBridged, dispatch.TransferOver}
	move := func(c dispatch.TransferChange) {
		t.Helper()
		for range 2 { // nothing is added up
			got, err := s.MoveTransfer(t.Context(), want.ID, anywhere, c)
			if err != nil || got != want {
				t.Errorf("MoveTransfer(%+v) = %+v, %v, want %+v", c, got, err, want)
			}
		}
	}
	move(dispatch.TransferChange{})
	want.Carrier, want.SIPCode = "CAleg", 183
	move(dispatch.TransferChange{Carrier: "CAleg", SIPCode: 183})
	want.Status, want.Answered = dispatch.TransferChecking, later(2)
	move(dispatch.TransferChange{Status: dispatch.TransferChecking, Answered: later(2)})
	want.Status, want.Bridged = dispatch.TransferBridged, later(3)
	move(dispatch.TransferChange{Status: dispatch.TransferBridged, Bridged: later(3)})
	want.Status, want.Outcome, want.Reason, want.SIPCode, want.Ended = dispatch.TransferOver, dispatch.OutcomeCompleted, "they talked", 200, later(4)
	move(dispatch.TransferChange{Status: dispatch.TransferOver, Outcome: dispatch.OutcomeCompleted, Reason: "they talked", SIPCode: 200, Ended: later(4)})
	want.Reason = "they talked for long"
	move(dispatch.TransferChange{Reason: "they talked for long"})
}

func transferStaysOver(t *testing.T, s storage.Store) {
	ctx := t.Context()
	c := call(t, s, "1")
	over := finish(t, s, begin(t, s, c, 1).ID)
	begin(t, s, c, 2) // two must not be open
	for _, status := range []string{dispatch.TransferAsked, dispatch.TransferBridged} {
		got, err := s.MoveTransfer(ctx, over.ID, []string{dispatch.TransferOver}, dispatch.TransferChange{Status: status})
		refused(t, "MoveTransfer("+status+")", err, storage.ErrMoved)
		if got != over {
			t.Errorf("MoveTransfer(%s) = %+v, want it over still", status, got)
		}
	}
}

func transferCarrier(t *testing.T, s storage.Store) {
	ctx := t.Context()
	first, second := begin(t, s, call(t, s, "1"), 1), begin(t, s, call(t, s, "2"), 1)
	told := dispatch.TransferChange{Carrier: "CAleg", SIPCode: 180}
	for range 2 {
		if got, err := s.MoveTransfer(ctx, first.ID, []string{dispatch.TransferDialling}, told); err != nil || got.Carrier != "CAleg" {
			t.Errorf("MoveTransfer(carrier) = %+v, %v", got, err)
		}
	}
	_, err := s.MoveTransfer(ctx, second.ID, []string{dispatch.TransferDialling}, told)
	refused(t, "MoveTransfer(another's carrier id)", err, storage.ErrCarrier)
	if got, err := s.Transfer(ctx, second.ID); err != nil || got != second {
		t.Errorf("Transfer() = %+v, %v, want nothing changed", got, err)
	}
	third := newTransfer(call(t, s, "3"), 1)
	third.Carrier = "CAleg"
	_, _, err = s.CreateTransfer(ctx, third)
	refused(t, "CreateTransfer(another's carrier id)", err, storage.ErrCarrier)
	third.Carrier, third.ID = "", first.ID
	_, _, err = s.CreateTransfer(ctx, third)
	refused(t, "CreateTransfer(another's id)", err, storage.ErrCarrier)
}

func transferLists(t *testing.T, s storage.Store) {
	ctx := t.Context()
	one, two := call(t, s, "1"), call(t, s, "2")
	a := finish(t, s, begin(t, s, one, 9).ID)
	b := begin(t, s, one, 5) // began before a, by the clock of another node
	c := begin(t, s, two, 3)
	for _, l := range []struct {
		what string
		got  func() ([]dispatch.Transfer, error)
		want []dispatch.Transfer
	}{
		{"TransfersOf(1)", func() ([]dispatch.Transfer, error) { return s.TransfersOf(ctx, one.ID) }, []dispatch.Transfer{b, a}},
		{"TransfersOf(2)", func() ([]dispatch.Transfer, error) { return s.TransfersOf(ctx, two.ID) }, []dispatch.Transfer{c}},
		{"TransfersOf(nobody)", func() ([]dispatch.Transfer, error) { return s.TransfersOf(ctx, "nobody") }, nil},
		{"OpenTransfers()", func() ([]dispatch.Transfer, error) { return s.OpenTransfers(ctx) }, []dispatch.Transfer{c, b}},
	} {
		if got, err := l.got(); err != nil || !reflect.DeepEqual(got, l.want) {
			t.Errorf("%s = %+v, %v, want %+v", l.what, got, err, l.want)
		}
	}
}

func transferRace(t *testing.T, s storage.Store) {
	c := call(t, s, "1")
	oneWins(t, race(16, func(i int) error {
		_, _, err := s.CreateTransfer(t.Context(), newTransfer(c, i))
		return err
	}), storage.ErrTransferring)
	if all, err := s.TransfersOf(t.Context(), c.ID); err != nil || len(all) != 1 {
		t.Errorf("%d transfers, %v, want 1", len(all), err)
	}
}

func transferKeyRace(t *testing.T, s storage.Store) {
	c := call(t, s, "1")
	got, made := make([]telephony.CallID, 16), make([]bool, 16)
	for i, err := range race(len(got), func(i int) error {
		ask := newTransfer(c, i)
		ask.Key = "the same"
		on, created, err := s.CreateTransfer(t.Context(), ask)
		got[i], made[i] = on.ID, created
		return err
	}) {
		if err != nil || got[i] != got[0] {
			t.Errorf("CreateTransfer(%d) = %q, %v, want the one %q", i, got[i], err, got[0])
		}
	}
	if n := len(slices.DeleteFunc(made, func(m bool) bool { return !m })); n != 1 {
		t.Errorf("%d were told that they made it, want 1", n)
	}
}

func moveRace(t *testing.T, s storage.Store) {
	made := begin(t, s, call(t, s, "1"), 1)
	ends := []string{dispatch.OutcomeCanceled, dispatch.OutcomeBusy}
	outcomes := make([]string, 16)
	errs := race(len(outcomes), func(i int) error {
		got, err := s.MoveTransfer(t.Context(), made.ID, []string{dispatch.TransferDialling},
			dispatch.TransferChange{Status: dispatch.TransferOver, Outcome: ends[i%2], Reason: fmt.Sprint(i)})
		outcomes[i] = got.Reason
		return err
	})
	oneWins(t, errs, storage.ErrMoved)
	for i, err := range errs {
		if outcomes[i] != outcomes[0] || err == nil && outcomes[i] != fmt.Sprint(i) {
			t.Errorf("mover %d was shown %q (%v), want what the winner set", i, outcomes[i], err)
		}
	}
}

func transferAgainstEnd(t *testing.T, s storage.Store) {
	for i := range 16 {
		c := call(t, s, fmt.Sprint(i))
		began, over := false, false
		errs := race(2, func(who int) (err error) {
			if who == 0 {
				_, over, err = s.End(t.Context(), c.ID, 1, telephony.CallerHangup, now)
				return err
			}
			_, began, err = s.CreateTransfer(t.Context(), newTransfer(c, 1))
			return err
		})
		if errs[0] != nil || !over {
			t.Errorf("End() = %v, %v", over, errs[0])
		}
		if !began {
			refused(t, "CreateTransfer()", errs[1], storage.ErrEnded)
		}
		if all, err := s.TransfersOf(t.Context(), c.ID); err != nil || (len(all) == 1) != began {
			t.Errorf("%d transfers, %v, but CreateTransfer said %v", len(all), err, began)
		}
	}
}

package storetest

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/agentcore/cost"
	"github.com/hookswitch/hookswitch/agentcore/dispatch"
	"github.com/hookswitch/hookswitch/storage"
	"github.com/hookswitch/hookswitch/telephony"
)

func init() {
	suite("costs",
		check{"what was used adds up with each entry, and an append that is refused adds nothing", usageKept},
		check{"a call costs what the prices of its end say, whoever ends it", costKept},
		check{"what the carrier bills is in it, of other legs too", costCarried},
		check{"without prices a call has usage and no cost", costUnpriced},
		check{"a call that nobody answered costs nothing, and nobody is told", costUnanswered},
		check{"much use, and of what no database takes, is kept as what all take", usageOdd},
	)
}

const priceList = "model/openai/input_tokens=0.00015,model/openai/output_tokens=0.0006,voice/*/characters=0.3,carrier/inbound/minute=0.0085,carrier/outbound/minute=0.014"

// use is what a reply used.
func use(input, characters float64) agentcore.Used {
	return agentcore.Used{Uses: cost.Usage(nil).With(
		cost.Use{Stage: "model", Provider: "openai", Unit: "input_tokens", N: cost.Of(input)},
		cost.Use{Stage: "voice", Provider: "rime", Unit: "characters", N: cost.Of(characters)})}
}

// priced has s charge by list, and returns the bills that it tells.
func priced(t testing.TB, s storage.Store, list string) *[]cost.Bill {
	t.Helper()
	table, err := cost.Parse(list)
	if err != nil {
		t.Fatal(err)
	}
	told := &[]cost.Bill{}
	s.(*storage.DB).Price(table, func(b cost.Bill) { *told = append(*told, b) })
	return told
}

// answeredCall is a call whose first stream was let in a minute after it began.
func answeredCall(t testing.TB, s storage.Store, name string) storage.Call {
	t.Helper()
	r := call(t, s, name)
	if err := s.Admit(t.Context(), r.ID, 1, "node_a", later(1)); err != nil {
		t.Fatal(err)
	}
	return kept(t, s, r.ID)
}

func kept(t testing.TB, s storage.Store, id telephony.CallID) storage.Call {
	t.Helper()
	r, err := s.Call(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// endsAt is the n-th entry of a call, which ends it.
func endsAt(n int, at time.Time) agentcore.Entry {
	e := end(n)
	e.Wall = at
	return e
}

func usageKept(t *testing.T, s storage.Store) {
	ctx := t.Context()
	r, other := answeredCall(t, s, "1"), answeredCall(t, s, "2")
	for i, step := range []struct {
		entries []agentcore.Entry
		want    agentcore.Used
	}{
		{said(1, 1), agentcore.Used{}},
		{[]agentcore.Entry{entry(2, use(100, 10))}, use(100, 10)},
		{append(said(3, 3), entry(4, use(200, 20)), entry(5, use(1, 0.5))), use(301, 30.5)},
		{said(6, 7), use(301, 30.5)},
	} {
		if err := s.Append(ctx, r.ID, 1, step.entries); err != nil {
			t.Fatalf("step %d: Append() = %v", i, err)
		}
		if got := cost.Decode(kept(t, s, r.ID).Usage); !slices.Equal(got, step.want.Uses) {
			t.Errorf("step %d: kept %v, want %v", i, got, step.want.Uses)
		}
	}
	refused(t, "Append(with a gap)", s.Append(ctx, r.ID, 1, []agentcore.Entry{entry(9, use(5, 5))}), storage.ErrGap)
	refused(t, "Append(by another epoch)", s.Append(ctx, r.ID, 2, []agentcore.Entry{entry(8, use(5, 5))}), storage.ErrEpoch)
	if got := cost.Decode(kept(t, s, r.ID).Usage); !slices.Equal(got, use(301, 30.5).Uses) {
		t.Errorf("what was refused is kept: %v", got)
	}
	if got := whole(t, s, r.ID)[1]; !same([]agentcore.Entry{got}, []agentcore.Entry{entry(2, use(100, 10))}) {
		t.Errorf("the journal has %+v", got)
	}
	if got := kept(t, s, other.ID); got != other {
		t.Errorf("another call is %+v, want it as it was, %+v", got, other)
	}
}

func costKept(t *testing.T, s storage.Store) {
	told := priced(t, s, priceList)
	byEntry, byEnd := answeredCall(t, s, "1"), answeredCall(t, s, "2")
	for _, r := range []storage.Call{byEntry, byEnd} {
		if err := s.Append(t.Context(), r.ID, 1, []agentcore.Entry{entry(1, use(1000, 100))}); err != nil {
			t.Fatal(err)
		}
		if got := kept(t, s, r.ID); got.Cost != "" {
			t.Errorf("a call that goes on costs %s", got.Cost)
		}
	}
	if err := s.Append(t.Context(), byEntry.ID, 1, []agentcore.Entry{entry(2, use(1000, 100)), endsAt(3, later(3))}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Raise(t.Context(), byEnd.ID, 1, "node_b"); err != nil { // who had it has died
		t.Fatal(err)
	}
	for range 2 { // it is ended once
		if _, _, err := s.End(t.Context(), byEnd.ID, 2, telephony.LineLost, later(1).Add(time.Second)); err != nil {
			t.Fatal(err)
		}
	}
	for _, tt := range []struct {
		who   string
		id    telephony.CallID
		total cost.USD
		want  string
	}{
		{"the conversation", byEntry.ID, 17_000_000 + 300_000 + 60_000_000, `[{"stage":"carrier","provider":"inbound","unit":"minute","quantity":2},` +
			`{"stage":"model","provider":"openai","unit":"input_tokens","quantity":2000},{"stage":"voice","provider":"rime","unit":"characters","quantity":200}]`},
		{"another node", byEnd.ID, 8_500_000 + 150_000 + 30_000_000, `[{"stage":"carrier","provider":"inbound","unit":"minute","quantity":1},` +
			`{"stage":"model","provider":"openai","unit":"input_tokens","quantity":1000},{"stage":"voice","provider":"rime","unit":"characters","quantity":100}]`},
	} {
		r := kept(t, s, tt.id)
		b, ok := cost.DecodeBill(r.Cost)
		if !ok || b.Total != tt.total || r.Usage != tt.want || len(b.Parts) != 3 || b.Unpriced != nil {
			t.Errorf("ended by %s: %s for %s, want %d for %s", tt.who, r.Cost, r.Usage, tt.total, tt.want)
		}
	}
	if len(*told) != 2 || (*told)[0].Total != 77_300_000 || (*told)[1].Total != 38_650_000 {
		t.Errorf("told %+v", *told)
	}
}

func costCarried(t *testing.T, s storage.Store) {
	ctx := t.Context()
	priced(t, s, priceList)
	r := answeredCall(t, s, "1")
	for n, tr := range []dispatch.Transfer{
		{Answered: later(2), Bridged: later(3), Ended: later(4)},   // 2 minutes
		{Bridged: later(5), Ended: later(5).Add(61 * time.Second)}, // 2, of a blind one
		{Ended: later(7)}, // nobody answered
		{Answered: later(8), Bridged: later(8).Add(time.Second)},        // goes on: 2 until the call's end
		{Answered: later(7), Bridged: later(7), Ended: later(7).Add(1)}, // 1
	} {
		made := newTransfer(r, n)
		made.Key, made.Answered, made.Bridged, made.Ended = string(rune('a'+n)), tr.Answered, tr.Bridged, tr.Ended
		if !tr.Ended.IsZero() {
			made.Status, made.Outcome = dispatch.TransferOver, dispatch.OutcomeCompleted
		}
		if _, _, err := s.CreateTransfer(ctx, made); err != nil {
			t.Fatal(err)
		}
	}
	foreign := call(t, s, "2")
	foreign.ID, foreign.Carrier, foreign.Foreign = "call_foreign", "CAforeign", true
	if _, _, err := s.Create(ctx, foreign); err != nil {
		t.Fatal(err)
	}
	if err := s.Admit(ctx, foreign.ID, 1, "node_a", later(1)); err != nil {
		t.Fatal(err)
	}
	for id, want := range map[telephony.CallID]struct {
		usage string
		total cost.USD
	}{
		r.ID:       {`[{"stage":"carrier","provider":"inbound","unit":"minute","quantity":9},{"stage":"carrier","provider":"outbound","unit":"minute","quantity":7}]`, 9*8_500_000 + 7*14_000_000},
		foreign.ID: {"", 0},
	} {
		if _, first, err := s.End(ctx, id, 1, telephony.CallerHangup, later(10)); err != nil || !first {
			t.Fatal(first, err)
		}
		got := kept(t, s, id)
		if b, ok := cost.DecodeBill(got.Cost); !ok || got.Usage != want.usage || b.Total != want.total {
			t.Errorf("%s used %s for %s, want %s for %d", id, got.Usage, got.Cost, want.usage, want.total)
		}
	}
}

func costUnpriced(t *testing.T, s storage.Store) {
	r := answeredCall(t, s, "1")
	if err := s.Append(t.Context(), r.ID, 1, []agentcore.Entry{entry(1, use(10, 5)), endsAt(2, later(2))}); err != nil {
		t.Fatal(err)
	}
	if got := kept(t, s, r.ID); got.Cost != "" || len(cost.Decode(got.Usage)) != 3 {
		t.Errorf("it used %s and costs %s", got.Usage, got.Cost)
	}
	told := priced(t, s, "voice/rime/characters=1")
	part := answeredCall(t, s, "2")
	if err := s.Append(t.Context(), part.ID, 1, []agentcore.Entry{entry(1, use(10, 5)), endsAt(2, later(2))}); err != nil {
		t.Fatal(err)
	}
	b, ok := cost.DecodeBill(kept(t, s, part.ID).Cost)
	if !ok || b.Total != 5_000_000 || !slices.Equal(b.Unpriced, []string{"carrier/inbound/minute", "model/openai/input_tokens"}) {
		t.Errorf("with one price of three it costs %+v", b)
	}
	if len(*told) != 1 || !reflect.DeepEqual((*told)[0], b) {
		t.Errorf("told %+v", *told)
	}
}

func costUnanswered(t *testing.T, s storage.Store) {
	told := priced(t, s, priceList)
	r := call(t, s, "1")
	if _, first, err := s.End(t.Context(), r.ID, 1, telephony.NoAnswer, later(5)); err != nil || !first {
		t.Fatal(first, err)
	}
	if got := kept(t, s, r.ID); got.Usage != "" || got.Cost != "" || len(*told) != 0 {
		t.Errorf("it used %s and costs %s, told %v", got.Usage, got.Cost, *told)
	}
}

func usageOdd(t *testing.T, s storage.Store) {
	r := answeredCall(t, s, "1")
	odd := agentcore.Used{Uses: cost.Usage{{Stage: "voice", Provider: "\x00\xff'; DROP TABLE calls; --", Unit: "characters", N: cost.Of(1e18)}}}
	for n := 1; n <= 200; n++ {
		odd.Uses = append(odd.Uses, cost.Use{Stage: "voice", Provider: strings.Repeat("p", n), Unit: "characters", N: 1})
	}
	for n := 1; n <= 3; n++ {
		if err := s.Append(t.Context(), r.ID, 1, []agentcore.Entry{entry(n, odd)}); err != nil {
			t.Fatalf("Append() = %v", err)
		}
	}
	got := kept(t, s, r.ID).Usage
	if u := cost.Decode(got); len(u) == 0 || len(u) > 64 || len(got) > 16<<10 || strings.ContainsRune(got, 0) {
		t.Errorf("kept %d lines in %d bytes", len(u), len(got))
	}
}

package cost

import (
	"encoding/json"
	"math"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

func parsed(t testing.TB, text string, free ...string) Table {
	t.Helper()
	table, err := Parse(text, free...)
	if err != nil {
		t.Fatal(err)
	}
	return table
}

func TestThePriceThatNamesMostPartsCounts(t *testing.T) {
	table := parsed(t, `model/openai/input_tokens=0.00015, model/openai/*=0.0006, model/*/*=1,*/*/characters=0.3,
		*/rime/*=0.2, voice/*/audio_seconds=2,carrier/inbound/minute=0.0085,carrier/*/minute=0.014,recogniser/flite/*=1`, "flite", "moonshine")
	for _, tt := range []struct {
		claim, stage, name, unit string
		n                        float64
		want                     USD
		ok                       bool
	}{
		{"all three parts", "model", "openai", "input_tokens", 1, 150, true},
		{"two of them", "model", "openai", "output_tokens", 1e6, 600_000_000, true},
		{"the stage alone", "model", "gemini", "output_tokens", 1, 1_000_000, true},
		{"the unit alone", "voice", "elevenlabs", "characters", 10, 3_000_000, true},
		{"the stage before the provider", "voice", "rime", "audio_seconds", 1, 2_000_000, true},
		{"the provider before the unit", "voice", "rime", "characters", 1, 200_000, true},
		{"nothing", "recogniser", "deepgram", "audio_seconds", 1, 0, false},
		{"a carrier, for each minute", "carrier", "inbound", "minute", 3, 25_500_000, true},
		{"a carrier's other way", "carrier", "outbound", "minute", 2, 28_000_000, true},
		{"what is built in is free of every stage's price", "voice", "flite", "audio_seconds", 9, 0, true},
		{"what is built in is free without any", "recogniser", "moonshine", "audio_seconds", 9, 0, true},
		{"what is built in, by its name", "recogniser", "flite", "audio_seconds", 1, 1_000_000, true},
		{"twenty thousandths of a second", "voice", "elevenlabs", "audio_seconds", 0.02, 40_000, true},
	} {
		if got, ok := table.Price(tt.stage, tt.name, tt.unit, Of(tt.n)); got != tt.want || ok != tt.ok {
			t.Errorf("%s: %d, %v, want %d, %v", tt.claim, got, ok, tt.want, tt.ok)
		}
	}
	if _, ok := parsed(t, "*/*/*=5").Price(Carrier, "inbound", Minute, Of(1)); ok {
		t.Error("a price of thousands is a carrier's, which is of one")
	}
}

func TestTablesThatCantBeMeant(t *testing.T) {
	for text, why := range map[string]string{
		"model/openai=1":                        "STAGE/PROVIDER/UNIT",
		"model/openai/input_tokens/x=1":         "STAGE/PROVIDER/UNIT",
		"model//input_tokens=1":                 "STAGE/PROVIDER/UNIT",
		"llm/openai/input_tokens=1":             "the stage is one of",
		"model/openai/tokens=1":                 "the unit is one of",
		"carrier/in/minute=1":                   "inbound",
		"carrier/inbound/second=1":              "minute",
		"model/openai/input_tokens":             "no price",
		"model/openai/input_tokens=":            "no price",
		"model/openai/input_tokens=NaN":         "no price",
		"model/openai/input_tokens=-1":          "no price",
		"model/openai/input_tokens=1e7":         "no price",
		"model/openai/input_tokens=1e-10":       "billionth",
		"model/*/*=1,model/*/*=2":               "twice",
		strings.Repeat("x", 100) + "/a/b=1":     "STAGE/PROVIDER/UNIT",
		"model/openai/input_tokens=$0.1":        "no price",
		"voice/elevenlabs/minute=0.1":           "the unit is one of",
		"model/openai/input_tokens=1;model/a/b": "no price",
	} {
		if _, err := Parse(text); err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("Parse(%q) = %v, want %q", text, err, why)
		}
	}
	for _, text := range []string{"", " , ,", "model/openai/input_tokens=0"} {
		if table := parsed(t, text); table.Empty() != !strings.Contains(text, "=") {
			t.Errorf("Parse(%q) is empty: %v", text, table.Empty())
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("model/openai/input_tokens=0.00015,carrier/*/minute=0.0085", "model", "openai", int64(1000))
	f.Add("*/*/*=1e6", "voice", "x", int64(math.MaxInt64))
	f.Fuzz(func(t *testing.T, text, stage, name string, n int64) {
		table, err := Parse(text, "flite")
		if err != nil {
			return
		}
		q := Quantity(n)
		for _, unit := range append(slices.Clone(units), Minute) {
			one, ok := table.Price(stage, name, unit, q)
			if one < 0 || !ok && one != 0 {
				t.Fatalf("%d units cost %d, %v", q, one, ok)
			}
			if q > 0 && q < maxQuantity {
				if more, _ := table.Price(stage, name, unit, q+1); more < one {
					t.Fatalf("one unit more costs less: %d, %d", one, more)
				}
			}
		}
		u := Usage(nil).With(Use{stage, name, "input_tokens", q}, Use{stage, name, "cached_tokens", q / 2}, Use{stage, name, "characters", q})
		b, _ := table.Bill(u)
		sum := USD(0)
		for _, p := range b.Parts {
			sum = sum.plus(p.Cost)
		}
		if sum != b.Total {
			t.Fatalf("the parts of %+v sum to %d", b, sum)
		}
	})
}

// Cached tokens are part of the input, and a voice bills one of two units.
func TestNothingIsBilledTwice(t *testing.T) {
	used := Usage(nil).With(
		Use{"model", "p", "input_tokens", Of(1000)}, Use{"model", "p", "cached_tokens", Of(400)}, Use{"model", "p", "output_tokens", Of(50)},
		Use{"voice", "v", "characters", Of(200)}, Use{"voice", "v", "audio_seconds", Of(12.34)})
	for _, tt := range []struct {
		claim, table string
		want         string // parts
		total        USD
		unpriced     []string
	}{
		{"cached tokens have a price", "model/p/input_tokens=1,model/p/cached_tokens=0.1,model/p/output_tokens=2,voice/v/characters=0.5",
			"cached_tokens 400 0.04, input_tokens 600 0.6, output_tokens 50 0.1, characters 200 0.1", 840_000_000, nil},
		{"cached tokens have none", "model/p/input_tokens=1,model/p/output_tokens=2,voice/v/audio_seconds=0.5",
			"input_tokens 1000 1, output_tokens 50 0.1, audio_seconds 12.34 0.00617", 1_106_170_000, nil},
		{"one price for all", "model/*/*=1,voice/v/characters=0",
			"cached_tokens 400 0.4, input_tokens 600 0.6, output_tokens 50 0.05, characters 200 0", 1_050_000_000, nil},
		{"a row is missing", "model/p/cached_tokens=1",
			"cached_tokens 400 0.4", 400_000_000, []string{"model/p/input_tokens", "model/p/output_tokens", "voice/v/audio_seconds", "voice/v/characters"}},
		{"both units of a voice", "voice/v/*=1,model/p/*=0",
			"cached_tokens 400 0, input_tokens 600 0, output_tokens 50 0, audio_seconds 12.34 0.01234, characters 200 0.2", 212_340_000, nil},
	} {
		b, ok := parsed(t, tt.table).Bill(used)
		var parts []string
		for _, p := range b.Parts {
			parts = append(parts, p.Unit+" "+p.N.String()+" "+p.Cost.String())
		}
		if got := strings.Join(parts, ", "); !ok || got != tt.want || b.Total != tt.total || !slices.Equal(b.Unpriced, tt.unpriced) {
			t.Errorf("%s:\n     %s = %d, unpriced %q\nwant %s = %d, unpriced %q", tt.claim, got, b.Total, b.Unpriced, tt.want, tt.total, tt.unpriced)
		}
		if again, ok := DecodeBill(b.Encode()); !ok || !reflect.DeepEqual(again, b) {
			t.Errorf("%s: read again as %+v", tt.claim, again)
		}
	}
	if _, ok := (Table{}).Bill(used); ok {
		t.Error("a table without prices makes a bill")
	}
}

func TestMoneyIsExact(t *testing.T) {
	table := parsed(t, "model/p/input_tokens=0.0001")
	one, _ := table.Price("model", "p", "input_tokens", Of(1))
	sum := USD(0)
	for range 1_000_000 {
		sum = sum.plus(one)
	}
	if whole, _ := table.Price("model", "p", "input_tokens", Of(1e6)); sum != whole || whole.String() != "0.1" {
		t.Errorf("a million times a token is %d, a million tokens %d (%s)", sum, whole, whole)
	}
	for d, want := range map[USD]string{0: "0", 499: "0", 500: "0.000001", 12_300_000: "0.0123", 1_000_000_000: "1", 1_234_567_891: "1.234568", MaxUSD: "9223372036.854775"} {
		if got := d.String(); got != want {
			t.Errorf("%d is %s, want %s", int64(d), got, want)
		}
		if body, err := json.Marshal(d.Dollars()); err != nil || d != MaxUSD && string(body) != want {
			t.Errorf("%d is %s in JSON, want %s", int64(d), body, want)
		}
	}
	for n, want := range map[float64]string{0: "0", -1: "0", math.NaN(): "0", 0.36: "0.36", 12: "12", 1e-9: "0", math.Inf(1): "1000000000000"} {
		if got := Of(n).String(); got != want {
			t.Errorf("%v is %s, want %s", n, got, want)
		}
	}
}

func TestUsageAddsUpInOrderAndIsBounded(t *testing.T) {
	first := Usage(nil).With(Use{"voice", "v", "characters", Of(1)}, Use{"model", "m", "input_tokens", Of(2)}, Use{"model", "m", "x", 0})
	both := first.With(Use{"voice", "v", "characters", Of(0.5)})
	if got := both.Encode(); got != `[{"stage":"model","provider":"m","unit":"input_tokens","quantity":2},{"stage":"voice","provider":"v","unit":"characters","quantity":1.5}]` {
		t.Errorf("kept as %s", got)
	}
	if first[1].N != Of(1) {
		t.Error("With changed what it was called on")
	}
	if again := Decode(both.Encode()); !slices.Equal(again, both) {
		t.Errorf("read again as %v", again)
	}
	for _, bad := range []string{"", "{", "[1]", `[{"quantity":"x"}]`, `{"a":1}`} {
		if got := Decode(bad); got != nil {
			t.Errorf("Decode(%q) = %v", bad, got)
		}
	}
	var many Usage
	for n := range 1000 {
		many = many.With(Use{"voice", strings.Repeat("p", n), "characters", maxQuantity})
		many = many.With(Use{"voice", "", "characters", maxQuantity})
	}
	if len(many) != mostLines || many[0].N != maxQuantity {
		t.Errorf("%d lines, the first of %d", len(many), many[0].N)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(`[{"stage":"model","provider":"m","unit":"input_tokens","quantity":2}]`, `{"total":1,"parts":[{"stage":"voice","cost":1}]}`)
	f.Fuzz(func(t *testing.T, usage, bill string) {
		u := Decode(usage)
		if len(u) > mostLines || !slices.IsSortedFunc(u, byName) {
			t.Fatalf("%d lines: %v", len(u), u)
		}
		if again := Decode(u.Encode()); !slices.Equal(again, u) {
			t.Fatalf("%v is read again as %v", u, again)
		}
		if b, ok := DecodeBill(bill); ok {
			for _, p := range append(b.Parts, Part{Cost: b.Total}) {
				if !json.Valid([]byte(p.Cost.String())) {
					t.Fatalf("%d is no number: %s", p.Cost, p.Cost)
				}
			}
		}
	})
}

func TestATallyIsTakenOnce(t *testing.T) {
	var tally Tally
	frames := 3
	gone := tally.Follow(func() { tally.Used("recogniser", "r", "audio_seconds", float64(frames)*0.02); frames = 0 })
	var work sync.WaitGroup
	for range 8 {
		work.Go(func() {
			for range 100 {
				tally.Used("voice", "v", "characters", 1)
			}
		})
	}
	work.Wait()
	want := Usage{{"recogniser", "r", "audio_seconds", Of(0.06)}, {"voice", "v", "characters", Of(800)}}
	if got := tally.Take(); !slices.Equal(got, want) {
		t.Errorf("took %v, want %v", got, want)
	}
	if got := tally.Take(); len(got) != 0 {
		t.Errorf("took %v again", got)
	}
	gone()
	if frames = 1; len(tally.Take()) != 0 || frames != 1 {
		t.Error("who is gone was asked")
	}
}

func TestACarrierBillsMinutesThatWereBegun(t *testing.T) {
	at := time.Unix(1000, 0)
	for _, tt := range []struct {
		lasted time.Duration
		want   float64
	}{{0, 1}, {time.Microsecond, 1}, {time.Minute, 1}, {time.Minute + 1, 2}, {10 * time.Minute, 10}, {-1, 0}} {
		if got := Minutes(at, at.Add(tt.lasted)); got != Of(tt.want) {
			t.Errorf("%v are %s minutes, want %v", tt.lasted, got, tt.want)
		}
	}
	if Minutes(time.Time{}, at) != 0 {
		t.Error("a call that nobody answered is billed")
	}
}

package sim

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hookswitch/hookswitch/telephony/sim/handset"
)

// toldOf makes a call whose callbacks all go to /status, and returns them.
func (o *office) toldOf(h handset.Handset) []visit {
	o.t.Helper()
	o.carrier.Own(Number{Number: bought, VoiceURL: "http://office/voice"})
	o.pages["/voice"] = `<Dial><Number statusCallback="/status" statusCallbackEvent="initiated ringing answered completed">` + callee + `</Number></Dial>`
	o.phone(callee, 2*time.Second, beeper(1000, 10*time.Second))
	o.calls(h)
	o.carrier.Wait(o.t.Context()) // for who was dialled, too
	return o.visits("/status")
}

// The callbacks of a call keep their numbers, whatever becomes of them.
func TestCallbacksThatGoAstray(t *testing.T) {
	for _, tc := range []struct {
		name   string
		faults []Fault
		want   string // sequence numbers, as they came
	}{
		{"none", nil, "0 1 2 3"},
		{"lost", []Fault{{What: CallbackLost, Status: "completed"}}, "0 1 2"},
		{"all lost", []Fault{{What: CallbackLost}}, ""},
		{"every other one lost", []Fault{{What: CallbackLost, Every: 2}}, "0 2"},
		{"twice", []Fault{{What: CallbackTwice, Nth: 2}}, "0 1 1 2 3"},
		{"after the next", []Fault{{What: CallbackSwap, Nth: 2}}, "0 2 1 3"},
		{"after the next, of which there is none", []Fault{{What: CallbackSwap, Nth: 4}}, "0 1 2 3"},
		{"late", []Fault{{What: CallbackLate, For: time.Minute, Nth: 1}}, "1 2 3 0"},
		{"in reverse", []Fault{{What: CallbackLate, For: time.Minute, Status: "initiated"}, {What: CallbackLate, For: 40 * time.Second, Status: "ringing"}, {What: CallbackLate, For: 20 * time.Second, Status: "in-progress"}}, "3 2 1 0"},
		{"two at most", []Fault{{What: CallbackLost, Times: 2}}, "2 3"},
		{"only once it is answered", []Fault{{What: CallbackLost, At: 5 * time.Second}}, "0 1 2"},
		{"each fault counts for itself", []Fault{{What: CallbackTwice, Nth: 1}, {What: CallbackLost, Nth: 3}}, "0 0 1 3"},
		{"the first that fits bites", []Fault{{What: CallbackLost, Nth: 1}, {What: CallbackTwice}}, "1 1 2 2 3 3"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			inOffice(t, Config{}, func(t *testing.T, o *office) {
				o.faults(tc.faults...)
				var got []string
				tokens := map[string]string{}
				for _, v := range o.toldOf(handset.Silent) {
					seq := v.form.Get("SequenceNumber")
					got = append(got, seq)
					if token := v.header.Get("I-Twilio-Idempotency-Token"); tokens[seq] != "" && tokens[seq] != token {
						t.Error("a callback that came twice has another token")
					}
					tokens[seq] = v.header.Get("I-Twilio-Idempotency-Token")
				}
				if got := strings.Join(got, " "); got != tc.want {
					t.Errorf("callbacks came as %q, want %q", got, tc.want)
				}
			})
		})
	}
}

// What is left to chance depends on the seed alone: the same one gives the same
// run, to the nanosecond.
func TestASeedRepeatsExactly(t *testing.T) {
	run := func(seed uint64) (all []string) {
		inOffice(t, Config{Knobs: Knobs{Seed: seed}}, func(t *testing.T, o *office) {
			o.faults(
				Fault{What: CallbackLost, Chance: 0.3}, Fault{What: CallbackLate, For: 700 * ms, Chance: 0.3}, Fault{What: CallbackTwice, Chance: 0.3},
				Fault{What: WebhookTwice, Chance: 0.3}, Fault{What: WebhookLate, For: 300 * ms, Chance: 0.5},
			)
			for range 8 {
				o.toldOf(handset.Silent)
			}
			for _, v := range o.asked {
				all = append(all, fmt.Sprintf("%9d %s %s %s", v.at, v.path, v.form.Get("CallStatus"), v.form.Get("SequenceNumber")))
			}
			slices.Sort(all) // two at the same nanosecond have no order
		})
		return all
	}
	first := run(1)
	for range 5 {
		if again := run(1); !slices.Equal(again, first) {
			t.Fatalf("seed 1 gave\n%v\nand then\n%v", first, again)
		}
	}
	if other := run(2); slices.Equal(other, first) {
		t.Error("seed 2 gives the same run as seed 1")
	}
}

func TestChanceIsWhatItSays(t *testing.T) {
	c := &Carrier{knobs: Knobs{Seed: 7}}
	for _, chance := range []float64{0.05, 0.5, 0.9} {
		const n = 20_000
		tr := &trouble{carrier: c, ordinal: 3, plan: []planned{{Fault: Fault{What: LoseMedia, Chance: chance}}}}
		bites := 0
		for i := range n {
			if _, ok := tr.strike(occasion{n: i + 1}, LoseMedia); ok {
				bites++
			}
		}
		if got := float64(bites) / n; got < chance-0.02 || got > chance+0.02 {
			t.Errorf("a chance of %v bit %v of the time", chance, got)
		}
	}
}

// A fault that is added draws nothing from those that were there.
func TestFaultsDoNotDependOnEachOther(t *testing.T) {
	c := &Carrier{}
	bites := func(plan ...planned) (at []int) {
		tr := &trouble{carrier: c, plan: plan}
		for n := 1; n < 500; n++ {
			if f, ok := tr.strike(occasion{n: n}, LoseMedia, TwiceMedia); ok && f.What == LoseMedia {
				at = append(at, n)
			}
		}
		return at
	}
	lose := planned{Fault: Fault{What: LoseMedia, Chance: 0.2}}
	alone, beside := bites(lose), bites(lose, planned{Fault: Fault{What: TwiceMedia, Chance: 0.5}, index: 1})
	if len(alone) == 0 || !slices.Equal(alone, beside) {
		t.Errorf("alone it bites at %v, beside another at %v", alone, beside)
	}
}

func TestTheClockOfTheCarrierMayBeWrong(t *testing.T) {
	const skew = -90 * time.Second
	for _, tc := range []struct {
		name  string
		knobs Knobs
		fault []Fault
	}{
		{"for all calls", Knobs{Skew: skew}, nil},
		{"for one call", Knobs{}, []Fault{{What: Skew, For: skew, Number: callee}}},
	} {
		inOffice(t, Config{Knobs: tc.knobs}, func(t *testing.T, o *office) {
			o.faults(tc.fault...)
			o.toldOf(handset.Silent)
			want := stamp(bubbleBegin.Add(skew))
			if got := o.told("/status", "Timestamp")[0]; got[:22] != want[:22] {
				t.Errorf("%s: the first callback is of %s, want %s or soon after", tc.name, got, want)
			}
			call := o.to(callee)[0]
			if len(tc.fault) > 0 && o.carrier.Struck(Skew) != 1 {
				t.Errorf("it struck %d calls, want 1", o.carrier.Struck(Skew))
			}
			r := call.seen()
			if want := stamp(call.Answered().Add(skew)); r.StartTime == nil || *r.StartTime != want {
				t.Errorf("%s: REST says it was answered at %v, want %s", tc.name, r.StartTime, want)
			}
		})
	}
}

func TestSomethingIsDoneAtItsMoment(t *testing.T) {
	inOffice(t, Config{}, func(t *testing.T, o *office) {
		did := make(chan time.Duration, 9)
		do := func() { did <- time.Since(bubbleBegin) }
		o.faults(Fault{What: Do, At: 3 * time.Second, Run: do}, Fault{What: DoAtWebhook, Nth: 2, Run: do})
		o.pages["/voice"] = `<Say>.</Say><Pause length="5"/><Redirect>/next</Redirect>`
		o.calls(handset.Silent)
		synctest.Wait()
		if len(did) != 2 {
			t.Fatalf("done %d times, want 2", len(did))
		}
		if first, second := <-did, <-did; !near(first, 3*time.Second) || !near(second, 5*time.Second) {
			t.Errorf("done at %v and %v, want 3 s after answer and at the second webhook", first, second)
		}
	})
}

func TestACallInProgressGetsIntoTrouble(t *testing.T) {
	inOffice(t, Config{}, func(t *testing.T, o *office) {
		o.pages["/voice"] = `<Pause length="5"/><Redirect>/next</Redirect>`
		call := o.dials(handset.Silent)
		time.Sleep(time.Second)
		if err := call.Schedule(Fault{What: WebhookTwice, Path: "/next"}); err != nil {
			t.Fatal(err)
		}
		<-call.Done()
		if n := len(o.visits("/next")); n != 2 {
			t.Errorf("the webhook came %d times, want 2", n)
		}
		if call.Schedule(Fault{What: "sunspots"}) == nil {
			t.Error("a fault that nobody knows was taken")
		}
	})
}

func TestFaultsInWriting(t *testing.T) {
	for _, tc := range []struct {
		text string
		want Fault
	}{
		{"cut@5s", Fault{What: CutStream, At: 5 * time.Second}},
		{"hold@3s,for=800ms", Fault{What: HoldBack, At: 3 * time.Second, For: 800 * ms}},
		{"lose,chance=0.05", Fault{What: LoseMedia, Chance: 0.05}},
		{"webhook-status,code=503,path=/twilio/next,times=1", Fault{What: WebhookStatus, Code: 503, Path: "/twilio/next", Times: 1}},
		{"callback-lost,status=completed,call=2,number=+15005550010", Fault{What: CallbackLost, Status: "completed", Call: 2, Number: "+15005550010"}},
		{"misnumber,every=3,nth=6,at=1s", Fault{What: Misnumber, Every: 3, Nth: 6, At: time.Second}},
		{"skew,for=-90s", Fault{What: Skew, For: -90 * time.Second}},
		{"close@1s,code=4001", Fault{What: CloseFrame, At: time.Second, Code: 4001}},
	} {
		got, err := ParseFault(tc.text)
		if err != nil || got.String() != tc.want.String() {
			t.Errorf("ParseFault(%s) = %v, %v", tc.text, got, err)
		}
		if again, err := ParseFault(got.String()); err != nil || again.String() != got.String() {
			t.Errorf("%s is written as %s, which reads as %v, %v", tc.text, got, again, err)
		}
	}
	for text, want := range map[string]string{
		"":                              "no fault",
		"sunspots":                      "no fault",
		"do@1s":                         "no fault",
		"cut@soon":                      `"soon" is no value of at`,
		"cut@-1s":                       "counts from 1",
		"cut,for=1s":                    `no use for "for"`,
		"cut,x=1":                       `no "x"`,
		"hold":                          `needs a value of "for"`,
		"hold,for=6s":                   "5s at most",
		"slow,for=-1s":                  "less than nothing",
		"lose,chance=1.5":               "from 0 to 1",
		"lose,chance=NaN":               "from 0 to 1",
		"lose,nth=-1":                   "counts from 1",
		"lose,path=/x":                  `no use for "path"`,
		"webhook-status,code=200":       "from 400 to 599",
		"close-code,code=1006":          "no websocket",
		"close-code":                    `needs a value of "code"`,
		"late-start":                    `needs a value of "for"`,
		strings.Repeat("x", 201):        "more than 200",
		"lose,nth=99999999999999999999": "no value of nth",
	} {
		if f, err := ParseFault(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("ParseFault(%q) = %v, %v; want %q", text, f, err, want)
		}
	}
}

func FuzzFault(f *testing.F) {
	for _, text := range []string{"cut@5s", "lose,chance=0.05", "webhook-status,code=503,path=/a,times=1", "skew,for=-1h"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		fault, err := ParseFault(text)
		if err != nil {
			return
		}
		if again, err := ParseFault(fault.String()); err != nil && len(fault.String()) <= maxFaultText || err == nil && again.String() != fault.String() {
			t.Errorf("%q is written as %q, which reads as %v, %v", text, fault, again, err)
		}
	})
}

func FuzzOverrides(f *testing.F) {
	f.Add("rc=3&rp=5xx,ct,rt&ct=1000&rt=3000&tt=12000")
	f.Add("rp=%zz&&=&rc=-0")
	f.Fuzz(func(t *testing.T, fragment string) {
		o, _ := overridesOf("https://h/#"+fragment, 15*time.Second)
		if o.retries < 0 || o.retries > 5 || o.connect < 100*ms || o.connect > 10*time.Second || o.read < 100*ms || o.read > 15*time.Second || o.total < 100*ms || o.total > 15*time.Second {
			t.Errorf("%q gives %+v", fragment, o)
		}
	})
}

package sim

import (
	"math/rand/v2"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/telephony/sim/handset"
)

// asked is the detection that a form asks for.
func asked(t *testing.T, knobs Knobs, form string) *detection {
	t.Helper()
	c := &Carrier{knobs: knobs}
	r := httptest.NewRequest("POST", "/", nil)
	r.PostForm, _ = url.ParseQuery(form)
	d, fail := c.detectionOf(r)
	if fail != nil {
		t.Fatalf("detectionOf(%s) = %v", form, fail)
	}
	return d
}

func TestVerdictsFollowTheThresholds(t *testing.T) {
	const s = time.Second
	for _, tc := range []struct {
		name   string
		form   string
		is     handset.Truth
		want   string
		lo, hi time.Duration // of the moment
	}{
		{"a short hello", "MachineDetection=Enable", handset.Truth{Is: handset.Human, Greeting: 900 * time.Millisecond}, "human", fastest, slowest},
		{"nothing is known of them", "MachineDetection=Enable", handset.Truth{}, "human", fastest, slowest},
		{"a long greeting", "MachineDetection=Enable", handset.Truth{Is: handset.Voicemail, Greeting: 8 * s}, "machine_start", fastest, slowest},
		{"a business that says more than the threshold", "MachineDetection=Enable", handset.Truth{Is: handset.Human, Greeting: 3 * s}, "machine_start", fastest, slowest},
		{"the threshold is raised", "MachineDetection=Enable&MachineDetectionSpeechThreshold=4000", handset.Truth{Is: handset.Human, Greeting: 3 * s}, "human", 4200 * time.Millisecond, slowest},
		{"a fax", "MachineDetection=Enable", handset.Truth{Is: handset.Fax}, "fax", fastest, slowest},
		{"nobody speaks", "MachineDetection=Enable", handset.Truth{Is: handset.Human}, "unknown", 5 * s, 5 * s},
		{"the time is up", "MachineDetection=Enable&MachineDetectionTimeout=3&MachineDetectionSilenceTimeout=9000", handset.Truth{Is: handset.Human}, "unknown", 3 * s, 3 * s},
		{"the end by a beep", "MachineDetection=DetectMessageEnd", handset.Truth{Is: handset.Voicemail, Greeting: 8 * s, Beep: 9 * s}, "machine_end_beep", 9 * s, 9 * s},
		{"the end by silence", "MachineDetection=DetectMessageEnd", handset.Truth{Is: handset.Voicemail, Greeting: 8 * s}, "machine_end_silence", 9200 * time.Millisecond, 9200 * time.Millisecond},
		{"a greeting longer than the time-out", "MachineDetection=DetectMessageEnd", handset.Truth{Is: handset.Voicemail, Greeting: 40 * s, Beep: 41 * s}, "machine_end_other", 30 * s, 30 * s},
		{"an announcement", "MachineDetection=Enable", handset.Truth{Is: handset.Unavailable, Greeting: 9 * s}, "machine_start", fastest, slowest},
		{"a voicemail of few words", "MachineDetection=DetectMessageEnd", handset.Truth{Is: handset.Voicemail, Greeting: 2 * s, Beep: 3 * s}, "human", fastest, slowest},
		{"a human, though the end is asked for", "MachineDetection=DetectMessageEnd", handset.Truth{Is: handset.Human, Greeting: s}, "human", fastest, slowest},
	} {
		t.Run(tc.name, func(t *testing.T) {
			d := asked(t, Knobs{}, tc.form)
			for call := range uint64(50) {
				who, after := d.judge(tc.is, call)
				if who != tc.want || after < tc.lo || after > tc.hi {
					t.Fatalf("judge() = %s after %v, want %s after %v to %v", who, after, tc.want, tc.lo, tc.hi)
				}
			}
		})
	}
}

func TestDetectionErrsAsOftenAsItIsTold(t *testing.T) {
	human := handset.Truth{Is: handset.Human, Greeting: time.Second}
	count := func(knobs Knobs) map[string]int {
		d, n := asked(t, knobs, "MachineDetection=Enable"), map[string]int{}
		for call := range uint64(1000) {
			who, _ := d.judge(human, call)
			n[who]++
		}
		return n
	}
	if n := count(Knobs{}); n["human"] != 1000 {
		t.Errorf("without errors: %v", n)
	}
	if n := count(Knobs{HumanAsMachine: 0.2}); n["machine_start"] < 150 || n["machine_start"] > 250 || n["human"] != 1000-n["machine_start"] {
		t.Errorf("a fifth of humans taken for machines: %v", n)
	}
	if n := count(Knobs{Undetected: 0.1}); n["unknown"] < 60 || n["unknown"] > 140 {
		t.Errorf("a tenth unknown: %v", n)
	}
	a, b := asked(t, Knobs{Seed: 7, HumanAsMachine: 0.5}, "MachineDetection=Enable"), asked(t, Knobs{Seed: 8, HumanAsMachine: 0.5}, "MachineDetection=Enable")
	same := 0
	for call := range uint64(100) {
		who, after := a.judge(human, call)
		if again, then := a.judge(human, call); again != who || then != after {
			t.Fatal("the same seed gave two verdicts")
		}
		if other, then := b.judge(human, call); other == who && then == after {
			same++
		}
	}
	if same > 1 {
		t.Errorf("another seed gave %d of 100 verdicts again", same)
	}
}

func TestVerdictsTakeFourSecondsOnAverage(t *testing.T) {
	chance, sum := rand.New(rand.NewPCG(1, 2)), time.Duration(0)
	const n = 2000
	for range n {
		d := latency(chance)
		if d < fastest || d > slowest {
			t.Fatalf("latency %v", d)
		}
		sum += d
	}
	if mean := sum / n; mean < 3900*time.Millisecond || mean > 4100*time.Millisecond {
		t.Errorf("mean %v, want 4s", mean)
	}
}

func TestDetectionIsAskedForRightly(t *testing.T) {
	c := &Carrier{}
	for form, wrong := range map[string]string{
		"MachineDetection=Maybe":                                                   "MachineDetection ",
		"MachineDetection=Enable&AsyncAmd=yes":                                     "AsyncAmd ",
		"MachineDetection=Enable&MachineDetectionTimeout=60":                       "Timeout",
		"MachineDetection=Enable&MachineDetectionSpeechThreshold=999":              "SpeechThreshold",
		"MachineDetection=Enable&MachineDetectionSpeechEndThreshold=5001":          "SpeechEndThreshold",
		"MachineDetection=Enable&MachineDetectionSilenceTimeout=x":                 "SilenceTimeout",
		"MachineDetection=Enable&AsyncAmd=true&AsyncAmdStatusCallback=nowhere":     "AsyncAmdStatusCallback",
		"MachineDetection=Enable&AsyncAmd=true&AsyncAmdStatusCallbackMethod=PATCH": "Method",
	} {
		r := httptest.NewRequest("POST", "/", nil)
		r.PostForm, _ = url.ParseQuery(form)
		if _, fail := c.detectionOf(r); fail == nil || fail.Status != 400 || !strings.Contains(fail.Message+" ", wrong) {
			t.Errorf("%s: %+v, want a refusal of %s", form, fail, wrong)
		}
	}
	if d := asked(t, Knobs{}, "MachineDetection=Enable&SendDigits=1"); d != nil {
		t.Error("digits do not turn the detection off")
	}
}

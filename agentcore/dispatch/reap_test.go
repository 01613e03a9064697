package dispatch_test

import (
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/dispatch"
	"github.com/hookswitch/hookswitch/telephony"
)

// No call outlives MaxAge, whatever it does.
func TestOldCallsAreEnded(t *testing.T) {
	for claim, live := range map[string]func(o *office){
		"it talks":                        func(o *office) { o.connect(o.ring("CA1"), "CA1") },
		"it was never connected":          func(o *office) { o.ring("CA1") },
		"lost, and the carrier is silent": func(o *office) { s := o.connect(o.ring("CA1"), "CA1"); s.lose(); o.trunk.cut(true) },
	} {
		t.Run(claim, func(t *testing.T) {
			inOffice(t, func(c *dispatch.Config) {
				c.MaxAge, c.AskFor, c.ConnectWait = time.Hour, 24*time.Hour, 24*time.Hour
			}, func(t *testing.T, o *office) {
				live(o)
				time.Sleep(59 * time.Minute)
				if r := o.kept("CA1"); r.Over() {
					t.Fatalf("ended for %s before its time", r.Reason)
				}
				time.Sleep(2 * time.Minute)
				o.ended("CA1", telephony.MaxDuration)
				if o.counted("reaped") != 1 {
					t.Errorf("counted %v, want one that was too old", o.counts)
				}
			})
		})
	}
	t.Run("the records fail for an hour", func(t *testing.T) {
		inOffice(t, func(c *dispatch.Config) { c.MaxAge = time.Hour }, func(t *testing.T, o *office) {
			o.connect(o.ring("CA1"), "CA1")
			o.records.down.Store(true)
			time.Sleep(2 * time.Hour)
			o.records.down.Store(false)
			time.Sleep(time.Minute)
			o.ended("CA1", telephony.MaxDuration)
		})
	})
}

// A call that talks is asked about when its stream is mute, and now and then.
func TestTalkingCallsAreAskedAbout(t *testing.T) {
	for claim, test := range map[string]func(t *testing.T, o *office, s *stream){
		"mute, and over at the carrier": func(t *testing.T, o *office, s *stream) {
			s.mute.Store(true)
			o.trunk.set("CA1", telephony.Completed)
			time.Sleep(2 * time.Minute)
			o.ended("CA1", telephony.CallerHangup)
		},
		"mute, and it goes on": func(t *testing.T, o *office, s *stream) {
			s.mute.Store(true)
			time.Sleep(5 * time.Minute)
			o.ended("CA1", "")
			if o.trunk.hangups() != 0 {
				t.Error("hung up")
			}
		},
		"heard, and over at the carrier": func(t *testing.T, o *office, s *stream) {
			o.trunk.set("CA1", telephony.Completed)
			time.Sleep(14 * time.Minute)
			o.ended("CA1", "")
			time.Sleep(3 * time.Minute)
			o.ended("CA1", telephony.CallerHangup)
		},
		"heard: the carrier is left alone": func(t *testing.T, o *office, s *stream) {
			time.Sleep(40 * time.Minute)
			if o.trunk.questions() != 2 {
				t.Errorf("asked %d times in 40 minutes, want 2", o.trunk.questions())
			}
		},
	} {
		t.Run(claim, func(t *testing.T) {
			inOffice(t, nil, func(t *testing.T, o *office) { test(t, o, o.connect(o.ring("CA1"), "CA1")) })
		})
	}
}

package sim

import (
	"slices"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/telephony"
	"github.com/hookswitch/hookswitch/telephony/sim/handset"
	"github.com/hookswitch/hookswitch/telephony/sim/police"
)

func TestBothSidesOfADialHearEachOther(t *testing.T) {
	inOffice(t, Config{}, func(t *testing.T, o *office) {
		o.pages["/voice"] = `<Dial action="/after"><Number statusCallback="/child" statusCallbackEvent="initiated ringing answered completed">` + callee + `</Number></Dial>`
		o.phone(callee, 2*time.Second, beeper(1000, 3*time.Second))
		parent := o.calls(beeper(700, 0))
		child := o.to(callee)[0]
		o.want("/after", map[string]string{
			"DialCallStatus": "completed", "DialCallSid": child.sid, "DialCallDuration": "3", "DialBridged": "true", "CallStatus": "in-progress",
		})
		if here, there := heardFor(parent, 1000), heardFor(child, 700); !near(here, 3*time.Second) || !near(there, 3*time.Second) {
			t.Errorf("they heard each other for %v and %v, want 3s", here, there)
		}
		if got := heardFor(child, 1000); got != 0 {
			t.Errorf("the second phone heard itself for %v", got)
		}
		if got, want := o.told("/child", "CallStatus"), []string{"initiated", "ringing", "in-progress", "completed"}; !slices.Equal(got, want) {
			t.Errorf("callbacks %v, want %v", got, want)
		}
		if got, want := o.told("/child", "SequenceNumber"), []string{"0", "1", "2", "3"}; !slices.Equal(got, want) {
			t.Errorf("sequence %v, want %v", got, want)
		}
		if f := o.visits("/child")[0].form; f.Get("ParentCallSid") != parent.sid || f.Get("Direction") != "outbound-dial" {
			t.Errorf("the child's callbacks say %v", f)
		}
		o.clean()
	})
}

func TestDialThatFindsNobody(t *testing.T) {
	for _, tc := range []struct {
		name   string
		answer handset.Answer
		attrs  string
		status string
		after  time.Duration // from the call to its action
		sip    string
	}{
		{"busy", handset.Answer{Kind: handset.Busy}, ``, "busy", 120 * ms, "486"},
		{"declined", handset.Answer{Kind: handset.Rejects, After: time.Second}, ``, "busy", 1120 * ms, "603"},
		{"no answer for 30 s unless told", handset.Answer{Kind: handset.NoAnswer}, ``, "no-answer", 30*time.Second + 120*ms, "487"},
		{"no answer in time", handset.Answer{After: 10 * time.Second}, ` timeout="5"`, "no-answer", 5*time.Second + 120*ms, "487"},
		{"unreachable", handset.Answer{Kind: handset.Unreachable}, ``, "failed", 120 * ms, "404"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			inOffice(t, Config{}, func(t *testing.T, o *office) {
				o.pages["/voice"] = `<Dial action="/after"` + tc.attrs + `><Number statusCallback="/child">` + callee + `</Number></Dial>`
				o.carrier.Register(callee, Phone{Answer: tc.answer})
				o.calls(handset.Silent)
				o.want("/after", map[string]string{"DialCallStatus": tc.status, "DialBridged": "false", "DialCallDuration": ""})
				o.want("/child", map[string]string{"CallStatus": tc.status, "SipResponseCode": tc.sip, "SequenceNumber": "0"})
				if got := o.one("/after").at; got != tc.after {
					t.Errorf("asked for the action at %v, want %v", got, tc.after)
				}
			})
		})
	}
}

func TestCallerWhoHangsUpStopsTheRinging(t *testing.T) {
	inOffice(t, Config{}, func(t *testing.T, o *office) {
		o.pages["/voice"] = `<Dial action="/after">` + callee + `</Dial>`
		o.phone(callee, time.Minute, handset.Silent)
		o.calls(handset.Noisy(handset.Noise{At: 3 * time.Second, Hangup: true}))
		if got := o.to(callee)[0]; got.Status() != telephony.StateStop || !got.Answered().IsZero() {
			t.Errorf("the second phone's call is %s", got.Status())
		}
		o.want("/after", map[string]string{"DialCallStatus": "canceled", "CallStatus": "completed"})
	})
}

func TestAnswerOnBridgeLetsTheCallerRing(t *testing.T) {
	inOffice(t, Config{}, func(t *testing.T, o *office) {
		o.pages["/voice"] = `<Dial action="/after" answerOnBridge="true">` + callee + `</Dial>`
		o.phone(callee, 4*time.Second, handset.Noisy(handset.Noise{At: time.Second, Hangup: true}))
		parent := o.dials(handset.Silent)
		time.Sleep(3 * time.Second)
		if got := parent.Status(); got != telephony.Ringing {
			t.Errorf("the caller's call is %s before the bridge, want ringing", got)
		}
		o.carrier.Wait(t.Context())
		if got := parent.Answered().Sub(o.to(callee)[0].Answered()); got != 0 {
			t.Errorf("the caller was answered %v after the callee", got)
		}
		o.want("/after", map[string]string{"DialCallStatus": "completed"})
	})
}

func TestTimeLimitEndsABridge(t *testing.T) {
	inOffice(t, Config{}, func(t *testing.T, o *office) {
		o.pages["/voice"] = `<Dial action="/after" timeLimit="7">` + callee + `</Dial>`
		o.phone(callee, 0, handset.Silent)
		o.calls(handset.Silent)
		o.want("/after", map[string]string{"DialCallStatus": "completed", "DialCallDuration": "7"})
	})
}

func TestStarHangsUpOnTheCallee(t *testing.T) {
	inOffice(t, Config{}, func(t *testing.T, o *office) {
		o.pages["/voice"] = `<Dial action="/after" hangupOnStar="true">` + callee + `</Dial>`
		o.phone(callee, 0, handset.Silent)
		parent := o.calls(handset.Noisy(handset.Noise{At: time.Second, Digit: '1'}, handset.Noise{At: 2 * time.Second, Digit: '*'}))
		o.want("/after", map[string]string{"DialCallStatus": "completed", "DialCallDuration": "2", "CallStatus": "in-progress"})
		if got := parent.Status(); got != telephony.Completed {
			t.Errorf("the caller's call is %s", got)
		}
	})
}

func TestCallerIDIsTheAccounts(t *testing.T) {
	for _, tc := range []struct {
		name, id, want string // want is empty when the Dial fails
		noun           string
	}{
		{"none is the caller's", ``, caller, `<Number>` + callee + `</Number>`},
		{"the number that was called", bought, bought, `<Number>` + callee + `</Number>`},
		{"the caller's", caller, caller, `<Number>` + callee + `</Number>`},
		{"a verified one", "+15005550099", "+15005550099", `<Number>` + callee + `</Number>`},
		{"anybody's", "+15005550098", "", `<Number>` + callee + `</Number>`},
		{"anybody's for SIP", "reception", "reception", `<Sip>sip:` + callee + `@example.com</Sip>`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			cfg := Config{Accounts: []Account{{SID: "AC0123456789abcdef0123456789abcdef", Verified: []string{"+15005550099"}}}}
			inOffice(t, cfg, func(t *testing.T, o *office) {
				o.pages["/voice"] = `<Dial action="/after" callerId="` + tc.id + `">` + tc.noun + `</Dial>`
				for _, number := range []string{callee, "sip:" + callee + "@example.com"} {
					o.phone(number, 0, handset.Noisy(handset.Noise{At: time.Second, Hangup: true}))
				}
				o.calls(handset.Silent)
				if tc.want == "" {
					o.want("/after", map[string]string{"DialCallStatus": "failed", "DialCallSid": ""})
					if v := o.carrier.Police().Violations(); len(v) != 1 || v[0].Kind != police.Dial || v[0].Code != 13214 {
						t.Errorf("violations %v, want 13214", v)
					}
					return
				}
				o.clean()
				o.want("/after", map[string]string{"DialCallStatus": "completed"})
				if got := o.carrier.Calls()[1].From(); got != tc.want {
					t.Errorf("the callee saw %s, want %s", got, tc.want)
				}
			})
		})
	}
}

func TestFirstOfSeveralPhonesTakesTheCall(t *testing.T) {
	for _, tc := range []struct {
		attrs string
		calls []telephony.State // to callee, then to other
		at    time.Duration     // of the bridge
	}{
		{``, []telephony.State{telephony.StateStop, telephony.Completed}, 2 * time.Second},
		{` sequential="true" timeout="4"`, []telephony.State{telephony.StateNone, telephony.Completed}, 6 * time.Second},
	} {
		inOffice(t, Config{}, func(t *testing.T, o *office) {
			o.pages["/voice"] = `<Dial action="/after"` + tc.attrs + `><Number>` + callee + `</Number><Number>` + other + `</Number></Dial>`
			o.phone(callee, 9*time.Second, handset.Silent)
			o.phone(other, 2*time.Second, handset.Noisy(handset.Noise{At: time.Second, Hangup: true}))
			o.calls(handset.Silent)
			second := o.to(other)[0]
			if got := []telephony.State{o.to(callee)[0].Status(), second.Status()}; !slices.Equal(got, tc.calls) {
				t.Errorf("%q: the calls are %v, want %v", tc.attrs, got, tc.calls)
			}
			if got := second.Answered().Sub(bubbleBegin); !near(got, tc.at) {
				t.Errorf("%q: bridged after %v, want %v", tc.attrs, got, tc.at)
			}
			o.want("/after", map[string]string{"DialCallSid": second.sid, "DialBridged": "true"})
		})
	}
}

func TestWhisperIsHeardByTheCalleeAlone(t *testing.T) {
	for _, tc := range []struct {
		name    string
		page    string
		press   byte
		status  string
		bridged string
	}{
		{"nothing to do", ``, 0, "completed", "true"},
		{"declined by the document", `<Hangup/>`, 0, "completed", "false"},
		{"accepted with a key", `<Gather action="/accept" numDigits="1"/><Hangup/>`, '1', "completed", "true"},
		{"no key in time", `<Gather action="/accept" numDigits="1"/><Hangup/>`, 0, "completed", "false"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			inOffice(t, Config{}, func(t *testing.T, o *office) {
				o.pages["/voice"] = `<Dial action="/after"><Number url="/whisper" sendDigits="42">` + callee + `</Number></Dial>`
				o.pages["/whisper"] = `<Play digits="9"/>` + tc.page
				o.phone(callee, time.Second, handset.Noisy(handset.Noise{At: 2 * time.Second, Digit: tc.press}, handset.Noise{At: 10 * time.Second, Hangup: true}))
				parent := o.calls(handset.Silent)
				child := o.to(callee)[0]
				o.clean()
				o.want("/whisper", map[string]string{"CallSid": child.sid, "ParentCallSid": parent.sid, "CallStatus": "in-progress", "Direction": "outbound-dial"})
				o.want("/after", map[string]string{"DialCallStatus": tc.status, "DialBridged": tc.bridged, "CallStatus": "in-progress"})
				if got := keysHeard(child); got != "429" {
					t.Errorf("the callee heard the keys %q, want 429", got)
				}
				if got := keysHeard(parent); got != "" {
					t.Errorf("the caller heard the keys %q", got)
				}
			})
		})
	}
}

func TestWhisperMustNotDial(t *testing.T) {
	inOffice(t, Config{}, func(t *testing.T, o *office) {
		o.pages["/voice"] = `<Dial action="/after"><Number url="/whisper">` + callee + `</Number></Dial>`
		o.pages["/whisper"] = `<Dial>` + other + `</Dial>`
		o.phone(callee, 0, handset.Noisy(handset.Noise{At: time.Second, Hangup: true}))
		o.calls(handset.Silent)
		if v := o.carrier.Police().Violations(); len(v) != 1 || v[0].Kind != police.UnknownVerb {
			t.Errorf("violations %v, want an unknown verb", v)
		}
		if len(o.to(other)) != 0 {
			t.Error("somebody was dialled from a whisper")
		}
	})
}

func TestDeclinedDialIsCalledWhatTheKnobSays(t *testing.T) {
	inOffice(t, Config{Knobs: Knobs{DeclinedDial: telephony.StateNone}}, func(t *testing.T, o *office) {
		o.pages["/voice"] = `<Dial action="/after"><Number url="/whisper">` + callee + `</Number></Dial>`
		o.pages["/whisper"] = `<Hangup/>`
		o.phone(callee, 0, handset.Silent)
		o.calls(handset.Silent)
		o.want("/after", map[string]string{"DialCallStatus": "no-answer", "DialBridged": "false"})
	})
}

func TestCallerHearsRingingIfTheKnobSaysSo(t *testing.T) {
	for _, on := range []bool{false, true} {
		inOffice(t, Config{Knobs: Knobs{Ringback: on}}, func(t *testing.T, o *office) {
			o.pages["/voice"] = `<Dial>` + callee + `</Dial>`
			o.phone(callee, 7*time.Second, handset.Noisy(handset.Noise{At: time.Second, Hangup: true}))
			parent := o.calls(handset.Silent)
			want := time.Duration(0)
			if on {
				want = 3 * time.Second // 0 to 2, and 6 to 7
			}
			if got := heardFor(parent, 440); !near(got, want) {
				t.Errorf("knob %v: it rang for %v, want %v", on, got, want)
			}
		})
	}
}

func TestCalleeSentElsewhereLeavesTheCaller(t *testing.T) {
	inOffice(t, Config{}, func(t *testing.T, o *office) {
		o.pages["/voice"] = `<Dial action="/after">` + callee + `</Dial>`
		o.pages["/elsewhere"] = `<Pause length="5"/>`
		o.phone(callee, 0, handset.Silent)
		o.dials(handset.Silent)
		time.Sleep(3 * time.Second)
		child := o.to(callee)[0]
		child.redirect(request{url: "http://office/elsewhere"})
		o.carrier.Wait(t.Context())
		o.want("/after", map[string]string{"DialCallStatus": "completed", "DialBridged": "true", "DialCallDuration": ""})
		o.want("/elsewhere", map[string]string{"CallSid": child.sid, "CallStatus": "in-progress"})
		if got := child.Duration(); !near(got, 8*time.Second) {
			t.Errorf("the callee's call lasted %v, want 8s", got)
		}
	})
}

func TestKeysAreHeardAcrossABridge(t *testing.T) {
	inOffice(t, Config{}, func(t *testing.T, o *office) {
		o.pages["/voice"] = `<Dial>` + callee + `</Dial>`
		o.phone(callee, 0, handset.Noisy(handset.Noise{At: 3 * time.Second, Digit: '#'}, handset.Noise{At: 5 * time.Second, Hangup: true}))
		parent := o.calls(handset.Noisy(handset.Noise{At: time.Second, Digit: '7'}, handset.Noise{At: 1020 * ms, Digit: '3'}))
		if here, there := keysHeard(parent), keysHeard(o.to(callee)[0]); here != "#" || there != "73" {
			t.Errorf("they heard the keys %q and %q, want # and 73", here, there)
		}
	})
}

// keysHeard are the keys in what a call's phone heard.
func keysHeard(c *Call) string {
	var ear handset.KeyEar
	var keys []byte
	_, heard := c.Recording()
	for i := range heard {
		if k := ear.Hear(&heard[i]); k != 0 {
			keys = append(keys, k)
		}
	}
	return string(keys)
}

func TestDialIsChecked(t *testing.T) {
	for attrs, kind := range map[string]police.Kind{
		`timeout="0"`: police.Attribute, `timeLimit="x"`: police.Attribute, `hangupOnStar="yes"`: police.Attribute,
		`answerOnBridge="1"`: police.Attribute, `loud="1"`: police.UnknownVerb, `record="true"`: police.Unsupported,
	} {
		inOffice(t, Config{}, func(t *testing.T, o *office) {
			o.pages["/voice"] = `<Dial ` + attrs + `><Number>` + callee + `</Number></Dial>`
			o.calls(handset.Silent)
			if got := o.carrier.Police().Count(kind); got != 1 {
				t.Errorf("%s: %d times %s, want 1", attrs, got, kind)
			}
		})
	}
	for noun, kind := range map[string]police.Kind{
		`<Number>42</Number>`: police.Dial, `<Number sendDigits="x">` + callee + `</Number>`: police.Attribute, `<Client>bob</Client>`: police.UnknownVerb,
		`<Number statusCallback="/x" statusCallbackEvent="initiated,ringing">` + callee + `</Number>`: police.UnknownCallback,
	} {
		inOffice(t, Config{}, func(t *testing.T, o *office) {
			o.pages["/voice"] = `<Dial>` + noun + `</Dial>`
			o.calls(handset.Silent)
			if got := o.carrier.Police().Count(kind); got != 1 {
				t.Errorf("%s: %d times %s, want 1: %v", noun, got, kind, o.carrier.Police().Violations())
			}
		})
	}
}

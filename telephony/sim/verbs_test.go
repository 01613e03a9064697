package sim

import (
	"context"
	"errors"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/telephony/sim/handset"
)

func TestStreamHearsKeysOnlyIfTheKnobSaysSo(t *testing.T) {
	for _, tc := range []struct {
		to    endpoint
		knob  bool
		audio bool
	}{{&stream{}, false, false}, {&stream{}, true, true}, {&seat{}, false, true}, {nil, false, true}} {
		l := newLeg(&Call{asker: asker{carrier: &Carrier{knobs: Knobs{KeysInStream: tc.knob}}}}, handset.Silent, time.Now())
		var ear handset.KeyEar
		var heard byte
		for i := range 10 {
			var said media.Frame
			digit := byte(0)
			if i == 0 {
				digit = '5'
			}
			l.press(digit, tc.to, &said)
			heard = max(heard, ear.Hear(&said))
		}
		if (heard == '5') != tc.audio {
			t.Errorf("%T, knob %v: heard %q, want the key: %v", tc.to, tc.knob, heard, tc.audio)
		}
	}
}

// FuzzVerbs plays whatever is TwiML to a silent phone for a while.
func FuzzVerbs(f *testing.F) {
	for _, page := range []string{
		`<Dial timeout="1" callerId="x" sequential="true"><Number sendDigits="1w" url="/x">+15005550011</Number><Sip>sip:a@b</Sip></Dial>`,
		`<Dial hangupOnStar="true" timeLimit="1"><Conference beep="x" maxParticipants="0" statusCallback="/c" statusCallbackEvent="join leave end">r</Conference></Dial>`,
		`<Gather input="dtmf speech" numDigits="-1" finishOnKey="" timeout="auto"><Say>x</Say><Play digits="1Ww"/><Pause length="1"/></Gather>`,
		`<Record timeout="0" maxLength="99999" finishOnKey="abc" trim="x" playBeep="false"/>`,
		`<Refer><Sip>x</Sip></Refer><Reject/>`,
	} {
		f.Add(page)
	}
	f.Fuzz(func(t *testing.T, page string) {
		if len(page) > 1000 {
			return
		}
		synctest.Test(t, func(t *testing.T) {
			c, err := New(Config{AccountSID: "AC0123456789abcdef0123456789abcdef", AuthToken: "x", Forget: true})
			if err != nil {
				t.Fatal(err)
			}
			c.web.DialContext = nowhere
			c.Register(callee, Phone{})
			call, err := c.newCall(callSpec{direction: inbound, from: caller, to: bought})
			if err != nil {
				t.Fatal(err)
			}
			call.start(func() { call.run(request{twiml: "<Response>" + page + "</Response>"}) })
			time.Sleep(20 * time.Second)
			c.Close()
			if len(c.Conferences()) != 0 || !call.Status().Terminal() {
				t.Errorf("left over: %v, a call that is %s", c.Conferences(), call.Status())
			}
		})
	})
}

// nowhere is a network on which nobody is.
func nowhere(context.Context, string, string) (net.Conn, error) {
	return nil, errors.New("nobody is there")
}

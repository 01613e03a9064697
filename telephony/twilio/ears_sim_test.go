package twilio_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/telephony"
	"github.com/hookswitch/hookswitch/telephony/sim"
	"github.com/hookswitch/hookswitch/telephony/sim/handset"
	"github.com/hookswitch/hookswitch/telephony/twilio"
)

// switchboard is a desk that sends every caller to somebody else at once, and
// listens; at its door it says back what it hears.
type switchboard struct {
	telephony.Desk
	step telephony.Step

	mu      sync.Mutex
	caller  [2]time.Duration // that 600 Hz and 1200 Hz were heard on the caller's side
	other   [2]time.Duration // the same of the other's
	entered []telephony.Entering
	ended   chan error
}

func (b *switchboard) Ring(_ context.Context, in telephony.Incoming) (telephony.Step, error) {
	return b.step, nil
}
func (b *switchboard) Next(context.Context, telephony.Question) (telephony.Step, error) {
	return telephony.Step{Kind: telephony.StepHangup}, nil
}
func (b *switchboard) Report(context.Context, telephony.Progress) error { return nil }

func (b *switchboard) Overhear(_ context.Context, token string, as telephony.Ref) (telephony.Call, error) {
	if token != b.step.Ear {
		return telephony.Call{}, telephony.ErrToken
	}
	return telephony.Call{ID: "call_1", Carrier: as.ID}, nil
}

func (b *switchboard) Listen(_ context.Context, _ telephony.Call, ears telephony.Ears) error {
	var caller, other media.Frame
	for {
		if err := ears.Next(&caller, &other); err != nil {
			b.ended <- err
			return nil
		}
		b.mu.Lock()
		for i, hz := range []float64{600, 1200} {
			if handset.Level(&caller, hz) > handset.ToneLevel/2 {
				b.caller[i] += media.FrameDuration
			}
			if handset.Level(&other, hz) > handset.ToneLevel/2 {
				b.other[i] += media.FrameDuration
			}
		}
		b.mu.Unlock()
	}
}

func (b *switchboard) Enter(_ context.Context, door string, in telephony.Entering) (telephony.Call, error) {
	if door != "secret" {
		return telephony.Call{}, telephony.ErrToken
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.entered = append(b.entered, in)
	return telephony.Call{ID: "call_1", Carrier: in.Carrier}, nil
}

// Talk says back what it hears for a second, and hangs up.
func (b *switchboard) Talk(_ context.Context, _ telephony.Call, leg telephony.Leg) error {
	var f media.Frame
	for range 50 {
		if _, err := leg.Next(&f); err != nil {
			b.ended <- err
			return err
		}
		if err := leg.Write(&f); err != nil {
			return err
		}
	}
	b.ended <- nil
	return leg.Hangup(context.Background())
}

// newSwitchboard is a trunk with b behind it, and a carrier with an account of a
// stranger's, whose number simTheirs does what document says of the trunk's
// address.
func newSwitchboard(t *testing.T, b *switchboard, document func(base string) string) *sim.Carrier {
	t.Helper()
	b.ended = make(chan error, 10)
	var trunk *twilio.Trunk
	own := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/theirs" {
			w.Header().Set("Content-Type", "text/xml")
			w.Write([]byte(document("ws://" + r.Host)))
			return
		}
		trunk.Handler().ServeHTTP(w, r)
	}))
	c, err := sim.New(sim.Config{
		AccountSID: simAccount, AuthToken: "maintoken",
		Accounts: []sim.Account{{SID: simOther, AuthToken: "strangers", Stranger: true}},
		Numbers:  []sim.Number{{Number: simNumber, VoiceURL: own.URL + "/twilio/voice"}, {Number: simTheirs, Account: simOther, VoiceURL: own.URL + "/theirs"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if trunk, err = twilio.New(twilio.Config{AccountSID: simAccount, AuthToken: "maintoken", PublicURL: own.URL}, b); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		c.Close()
		if err := trunk.Close(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
		own.Close()
	})
	return c
}

func sounding(hz float64, hangup time.Duration) handset.Handset {
	tone := handset.Tone(time.Second, hz)
	i := 0
	return handset.Func(func(now time.Duration, _, say *media.Frame) handset.Touch {
		*say = tone[i%len(tone)]
		i++
		return handset.Touch{Hangup: hangup > 0 && now >= hangup}
	})
}

// dialled calls a number and waits for the call's end.
func dialled(t *testing.T, c *sim.Carrier, number string, h handset.Handset) *sim.Call {
	t.Helper()
	call, err := c.Call(t.Context(), simTo, number, h)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 15*time.Second)
	defer cancel()
	if err := call.Wait(ctx); err != nil {
		t.Fatal(err)
	}
	return call
}

func TestTheSimulatedCarrierLetsUsHearWhoTakesACallOver(t *testing.T) {
	b := &switchboard{step: telephony.Step{Kind: telephony.StepDial, Ear: "ear", Dial: telephony.Dial{Transfer: "xfer_1", To: "+15005550011"}}}
	c := newSwitchboard(t, b, nil)
	c.Register("+15005550011", sim.Phone{Make: func() handset.Handset { return sounding(1200, 2500*time.Millisecond) }})
	dialled(t, c, simNumber, sounding(600, 6*time.Second))
	if err := <-b.ended; err == nil || errors.Is(err, telephony.ErrLost) {
		t.Errorf("it ended with %v, want that the carrier stopped it", err)
	}
	if b.caller[0] < time.Second || b.other[1] < time.Second || b.caller[1]+b.other[0] != 0 {
		t.Errorf("heard of the caller %v, of the other %v", b.caller, b.other)
	}
	for _, v := range c.Police().Violations() {
		t.Error(v)
	}
}

func TestTheSimulatedCarriersStrangerComesInByTheDoor(t *testing.T) {
	b := &switchboard{}
	c := newSwitchboard(t, b, func(base string) string {
		return `<Response><Connect><Stream url="` + base + `/livekit/twilio/secret"><Parameter name="from" value="` + simTo +
			`"/></Stream></Connect><Pause length="1"/></Response>`
	})
	call := dialled(t, c, simTheirs, sounding(600, 0))
	if err := <-b.ended; err != nil {
		t.Errorf("the stream ended with %v", err)
	}
	_, heard := call.Recording()
	echo := slices.ContainsFunc(heard, func(f media.Frame) bool { return handset.Level(&f, 600) > handset.ToneLevel/2 })
	if !echo || len(b.entered) != 1 || b.entered[0] != (telephony.Entering{Carrier: call.SID(), Account: simOther, From: simTo}) {
		t.Errorf("heard themselves: %v; entered %+v", echo, b.entered)
	}
	if took := call.Duration(); took < 1900*time.Millisecond || took > 8*time.Second {
		t.Errorf("the call lasted %v, want a second with us, and their Pause", took)
	}
	if v := c.Police().Violations(); len(v) != 0 {
		t.Error(v)
	}
}

func TestTheSimulatedCarriersStrangerHangsUp(t *testing.T) {
	b := &switchboard{}
	c := newSwitchboard(t, b, func(base string) string {
		return `<Response><Connect><Stream url="` + base + `/livekit/twilio/secret"/></Connect></Response>`
	})
	dialled(t, c, simTheirs, sounding(600, 300*time.Millisecond))
	if err := <-b.ended; !errors.Is(err, telephony.ErrStopped) {
		t.Errorf("the stream ended with %v, want that the carrier stopped it", err)
	}
}

func TestTheSimulatedCarriersStrangerGuesses(t *testing.T) {
	b := &switchboard{}
	c := newSwitchboard(t, b, func(base string) string {
		return `<Response><Connect><Stream url="` + base + `/livekit/twilio/` + strings.Repeat("guess", 200) + `"/></Connect></Response>`
	})
	dialled(t, c, simTheirs, sounding(600, 0))
	if len(b.entered) != 0 {
		t.Errorf("entered %+v", b.entered)
	}
}

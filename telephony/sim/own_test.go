package sim_test

import (
	"errors"
	"testing"

	"github.com/hookswitch/hookswitch/telephony/sim"
	"github.com/hookswitch/hookswitch/telephony/sim/handset"
)

func TestANumberBoughtLaterCanBeCalled(t *testing.T) {
	c, err := sim.New(sim.Config{AccountSID: "AC00000000000000000000000000000001", AuthToken: "secret"})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	const number = "+14155550142"
	if _, err := c.Call(t.Context(), "+14155550134", number, handset.Silent); !errors.Is(err, sim.ErrUnknownNumber) {
		t.Errorf("Call() before = %v, want ErrUnknownNumber", err)
	}
	if err := c.Own(sim.Number{Number: "142"}); err == nil {
		t.Error("Own(142) succeeded")
	}
	if err := c.Own(sim.Number{Number: number, VoiceURL: "http://127.0.0.1:1/twilio/voice"}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Call(t.Context(), "+14155550134", number, handset.Silent); err != nil {
		t.Errorf("Call() after = %v", err)
	}
}

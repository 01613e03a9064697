package sim_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"time"

	"github.com/hookswitch/hookswitch/telephony/sim"
	"github.com/hookswitch/hookswitch/telephony/sim/handset"
	"github.com/hookswitch/hookswitch/telephony/sim/persona"
)

// A carrier with one number; a persona calls it, and another one answers calls
// that the gateway places through the REST API.
func Example() {
	gateway := "https://127.0.0.1:8443"
	carrier, err := sim.New(sim.Config{
		AccountSID: "AC0123456789abcdef0123456789abcdef",
		AuthToken:  "secret",
		Numbers:    []sim.Number{{Number: "+15005550006", VoiceURL: gateway + "/twilio/voice", StatusCallback: gateway + "/twilio/status"}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer carrier.Close()
	rest := httptest.NewServer(carrier.Handler()) // HOOKSWITCH_TWILIO_API_BASE
	defer rest.Close()

	caller := persona.Persona{Name: "asks", Lines: []persona.Line{
		{Noise: time.Second}, // Say: "When are you open?" needs a Sound.Voice
		{Noise: time.Second, When: persona.When{Kind: persona.IntoAgent, For: 1200 * time.Millisecond}},
		{Press: "1"},
		{Hangup: true},
	}}
	script, _ := caller.Prepare(context.Background(), persona.Sound{})
	carrier.Register("+15005550010", sim.Phone{
		Answer: handset.Answer{After: 2 * time.Second},
		Make:   func() handset.Handset { return script.Player() },
	})
	player := script.Player()
	call, err := carrier.Call(context.Background(), "+15005550010", "+15005550006", player)
	if err != nil {
		fmt.Println(err)
		return
	}
	_ = call.Wait(context.Background())
	for _, turn := range player.Evidence().Turns {
		gap, answered := turn.Gap()
		cut, stopped := turn.BargeIn()
		fmt.Println(turn.Text, gap, answered, cut, stopped)
	}
	fmt.Println(call.Status(), carrier.Police().Violations())
}

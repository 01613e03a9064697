package live_test

import (
	"net/http"
	"testing"

	"github.com/hookswitch/hookswitch/agentcore/asr"
	"github.com/hookswitch/hookswitch/agentcore/asr/asrtest"
	"github.com/hookswitch/hookswitch/agentcore/asr/live"
	"github.com/hookswitch/hookswitch/agentcore/provider/providertest"
)

func TestItIsARecogniser(t *testing.T) {
	for claim, change := range map[string]func(*live.Config, *plain){
		"asks when they have finished": nil,
		"asks in the pause":            func(c *live.Config, _ *plain) { c.Limits.Eager = true },
		"waits for a greeting":         func(_ *live.Config, p *plain) { p.slow = true },
		"sends as fast as is allowed":  func(c *live.Config, _ *plain) { c.Limits.Pace = 20 },
	} {
		t.Run(claim, func(t *testing.T) {
			asrtest.Run(t, func(t *testing.T) asr.Recognizer {
				r, _ := serve(t, live.Mulaw, change, works)
				return r
			}, asrtest.First, asrtest.Second)
		})
	}
}

func TestItSurvivesEveryFault(t *testing.T) {
	asrtest.Faults(t, func(t *testing.T, f providertest.Fault) asr.Recognizer {
		status := map[providertest.Fault]int{
			providertest.WrongKey: 401, providertest.NoMoney: 402, providertest.RateLimited: 429,
			providertest.BadRequest: 400, providertest.Broken: 503,
		}[f]
		play := map[providertest.Fault]func(*conn){
			providertest.Closes:    func(c *conn) { c.next() },
			providertest.SaysError: func(c *conn) { c.next(); c.raw("busy"); silent(c) },
			providertest.TalksRot:  func(c *conn) { c.next(); c.raw(`<html>` + key); silent(c) },
			providertest.TooLarge:  func(c *conn) { c.next(); c.raw(`"` + string(make([]byte, 2<<20)) + `"`); silent(c) },
		}[f]
		if play == nil {
			play = works
		}
		_, s := serve(t, live.PCM16k, nil, play)
		w := &providertest.Wire{Fault: f, After: 180} // within the first message, behind the upgrade
		address := w.Listen(t, s.Listener.Addr().String())
		if status != 0 {
			s.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Retry-After", "7")
				http.Error(w, `{"error":{"message":"no `+key+`"}}`, status)
			})
		}
		r, err := live.New(live.Config{
			Provider: "plain", Format: live.PCM16k, Patience: f.Patience(), FinalWait: f.Patience().Gap,
			Protocol: func(asr.Options) live.Protocol { return &plain{url: "ws://" + address} },
		})
		if err != nil {
			t.Fatal(err)
		}
		return r
	}, key)
}

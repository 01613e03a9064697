package server_test

import (
	"time"

	"github.com/hookswitch/hookswitch/telephony"
)

// What the carrier says of a machine is evidence like any other, and is kept in its
// own words beside ours.
func theCarriersWordIsEvidence(s *shop) {
	play(func() {
		who := player(s.babble.script(s.t, "voicemail"))
		r := s.rings("voicemail", s.hires("Leaver", leaving), who)
		r.ends(time.Minute, telephony.Voicemail)
		r.wasLeftBehind(who.line(s.t, 1).End)
		if a := r.answer(); !a.because("carrier") || r.record().Answerer != "machine_start" {
			r.errorf("the carrier says %q; %+v", r.record().Answerer, a)
		}
	}, func() {
		who := player(s.babble.script(s.t, "brisk"))
		r := s.rings("person", s.hires("Talker", leaving), who)
		within(s.t, 20*time.Second, "the carrier's word", func() bool { return r.record().Answerer != "" || r.record().Over() })
		r.ends(time.Minute, telephony.CallerHangup)
		if a := r.answer(); a.Class.Machine() || len(who.tones(leaveHertz)) != 0 {
			r.errorf("the carrier says %q; %+v", r.record().Answerer, a)
		}
	})
}

// A person at work greets for longer than the carrier's threshold. Its mistake is
// not ours: they are talked to, by an agent that leaves messages and by one that
// hangs up on voicemails.
func theCarriersMistakeIsNotOurs(s *shop) {
	var all []func()
	for name, parameters := range map[string]string{"Leaver": leaving, "Hasty": "{}"} {
		agent := s.hires(name, parameters)
		all = append(all, func() {
			who := player(s.babble.script(s.t, "business"))
			r := s.rings("business", agent, who)
			r.ends(time.Minute, telephony.CallerHangup)
			if a := r.answer(); r.record().Answerer != "machine_start" || a.Class.Machine() || a.Left != "" {
				r.errorf("the carrier says %q; %+v", r.record().Answerer, a)
			}
			if len(who.tones(modelHertz)) == 0 {
				r.errorf("they were not talked to")
			}
		})
	}
	play(all...)
}

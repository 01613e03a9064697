package persona

import (
	"time"

	"github.com/hookswitch/hookswitch/telephony/sim/handset"
)

// apart is the silence after which what is said is no longer part of a greeting:
// the carrier's own default.
const apart = 1200 * time.Millisecond

// Truth implements [handset.Known]. Its times are those of the lines that wait
// for nobody.
func (p *Player) Truth() handset.Truth { return p.script.Truth() }

// Truth says who the script's persona is, and when its greeting and its beep are
// over.
func (s *Script) Truth() handset.Truth {
	t := handset.Truth{Is: s.Persona.Is}
	if t.Is == "" {
		return t
	}
	if len(s.prompts) > 0 {
		_, t.Greeting, _ = handset.VoicedSpan(s.prompts[0])
		return t
	}
	now := time.Duration(0)
	for i, l := range s.Persona.Lines {
		switch {
		case l.When.Kind == At:
			now = max(now, l.When.For)
		case l.When.Kind == Then:
			now += l.When.For
		case l.Pause == 0 || l.When != (When{}):
			return t // it waits for the agent
		}
		now += l.Pause
		begin, end, sounds := handset.VoicedSpan(s.audio[i])
		switch {
		case !sounds:
			continue
		case len(l.Tone) > 0 && t.Is == handset.Unavailable:
			// They come before what is announced.
		case len(l.Tone) > 0:
			if t.Is == handset.Voicemail {
				t.Beep = now + end
			}
			return t
		case t.Greeting == 0 || now+begin <= t.Greeting+apart:
			t.Greeting = now + end
		default:
			return t
		}
		now += handset.SampleTime(len(s.audio[i]), 0)
	}
	return t
}

package simulation

import (
	"context"
	"math"
	"strings"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/agentcore/agenttest"
	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/telephony"
	"github.com/hookswitch/hookswitch/telephony/sim/handset"
)

// RunMachines is [Run] with calls that we place, of which machines answer half.
// Processes die while they talk: see [world.die].
func RunMachines(ctx context.Context, seed uint64, plan []Fault) (Result, error) {
	return simulate(ctx, seed, plan, withMachines)
}

// leaves is what is left on a voicemail.
const leaves = "Hello, this is the practice, and a message for Ann. Your glasses are here. You can come for them on any weekday from eight to five. Please call us back if that is not good for you. Thank you and goodbye."

// Texts that machines, and those behind them, say: see [texts].
const (
	greets = 6
	picks  = 7
)

// far is who answers a call that we placed.
type far string

const (
	aPerson  far = "person"
	beeps    far = "voicemail"            // greets, beeps and records
	brief    far = "short voicemail"      // greets for a moment
	mute     far = "voicemail, no beep"   // greets, and records
	pickedUp far = "voicemail, picked up" // a person does, a while after the beep
)

// answers is who answers a call.
func (w *world) whoAnswers(call int) far {
	if !w.machines {
		return aPerson
	}
	return []far{aPerson, aPerson, aPerson, beeps, beeps, brief, mute, pickedUp}[hash(w.seed, call, "who answers", 0)%8]
}

// answering is what the agent does about who answered a call of ours; nil where
// nobody asks.
func (w *world) answering(ctx context.Context, call telephony.Call, by string) *agentcore.Answering {
	if !w.machines || call.Direction != telephony.Outbound {
		return nil
	}
	number := w.named(call.ID)
	a := &agentcore.Answering{Act: w.acts(number), Carrier: by}
	if w.leaves(number) {
		a.Message = leaves
	}
	return a
}

func (w *world) acts(call int) bool   { return hash(w.seed, call, "acts", 0)%6 > 0 }
func (w *world) leaves(call int) bool { return hash(w.seed, call, "leaves", 0)%5 > 0 }

// machine is a handset that greets, beeps and records. Its time goes on while no
// stream is there.
type machine struct {
	person *caller // who picks up; nil: nobody
	stream *stream // the present one

	greeting, pause, beep, silence time.Duration
	began                          time.Time
}

// newMachine makes what answers a call; nil when it is a person.
func newMachine(w *world, call int, person *caller) *machine {
	chance := dice(w.seed, call, "machine")
	ms := func(low, high int) time.Duration { return time.Duration(low+chance.IntN(high-low)) * time.Millisecond }
	m := &machine{greeting: ms(3500, 7000), pause: ms(300, 1200), beep: 400 * time.Millisecond, silence: 45 * time.Second}
	switch w.whoAnswers(call) {
	case aPerson:
		return nil
	case brief:
		m.greeting = ms(2200, 3000)
	case mute:
		m.beep = 0
	case pickedUp:
		m.person, m.silence = person, ms(500, 4000)
		hello := act{text: picks, long: 700 * time.Millisecond}
		person.acts = []act{hello, hello, {text: 0, long: 900 * time.Millisecond}, {text: 4, long: 600 * time.Millisecond}}
		person.acts[0].over = time.Nanosecond // they don't wait for the agent
	}
	return m
}

// handset is who is on p's line, at stream s.
func (p *phone) handset(s *stream) handset.Handset {
	if p.machine == nil {
		return p.caller
	}
	p.machine.stream = s
	return p.machine
}

// Tick implements [handset.Handset].
func (m *machine) Tick(now time.Duration, hear, say *media.Frame) handset.Touch {
	if m.began.IsZero() {
		m.began = time.Now()
	}
	const soon = 400 * time.Millisecond
	at := time.Since(m.began) - soon
	beeps := m.greeting + m.pause
	switch {
	case at < 0:
	case at < m.greeting:
		m.stream.spoke(now)
		voiced(say, greets, at)
	case at >= beeps && at < beeps+m.beep:
		for i := range say { // not so loud that the detector takes it for speech
			say[i] = int16(3000 * math.Sin(2*math.Pi*1000*float64(i)/media.Rate))
		}
	case at > beeps+m.beep+m.silence && m.person == nil:
		return handset.Touch{Hangup: true}
	case at > beeps+m.beep+m.silence:
		m.person.stream = m.stream
		return m.person.Tick(now, hear, say)
	}
	return handset.Touch{}
}

// reports is the carrier's word on who answered, 3 s later; sometimes it is wrong.
func (p *phone) reports() {
	w := p.c.w
	chance := dice(w.seed, p.number, "carrier's word")
	if !w.machines || p.inbound || chance.IntN(2) == 0 {
		return
	}
	by := "machine_start"
	if (w.whoAnswers(p.number) == aPerson) != (chance.IntN(8) == 0) {
		by = "human"
	}
	p.c.wg.Go(func() {
		time.Sleep(3*time.Second + odd(chance, 2*time.Second))
		_, _ = p.hook(as(context.Background(), "amd"), "hook.amd", func(ctx context.Context) error {
			return p.c.desk.Report(ctx, telephony.Progress{Carrier: carrierID(p.number), Call: p.ours, AnsweredBy: by})
		})
	})
}

// isMessage reports whether a phrase is one of the message.
func isMessage(text string) bool { return strings.Contains(leaves, text) }

// die is the end of the process that has a call's conversation: nothing is written
// by it from now on, and its stream breaks.
func (w *world) die(call int) {
	if s := w.stream(call); s != nil {
		s.mu.Lock()
		s.dead = true
		s.mu.Unlock()
		w.saw("died talking")
		w.resetSoon(call)
	}
}

// isDead reports whether the process that has the call at this epoch is.
func (w *world) isDead(call, epoch int) bool {
	s := w.stream(call)
	if s == nil || s.epoch != epoch {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.dead
}

// voiced codes a text as uneven in its level as a voice is: what keeps its level is
// a tone.
func voiced(say *media.Frame, text int, at time.Duration) {
	agenttest.Code(say, text, 0)
	quieter := int16(1 + at/media.FrameDuration*3%7)
	for i := 4; i < len(say); i++ {
		say[i] /= quieter
	}
}

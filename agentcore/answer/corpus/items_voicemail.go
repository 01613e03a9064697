package corpus

import "github.com/hookswitch/hookswitch/agentcore/answer"

// Beeps as they are met: many around 400 to 440, 850 to 1000 and 1400 Hz.
var usualHz = []float64{400, 425, 440, 620, 850, 950, 1000, 1050, 1400, 1500}

// beep draws a usual one.
func (d *dice) beep() Step {
	return Step{Do: Beep, Hz: one(d, usualHz), MS: d.ms(120, 700), Level: d.between(-24, -8)}
}

// recording is the silence of a machine that records, until somebody would speak.
func recording() Step { return rest(4000) }

// machine is a greeting by one voice after a little ringing silence.
func (d *dice) machine(w wording, i int) []Step {
	return append([]Step{rest(d.ms(200, 1200))}, said(d, d.voice(), d.usual(), w.text(i, d))...)
}

// voicemail is a greeting, and a beep a little later.
func (d *dice) voicemail(w wording, i int) Recipe {
	steps := append(d.machine(w, i), rest(d.ms(50, 450)), d.beep(), recording())
	return Recipe{Steps: steps, Line: d.line()}
}

func (l *list) voicemails() {
	add := func(train, test int, kind string, class answer.Class, draw func(i int, d *dice) Recipe) {
		l.these(l.many(train, test), "voicemail/"+kind, class, false, draw)
	}
	beeps := func(w *wording) func(int, *dice) Recipe {
		return func(i int, d *dice) Recipe { return d.voicemail(*w, i) }
	}
	add(20, 33, "personal", answer.Beeped, beeps(&personal))
	add(12, 28, "carrier", answer.Beeped, beeps(&carrier))
	add(12, 20, "company", answer.Beeped, beeps(&company))
	add(9, 16, "hours", answer.Beeped, beeps(&hours))
	add(12, 18, "short", answer.Beeped, beeps(&brief))
	add(3, 4, "long", answer.Beeped, func(i int, d *dice) Recipe {
		return Recipe{Steps: append(d.goesOn(i, 5+10*(i%2)), rest(d.ms(100, 600)), d.beep(), recording()), Line: d.line()}
	})
	add(6, 10, "two", answer.Beeped, func(i int, d *dice) Recipe {
		steps := append(d.machine(personal, i), rest(d.ms(400, 900)))
		steps = append(steps, d.machine(carrier, i)...)
		return Recipe{Steps: append(steps, rest(d.ms(50, 450)), d.beep(), recording()), Line: d.line()}
	})
	add(8, 14, "late_beep", answer.Beeped, func(i int, d *dice) Recipe {
		steps := append(d.machine(one(d, []wording{personal, company}), i), rest(d.ms(600, 3500)))
		return Recipe{Steps: append(steps, d.beep(), recording()), Line: d.line()}
	})
	add(10, 18, "no_beep", answer.Greeting, func(i int, d *dice) Recipe {
		return Recipe{Steps: append(d.machine(one(d, []wording{personal, carrier, company}), i), rest(6000)), Line: d.line()}
	})
	add(6, 10, "beep_only", answer.Beeped, func(i int, d *dice) Recipe {
		b := d.beep()
		b.MS = max(200, b.MS)
		return Recipe{Steps: []Step{rest(d.ms(300, 2500)), b, recording(), rest(2000)}, Line: d.line()}
	})
	add(10, 16, "full", answer.MailboxFull, func(i int, d *dice) Recipe {
		return Recipe{Steps: append(d.machine(full, i), rest(4000)), Line: d.line()}
	})
}

// goesOn is a greeting of n more sentences: fifteen take a minute and a half.
func (d *dice) goesOn(i, n int) []Step {
	v, level := d.voice(), d.usual()
	steps := append([]Step{rest(d.ms(200, 1200))}, said(d, v, level, long.text(i, d))...)
	for j := range n {
		steps = append(steps, rest(d.ms(150, 450)))
		steps = append(steps, said(d, v, level, more.text(i+j, d))...)
	}
	return append(append(steps, rest(300)), said(d, v, level, personal.text(i, d))...)
}

// The grid of beeps: what a detector must hear. The quietest are 8 dB and more
// above the noise of the line.
var (
	gridHz    = []float64{350, 400, 440, 523, 620, 697, 770, 850, 941, 1000, 1209, 1336, 1400, 1600, 1800, 2000}
	gridMS    = []int{80, 120, 200, 400, 800, 1500}
	gridLevel = []float64{-40, -30, -20, -12, -6, -3}
	gridNoise = []Noise{"", White, Pink, Comfort, Babble}
)

// beeps are short greetings before each kind of beep. The numbers of the grid's
// sides have no common divisor with the steps, so all their pairs come up.
func (l *list) beeps() {
	l.these(l.many(48, 96), "voicemail/grid", answer.Beeped, false, func(i int, d *dice) Recipe {
		if l.part == Test {
			i += 48
		}
		b := Step{Do: Beep, Hz: gridHz[i%16] * d.between(.98, 1.02), MS: gridMS[i*5/16%6], Level: gridLevel[i*7/16%6]}
		b.Hz = max(350, min(2000, b.Hz))
		line := Line{Noise: gridNoise[i%5], NoiseAt: max(-65, min(-28, b.Level-d.between(8, 30)))}
		if b.MS >= 200 && i%4 == 0 {
			line.Lost, line.Concealed = .1, i%8 == 0
		}
		steps := append(d.machine(brief, i), rest(d.ms(100, 400)), b, recording())
		return Recipe{Steps: steps, Line: line}
	})
}

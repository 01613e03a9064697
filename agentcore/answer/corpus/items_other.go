package corpus

import "github.com/hookswitch/hookswitch/agentcore/answer"

// machines are those that are neither a voicemail nor a person.
func (l *list) machines() {
	add := func(train, test int, kind string, class answer.Class, draw func(i int, d *dice) []Step) {
		l.these(l.many(train, test), kind, class, false, func(i int, d *dice) Recipe {
			return Recipe{Steps: draw(i, d), Line: d.line()}
		})
	}
	add(10, 16, "unavailable/plain", answer.Unavailable, func(i int, d *dice) []Step {
		return append(d.machine(unavailable, i), rest(4000))
	})
	add(8, 12, "unavailable/sit", answer.Unavailable, func(i int, d *dice) []Step {
		steps := append([]Step{rest(d.ms(100, 800)), {Do: SIT, MS: 990, Level: d.between(-28, -14)}}, d.machine(unavailable, i)...)
		return append(steps, rest(3000))
	})
	add(12, 24, "screener", answer.Screener, func(i int, d *dice) []Step {
		steps := d.machine(screener, i)
		if i%3 == 0 {
			steps = append(steps, rest(250), d.beep())
		}
		return append(steps, rest(5000))
	})
	add(12, 22, "menu", answer.IVR, func(i int, d *dice) []Step {
		steps := append(d.machine(menu, i), rest(d.ms(2500, 4500)))
		if i%3 == 0 { // nobody has pressed anything
			again := steps[1:]
			steps = append(steps, again...)
		}
		return steps
	})
	add(6, 10, "hold/music", answer.Hold, func(i int, d *dice) []Step {
		return []Step{rest(300), {Do: Music, MS: d.ms(15000, 45000), Level: d.between(-30, -18)}}
	})
	add(1, 2, "hold/minutes", answer.Hold, func(i int, d *dice) []Step {
		return []Step{rest(300), {Do: Music, MS: 140000, Level: -24}}
	})
	add(8, 12, "hold/queue", answer.Hold, func(i int, d *dice) []Step {
		steps := append(d.machine(queue, i), rest(300), Step{Do: Music, MS: d.ms(6000, 12000), Level: d.between(-30, -20)})
		if i%2 == 0 {
			steps = append(steps, d.machine(queue, i+1)...)
			steps = append(steps, Step{Do: Music, MS: 5000, Level: -26})
		}
		return steps
	})
	add(4, 6, "hold/ringing", answer.Hold, func(i int, d *dice) []Step { // it is passed on
		return []Step{rest(d.ms(100, 2000)), {Do: Ring, MS: d.ms(2, 5) * 6000, Level: d.between(-30, -16)}}
	})
	add(8, 12, "fax", answer.Fax, func(i int, d *dice) []Step {
		tone := []Do{CED, ANSam}[i%2]
		return []Step{rest(d.ms(200, 1800)), {Do: tone, MS: d.ms(2600, 4000), Level: d.between(-30, -10)}, rest(3000)}
	})
}

// nobody are lines on which nothing can be known.
func (l *list) nobody() {
	add := func(train, test int, kind string, draw func(i int, d *dice) Recipe) {
		l.these(l.many(train, test), "nobody/"+kind, answer.Unknown, false, draw)
	}
	add(2, 3, "silence", func(i int, d *dice) Recipe {
		return Recipe{Steps: []Step{rest(60000)}}
	})
	add(2, 4, "comfort", func(i int, d *dice) Recipe {
		return Recipe{Steps: []Step{rest(40000)}, Line: Line{Noise: Comfort, NoiseAt: d.between(-65, -45), Lost: []float64{0, .1}[i%2]}}
	})
	add(2, 4, "noise", func(i int, d *dice) Recipe {
		return Recipe{Steps: []Step{rest(20000)}, Line: Line{Noise: []Noise{White, Pink, Babble, White}[i], NoiseAt: d.between(-50, -30)}}
	})
}

// changes are machines that turn out to be, or lead to, a person. Whose greeting
// is cut short is in the middle of a step: what follows begins anew.
func (l *list) changes() {
	add := func(train, test int, kind string, draw func(i int, d *dice) []Step) {
		l.these(l.many(train, test), "person_after/"+kind, answer.Human, false, func(i int, d *dice) Recipe {
			return Recipe{Steps: draw(i, d), Line: d.line()}
		})
	}
	comes := func(i int, d *dice, w wording) []Step {
		return append(byPerson(said(d, d.voice(), d.usual(), w.text(i, d))...), rest(5000))
	}
	add(6, 12, "greeting", func(i int, d *dice) []Step {
		return append(append(d.machine(one(d, []wording{personal, carrier}), i), rest(d.ms(300, 700))), comes(i, d, pickedUp)...)
	})
	add(6, 10, "beep", func(i int, d *dice) []Step {
		steps := append(d.machine(personal, i), rest(d.ms(100, 500)), d.beep(), rest(d.ms(800, 3000)))
		return append(steps, comes(i, d, pickedUp)...)
	})
	add(8, 14, "screener", func(i int, d *dice) []Step {
		steps := append(d.machine(screener, i), rest(d.ms(4000, 6000)))
		steps = append(steps, d.machine(holdOn, i)...)
		return append(append(steps, rest(d.ms(2000, 5000))), comes(i, d, screened)...)
	})
	add(4, 8, "queue", func(i int, d *dice) []Step {
		steps := append(d.machine(queue, i), rest(200), Step{Do: Music, MS: d.ms(6000, 10000), Level: -26}, rest(d.ms(300, 900)))
		return append(steps, comes(i, d, firmLong)...)
	})
}

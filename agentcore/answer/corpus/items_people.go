package corpus

import "github.com/hookswitch/hookswitch/agentcore/answer"

// listens is how long a person waits for a word after their own: nobody talks to
// them in the corpus, so most ask again.
func (d *dice) listens() Step { return rest(d.ms(2500, 4500)) }

// person is an item of a person who says a text, and after a while asks again.
func (d *dice) person(i int, w wording) Recipe {
	v, level := d.voice(), d.usual()
	steps := append([]Step{rest(d.ms(150, 900))}, said(d, v, level, w.text(i, d))...)
	steps = append(steps, d.listens())
	if d.IntN(2) == 0 {
		steps = append(steps, said(d, v, level, again.text(d.IntN(9), d))...)
		steps = append(steps, d.listens())
	}
	return Recipe{Steps: byPerson(steps...), Line: d.line()}
}

func (l *list) people() {
	add := func(train, test int, kind string, draw func(i int, d *dice) Recipe) {
		l.these(l.many(train, test), "person/"+kind, answer.Human, true, draw)
	}
	says := func(w *wording) func(int, *dice) Recipe {
		return func(i int, d *dice) Recipe { return d.person(i, *w) }
	}
	add(36, 72, "short", says(&hello))
	add(16, 32, "name", says(&named))
	add(18, 34, "firm", says(&firm))
	add(18, 36, "firm_long", says(&firmLong))
	add(12, 24, "hesitant", says(&hesitant))
	add(8, 16, "busy", says(&busy))
	add(12, 22, "talker", says(&talker))
	add(12, 24, "twice", func(i int, d *dice) Recipe {
		v, level := d.voice(), d.usual()
		steps := append([]Step{rest(d.ms(100, 600))}, said(d, v, level, hello.text(i, d))...)
		for range 1 + d.IntN(2) {
			steps = append(steps, rest(d.ms(600, 1500)))
			steps = append(steps, said(d, v, level, again.text(d.IntN(9), d))...)
		}
		return Recipe{Steps: byPerson(append(steps, d.listens())...), Line: d.line()}
	})
	add(12, 24, "late", func(i int, d *dice) Recipe {
		r := d.person(i, hello)
		r.Steps[0].MS = d.ms(1000, 4000)
		return r
	})
	add(14, 28, "noisy", func(i int, d *dice) Recipe {
		r := d.person(i, one(d, []wording{hello, named, firm}))
		r.Line = grid(i, r.Steps[1].Level)
		return r
	})
	add(8, 14, "cough", func(i int, d *dice) Recipe {
		r := d.person(i, hello)
		clearing := byPerson(rest(d.ms(200, 700)), Step{Do: Cough, MS: d.ms(250, 500), Level: -24})
		r.Steps = append(clearing, r.Steps...)
		return r
	})
	add(8, 16, "television", func(i int, d *dice) Recipe {
		r := d.person(i, one(d, []wording{hello, named, busy}))
		for j := range 3 {
			set := said(d, d.voice(), r.Steps[1].Level-d.between(14, 22), television.text(i+j, d))
			r.Behind = append(r.Behind, byPerson(set...)...)
		}
		return r
	})
	add(8, 16, "beep", func(i int, d *dice) Recipe {
		r := d.person(i, one(d, []wording{hello, named}))
		played := byPerson(Step{Do: Beep, Hz: d.between(400, 1800), MS: d.ms(100, 800), Level: d.between(-30, -12)}, rest(d.ms(1500, 3000)))
		r.Steps = append(r.Steps, played...)
		r.Steps = append(r.Steps, byPerson(said(d, r.Steps[1].By, r.Steps[1].Level, again.text(i, d))...)...)
		r.Steps = append(r.Steps, rest(3000))
		return r
	})
	add(4, 8, "keys", func(i int, d *dice) Recipe {
		r := d.person(i, one(d, []wording{hello, named}))
		r.Steps = append(r.Steps, byPerson(Step{Do: Keys, Text: one(d, []string{"1", "5", "12", "0#", "9"})}, rest(3000))...)
		return r
	})
}

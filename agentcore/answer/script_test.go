package answer

import (
	"slices"
	"time"

	"github.com/hookswitch/hookswitch/media/tone"
)

// fact is something that happens in a call: exactly one of its fields is set.
type fact struct {
	at      float64 // seconds since answer
	speech  float64 // they speak for so long, without a pause
	text    string  // the words of it, understood 0.6 s behind its end. Needs speech
	slow    float64 // the words, none if there is no text, come so much behind its end
	deaf    bool    // nobody recognises them
	tone    tone.Kind
	long    float64 // of the tone, or of agent
	agent   bool    // we speak for long
	cut     bool    // and did not say it all
	carrier string
	model   bool
	noise   float64 // sound without speech, for so long
}

// says, beeps and speaks are facts.
func says(at, long float64, text string) fact { return fact{at: at, speech: long, text: text} }
func beeps(at, long float64) fact             { return fact{at: at, tone: tone.Beep, long: long} }
func speaks(at, long float64) fact            { return fact{at: at, agent: true, long: long} }
func isCut(at, long float64) fact             { return fact{at: at, agent: true, long: long, cut: true} }

// told is what a Judge said of something, and when.
type told struct {
	at      time.Duration
	finding Finding
}

// action is a call of the Judge, at its moment.
type action struct {
	at time.Duration
	do func(*Judge) Finding
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// play tells j what an Ear and a recogniser would tell of facts, until the end,
// and returns all that j said.
func play(j *Judge, end float64, facts ...fact) []told {
	var acts []action
	add := func(at time.Duration, do func(*Judge) Finding) { acts = append(acts, action{at, do}) }
	sound := func(k SoundKind, began, ended, now time.Duration) {
		add(now, func(j *Judge) Finding { return j.Heard(Sound{Kind: k, Began: began, Ended: ended, Now: now}) })
	}
	var busy []part // of their line
	for _, f := range facts {
		at, until := seconds(f.at), seconds(f.at+f.long)
		switch {
		case f.speech > 0:
			until = seconds(f.at + f.speech)
			busy = append(busy, part{at, until})
			sound(Speaking, at, at+leastWord, at+leastWord)
			for t := at + time.Second; t < until; t += time.Second {
				sound(Talking, at, t, t)
			}
			sound(Spoke, at, until, until+groupPause)
			if f.text != "" || f.slow > 0 {
				heard := until + max(600*time.Millisecond, seconds(f.slow))
				add(heard, func(j *Judge) Finding {
					return j.Understood(Words{Text: f.text, Final: true, Began: at, Ended: until}, heard)
				})
			}
		case f.tone != 0:
			busy = append(busy, part{at, until})
			t := tone.Tone{Kind: f.tone, Hz: 1000, Began: at, Ended: until}
			add(until+60*time.Millisecond, func(j *Judge) Finding {
				return j.Heard(Sound{Kind: Toned, Tone: t, Began: at, Ended: until, Now: until + 60*time.Millisecond})
			})
		case f.noise > 0:
			until = seconds(f.at + f.noise)
			busy = append(busy, part{at, until})
			for t := at + time.Second; t <= until; t += time.Second {
				sound(Noisy, at, t, t)
			}
		case f.agent:
			add(until, func(j *Judge) Finding { return j.Spoken(at, until, !f.cut) })
		case f.carrier != "":
			add(at, func(j *Judge) Finding { return j.Carrier(f.carrier, at) })
		case f.model:
			add(at, func(j *Judge) Finding { return j.Model(at) })
		}
	}
	for _, p := range silences(busy, seconds(end)) {
		for n := 0; ; n++ {
			t := p.began + max(shortSilence, time.Duration(n+1)*time.Second/2)
			if t > p.ended {
				break
			}
			sound(Silent, p.began, t, t)
		}
	}
	slices.SortStableFunc(acts, func(a, b action) int { return int(a.at - b.at) })
	var all []told
	for _, a := range acts {
		all = append(all, told{a.at, a.do(j)})
	}
	return all
}

// silences is what is left between what is busy, until end.
func silences(busy []part, end time.Duration) (out []part) {
	slices.SortFunc(busy, func(a, b part) int { return int(a.began - b.began) })
	var at time.Duration
	for _, b := range append(busy, part{end, end}) {
		if b.began > at {
			out = append(out, part{at, b.began})
		}
		at = max(at, b.ended)
	}
	return out
}

// classes are the classes that were found, in their order.
func classes(all []told) (out []Class) {
	for _, t := range all {
		if t.finding.Changed {
			out = append(out, t.finding.Verdict.Class)
		}
	}
	return out
}

// cues are the moments of one kind: when it was given, and what for.
func cues(all []told, c Cue) (given []told) {
	for _, t := range all {
		if t.finding.Cue == c {
			given = append(given, t)
		}
	}
	return given
}

package script

import (
	"slices"
	"strconv"
	"strings"
)

// value is what a slot holds.
type value struct {
	plain  string // for tools: "Tuesday", "15:30"
	spoken string // for the voice: "Tuesday", "half past three"
	on     string // with its preposition: "on Tuesday", "tomorrow", "at half past three"
}

// hit is a value found in words [from, to) of a sentence.
type hit struct {
	from, to int
	value    value
}

var units = map[string]int{
	"zero": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10,
	"eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16, "seventeen": 17, "eighteen": 18, "nineteen": 19,
}

var tens = map[string]int{"twenty": 20, "thirty": 30, "forty": 40, "fourty": 40, "fifty": 50}

// misheard are hours after "at" that sound like another word.
var misheard = map[string]int{"to": 2, "too": 2, "for": 4, "ate": 8}

// clock reads times of day out of one sentence.
type clock struct {
	words    sentence
	earliest int  // the first hour that a bare number means in the morning: with 8, "eight" is 08:00 and "three" is 15:00
	asked    bool // the agent has just asked for a time: "ten" is enough
}

// find returns every time, in order.
func (c clock) find() []hit {
	var hits []hit
	for i := 0; i < len(c.words); {
		minutes, n := c.parse(i)
		if n == 0 {
			i++
			continue
		}
		hits = append(hits, hit{i, i + n, timeValue(minutes)})
		i += n
	}
	return hits
}

// parse reads a time at word i. It returns minutes since midnight and how many
// words it took; 0 words is no time.
func (c clock) parse(i int) (minutes, n int) {
	switch c.at(i) {
	case "noon", "midday":
		return 12 * 60, 1
	case "midnight":
		return 0, 1
	case "half":
		return c.relative(i, 1, 30)
	case "quarter":
		return c.relative(i, 1, 15)
	}
	if m, used := c.number(i); used > 0 && (m == 5 || m == 10 || m == 20 || m == 25) {
		if c.at(i+used) == "minutes" {
			used++
		}
		if t, n := c.relative(i, used, m); n > 0 {
			return t, n
		}
	}
	return c.absolute(i)
}

// relative reads "past three" after m minutes in used words. "half three" is
// half past three.
func (c clock) relative(i, used, m int) (minutes, n int) {
	sign := 0
	switch c.at(i + used) {
	case "past", "after":
		sign, used = 1, used+1
	case "to", "before":
		sign, used = -1, used+1
	default:
		if m != 30 {
			return 0, 0
		}
		sign = 1
	}
	h, hn := c.number(i + used)
	if hn == 0 || h < 1 || h > 23 {
		return 0, 0
	}
	used += hn
	half, sn := c.suffix(i + used)
	return (c.hour(h, half)*60 + sign*m + day) % day, used + sn
}

const day = 24 * 60

// absolute reads "3:30", "three thirty", "ten o'clock", "3 pm", "at four".
func (c clock) absolute(i int) (minutes, n int) {
	if h, m, literal, ok := colon(c.at(i)); ok {
		half, sn := c.suffix(i + 1)
		if !literal {
			h = c.hour(h, half)
		}
		return h*60 + m, 1 + sn
	}
	after := slices.Contains([]string{"at", "around", "about", "by"}, c.at(i-1))
	h, used := c.number(i)
	if used == 0 && c.at(i-1) == "at" {
		if m, ok := misheard[c.at(i)]; ok && (i+1 == len(c.words) || c.minute(i+1) >= 0) {
			h, used = m, 1
		}
	}
	if used == 0 {
		return 0, 0
	}
	m, sure := 0, after || c.asked && len(c.words) <= 3
	if h >= 100 && h%100 < 60 && h/100 < 24 { // "330"
		h, m = h/100, h%100
	} else if mm, mn := c.minutes(i + used); mn > 0 {
		m, used, sure = mm, used+mn, true
	}
	if c.at(i+used) == "oclock" {
		used, sure = used+1, true
	}
	half, sn := c.suffix(i + used)
	if h > 23 || !sure && sn == 0 {
		return 0, 0
	}
	return c.hour(h, half)*60 + m, used + sn
}

// minutes reads what may follow an hour: "thirty", "oh five", "45".
func (c clock) minutes(i int) (m, n int) {
	if w := c.at(i); w == "oh" || w == "o" || w == "zero" {
		if u := c.minute(i + 1); u >= 1 && u <= 9 {
			return u, 2
		}
		return 0, 0
	}
	if m, n := c.number(i); n > 0 && m >= 10 && m < 60 {
		return m, n
	}
	return 0, 0
}

// minute is the number at word i, or -1.
func (c clock) minute(i int) int {
	if m, n := c.number(i); n > 0 {
		return m
	}
	return -1
}

// number reads "3", "three", "forty five".
func (c clock) number(i int) (v, n int) {
	w := c.at(i)
	if u, ok := units[w]; ok {
		return u, 1
	}
	if t, ok := tens[w]; ok {
		if u, ok := units[c.at(i+1)]; ok && u >= 1 && u <= 9 {
			return t + u, 2
		}
		return t, 1
	}
	if len(w) >= 1 && len(w) <= 4 && strings.Trim(w, "0123456789") == "" {
		v, err := strconv.Atoi(w)
		return v, map[bool]int{true: 1}[err == nil]
	}
	return 0, 0
}

type half int

const (
	unsaid half = iota
	morning
	afternoon
)

// suffix reads "pm", "p m", "in the afternoon" at word i.
func (c clock) suffix(i int) (half, int) {
	switch c.at(i) {
	case "am":
		return morning, 1
	case "pm":
		return afternoon, 1
	case "a", "p":
		if c.at(i+1) == "m" {
			return map[string]half{"a": morning, "p": afternoon}[c.at(i)], 2
		}
	case "in":
		if h := daypart(c.at(i + 2)); h != unsaid && c.at(i+1) == "the" {
			return h, 3
		}
	}
	return unsaid, 0
}

func daypart(w string) half {
	switch w {
	case "morning":
		return morning
	case "afternoon", "evening":
		return afternoon
	}
	return unsaid
}

// hour turns a spoken hour into one of 24. When nobody said which half of the
// day, it is the one in which the house is open.
func (c clock) hour(h int, said half) int {
	for i, w := range c.words { // "Tuesday afternoon at three", but not "good morning"
		if said == unsaid && c.at(i-1) != "good" {
			said = daypart(w)
		}
	}
	switch {
	case h > 12 || h == 0:
		return h
	case said == morning:
		return h % 12
	case said == afternoon:
		return h%12 + 12
	case h < c.earliest && h < 12:
		return h + 12
	}
	return h
}

func (c clock) at(i int) string {
	if i < 0 || i >= len(c.words) {
		return ""
	}
	return c.words[i]
}

// colon reads "3:30", "15:30", "3:30pm". literal means that it is by the 24
// hour clock already.
func colon(w string) (h, m int, literal, ok bool) {
	var pm half
	if rest, found := strings.CutSuffix(w, "pm"); found {
		w, pm = rest, afternoon
	} else if rest, found := strings.CutSuffix(w, "am"); found {
		w, pm = rest, morning
	}
	hs, ms, found := strings.Cut(w, ":")
	if !found && pm != unsaid {
		hs, ms = w, "00" // "3pm"
	}
	h, err1 := strconv.Atoi(hs)
	m, err2 := strconv.Atoi(ms)
	if err1 != nil || err2 != nil || len(hs) > 2 || len(ms) != 2 || h < 0 || h > 23 || m < 0 || m > 59 {
		return 0, 0, false, false
	}
	if pm != unsaid {
		return clock{}.hour(h, pm), m, true, true
	}
	return h, m, hs[0] == '0', true
}

package corpus

import (
	"regexp"
	"strings"
)

// wording is what is said at an occasion: for each part sentences of its own, in
// which {name} and the like are filled in. The parts share no sentence, but those
// of one word: a hello is a hello. A "|" is a pause of half a second and more.
type wording [2][]string

// text is a way to put it, drawn for an item: the i-th, so that each is heard.
func (w wording) text(i int, d *dice) string {
	all := w[d.part]
	return fill(all[i%len(all)], d)
}

var slot = regexp.MustCompile(`\{[a-z]+\}`)

// fill puts words into the slots of a text.
func fill(text string, d *dice) string {
	return slot.ReplaceAllStringFunc(text, func(s string) string {
		switch s {
		case "{number}":
			return digits(d, 3) + ", " + digits(d, 3) + ", " + digits(d, 4)
		case "{digit}":
			return digits(d, 1)
		}
		words, ok := slots[s]
		if !ok {
			panic("corpus: nobody fills " + s) // a mistake in this package's tables; a test reads them all
		}
		return one(d, words[d.part])
	})
}

// slots are what can be filled in, each part its own.
var slots = map[string]wording{
	"{name}": {
		{"Maria", "Tom", "Susan", "David", "Karen", "Peter", "Linda", "Michael", "Nancy", "Brian"},
		{"Robert", "Alice", "James", "Helen", "George", "Emma", "Steven", "Laura", "Daniel", "Rachel"},
	},
	"{last}": {
		{"Miller", "Cooper", "Davis", "Parker", "Bennett", "Turner"},
		{"Johnson", "Walker", "Harris", "Morgan", "Sanders", "Foster"},
	},
	"{firm}": {
		{"Lakeside Dental", "Northwind Travel", "Miller and Sons", "City Auto Repair", "Green Garden Supplies", "First Harbor Bank"},
		{"Riverdale Clinic", "Summit Insurance", "Oak Street Bakery", "Blue Sky Rentals", "Walker Plumbing", "Pacific Software"},
	},
	"{town}": {{"Boston", "Denver", "Portland", "Austin"}, {"Chicago", "Seattle", "Memphis", "Oakland"}},
	"{day}":  {{"Monday", "Tuesday", "the fourth of July"}, {"Wednesday", "Thursday", "the first of May"}},
	"{hour}": {{"nine", "eight thirty", "ten"}, {"seven", "eight", "nine thirty"}},
	"{late}": {{"five", "six thirty", "four"}, {"five thirty", "six", "eight"}},
}

var spokenDigits = strings.Fields("zero one two three four five six seven eight nine")

func digits(d *dice, n int) string {
	words := make([]string, n)
	for i := range words {
		words[i] = spokenDigits[d.IntN(10)]
	}
	return strings.Join(words, " ")
}

// said is a text as steps by one voice, with the pauses that its bars stand for.
func said(d *dice, v Voice, level float64, text string) []Step {
	var steps []Step
	for i, piece := range strings.Split(text, "|") {
		if i > 0 {
			steps = append(steps, rest(d.ms(500, 900)))
		}
		steps = append(steps, Step{Do: Say, By: v, Text: strings.TrimSpace(piece), Level: level})
	}
	return steps
}

// sentences are those of a text, as they are compared between the parts.
func sentences(text string) []string {
	var all []string
	for _, s := range regexp.MustCompile(`[.?!|;]+`).Split(strings.ToLower(text), -1) {
		if s = strings.Join(strings.Fields(strings.Map(letters, s)), " "); s != "" {
			all = append(all, s)
		}
	}
	return all
}

func letters(r rune) rune {
	if r == '{' || r == '}' || r == '\'' || r >= 'a' && r <= 'z' {
		return r
	}
	return ' '
}

// everything is each wording by what it is called, for who checks them.
var everything = map[string]*wording{
	"hello": &hello, "named": &named, "firm": &firm, "firm long": &firmLong, "hesitant": &hesitant, "again": &again,
	"talker": &talker, "busy": &busy, "screened": &screened, "television": &television,
	"personal": &personal, "carrier": &carrier, "company": &company, "hours": &hours, "long": &long, "more": &more, "brief": &brief,
	"full": &full, "unavailable": &unavailable, "screener": &screener, "menu": &menu, "queue": &queue, "picked up": &pickedUp,
	"hold on": &holdOn, "desk": &desk, "goes on": &goesOn,
}

package answer

import (
	"bufio"
	"embed"
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync"
)

// A language's phrases are the lines of phrases/LANGUAGE.txt. To add a language,
// add a file. A line is a class, a weight in nats, and the phrase:
//
//	voicemail_greeting 4.0 leave a|your|us message
//	<digit> = 1|2|one|two
//	ivr 3.5 press <digit>
//
// Words are lower case, without marks and apostrophes ("cant", "despues"). Forms of a word
// stand side by side with | between them. Up to two other words may stand between
// two words of a phrase, up to seven where it has a *. A $ at the end: nothing is
// said behind it. An empty line and one that begins with # say nothing.
//
//go:embed phrases/*.txt
var files embed.FS

// Bounds of a file of phrases.
const (
	mostPhrases     = 400
	mostPhraseWords = 12
	mostForms       = 40
	mostPhraseLine  = 1000 // bytes
	mostWeight      = 8.0
)

// phrase is something that machines, or people, say.
type phrase struct {
	text   string // as it stands in the file
	shown  string // for people: the first form of each word
	class  Class
	weight float64
	words  []word
	ends   bool // nothing is said behind it
}

type word struct {
	forms []string
	ids   []int // of the forms, in the lexicon
	wide  bool  // others may stand before it
}

// lexicon is a language's phrases, and every form of their words, so that a text
// is compared with each form once.
type lexicon struct {
	phrases []phrase
	forms   []string
	ids     map[string]int
	by      [256][]int // the forms that begin with a byte
}

// add takes one more phrase.
func (l *lexicon) add(p phrase) {
	for i := range p.words {
		w := &p.words[i]
		for _, form := range w.forms {
			id, known := l.ids[form]
			if !known {
				id = len(l.forms)
				l.ids[form], l.forms = id, append(l.forms, form)
				l.by[form[0]] = append(l.by[form[0]], id)
			}
			w.ids = append(w.ids, id)
		}
	}
	l.phrases = append(l.phrases, p)
}

// spoken are the classes that have phrases.
var spoken = []Class{Human, Screener, IVR, Greeting, MailboxFull, Unavailable, Hold}

// phrasesOf returns the phrases of a language (BCP 47), English if it has none.
func phrasesOf(language string) *lexicon {
	base, _, _ := strings.Cut(strings.ToLower(language), "-")
	all := lists()
	if list, ok := all[base]; ok {
		return list
	}
	return all["en"]
}

// lists reads the files, which a test has read before.
var lists = sync.OnceValue(func() map[string]*lexicon {
	all := map[string]*lexicon{}
	entries, err := files.ReadDir("phrases")
	if err != nil {
		panic(err) // they are part of the program
	}
	for _, e := range entries {
		f, err := files.Open("phrases/" + e.Name())
		if err != nil {
			panic(err)
		}
		list, err := readPhrases(f)
		if err != nil {
			panic(fmt.Errorf("answer: %s: %w", e.Name(), err))
		}
		all[strings.TrimSuffix(e.Name(), ".txt")] = list
	}
	return all
})

// readPhrases reads a file of phrases. It fails at the first line that is not
// well-formed, and names it.
func readPhrases(r io.Reader) (*lexicon, error) {
	list := &lexicon{ids: map[string]int{}}
	names := map[string]string{}
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, mostPhraseLine)
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || line[0] == '#' {
			continue
		}
		if name, forms, ok := strings.Cut(line, " = "); ok {
			names[strings.TrimSpace(name)] = strings.TrimSpace(forms)
			continue
		}
		p, err := readPhrase(line, names)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
		if list.add(p); len(list.phrases) > mostPhrases {
			return nil, fmt.Errorf("line %d: more than %d phrases", n, mostPhrases)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("a line may have %d bytes: %w", mostPhraseLine, err)
	}
	return list, nil
}

// readPhrase reads one line.
func readPhrase(line string, names map[string]string) (phrase, error) {
	fields := strings.Fields(line)
	if len(fields) < 3 {
		return phrase{}, fmt.Errorf("want a class, a weight and a phrase, got %q", line)
	}
	weight, err := strconv.ParseFloat(fields[1], 64)
	if err != nil || !(weight > 0 && weight <= mostWeight) {
		return phrase{}, fmt.Errorf("want a weight up to %v, got %q", mostWeight, fields[1])
	}
	p := phrase{class: Class(fields[0]), weight: weight, text: strings.Join(fields[2:], " ")}
	if !p.class.speaks() {
		return phrase{}, fmt.Errorf("no class that speaks: %q", fields[0])
	}
	if err := p.read(fields[2:], names); err != nil {
		return phrase{}, err
	}
	return p, nil
}

func (c Class) speaks() bool {
	for _, s := range spoken {
		if c == s {
			return true
		}
	}
	return false
}

// read takes the words of the phrase.
func (p *phrase) read(fields []string, names map[string]string) error {
	wide := false
	for i, field := range fields {
		switch {
		case field == "$" && i == len(fields)-1:
			p.ends = true
			continue
		case field == "*":
			wide = true
			continue
		}
		w := word{wide: wide}
		for _, form := range strings.Split(field, "|") {
			if named, ok := names[form]; ok {
				w.forms = append(w.forms, strings.Split(named, "|")...)
			} else {
				w.forms = append(w.forms, form)
			}
		}
		if wide = false; len(w.forms) > mostForms {
			return fmt.Errorf("more than %d forms of a word", mostForms)
		}
		for _, form := range w.forms {
			if got := tokens(form); len(got) != 1 || got[0] != form {
				return fmt.Errorf("want a word in lower case, without marks, got %q", form)
			}
		}
		p.words = append(p.words, w)
		p.shown += " " + w.forms[0]
	}
	p.shown = strings.TrimSpace(p.shown)
	if len(p.words) == 0 || len(p.words) > mostPhraseWords {
		return fmt.Errorf("want 1 to %d words, got %d", mostPhraseWords, len(p.words))
	}
	return nil
}

package answer

import (
	"strings"
	"testing"
)

func TestEveryListHasPhrasesOfAllClassesThatSpeak(t *testing.T) {
	for language, list := range lists() {
		count := map[Class]int{}
		seen := map[string]bool{}
		for _, p := range list.phrases {
			count[p.class]++
			if seen[p.text] {
				t.Errorf("%s: %q stands there twice", language, p.text)
			}
			seen[p.text] = true
		}
		for _, c := range spoken {
			if count[c] < 5 {
				t.Errorf("%s: %d phrases for %s, want 5 at least", language, count[c], c)
			}
		}
	}
	for _, language := range []string{"en", "es", "fr", "de"} {
		if len(lists()[language].phrases) < 80 {
			t.Errorf("%s: %d phrases", language, len(lists()[language].phrases))
		}
	}
}

func TestALanguageWithoutAListIsTakenForEnglish(t *testing.T) {
	english := phrasesOf("en")
	for _, language := range []string{"", "en-GB", "EN", "tlh", "-"} {
		if phrasesOf(language) != english {
			t.Errorf("phrasesOf(%q) is not the English list", language)
		}
	}
	if phrasesOf("de-AT") == english {
		t.Error("phrasesOf(de-AT) is English")
	}
}

func TestALineThatIsNotWellFormedIsNamed(t *testing.T) {
	for line, want := range map[string]string{
		"human 2":                                "want a class",
		"robot 2 hello":                          "no class that speaks",
		"fax 2 hello":                            "no class that speaks",
		"human x hello":                          "want a weight",
		"human 0 hello":                          "want a weight",
		"human 99 hello":                         "want a weight",
		"human NaN hello":                        "want a weight",
		"human 2 Hello":                          "lower case",
		"human 2 can't":                          "without marks",
		"human 2 después":                        "without marks",
		"human 2 a||b":                           "want a word",
		"human 2 <digit>":                        "want a word",
		"human 2 $":                              "1 to 12 words",
		"human 2 *":                              "1 to 12 words",
		"human 2 " + strings.Repeat("a ", 13):    "1 to 12 words",
		"human 2 " + strings.Repeat("a|", 41):    "forms",
		"human 2 " + strings.Repeat("long", 400): "1000 bytes",
	} {
		_, err := readPhrases(strings.NewReader("# a list\n\n" + line))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.20q: %v, want %q in it", line, err, want)
		}
	}
	if _, err := readPhrases(strings.NewReader(strings.Repeat("human 2 hello\n", 401))); err == nil {
		t.Error("more than 400 phrases are taken")
	}
}

func TestAPhraseIsFoundAsItIsHeard(t *testing.T) {
	for _, c := range []struct {
		phrase, text string
		want         bool
	}{
		{"leave a message", "Please leave a message!", true},
		{"leave a message", "please leave us a short message", true},
		{"leave a message", "leave a very long and detailed message", false},
		{"leave a * message", "leave a very long and detailed message", true},
		{"leave a message", "message a leave", false},
		{"leave a|your message", "leave your message", true},
		{"cant come to the phone", "I can’t come to the phone", true},
		{"cant come to the phone", "I can't come to thee phone", false},
		{"mailbox is full", "the mail box is full", true},
		{"mailbox is full", "the mailbax is full", true},
		{"mailbox is full", "the mailer is full", false},
		{"voicemail", "voice mail", true},
		{"hello $", "hello", true},
		{"hello $", "well hello", true},
		{"hello $", "hello you have reached", false},
		{"hello $", "hello you have reached hello", true},
		{"unavailable", "unavaleable", true},
		{"despues del tono", "Después del tono.", true},
	} {
		p, err := readPhrase("human 1 "+c.phrase, nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, got := p.in(tokens(c.text)); got != c.want {
			t.Errorf("%q in %q: %v", c.phrase, c.text, got)
		}
	}
}

func TestWhatALongerPhraseSaysCountsOnce(t *testing.T) {
	list, err := readPhrases(strings.NewReader("voicemail_greeting 4 leave a message\nhuman 5 would you like to leave a message\nivr 4 press 1\nivr 3 to * press 1\nivr 2 1 now"))
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		"leave a message":                             "leave a message",
		"would you like to leave a message":           "would you like to leave a message",
		"to send it press 1":                          "to * press 1",
		"press 1 now":                                 "press 1",
		"would you like to leave a message, or 1 now": "would you like to leave a message, 1 now",
	} {
		var got []string
		for _, m := range list.find(tokens(text)) {
			got = append(got, m.phrase.text)
		}
		if s := strings.Join(got, ", "); s != want {
			t.Errorf("in %q: %s, want %s", text, s, want)
		}
	}
}

func TestALongTextIsBounded(t *testing.T) {
	for _, text := range []string{strings.Repeat("leave a ", 1<<16), strings.Repeat("x", 1<<20), strings.Repeat("\xff ", 1<<16), strings.Repeat("a ", 1<<16) + "hello"} {
		if n := len(tokens(text)); n > mostTokens {
			t.Errorf("%d words", n)
		}
		phrasesOf("en").find(tokens(text))
	}
	if got := tokens(strings.Repeat("a ", 1<<16) + "hello"); got[len(got)-1] != "hello" {
		t.Errorf("the end of a long text is lost: %q", got[len(got)-1])
	}
}

func FuzzReadPhrases(f *testing.F) {
	for _, s := range []string{"human 2.0 hello|hi there $", "<a> = b|c\nivr 3 press <a>", "hold 1 a * b", "# x\n\nfax 1 a", "human 1e309 a"} {
		f.Add(s, "hello there")
	}
	f.Fuzz(func(t *testing.T, file, text string) {
		list, err := readPhrases(strings.NewReader(file))
		if err != nil {
			return
		}
		words := tokens(text)
		for _, m := range list.find(words) {
			if m.first < 0 || m.last < m.first || m.last >= len(words) {
				t.Fatalf("%q in %q from %d to %d", m.phrase.text, text, m.first, m.last)
			}
		}
	})
}

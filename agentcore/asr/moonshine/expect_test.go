package moonshine

import (
	"strings"
	"testing"
)

func TestExpectedWords(t *testing.T) {
	x := expecting([]string{"one", "two", "Yes", "no!"})
	for _, c := range []struct {
		text string
		ok   bool // may be written
		done bool // may end there
	}{
		{" one", true, true},
		{" one, two.", true, true},
		{" on", true, false},
		{" 12", true, true},
		{" 1, 2", true, true},
		{"yes", true, true},
		{" yesno", false, false},
		{" three", false, false},
		{",", false, false},
		{" one,,", true, true},
		{"", false, false},
	} {
		at := x.step(between, c.text)
		if ok := at != nowhere; ok != c.ok {
			t.Errorf("%q: may be written: %v, want %v", c.text, ok, c.ok)
		} else if ok && x.done(at) != c.done {
			t.Errorf("%q: may end: %v, want %v", c.text, !c.done, c.done)
		}
	}
	if expecting(nil) != nil || expecting([]string{"", " ", "..."}) != nil {
		t.Error("no words expected should allow everything")
	}
}

func FuzzExpected(f *testing.F) {
	f.Add("one two", " one, two")
	f.Add(strings.Repeat("x", 3000), "x")
	f.Add("\xff\x00", "\xff")
	f.Fuzz(func(t *testing.T, words, token string) {
		x := expecting(strings.Fields(words))
		if x == nil {
			return
		}
		if len(x.nodes) > mostNodes {
			t.Errorf("%d nodes", len(x.nodes))
		}
		if at := x.step(between, token); at != nowhere {
			x.done(at)
		}
	})
}

func FuzzVocabulary(f *testing.F) {
	f.Add("<unk>\n<s>\n</s>\n<0x41>\n\u2581hello", int64(4))
	f.Add("a\nb\nc\n<0xZZ>", int64(-1))
	f.Fuzz(func(t *testing.T, table string, token int64) {
		v, err := parseVocabulary(table)
		if err == nil {
			v.text([]int64{token, 3, token})
		}
	})
}

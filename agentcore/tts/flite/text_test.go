package flite

import (
	"slices"
	"strings"
	"testing"
)

func TestClauses(t *testing.T) {
	for _, c := range []struct {
		text string
		want []string
	}{
		{"Hello. How can I help?", []string{"Hello.", "How can I help?"}},
		{"Sure, what day?", []string{"Sure, what day?"}},
		{"We are open from nine to five, Monday to Friday.", []string{"We are open from nine to five,", "Monday to Friday."}},
		{"It costs 1,234.50 dollars.", []string{"It costs 1,234.50 dollars."}},
		{"Dr. Smith sees you at 9 a.m. on Monday.", []string{"Dr. Smith sees you at 9 a.m. on Monday."}},
		{"...", nil},
		{" , hello", []string{", hello"}},
	} {
		var got []string
		for _, cl := range clauses(clean(c.text)) {
			got = append(got, cl.text)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("clauses(%q) = %q, want %q", c.text, got, c.want)
		}
	}
}

func TestClean(t *testing.T) {
	for in, want := range map[string]string{
		"caf\u00e9 \u201cBl\u00fcte\u201d": `cafe "Blute"`,
		"a\x00b\tc\r\n d":                  "a b c d",
		"wait \u2014 what":                 "wait , what",
		"\xff\xfe":                         "",
		"\u4f60\u597d":                     "",
	} {
		if got := clean(in); got != want {
			t.Errorf("clean(%q) = %q, want %q", in, got, want)
		}
	}
}

func FuzzClauses(f *testing.F) {
	f.Add("Hello, -voice kal. Dr. 1,234 \u2026")
	f.Add(strings.Repeat("9", 300))
	f.Fuzz(func(t *testing.T, text string) {
		plain := clean(text)
		said := 0
		for _, c := range clauses(plain) {
			if len(c.text) == 0 || len(c.text) > mostClause || c.pause <= 0 {
				t.Errorf("clause %q, pause %v", c.text, c.pause)
			}
			said += len(c.text)
		}
		if said > len(plain) {
			t.Errorf("%d bytes became %d", len(plain), said)
		}
	})
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("RIFF\x00\x00\x00\x00WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00\x80\x3e\x00\x00\x00\x7d\x00\x00\x02\x00\x10\x00data\x04\x00\x00\x00abcd"))
	f.Add([]byte("RIFF\x00\x00\x00\x00WAVEdata\xff\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, wave []byte) {
		if _, pcm, err := parse(wave); err == nil && len(pcm) > len(wave) {
			t.Errorf("%d bytes of samples out of %d", len(pcm), len(wave))
		}
	})
}

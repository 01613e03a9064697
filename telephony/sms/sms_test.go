package sms

import (
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestTheAlphabetHasItsLetters(t *testing.T) {
	if n := utf8.RuneCountInString(basic); n != 127 || len(gsm) != 127+10 {
		t.Errorf("%d letters and %d in all, want 127 beside the escape, and 10 behind it", n, len(gsm))
	}
}

func TestSegments(t *testing.T) {
	rep := strings.Repeat
	for _, tt := range []struct {
		name, body string
		want       Size
	}{
		{"nothing", "", Size{GSM7, 0, 1}},
		{"a word", "Hello, Ökonom à 5¥\r\n", Size{GSM7, 20, 1}},
		{"what fits alone", rep("a", 160), Size{GSM7, 160, 1}},
		{"one more", rep("a", 161), Size{GSM7, 161, 2}},
		{"two full ones", rep("a", 306), Size{GSM7, 306, 2}},
		{"a third", rep("a", 307), Size{GSM7, 307, 3}},
		{"an extended letter is two", "€", Size{GSM7, 2, 1}},
		{"eighty of them", rep("€", 80), Size{GSM7, 160, 1}},
		{"one that would be cut moves over", rep("a", 152) + "€" + rep("a", 152), Size{GSM7, 306, 3}},
		{"a backtick is not there", "`", Size{UCS2, 1, 1}},
		{"nor a typographic quote", "don’t", Size{UCS2, 5, 1}},
		{"nor ç, though Ç is", "ça", Size{UCS2, 2, 1}},
		{"seventy", rep("ж", 70), Size{UCS2, 70, 1}},
		{"seventy-one", rep("ж", 71), Size{UCS2, 71, 2}},
		{"two full ones of it", rep("ж", 134), Size{UCS2, 134, 2}},
		{"an emoji is two", rep("😀", 35), Size{UCS2, 70, 1}},
		{"thirty-six", rep("😀", 36), Size{UCS2, 72, 2}},
		{"a pair is never cut: 33 in each of 67", rep("😀", 67), Size{UCS2, 134, 3}},
		{"what is no text", "\xff", Size{UCS2, 1, 1}},
		{"the longest body", rep("a", MaxBody), Size{GSM7, MaxBody, 11}},
	} {
		if got := Measure(tt.body); got != tt.want {
			t.Errorf("%s: %+v, want %+v", tt.name, got, tt.want)
		}
	}
}

func TestALongTextIsCutWhereOneBreathes(t *testing.T) {
	for _, tt := range []struct {
		name, body string
		most       int
		want       []string
	}{
		{"nothing", " \n", 10, nil},
		{"what fits", " It fits. ", 8, []string{"It fits."}},
		{"after a sentence", "One two. Three four five.", 20, []string{"One two.", "Three four five."}},
		{"a question in quotes", `He said "why?" And then he left.`, 20, []string{`He said "why?"`, "And then he left."}},
		{"not after a decimal point", "It costs 3.50 euros today", 12, []string{"It costs", "3.50 euros", "today"}},
		{"a line ends as a sentence does", "first line\nsecond line", 18, []string{"first line", "second line"}},
		{"not if the sentence is too short", "No. But the rest of it is long", 20, []string{"No. But the rest of", "it is long"}},
		{"the space that does not fit", "abcde fghij", 5, []string{"abcde", "fghij"}},
		{"a word without end", "abcdefghij", 4, []string{"abcd", "efgh", "ij"}},
		{"a script without spaces", "你好。再见了朋友", 6, []string{"你好。", "再见了朋友"}},
		{"a pair", "😀😀😀", 3, []string{"😀", "😀", "😀"}},
		{"a family", "ab👨‍👩‍👧cd", 9, []string{"ab", "👨‍👩‍👧c", "d"}},
		{"a flag", "a🇩🇪🇫🇷", 7, []string{"a🇩🇪", "🇫🇷"}},
		{"a colour", "ab👍🏽", 5, []string{"ab", "👍🏽"}},
		{"a mark", "abe\u0301", 3, []string{"ab", "e\u0301"}},
		{"a letter longer than the room", "e\u0301\u0302\u0303", 2, []string{"e\u0301", "\u0302\u0303"}},
		{"no room is some", "abc", 0, []string{"ab", "c"}},
	} {
		if got := Split(tt.body, tt.most); !slices.Equal(got, tt.want) {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestWhatFits(t *testing.T) {
	for body, want := range map[string]bool{
		"": false, "a": true, "\xff": false, "a\x00": false,
		strings.Repeat("a", MaxBody): true, strings.Repeat("a", MaxBody+1): false, strings.Repeat("😀", MaxBody/2+1): false,
	} {
		if Fits(body) != want {
			t.Errorf("Fits(%.10q of %d) = %v", body, Length(body), !want)
		}
	}
}

// FuzzSplit: whatever is cut, nothing is lost, nothing is too long, and no letter
// is broken that had room.
func FuzzSplit(f *testing.F) {
	f.Add("One two. Three 👨‍👩‍👧, e\u0301 \r\n\n🇩🇪🇫🇷 你好。", 9)
	f.Add(strings.Repeat("a", 200)+"€\f", 160)
	f.Add("\xff\u2028\u200d\u0301", 1)
	bare := func(s string) string {
		return strings.Map(func(r rune) rune {
			if unicode.IsSpace(r) {
				return -1
			}
			return r
		}, s)
	}
	f.Fuzz(func(t *testing.T, body string, most int) {
		most = min(most, 4000)
		parts := Split(body, most)
		var kept strings.Builder
		for _, p := range parts {
			kept.WriteString(bare(p))
		}
		if kept.String() != bare(body) {
			t.Errorf("%q became %q", body, parts)
		}
		for i, p := range parts {
			if p == "" || Length(p) > max(most, 2) || utf8.ValidString(body) && !utf8.ValidString(p) {
				t.Errorf("part %d of %q is %q", i, body, p)
			}
			if m := Measure(p); m.Segments < 1 || m.Segments > 1+m.Units/ucsAlone*2 {
				t.Errorf("%q: %+v", p, m)
			}
		}
		if whole := Measure(body); whole.Encoding == UCS2 && whole.Units != Length(body) {
			t.Errorf("%q has %d units and %+v", body, Length(body), whole)
		}
	})
}

package align_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/tts"
	"github.com/hookswitch/hookswitch/agentcore/tts/align"
)

// each makes starts and ends of words that take 100 ms each.
func each(n int) (starts, ends []float64) {
	for i := range n {
		starts, ends = append(starts, float64(i)/10), append(ends, float64(i+1)/10)
	}
	return starts, ends
}

func TestWordsAreFoundInTheTextTheyWereTakenFrom(t *testing.T) {
	for _, tt := range []struct {
		name, text, told string
		want             []string // what is said when each that was found ends
	}{
		{"as given", "Hello there, caller.", "Hello there caller", []string{"Hello", "Hello there,", "Hello there, caller."}},
		{"with their punctuation", "Hello, you!", "Hello, you!", []string{"Hello,", "Hello, you!"}},
		{"punctuation as words of their own", "Hello, you!", "Hello , you !", []string{"Hello,", "Hello, you!"}},
		{"in another case", "OK, Ann.", "ok ann", []string{"OK,", "OK, Ann."}},
		{"the same word twice", "that that is", "that that is", []string{"that", "that that", "that that is"}},
		{"a word inside of another", "another an other", "an", []string{"another an"}},
		{"a number said in words", "It is 1,234 dollars now.", "It is one thousand two hundred thirty four dollars now",
			[]string{"It", "It is", "It is 1,234 dollars", "It is 1,234 dollars now."}},
		{"a typographic apostrophe", "you’re in", "you're in", []string{"you’re", "you’re in"}},
		{"an apostrophe cut in two", "you're in", "you 're in", []string{"you", "you're", "you're in"}},
		{"words joined by a dash", "twenty-one people", "twenty one people", []string{"twenty", "twenty-one", "twenty-one people"}},
		{"a common word far away is not this one", "Dr. Smith saw it on the day of the storm", "Doctor the Smith saw", []string{"Dr. Smith", "Dr. Smith saw"}},
		{"another script", "你好，世界。", "你好 世界", []string{"你好", "你好，世界。"}},
		{"accents", "Café Zoë", "café zoë", []string{"Café", "Café Zoë"}},
		{"nothing of it", "Hello.", "bonjour", nil},
		{"nothing told", "Hello.", "", nil},
		{"only signs told", "Hello.", ". , !", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			words := strings.Fields(tt.told)
			starts, ends := each(len(words))
			var got []string
			var last time.Duration
			for _, w := range align.New(tt.text).Words(words, starts, ends) {
				got = append(got, tt.text[:w.Upto])
				if w.End <= last {
					t.Errorf("a word ends at %v, the one before it at %v", w.End, last)
				}
				last = w.End
			}
			if strings.Join(got, "|") != strings.Join(tt.want, "|") {
				t.Errorf("words = %q, want %q", got, tt.want)
			}
		})
	}
}

func TestTimesThatBeginAnewGoOnWhereTheLastEnded(t *testing.T) {
	text := align.New("one two three four")
	var got []tts.Word
	got = append(got, text.Words([]string{"one", "two"}, []float64{0.1, 0.5}, []float64{0.4, 1})...)
	got = append(got, text.Words([]string{"three"}, []float64{0.05}, []float64{0.5})...)
	got = append(got, text.Words([]string{"four"}, []float64{0.5}, []float64{1})...)
	want := []tts.Word{{Upto: 3, End: 400 * time.Millisecond}, {Upto: 7, End: time.Second}, {Upto: 13, End: 1500 * time.Millisecond}, {Upto: 18, End: 2 * time.Second}}
	if len(got) != len(want) {
		t.Fatalf("words = %v, want %v", got, want)
	}
	for i := range got {
		if got[i] != want[i] {
			t.Errorf("word %d = %v, want %v", i, got[i], want[i])
		}
	}
}

func TestWordsMayOverlap(t *testing.T) {
	text := align.New("one two")
	text.Words([]string{"one"}, []float64{0.1}, []float64{1})
	got := text.Words([]string{"two"}, []float64{0.7}, []float64{1.5})
	if len(got) != 1 || got[0].End != 1500*time.Millisecond {
		t.Errorf("words = %v, want one that ends at 1.5 s", got)
	}
}

func TestTimesThatAreNoneAreLeftOut(t *testing.T) {
	got := align.New("a b c d e").Words([]string{"a", "b", "c", "d", "e"}, nil, []float64{math.NaN(), -1, math.Inf(1), 0.5})
	if len(got) != 1 || got[0] != (tts.Word{Upto: 7, End: 500 * time.Millisecond}) {
		t.Errorf("words = %v, want that of d alone", got)
	}
}

// A server that tells words without end must not keep us looking for them.
func TestAVoiceThatTellsTooManyWordsIsNotListenedTo(t *testing.T) {
	const text = "one two"
	many := make([]string, 10_000)
	ends := make([]float64, len(many))
	for i := range many {
		many[i], ends[i] = "nonsense", 1
	}
	a := align.New(text)
	if got := a.Words([]string{"well", "one"}, nil, []float64{0.1, 0.2}); len(got) != 1 {
		t.Fatalf("words = %v, want one", got)
	}
	a.Words(many, nil, ends)
	if got := a.Words([]string{"two"}, nil, []float64{2}); len(got) != 0 {
		t.Errorf("words = %v behind %d others, want none", got, len(many))
	}
}

// Whatever a voice tells, places are in the text, and go forward.
func FuzzWords(f *testing.F) {
	f.Add("Hello there, caller.", "Hello there caller", 0.1, 0.2)
	f.Add("It is 1,234 dollars.", "It is one thousand", -1.0, 1e300)
	f.Add("\xff你好 a\u0301", "你 好 a\u0301 \xff", 0.0, 0.0)
	f.Fuzz(func(t *testing.T, text, told string, first, step float64) {
		words := strings.Fields(told)
		var starts, ends []float64
		for i := range words {
			starts, ends = append(starts, first+float64(i)*step), append(ends, first+float64(i+1)*step)
		}
		a, last := align.New(text), 0
		for range 2 {
			for _, w := range a.Words(words, starts, ends) {
				if w.Upto <= last && last > 0 || w.Upto > len(text) || w.End < 0 {
					t.Fatalf("word %+v behind %d of %q", w, last, text)
				}
				last = w.Upto
			}
		}
	})
}

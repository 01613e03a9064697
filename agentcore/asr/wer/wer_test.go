package wer

import "testing"

func TestRate(t *testing.T) {
	for _, c := range []struct {
		said, heard string
		want        float64
	}{
		{"", "", 0},
		{"", "you", 1},
		{"hello", "", 1},
		{"Hello, it's 5 o'clock.", "hello its five oclock", 0},
		{"one two three four", "one too three", 0.5},
		{"book a table", "please book a table", 1. / 3},
		{"a b c", "x y z", 1},
	} {
		if got := Rate(c.said, c.heard); got != c.want {
			t.Errorf("Rate(%q, %q) = %v, want %v", c.said, c.heard, got, c.want)
		}
	}
}

func FuzzCount(f *testing.F) {
	f.Add("one two", "two one")
	f.Fuzz(func(t *testing.T, a, b string) {
		wrong, of := Count(a, b)
		if n := len(Words(b)); wrong < 0 || wrong > max(of, n) || of != len(Words(a)) {
			t.Errorf("Count(%q, %q) = %d of %d", a, b, wrong, of)
		}
		if wrong, _ := Count(a, a); wrong != 0 {
			t.Errorf("%q differs from itself", a)
		}
	})
}

package moonshine

import "testing"

func TestTextIsWrittenAsAReaderWantsIt(t *testing.T) {
	v, err := parseVocabulary("<unk>\n<s>\n</s>\n<0xC3>\n<0xA9>\n\u2581Caf\n\u2581to\n-\nmorrow\n,")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		tokens []int64
		want   string
	}{
		{nil, ""},
		{[]int64{1, 5, 3, 4, 2}, "Caf\u00e9"},
		{[]int64{5, 3}, "Caf"}, // half a letter
		{[]int64{6, 7, 8, 9}, "tomorrow."},
		{[]int64{5, 9, 9, 6, 7, 8}, "Caf, tomorrow"},
		{[]int64{-1, 99, 9}, ","},
	} {
		if got := v.text(c.tokens); got != c.want {
			t.Errorf("text(%v) = %q, want %q", c.tokens, got, c.want)
		}
	}
}

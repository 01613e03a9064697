package show

import "unicode"

// columns is how many cells of a terminal s takes. s holds no control
// characters.
func columns(s string) int {
	n := 0
	for _, r := range s {
		n += cells(r)
	}
	return n
}

// cells is 0 for marks that sit on the character before, 2 for the wide ones
// of East Asia and the pictures, 1 for all others.
func cells(r rune) int {
	switch {
	case r < 0x300:
		return 1
	case unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf):
		return 0
	case unicode.Is(wide, r):
		return 2
	}
	return 1
}

// wide holds the blocks of Unicode TR 11 (East Asian Width) that are W or F
// throughout, or nearly.
var wide = &unicode.RangeTable{
	R16: []unicode.Range16{
		{0x1100, 0x115f, 1}, // Hangul Jamo
		{0x2e80, 0x303e, 1}, // CJK radicals and punctuation
		{0x3041, 0xa4cf, 1}, // kana, CJK, Yi
		{0xac00, 0xd7a3, 1}, // Hangul syllables
		{0xf900, 0xfaff, 1}, // CJK compatibility
		{0xfe30, 0xfe6f, 1}, // CJK forms
		{0xff00, 0xff60, 1}, // full-width forms
		{0xffe0, 0xffe6, 1}, // full-width signs
	},
	R32: []unicode.Range32{
		{0x1f300, 0x1f64f, 1}, // pictures, faces
		{0x1f680, 0x1f6ff, 1}, // transport
		{0x1f900, 0x1f9ff, 1}, // more pictures
		{0x20000, 0x3fffd, 1}, // CJK extensions
	},
}

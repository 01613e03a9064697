package ws

import "unicode/utf8"

// wholeRunes returns how many bytes at the beginning of b are whole characters
// of UTF-8; ok is false if what follows them can't become one, whatever comes.
// What is left without being wrong is the beginning of a character.
func wholeRunes(b []byte) (n int, ok bool) {
	for n < len(b) {
		if b[n] < utf8.RuneSelf {
			n++
			continue
		}
		r, size := utf8.DecodeRune(b[n:])
		if r == utf8.RuneError && size == 1 {
			return n, !utf8.FullRune(b[n:])
		}
		n += size
	}
	return n, true
}

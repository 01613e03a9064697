package sim

import (
	"strings"
	"unicode/utf16"
)

// The letters of GSM 03.38, and those that take two places.
const (
	gsmLetters = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
	gsmTwo     = "\f^{}\\[~]|€"
)

// Segments is in how many parts body travels: 160 letters alone or 153 each, 70
// or 67 if one of them is not in GSM's alphabet. What takes two places stays
// together.
func Segments(body string) int {
	alone, each := 160, 153
	var sizes []int
	for _, r := range body {
		switch {
		case strings.ContainsRune(gsmLetters, r):
			sizes = append(sizes, 1)
		case strings.ContainsRune(gsmTwo, r):
			sizes = append(sizes, 2)
		default:
			alone, each = 70, 67
		}
	}
	if alone == 70 {
		sizes = sizes[:0]
		for _, r := range body {
			sizes = append(sizes, max(1, utf16.RuneLen(r)))
		}
	}
	total, n, used := 0, 1, 0
	for _, size := range sizes {
		if total += size; used+size > each {
			n, used = n+1, 0
		}
		used += size
	}
	if total <= alone {
		return 1
	}
	return n
}

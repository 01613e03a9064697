package ws

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// FuzzConn sends any bytes in any pieces. It never panics, holds no more than
// the limit and one read, and what it hands out is what gorilla hands out of the
// same bytes, as far as that is as strict.
func FuzzConn(f *testing.F) {
	for _, c := range suite() {
		if len(c.in) < 1<<10 {
			f.Add([]byte(c.in), uint16(len(c.name)*257))
		}
	}
	const limit = 4 << 10
	f.Fuzz(func(t *testing.T, in []byte, seed uint16) {
		pieces, i := []int{1 + int(seed&0xff), 1 + int(seed>>8)}, 0
		l := &line{in: slices.Clone(in), piece: func() int { i++; return pieces[i%2] }}
		conn := New(l, Config{Limit: limit})
		heard, end := hear(conn)
		said := told(t, l.out)
		if len(conn.buf) > limit+2*(maxHeader+maxControl) && len(conn.buf) > small {
			t.Errorf("a buffer of %d bytes", len(conn.buf))
		}
		for _, m := range heard {
			if strings.HasPrefix(m, "text ") && !utf8.ValidString(m) {
				t.Errorf("%q is handed out as text", m)
			}
		}
		l = &line{in: slices.Clone(in), piece: func() int { return 1 << 20 }}
		reference := upgraded(t, l)
		reference.SetReadLimit(limit)
		theirs, theirEnd := hearGorilla(reference)
		if end == cut && theirEnd == cut || end == theirEnd {
			if !slices.Equal(heard, theirs) || !slices.Equal(said, told(t, l.out)) {
				t.Errorf("heard %v, gorilla %v; told %v", brief(heard), brief(theirs), brief(said))
			}
			return
		}
		// They differ in what they end for: gorilla does not look at text, lengths
		// and some closes. Until then they agree.
		if len(theirs) < len(heard) || !slices.Equal(theirs[:len(heard)], heard) || !strings.HasPrefix(end, "violation") && end != "1014" {
			t.Errorf("heard %v, %s; gorilla %v, %s", brief(heard), end, brief(theirs), theirEnd)
		}
	})
}

// FuzzUnmask compares the fast way with the plain one.
func FuzzUnmask(f *testing.F) {
	f.Add([]byte("Hello, this is more than thirty-two bytes of ASCII."), uint32(0x3d21fa37), 0)
	f.Add([]byte("κόσμε, with eight and some"), uint32(0x8001ff00), 3)
	f.Fuzz(func(t *testing.T, b []byte, key uint32, at int) {
		at &= 0xffff
		want, ascii := slices.Clone(b), true
		for i := range want {
			want[i] ^= byte(key >> (8 * ((at + i) & 3)))
			ascii = ascii && want[i] < utf8.RuneSelf
		}
		if got := unmask(b, key, at); got != ascii || !slices.Equal(b, want) {
			t.Errorf("%x, ASCII %v; want %x, %v", b, got, want, ascii)
		}
	})
}

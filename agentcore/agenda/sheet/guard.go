package sheet

import (
	"errors"
	"io"
)

// errRow means that a row is longer than maxRow.
var errRow = errors.New("sheet: the row is too long")

// guard reads a file of at most max bytes, and no more for one row than it may.
type guard struct {
	r    io.Reader
	left int64 // of the file
	max  int64
	row  int64 // of the row; set again before each
}

// Read implements io.Reader.
func (g *guard) Read(p []byte) (int, error) {
	if g.row <= 0 {
		return 0, errRow
	}
	if int64(len(p)) > g.left+1 {
		p = p[:g.left+1] // one more, to see that there is one
	}
	n, err := g.r.Read(p)
	g.row -= int64(n)
	if g.left -= int64(n); g.left < 0 {
		return 0, &TooLarge{"bytes", g.max}
	}
	return n, err
}

package tone_test

import (
	"flag"
	"os"
	"testing"
)

// A short run takes every third of the grids' pitches and lengths.
func TestMain(m *testing.M) {
	flag.Parse()
	if testing.Short() {
		pitches, lengths = third(pitches), third(lengths)
	}
	os.Exit(m.Run())
}

func third[T any](all []T) (some []T) {
	for i := 0; i < len(all); i += 3 {
		some = append(some, all[i])
	}
	return some
}

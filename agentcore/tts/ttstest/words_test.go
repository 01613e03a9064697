package ttstest

import (
	"context"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/tts"
	"github.com/hookswitch/hookswitch/media"
)

// teller hums for a second and tells what it is given.
type teller []tts.Word

func (t teller) Speak(_ context.Context, _ string, out tts.Sink) error {
	for range 50 {
		if err := out.Frame(new(media.Frame)); err != nil {
			return err
		}
	}
	out.Words(t...)
	return nil
}

// strict notes what fails.
type strict struct {
	testing.TB
	failed bool
}

func (s *strict) Errorf(string, ...any) { s.failed = true }

func TestWrongTimingsAreFound(t *testing.T) {
	const text = "Good morning, you."
	for name, c := range map[string]struct {
		words teller
		fails bool
	}{
		"none":                 {nil, false},
		"as they should be":    {teller{{Upto: 4, End: 200 * time.Millisecond}, {Upto: 12, End: 500 * time.Millisecond}, {Upto: 18, End: time.Second}}, false},
		"one with its comma":   {teller{{Upto: 13, End: 500 * time.Millisecond}}, false},
		"within a word":        {teller{{Upto: 7, End: 500 * time.Millisecond}}, true},
		"behind a blank":       {teller{{Upto: 5, End: 500 * time.Millisecond}}, true},
		"beyond the text":      {teller{{Upto: 19, End: 500 * time.Millisecond}}, true},
		"long after the sound": {teller{{Upto: 4, End: 1200 * time.Millisecond}}, true},
		"going back in text":   {teller{{Upto: 12, End: 500 * time.Millisecond}, {Upto: 4, End: 600 * time.Millisecond}}, true},
		"going back in time":   {teller{{Upto: 4, End: 500 * time.Millisecond}, {Upto: 12, End: 400 * time.Millisecond}}, true},
	} {
		s := &strict{TB: t}
		if Words(s, c.words, text); s.failed != c.fails {
			t.Errorf("%s: failed = %v", name, s.failed)
		}
	}
}

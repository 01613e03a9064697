package replay_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/answer"
	"github.com/hookswitch/hookswitch/agentcore/answer/replay"
)

const ms = time.Millisecond

// two is an utterance of 1 s with a pause of pause in it, then one of 1 s.
func two(pause time.Duration) sound {
	return sound{}.silence(500 * ms).voice(500 * ms).silence(pause).voice(500 * ms).silence(time.Second).voice(time.Second).silence(time.Second)
}

func word(text string, final bool, began, ended, known time.Duration) replay.Word {
	return replay.Word{Words: answer.Words{Text: text, Final: final, Began: began, Ended: ended}, Known: known}
}

func TestWordsAreKnownWhenACallWouldHaveKnownThem(t *testing.T) {
	first, second := word("said 1", true, 500*ms, 1800*ms, 2300*ms), word("said 2", true, 2800*ms, 3800*ms, 4300*ms)
	for _, c := range []struct {
		name  string
		cfg   replay.Config
		sound sound
		want  []replay.Word
	}{
		{"recognition fits into the wait for the end", replay.Config{Recognizer: counter{took: 250 * ms}}, two(300 * ms),
			[]replay.Word{first, second}},
		{"recognition lasts longer than the wait", replay.Config{Recognizer: counter{took: 700 * ms}}, two(300 * ms),
			[]replay.Word{word("said 1", true, 500*ms, 1800*ms, 2700*ms), word("said 2", true, 2800*ms, 3800*ms, 4700*ms)}},
		{"the time of recognition is fixed", replay.Config{Recognizer: counter{took: time.Minute}, Took: 300 * ms}, two(300 * ms),
			[]replay.Word{first, second}},
		{"a guess that is known before they go on", replay.Config{Recognizer: counter{took: 50 * ms, guess: true}, Guess: time.Second}, two(300 * ms),
			[]replay.Word{word("said 1?", false, 500*ms, 1000*ms, 1250*ms), word("said 1?", false, 500*ms, 1800*ms, 2050*ms), first,
				word("said 2?", false, 2800*ms, 3800*ms, 4050*ms), second}},
		{"a guess that comes too late is never told", replay.Config{Recognizer: counter{took: 150 * ms, guess: true}, Guess: time.Second}, two(300 * ms),
			[]replay.Word{word("said 1?", false, 500*ms, 1800*ms, 2150*ms), first, word("said 2?", false, 2800*ms, 3800*ms, 4150*ms), second}},
		{"nobody asked for guesses", replay.Config{Recognizer: counter{took: 50 * ms, guess: true}}, two(300 * ms),
			[]replay.Word{first, second}},
		{"a longer wait makes one utterance of two", replay.Config{Recognizer: counter{took: ms}, EndpointWait: 1200 * ms}, two(300 * ms),
			[]replay.Word{word("said 1", true, 500*ms, 3800*ms, 4800*ms)}},
		{"the recording ends amid a word", replay.Config{Recognizer: counter{took: 100 * ms}}, sound{}.silence(200 * ms).voice(time.Second),
			[]replay.Word{word("said 1", true, 200*ms, 1200*ms, 1300*ms)}},
		{"an utterance that could not be recognised", replay.Config{Recognizer: counter{took: ms, failed: 1}}, two(300 * ms),
			[]replay.Word{second}},
		{"silence", replay.Config{Recognizer: counter{}}, sound{}.silence(time.Second), nil},
		{"nothing at all", replay.Config{Recognizer: counter{}}, nil, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.cfg.Detector = loud{}
			heard, err := replay.Hear(t.Context(), c.sound, c.cfg)
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(heard.Words, c.want) {
				t.Errorf("Words = %v, want %v", heard.Words, c.want)
			}
		})
	}
}

func TestWhyWordsAreMissingIsSaid(t *testing.T) {
	for _, c := range []struct {
		name string
		cfg  replay.Config
		want string
	}{
		{"deaf on purpose", replay.Config{}, "nobody listened"},
		{"one utterance failed", replay.Config{Recognizer: counter{failed: 1}}, "it broke"},
		{"the stream died", replay.Config{Recognizer: counter{dies: 1}}, "gave up"},
		{"the recogniser owes a word", replay.Config{Recognizer: counter{mute: 1}, Patience: 5 * time.Second}, "owed words for 5s"},
		{"nothing is missing", replay.Config{Recognizer: counter{}}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c.cfg.Detector = loud{}
				heard, err := replay.Hear(t.Context(), two(0), c.cfg)
				if err != nil {
					t.Fatal(err)
				}
				if got := heard.Deaf; (c.want == "") != (got == "") || !strings.Contains(got, c.want) {
					t.Errorf("Deaf = %q, want %q", got, c.want)
				}
				if got, want := len(heard.Speech), len(two(0))/160; got != want {
					t.Errorf("%d frames were judged, want %d", got, want)
				}
			})
		})
	}
}

func TestReplayStopsWhenItIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		why := errors.New("the user has gone")
		ctx, stop := context.WithCancelCause(t.Context())
		time.AfterFunc(time.Second, func() { stop(why) })
		began := time.Now()
		_, err := replay.Run(ctx, two(0), replay.Config{Detector: loud{}, Recognizer: counter{mute: 1}})
		if !errors.Is(err, why) || time.Since(began) != time.Second {
			t.Errorf("Run() = %v after %v, want %v after 1s", err, time.Since(began), why)
		}
	})
}

func TestReplayNeedsSomebodyToListen(t *testing.T) {
	if _, err := replay.Run(t.Context(), nil, replay.Config{}); !errors.Is(err, replay.ErrNoDetector) {
		t.Errorf("Run() without a detector = %v", err)
	}
	why := errors.New("no model")
	if _, err := replay.Run(t.Context(), nil, replay.Config{Detector: loud{}, Recognizer: counter{open: why}}); !errors.Is(err, why) {
		t.Errorf("Run() with a recogniser that can't be opened = %v, want %v", err, why)
	}
}

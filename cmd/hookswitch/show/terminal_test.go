package show_test

import (
	"bytes"
	"context"
	"math/rand/v2"
	"regexp"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hookswitch/hookswitch/cmd/hookswitch/show"
	"github.com/hookswitch/hookswitch/media"
)

// onScreen is what stands on a terminal after it was sent text: of escapes it
// knows colours and "erase to the end of the line", and an error for any other.
func onScreen(t *testing.T, text string) string {
	t.Helper()
	text = regexp.MustCompile(`\x1b\[[0-9;]*m`).ReplaceAllString(text, "")
	var lines []string
	var line []rune
	col := 0
	for text != "" {
		if rest, ok := strings.CutPrefix(text, "\x1b[K"); ok {
			line, text = line[:min(col, len(line))], rest
			continue
		}
		r := []rune(text)[0]
		text = strings.TrimPrefix(text, string(r))
		switch {
		case r == '\r':
			col = 0
		case r == '\n':
			lines, line, col = append(lines, string(line)), nil, 0
		case r == '\x1b':
			t.Fatalf("an escape that no terminal here knows, before %q", text)
		default:
			line = append(line[:min(col, len(line))], r)
			col++
		}
	}
	return strings.Join(append(lines, string(line)), "\n")
}

func TestLiveLineLeavesNothingBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rnd := rand.New(rand.NewPCG(1, 2))
		s, b := terminal()
		ctx, stop := context.WithCancel(t.Context())
		call := s.Call(busy)
		var wg sync.WaitGroup
		wg.Go(func() { call.Watch(ctx) })
		loud, quiet := media.Frame{0: 9000}, media.Frame{}
		for _, e := range journal(t, "busy.jsonl") {
			for range rnd.IntN(30) {
				call.Meters().Record(&loud, &quiet)
				time.Sleep(media.FrameDuration)
			}
			call.Entry(e)
		}
		stop()
		wg.Wait()
		drawn := strings.Count(b.String(), "agent ▁")
		if drawn < 20 {
			t.Fatalf("the live line was drawn %d times: this test cannot tell", drawn)
		}
		want := new(bytes.Buffer)
		still := show.New(want, want, show.Mode{Color: true, Width: 100})
		again := still.Call(busy)
		for _, e := range journal(t, "busy.jsonl") {
			again.Entry(e)
		}
		if got, want := onScreen(t, b.String()), onScreen(t, want.String()); got != want {
			t.Errorf("on the screen stands\n%s\nwant\n%s", got, want)
		}
	})
}

package live

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/asr"
	"github.com/hookswitch/hookswitch/media"
)

// books are operations upon an account, at a time.
type books func(a *account, now time.Time)

func words(text string) books {
	return func(a *account, now time.Time) { a.hear(Heard{Text: text, Settled: true}, now) }
}

func guesses(text string) books {
	return func(a *account, now time.Time) { a.hear(Heard{Text: text}, now) }
}

func answers(until time.Duration) books {
	return func(a *account, now time.Time) { a.hear(Heard{Settled: true, Finalized: true, Until: until}, now) }
}

func asks(at time.Duration) books { return func(a *account, now time.Time) { a.ask(now, at) } }
func ends(a *account, now time.Time) {
	a.owe(now, now)
}

func begins(a *account, now time.Time)  { a.began(now) }
func resumes(a *account, now time.Time) { a.resumed() }

func waits(a *account, now time.Time) {
	if err := a.expire(now.Add(time.Hour), now.Add(time.Minute)); err != nil {
		a.fail(err, 0)
	}
}

// said are the final results; a failure is an exclamation mark.
func said(a *account) string {
	var all []string
	for _, r := range a.out {
		switch {
		case r.Err != nil:
			all = append(all, "!")
		case r.Final:
			all = append(all, fmt.Sprintf("%q", r.Text))
		}
	}
	return strings.Join(all, " ")
}

func TestEachUtteranceHasItsWords(t *testing.T) {
	const s = time.Second
	for _, tt := range []struct {
		claim      string
		unanswered time.Duration
		books      []books
		want       string
	}{
		{"asked at the end", 0, []books{words("a"), asks(s), ends, words("b"), answers(0)}, `"a b"`},
		{"asked in the pause, answered before the end", 0, []books{asks(s), words("a"), answers(0), ends}, `"a"`},
		{"two pauses", 0, []books{asks(s), words("a"), answers(0), asks(2 * s), ends, words("b"), answers(0)}, `"a b"`},
		{"two pauses, answered late", 0, []books{asks(s), asks(2 * s), ends, words("a"), answers(0), words("b"), answers(0)}, `"a b"`},
		{"two utterances under way", 0, []books{asks(s), ends, asks(2 * s), ends, words("a"), answers(0), words("b"), answers(0)}, `"a" "b"`},
		{"two ends, one question", 0, []books{asks(s), ends, ends, words("a"), answers(0)}, `"a" ""`},
		{"an answer far enough is for all before it", 0, []books{asks(s), ends, asks(2 * s), ends, words("a"), answers(2 * s)}, `"a" ""`},
		{"an answer for what was long before is none", 0, []books{asks(5 * s), ends, answers(s), words("a"), answers(5 * s)}, `"a"`},
		{"settled words that go far enough are an answer", 0, []books{asks(s), ends, func(a *account, now time.Time) {
			a.hear(Heard{Text: "a", Settled: true, Until: s - 1}, now)
			a.hear(Heard{Text: "b", Settled: true, Until: s}, now)
		}}, `"a b"`},
		{"the provider was first", 0, []books{words("a"), answers(0), asks(s), ends}, `"a"`},
		{"the provider was too early", 0, []books{words("a"), answers(0), guesses("b"), asks(s), ends, words("c"), answers(0)}, `"a c"`},
		{"a second answer to one question is none to the next", 0, []books{asks(s), ends, func(a *account, now time.Time) {
			a.hear(Heard{Text: "a", Settled: true, Until: s}, now)
		}, answers(s), begins, asks(2 * s), ends, words("b"), answers(2 * s)}, `"a" "b"`},
		{"nor if it comes when somebody speaks already", 0, []books{asks(s), ends, func(a *account, now time.Time) {
			a.hear(Heard{Text: "a", Settled: true, Until: s}, now)
		}, begins, answers(s), asks(2 * s), ends, words("b"), answers(2 * s)}, `"a" "b"`},
		{"an answer that was given up is none to the next question", s, []books{asks(s), ends, waits, answers(0), begins, asks(2 * s), ends, words("b"), answers(0)}, `"" "b"`},
		{"nor to what is said behind a pause", s, []books{begins, words("a"), answers(0), resumes, asks(s), ends, words("b"), answers(0)}, `"a b"`},
		{"nothing came", 0, []books{asks(s), ends, waits}, `!`},
		{"nothing came, and may", s, []books{asks(s), ends, waits}, `""`},
		{"what came is taken", 0, []books{words("a"), guesses("b"), asks(s), ends, waits}, `"a b"`},
		{"a late answer is not the next one's", 0, []books{words("a"), asks(s), ends, waits, asks(2 * s), ends, answers(0), words("b"), answers(0)}, `"a" "b"`},
		{"an answer that may never come is not waited for", s, []books{words("a"), asks(s), ends, waits, asks(2 * s), ends, words("b"), answers(0)}, `"a" "b"`},
		{"an utterance fails alone", 0, []books{words("a"), asks(s), ends, func(a *account, now time.Time) {
			a.hear(Heard{Err: errors.New("noise")}, now)
		}, words("b"), asks(2 * s), ends, answers(0)}, `! "b"`},
		{"it fails in the pause before its end", 0, []books{words("a"), asks(s), func(a *account, now time.Time) {
			a.hear(Heard{Err: errors.New("noise")}, now)
		}, ends, words("b"), asks(2 * s), ends, answers(0)}, `! "b"`},
		{"a part of it fails", 0, []books{asks(s), func(a *account, now time.Time) {
			a.hear(Heard{Err: errors.New("noise")}, now)
		}, words("b"), asks(2 * s), ends, answers(0)}, `!`},
		{"another connection knows of no question", 0, []books{asks(s), func(a *account, _ time.Time) { a.connected() }, asks(s), ends, words("a"), answers(0)}, `"a"`},
		{"death pays every debt", 0, []books{asks(s), ends, ends, func(a *account, _ time.Time) { a.fail(errors.New("gone"), 2) }}, `! ! ! !`},
		{"death without debt says so once", 0, []books{func(a *account, _ time.Time) { a.fail(errors.New("gone"), 0) }}, `!`},
	} {
		t.Run(tt.claim, func(t *testing.T) {
			a := &account{provider: "plain", finalWait: 3 * s, unanswered: tt.unanswered}
			now := time.Now()
			for _, b := range tt.books {
				now = now.Add(100 * time.Millisecond)
				b(a, now)
			}
			if got := said(a); got != tt.want {
				t.Errorf("said %s, want %s", got, tt.want)
			}
			if len(a.owed) > 0 {
				t.Errorf("%d results are still owed", len(a.owed))
			}
		})
	}
}

func TestWordsThatNobodySaidAreForgotten(t *testing.T) {
	for after, want := range map[time.Duration]string{time.Second: `"a b"`, 3 * time.Second: `"b"`} {
		a := &account{finalWait: time.Second}
		now := time.Now()
		words("a")(a, now)
		now = now.Add(after)
		a.began(now)
		words("b")(a, now)
		a.ask(now, 1)
		a.owe(now, now)
		answers(0)(a, now)
		if got := said(a); got != want {
			t.Errorf("%v later: said %s, want %s", after, got, want)
		}
	}
}

func TestAnUtteranceIsBounded(t *testing.T) {
	a := &account{finalWait: time.Second}
	now := time.Now()
	for range 100 {
		words(strings.Repeat("x", 1000))(a, now)
		guesses(strings.Repeat("y", mostText))(a, now)
	}
	a.ask(now, 1)
	a.owe(now, now)
	answers(0)(a, now)
	if r := a.out[len(a.out)-1]; len(r.Text) > mostText+100 || len(r.Text) < mostText/2 {
		t.Errorf("%d bytes were kept", len(r.Text))
	}
	if len(a.out) != 1 {
		t.Errorf("%d results wait, want the final one alone", len(a.out))
	}
}

func TestTheBacklogKeepsItsOrder(t *testing.T) {
	b := newBacklog()
	frame := make([]media.Frame, 3)
	now := time.Now()
	write := func(n int) {
		for range n {
			b.write(&frame[0])
		}
	}
	write(4)
	b.signal(asr.Ended, true, now)
	write(1)
	b.signal(asr.Began, false, now)
	var got []string
	for {
		n, m, ok := b.next(frame)
		if !ok {
			break
		}
		if n > 0 {
			got = append(got, fmt.Sprint(n))
		} else {
			got = append(got, m.signal.String())
		}
	}
	if want := "3 1 ended began"; strings.Join(got, " ") != want {
		t.Errorf("got %q, want %q, and a frame that waits for its like", got, want)
	}
	if !b.empty(3) || b.empty(1) {
		t.Error("one frame is left")
	}
}

func TestNoEndIsLostInAFullBacklog(t *testing.T) {
	b := newBacklog()
	for range marks {
		b.signal(asr.Began, false, time.Now())
	}
	for range 7 {
		b.signal(asr.Ended, true, time.Now())
		b.signal(asr.Began, false, time.Now())
	}
	if n := b.ends(); n != 7 {
		t.Errorf("%d ends are kept, want 7", n)
	}
}

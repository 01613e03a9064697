package answer

import (
	"slices"
	"testing"
)

// What the corpus has taught: each was taken for somebody else once.
func TestWhoIsEasilyTakenForSomebodyElse(t *testing.T) {
	desk := says(0.5, 4.5, "Hello, thank you for calling Acme Plumbing, you have reached the front desk.")
	for _, c := range []struct {
		name  string
		end   float64
		facts []fact
		want  []Class
	}{
		{"a voicemail of two words that nobody knows, and its beep", 8, []fact{says(0.7, 1, "Purple bananas."), beeps(2.1, 0.4)}, []Class{Human, Unknown, Beeped}},
		{"the same, and the beep is long: silence runs on in it", 8, []fact{says(0.7, 1, "Purple bananas."), beeps(2.3, 1.5)}, []Class{Human, Unknown, Beeped}},
		{"a short voicemail", 6, []fact{says(0.6, 1.8, "This is Alex. Leave a message."), beeps(3, 0.4)}, []Class{Greeting, Beeped}},
		{"a person who beeps soon, and speaks on", 9, []fact{says(0.7, 1, "Purple bananas."), beeps(2.1, 0.4), says(3.4, 2, "Sorry, that was the oven.")}, []Class{Human, Unknown, Human}},
		{"a person who beeps soon behind more, and speaks on", 9, []fact{says(0.7, 2.2, "Purple bananas today."), beeps(3.2, 0.4), says(4.4, 2, "Sorry, that was the oven.")}, []Class{Human}},
		{"a person who says hello, and beeps", 9, []fact{says(0.7, 0.4, "Hello?"), beeps(1.5, 0.4)}, []Class{Human}},
		{"a greeting whose end nobody understands before it is over", 8, []fact{says(0.7, 3.6, "Hi, this is Bob, I can't come to the phone."), {at: 0, carrier: "unknown"}}, []Class{Greeting}},
		{"sorry, but not a person's", 7, []fact{says(0.7, 3, "Sorry I missed your call. Leave your name.")}, []Class{Greeting}},
		{"hi this is, and a voicemail", 9, []fact{says(0.7, 4, "Hi this is Bob. Please leave a message.")}, []Class{Greeting}},
		{"a business, and the carrier errs", 14, []fact{desk, {at: 3.4, carrier: "machine_start"}, says(5.7, 1.5, "Are you calling about an order?")}, nil},
		{"a business that asks to help, and the carrier errs", 14, []fact{desk, {at: 3.4, carrier: "machine_start"}, says(5.7, 1.5, "Mary speaking, how can I help you?")}, []Class{Human}},
		{"the carrier heard the end of three seconds", 6, []fact{says(0.7, 3.2, ""), {at: 5, carrier: "machine_end_beep"}}, []Class{Beeped}},
		{"the carrier heard the end of a word", 6, []fact{says(0.7, 0.6, ""), {at: 5, carrier: "machine_end_silence"}}, []Class{Human}},
		{"music that is soft at times", 30, []fact{{at: 0, noise: 7}, {at: 10, noise: 7}}, []Class{Hold}},
	} {
		t.Run(c.name, func(t *testing.T) {
			j := NewJudge(JudgeConfig{})
			if got := classes(play(j, c.end, c.facts...)); !slices.Equal(got, c.want) {
				t.Errorf("classes = %v, want %v\n%s", got, c.want, listed(j))
			}
		})
	}
}

// A screener has us hold before a person comes: it is not told twice, and what the
// recogniser makes of the person's words does not matter.
func TestBehindAScreenerThatHasUsHoldAPersonIsKnown(t *testing.T) {
	ask := says(0.5, 8, "Hi, the person you're calling is using a screening service from Google, and will get a copy of this conversation. Go ahead and say your name, and why you're calling.")
	for _, text := range []string{"Hi, this is Alex.", "Hello?", "Yes, hi.", "High diss is a lax."} {
		j := NewJudge(JudgeConfig{})
		all := play(j, 30, ask, speaks(9.3, 3), says(14, 2.8, "Thank you. Please hold on while I try to connect you."), says(22, 1.1, text))
		if got := j.Verdict().Class; got != Human || len(cues(all, Reply)) != 1 {
			t.Errorf("%q: %v, told %d times\n%s", text, classes(all), len(cues(all, Reply)), listed(j))
		}
	}
}

// Music behind the announcement of a queue says that nobody is there yet. Behind a
// greeting it may be a radio.
func TestAQueueIsKnownByItsWordsAndItsMusic(t *testing.T) {
	for text, want := range map[string]Class{
		"You are on hold now, the next free line is for you, please wait.": Hold,
		"Good morning, this is the bakery of Smith and Sons in Leeds.":     Human,
	} {
		j := NewJudge(JudgeConfig{})
		play(j, 16, says(0.5, 4, text), fact{at: 5, noise: 7})
		if got := j.Verdict().Class; got != want && (want == Hold || got.Machine()) {
			t.Errorf("%q: %v, want %v\n%s", text, got, want, listed(j))
		}
	}
}

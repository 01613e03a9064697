package answer

import (
	"slices"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/media/tone"
)

var greets = says(0.7, 6, "Hi, you've reached Bob. I can't come to the phone right now. Please leave a message.")

func TestTheMomentToLeaveAMessage(t *testing.T) {
	for _, c := range []struct {
		name  string
		end   float64
		facts []fact
		at    float64 // when it is told; 0: never
		over  float64 // what it stands behind
	}{
		{"the beep is over", 12, []fact{greets, beeps(8, 0.4)}, 8.46, 8.4},
		{"no beep: 2 s of silence", 12, []fact{greets}, 8.7, 6.7},
		{"a pause of a second is none", 20, []fact{greets, says(7.9, 3, "")}, 12.9, 10.9},
		{"a short greeting: 4 s of silence", 12, []fact{says(0.7, 2, "Please leave a message after the tone.")}, 6.7, 2.7},
		{"a beep is heard before its words are understood", 8, []fact{says(0.7, 1.8, "Leave a message after the tone."), beeps(2.6, 0.4)}, 3.1, 3.0},
		{"a beep that the greeting goes on behind is none", 14, []fact{says(0.7, 1.5, ""), beeps(2.4, 0.3), says(3, 5, "Please leave a message after the tone.")}, 10, 8},
		{"only once, though it beeps again", 16, []fact{greets, beeps(8, 0.4), beeps(12, 0.4)}, 8.46, 8.4},
		{"the carrier heard the end", 8, []fact{greets, {at: 7.4, carrier: "machine_end_other"}}, 7.4, 7.4},
		{"a full mailbox takes none", 12, []fact{says(0.7, 4, "The mailbox is full. Goodbye."), beeps(6, 0.4)}, 0, 0},
		{"a person takes none", 12, []fact{says(0.7, 0.4, "Hello?"), beeps(3, 0.4)}, 0, 0},
		{"a screener takes none", 12, []fact{says(0.5, 5, "Please record your name and reason for calling.")}, 0, 0},
		{"the model says so in the silence", 12, []fact{says(0.7, 4, ""), {at: 9, model: true}}, 9, 4.7},
	} {
		t.Run(c.name, func(t *testing.T) {
			j := NewJudge(JudgeConfig{})
			got := cues(play(j, c.end, c.facts...), Leave)
			switch {
			case c.at == 0 && len(got) == 0:
			case len(got) != 1:
				t.Errorf("%d times, want once if at all\n%s", len(got), listed(j))
			case !near(got[0].at, c.at) || !near(got[0].finding.At, c.over):
				t.Errorf("at %v, behind %v; want %v, %v", got[0].at, got[0].finding.At, c.at, c.over)
			}
		})
	}
}

func TestAScreenerIsToldWhenItPauses(t *testing.T) {
	ask := "Please state your name and reason for calling."
	for _, c := range []struct {
		name  string
		facts []fact
		want  []float64
	}{
		{"once it waits", []fact{says(0.5, 4, ask)}, []float64{5.2}},
		{"again when it asks anew", []fact{says(0.5, 4, ask), speaks(5.3, 3), says(10, 4, ask)}, []float64{5.2, 14.7}},
		{"not when it has us wait", []fact{says(0.5, 4, ask), speaks(5.3, 3), says(9, 1, "Please stay on the line.")}, []float64{5.2}},
		{"three times at most", []fact{says(0.5, 4, ask), says(8, 4, ask), says(16, 4, ask), says(24, 4, ask)}, []float64{5.2, 12.7, 20.7}},
	} {
		var got []float64
		j := NewJudge(JudgeConfig{})
		for _, x := range cues(play(j, 30, c.facts...), Reply) {
			got = append(got, x.at.Seconds())
		}
		if !slices.EqualFunc(got, c.want, func(a, b float64) bool { return near(seconds(a), b) }) {
			t.Errorf("%s: at %v, want %v\n%s", c.name, got, c.want, listed(j))
		}
	}
}

func TestSomebodyPicksUp(t *testing.T) {
	for _, c := range []struct {
		name  string
		facts []fact
		want  []Class
	}{
		{"behind the greeting", []fact{greets, says(8, 0.5, "Hello?")}, []Class{Greeting, Human}},
		{"into the greeting", []fact{says(0.7, 4, "Hi, you've reached Bob, I can't come to the phone right"), says(5, 1.2, "now please hello?")}, []Class{Greeting, Human}},
		{"while the message is left", []fact{greets, beeps(8, 0.4), isCut(8.8, 2), says(10.5, 0.6, "Hello? Hello?")}, []Class{Greeting, Beeped, Human}},
		{"while it is left, and nobody recognises them", []fact{greets, beeps(8, 0.4), says(10.5, 0.6, "")}, []Class{Greeting, Beeped, Human}},
		{"in the same breath, as the recogniser hears it", []fact{says(0.7, 6, "Hi, you've reached Bob, I can't come to the phone, please leave a message hello?")}, []Class{Greeting, Human}},
		{"once a message was begun without a beep", []fact{greets, isCut(9, 2), says(10.5, 0.6, "")}, []Class{Greeting, Human}},
		{"nobody: a second greeting says hello first", []fact{greets, says(8.5, 2, "Hello, this is the voicemail of Bob.")}, []Class{Greeting}},
		{"a queue gives way to a menu", []fact{says(0.5, 6, "Your call is important to us. Please hold for the next available agent."), says(30, 3, "For sales, press one.")}, []Class{Hold, IVR}},
		{"nobody: the hello was before the model's word", []fact{says(0.6, 0.5, "Hello?"), {at: 3, model: true}}, []Class{Human, Greeting}},
		{"nobody: silence while it records", []fact{greets, beeps(8, 0.4), speaks(9, 20)}, []Class{Greeting, Beeped}},
		{"through a screener", []fact{says(0.5, 4, "Please state your name and reason for calling."), speaks(5.3, 3), says(14, 0.6, "Hello, this is Ann.")}, []Class{Screener, Human}},
		{"behind a queue", []fact{says(0.5, 6, "Your call is important to us. Please hold for the next available agent."), {at: 8, noise: 20}, says(30, 2.5, "Acme support, how can I help you?")}, []Class{Hold, Human}},
		{"nobody: the greeting says goodbye", []fact{greets, says(8.2, 0.7, "Thank you, bye."), beeps(10, 0.4)}, []Class{Greeting, Beeped}},
		{"nobody: a second greeting says who", []fact{greets, says(8.2, 0.7, "Bob Smith"), says(9.3, 3, "is not available, record your message."), beeps(13, 0.4)}, []Class{Greeting, Beeped}},
		{"nobody: the voicemail has more to say", []fact{greets, beeps(8, 0.4), says(20, 2, "To send your message, press one.")}, []Class{Greeting, Beeped}},
		{"and the voicemail comes back", []fact{greets, says(8, 0.5, "Hello?"), says(11, 5, "You've reached Bob, I can't come to the phone, leave a message after the tone.")}, []Class{Greeting, Human, Greeting}},
		{"a screener gives way to a voicemail", []fact{says(0.5, 4, "Please state your name and reason for calling."), speaks(5.3, 3), says(20, 5, "This person is not available. Please leave a message after the tone.")}, []Class{Screener, Greeting}},
		{"a menu gives way to a queue", []fact{says(0.5, 5, "For sales press one, for support press two."), says(12, 5, "All our agents are busy. Please hold, your call is important to us.")}, []Class{IVR, Hold}},
	} {
		t.Run(c.name, func(t *testing.T) {
			j := NewJudge(JudgeConfig{})
			if got := classes(play(j, 40, c.facts...)); !slices.Equal(got, c.want) {
				t.Errorf("classes = %v, want %v\n%s", got, c.want, listed(j))
			}
		})
	}
}

// While it records, who makes a sound is a person only by their words, or when
// nobody can tell those for long.
func TestAPickUpWaitsForItsWords(t *testing.T) {
	for _, c := range []struct {
		name   string
		picked fact
		at     float64 // 0: nobody picks up
	}{
		{"a cough", fact{at: 10, speech: 0.4, slow: 0.6}, 0},
		{"a cough, and a slow recogniser", fact{at: 10, speech: 0.4, slow: 1.6}, 0},
		{"a word", fact{at: 10, speech: 0.4, text: "Hello?"}, 11.1},
		{"a word, and a slow recogniser", fact{at: 10, speech: 0.4, text: "Hello?", slow: 1.6}, 12},
		{"words that are nobody's phrase", fact{at: 10, speech: 0.4, text: "Purple bananas", slow: 0.9}, 11.3},
		{"nobody tells the words", says(10, 0.4, ""), 12.4},
	} {
		t.Run(c.name, func(t *testing.T) {
			j, at := NewJudge(JudgeConfig{}), 0.0
			for _, x := range play(j, 20, greets, beeps(8, 0.4), c.picked) {
				if x.finding.Changed && x.finding.Verdict.Class == Human {
					at = x.at.Seconds()
				}
			}
			if !near(seconds(at), c.at) {
				t.Errorf("somebody picked up at %.1f s, want %.1f s\n%s", at, c.at, listed(j))
			}
		})
	}
}

func TestTheListeningEnds(t *testing.T) {
	for _, c := range []struct {
		name  string
		end   float64
		facts []fact
		at    float64 // 0: it does not
	}{
		{"a person has answered", 12, []fact{says(0.6, 0.4, "Hello?"), speaks(1.8, 3), says(5.5, 1, "Yes, that's me.")}, 7.2},
		{"a person asks who it is", 12, []fact{speaks(0.2, 3), says(3.8, 1, "Who is this?")}, 5.5},
		{"who cuts us after two seconds has listened", 12, []fact{says(0.6, 0.4, "Hello?"), isCut(1.8, 2.6), says(4.3, 1, "No, thank you.")}, 6},
		{"not behind a hello", 12, []fact{says(0.6, 0.4, "Hello?")}, 0},
		{"not when the first that is said follows our greeting", 12, []fact{speaks(0.2, 2.5), says(3, 1, "")}, 0},
		{"not while it is a voicemail", 100, []fact{greets, beeps(8, 0.4), speaks(9, 10)}, 0},
		{"when the time is over", 130, nil, 120},
	} {
		t.Run(c.name, func(t *testing.T) {
			j := NewJudge(JudgeConfig{})
			got := cues(play(j, c.end, c.facts...), Done)
			switch {
			case c.at == 0 && len(got) == 0:
			case c.at == 0 || len(got) != 1 || !near(got[0].at, c.at):
				t.Errorf("at %v, want %v s\n%s", got, c.at, listed(j))
			}
		})
	}
}

func TestNothingChangesOnceItIsDone(t *testing.T) {
	j := NewJudge(JudgeConfig{})
	play(j, 12, says(0.6, 0.4, "Hello?"), speaks(1.8, 3), says(5.5, 1, "Yes, that's me."))
	if got := classes(play(j, 40, says(20, 8, "Leave a message after the tone. Leave your name and number."))); got != nil {
		t.Errorf("classes = %v, want no change", got)
	}
	got := j.Model(40 * time.Second)
	if got.Verdict.Class != Greeting || !got.Changed || got.Cue != Leave {
		t.Errorf("Model() = %v, want a voicemail, and that the moment has come", got)
	}
	if got := j.Model(41 * time.Second); got.Cue != NoCue {
		t.Errorf("Model() once more = %v, want no cue", got)
	}
}

func TestAVerdictOnRecordStands(t *testing.T) {
	past := func(facts ...fact) *Verdict {
		j := NewJudge(JudgeConfig{})
		play(j, 15, facts...)
		v := j.Verdict()
		return &v
	}
	voicemail, person := past(greets, beeps(8, 0.4)), past(says(0.6, 0.4, "Hello?"))
	for _, c := range []struct {
		name  string
		past  *Verdict
		facts []fact
		want  Class
	}{
		{"a voicemail in silence", voicemail, nil, Beeped},
		{"a voicemail that is heard on", voicemail, []fact{says(20, 4, "")}, Beeped},
		{"a voicemail at which somebody picks up", voicemail, []fact{says(20, 0.5, "Hello?")}, Human},
		{"a person in silence", person, nil, Human},
		{"a person who talks long", person, []fact{says(20, 8, "")}, Human},
		{"no person after all", person, []fact{says(16, 6, "I can't come to the phone. Please leave a message."), beeps(24, 0.4)}, Beeped},
	} {
		j := NewJudge(JudgeConfig{Past: c.past})
		if got := j.Verdict(); got.Class != c.past.Class || len(got.Evidence) != len(c.past.Evidence) {
			t.Errorf("%s: at first %v, want %v", c.name, got, *c.past)
		}
		play(j, 35, c.facts...)
		if got := j.Verdict().Class; got != c.want {
			t.Errorf("%s: %s, want %s\n%s", c.name, got, c.want, listed(j))
		}
	}
	if f := NewJudge(JudgeConfig{Past: voicemail}).Heard(Sound{Kind: Toned, Tone: tone.Tone{Kind: tone.Key}, Now: 16 * time.Second}); f.Changed {
		t.Errorf("a key changes the verdict on record: %v", f)
	}
}

func TestAModelsWordAfterTwoMinutesIsActedOn(t *testing.T) {
	j := NewJudge(JudgeConfig{})
	play(j, 130, says(100, 1, ""))
	if got := j.Model(135 * time.Second); got.Cue != Leave || got.Verdict.Class != Greeting {
		t.Errorf("Model() = %v, want a voicemail, and that the moment has come", got)
	}
}

// A leg that begins with a person on record has a judge who never was done.
func TestAModelsWordAfterTwoMinutesIsActedOnByANewJudge(t *testing.T) {
	j := NewJudge(JudgeConfig{Past: &Verdict{Class: Human, AtMS: 3000}})
	if got := j.Model(135 * time.Second); got.Cue != Leave || got.Verdict.Class != Greeting {
		t.Errorf("Model() = %v, want a voicemail, and that the moment has come", got)
	}
}

// A model may be wrong: who talks while the message is left is a person.
func TestAPersonTakesBackAModelsWord(t *testing.T) {
	for at, want := range map[float64][]Class{40: {Human}, 110: {Human}, 125: nil} { // then nobody listens
		j := NewJudge(JudgeConfig{})
		play(j, 12, says(0.6, 0.4, "Hello?"), speaks(1.8, 3), says(5.5, 1, "Yes, that's me."))
		j.Model(seconds(at))
		got := classes(play(j, at+10, says(at+2, 1, "Hello? I am here.")))
		if !slices.Equal(got, want) {
			t.Errorf("behind a model's word at %v s: %v, want %v\n%s", at, got, want, listed(j))
		}
	}
}

// Who has been told who is calling may answer in any words.
func TestWhoAnswersBehindAScreenerIsAPerson(t *testing.T) {
	for _, c := range []struct {
		text string
		want Class
	}{
		{"Sure, go ahead.", Human},
		{"I see, and when would that be?", Human},
		{"Please stay on the line.", Screener},
		{"", Screener},
	} {
		j := NewJudge(JudgeConfig{})
		all := play(j, 18, says(0.6, 3, "Please say your name and why you are calling."), speaks(6, 4), says(11, 2, c.text))
		if got := j.Verdict().Class; got != c.want || len(cues(all, Reply)) != 1 {
			t.Errorf("%q: %s, %v, want %s\n%s", c.text, got, cues(all, Reply), c.want, listed(j))
		}
	}
}

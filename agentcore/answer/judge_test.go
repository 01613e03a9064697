package answer

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/media/tone"
)

func TestWhoAnswered(t *testing.T) {
	for _, c := range []struct {
		name  string
		end   float64
		facts []fact
		want  []Class
	}{
		{"a person says hello and waits", 4, []fact{says(0.6, 0.4, "Hello?")}, []Class{Human}},
		{"a person whom nobody recognises", 4, []fact{says(0.6, 0.4, "")}, []Class{Human}},
		{"a person with a name", 4, []fact{says(0.8, 1.6, "Mary Smith speaking.")}, []Class{Human}},
		{"a business", 9, []fact{says(0.5, 5.5, "Good morning, thank you for calling Acme Plumbing, this is Mary speaking, how can I help you?")}, []Class{Human}},
		{"a lawyer's office, by a person", 9, []fact{says(0.5, 4.5, "You've reached the law office of Smith and Jones, how may I direct your call?")}, []Class{Human}},
		{"who is this", 5, []fact{says(1, 0.5, "Hi."), says(3, 1, "Who is this?")}, []Class{Human}},
		{"an assistant offers to take a message", 6, []fact{says(0.5, 1, "Doctor Miller's office."), isCut(2, 2), says(4, 2, "He's not in, would you like to leave a message?")}, []Class{Human}},
		{"a voicemail", 8, []fact{says(0.7, 6, "Hi, you've reached Bob. I can't come to the phone right now. Please leave a message after the tone.")}, []Class{Greeting}},
		{"a voicemail as a bad recogniser hears it", 8, []fact{says(0.7, 6, "high youve reach bob i cant come to the fone right now please leave message after the bee")}, []Class{Greeting}},
		{"a voicemail and its beep", 12, []fact{says(0.7, 6, "You've reached Bob. Please leave a message."), beeps(8, 0.4)}, []Class{Greeting, Beeped}},
		{"looks like a person, is a voicemail", 12, []fact{says(0.7, 1.2, "Hi, this is Bob."), says(2.9, 4, "I can't take your call right now, so leave a message.")}, []Class{Human, Greeting}},
		{"two greetings in a row", 20, []fact{
			says(0.5, 5, "Your call has been forwarded to an automated voice messaging system."), says(6.2, 0.8, "Bob Smith."),
			says(7.5, 4, "is not available. At the tone, please record your message."), beeps(13, 0.5),
		}, []Class{Greeting, Beeped}},
		{"a mailbox that is full", 9, []fact{says(0.5, 6, "The mailbox is full and cannot accept any messages at this time. Goodbye.")}, []Class{MailboxFull}},
		{"a number out of service", 9, []fact{{at: 0.3, tone: tone.SIT, long: 1}, says(1.5, 5, "The number you have dialed is not in service.")}, []Class{Unavailable}},
		{"words alone say that it is out of service", 9, []fact{says(1.5, 5, "We're sorry, the number you have reached is not in service. Please check the number and dial again.")}, []Class{Unavailable}},
		{"Apple's screener", 8, []fact{says(0.5, 5, "Hi, if you record your name and reason for calling, I'll see if this person is available.")}, []Class{Screener}},
		{"Google's screener", 12, []fact{says(0.5, 8, "Hi, the person you're calling is using a screening service from Google and will get a copy of this conversation. Go ahead and say your name and why you're calling.")}, []Class{Screener}},
		{"a menu", 12, []fact{says(0.5, 8, "Thank you for calling Acme. For sales, press 1. For support, press two. To repeat these options, press star.")}, []Class{IVR}},
		{"a queue", 12, []fact{says(0.5, 6, "Your call is important to us. Please hold, and the next available agent will be with you.")}, []Class{Hold}},
		{"a fax", 6, []fact{{at: 1, tone: tone.FaxAnswer, long: 2.6}}, []Class{Fax}},
		{"a busy tone behind the answer", 6, []fact{{at: 1, tone: tone.Busy, long: 2}}, []Class{Unavailable}},
		{"a person who plays a beep", 6, []fact{says(0.6, 0.4, "Hello?"), beeps(1.6, 0.5)}, []Class{Human}},
		{"a beep, and nothing else", 8, []fact{beeps(0.6, 0.5)}, []Class{Beeped}},
		{"nobody recognises a voicemail of ten seconds, its beep tells", 16, []fact{says(0.7, 5, ""), says(6.2, 5, ""), beeps(12, 0.4)}, []Class{Beeped}},
		{"nobody recognises a short greeting, its beep tells", 8, []fact{says(0.7, 2.5, ""), beeps(4, 0.4)}, []Class{Beeped}},
		{"a greeting of 90 s", 100, []fact{
			says(0.7, 9, "Welcome to the opera. Our office is closed."), says(10.2, 9, "Our opening hours are nine to five."),
			says(19.8, 9, ""), says(29.2, 9, ""), says(39, 9, "Tonight we play Aida."), says(48.5, 9, ""), says(58, 9, ""),
			says(67.6, 9, ""), says(77, 6, ""), says(83.5, 7, "Please leave a message after the tone."), beeps(92, 1),
		}, []Class{Greeting, Beeped}},
		{"music for minutes", 119, []fact{{at: 0.5, noise: 118}}, []Class{Hold}},
		{"silence for a minute", 60, nil, nil},
		{"both are silent but for our greeting", 60, []fact{speaks(0.2, 3), speaks(20, 3)}, nil},
		{"the carrier's word alone is not enough", 5, []fact{{at: 3, carrier: "machine_start"}}, nil},
		{"the carrier and a long greeting are", 17, []fact{{at: 4, carrier: "machine_start"}, says(0.5, 7, ""), says(8, 7, "")}, []Class{Greeting}},
		{"the carrier's end of a long greeting is", 12, []fact{says(0.7, 6.2, ""), {at: 9.4, carrier: "machine_end_silence"}}, []Class{Greeting}},
		{"a person answers at length, and the carrier errs", 20, []fact{says(0.6, 0.4, ""), speaks(1.8, 3), {at: 4.9, carrier: "machine_start"}, says(5.5, 7, ""), says(13, 7, "")}, []Class{Human}},
		{"the model's word is", 5, []fact{says(0.5, 1, ""), {at: 4, model: true}}, []Class{Human, Greeting}},
	} {
		t.Run(c.name, func(t *testing.T) {
			j := NewJudge(JudgeConfig{})
			all := play(j, c.end, c.facts...)
			if got := classes(all); !slices.Equal(got, c.want) {
				t.Errorf("classes = %v, want %v\n%s", got, c.want, listed(j))
			}
		})
	}
}

// listed is what j knows, a line a piece of evidence.
func listed(j *Judge) (s string) {
	for _, ev := range j.ev.items {
		s += fmt.Sprintf("%6d..%6d ms %-8s %-18s %5.2f %s spent=%v guess=%v\n", ev.BeganMS, ev.EndedMS, ev.Kind, ev.For, ev.Weight, ev.What, ev.spent, ev.guess)
	}
	return fmt.Sprintf("%sodds %.2f, %+v", s, j.ev.odds(), j.line)
}

func TestAPersonIsKnownWithin1200MillisecondsOfTheirFirstWords(t *testing.T) {
	for _, f := range []fact{says(0.6, 0.4, "Hello?"), says(0.6, 0.4, ""), says(0.8, 2, "Miller and sons, Mary speaking.")} {
		all := play(NewJudge(JudgeConfig{}), 5, f)
		for _, x := range all {
			if late := x.at - seconds(f.at+f.speech); x.finding.Changed && late > 1200*time.Millisecond {
				t.Errorf("%q is %s %v behind its end", f.text, x.finding.Verdict.Class, late)
			}
		}
		if len(classes(all)) == 0 {
			t.Errorf("%q is nobody", f.text)
		}
	}
}

// Who may well be a machine is suspected before anything is clear, so that a
// message is ready in time; who is known, or says little, is not.
func TestWhoTalksOnIsSuspected(t *testing.T) {
	for _, c := range []struct {
		name  string
		facts []fact
		from  float64 // when first; 0: never
	}{
		{"talks on", []fact{says(0.7, 8, "")}, 2.7},
		{"talks on with breaths", []fact{says(0.7, 1.2, ""), says(2.3, 4, "")}, 3.3},
		{"says a machine's words, if not clear ones", []fact{says(0.7, 1.2, "Please record your message"), beeps(3, 0.4)}, 2.5},
		{"the carrier says so", []fact{{at: 1, carrier: "machine_start"}}, 1},
		{"says little", []fact{says(0.7, 0.6, "Hello?")}, 0},
		{"answers the agent for three seconds", []fact{speaks(0.2, 2), says(2.8, 3, "")}, 0},
		{"answers the agent for eight seconds", []fact{speaks(0.2, 2), says(2.8, 8, "")}, 6.8},
		{"is known for a person, and talks on", []fact{says(0.7, 0.6, "Hello?"), says(5, 8, "")}, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			j, from := NewJudge(JudgeConfig{}), 0.0
			for _, x := range play(j, 12, c.facts...) {
				if x.finding.Suspect && x.finding.Verdict.Class.Machine() {
					t.Errorf("at %v a %s is suspected: that is known", x.at, x.finding.Verdict.Class)
				}
				if x.finding.Suspect && from == 0 {
					from = x.at.Seconds()
				}
			}
			if !near(seconds(from), c.from) {
				t.Errorf("suspected at %.1f s, want %.1f s\n%s", from, c.from, listed(j))
			}
		})
	}
}

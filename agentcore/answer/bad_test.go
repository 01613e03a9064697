package answer

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/media/tone"
)

func TestWhatIsNoPersonAndNoVoicemailEither(t *testing.T) {
	for _, c := range []struct {
		name  string
		end   float64
		facts []fact
		want  []Class
	}{
		{"music that a detector takes for speech", 100, []fact{says(0.5, 90, "")}, []Class{Hold}},
		{"comfort noise", 119, nil, nil},
		{"a cough", 10, []fact{says(3, 0.15, "")}, []Class{Human}},
		{"noise, and then hello", 14, []fact{{at: 0.3, noise: 5}, says(6, 0.4, "Hello?")}, []Class{Human}},
		{"a radio behind a person", 20, []fact{{at: 0.3, noise: 5}, says(6, 0.4, "Hello?"), {at: 7.8, noise: 8}}, []Class{Human}},
		{"something beeps and beeps, and nobody says a word", 20, []fact{beeps(2, 0.4), beeps(4, 0.4)}, nil},
		{"somebody talks of a full voicemail", 10, []fact{says(0.6, 0.4, "Hello?"), speaks(1.8, 3), says(5.2, 3, "Yes. I called you back but your mailbox is full.")}, []Class{Human}},
		{"keys are pressed", 10, []fact{{at: 1, tone: tone.Key, long: 0.1}, {at: 2, tone: tone.Key, long: 0.1}}, nil},
		{"a text of 4 KB of hellos", 10, []fact{says(0.6, 0.5, strings.Repeat("hello ", 800))}, []Class{Human}},
		{"the carrier says what nobody knows", 10, []fact{{at: 1, carrier: "machine_" + strings.Repeat("x", 9000)}}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			j := NewJudge(JudgeConfig{})
			if got := classes(play(j, c.end, c.facts...)); !slices.Equal(got, c.want) {
				t.Errorf("classes = %v, want %v\n%s", got, c.want, listed(j))
			}
		})
	}
}

func TestWhoAnsweredInOtherLanguages(t *testing.T) {
	for _, c := range []struct {
		language, text string
		want           Class
	}{
		{"es", "Hola, has llamado a Pedro. Ahora no puedo atenderte, deja tu mensaje después de la señal.", Greeting},
		{"es", "El número marcado no existe.", Unavailable},
		{"es-MX", "El buzón está lleno y no puede recibir más mensajes.", MailboxFull},
		{"es", "Diga su nombre y el motivo de la llamada.", Screener},
		{"es", "Para ventas, pulse uno. Para soporte, pulse dos.", IVR},
		{"es", "Todos nuestros agentes están ocupados. Su llamada es muy importante para nosotros.", Hold},
		{"es", "Clínica Sol, buenos días, ¿en qué puedo ayudarle?", Human},
		{"fr", "Bonjour, vous êtes bien chez Paul. Je ne suis pas disponible, laissez-moi un message après le bip.", Greeting},
		{"fr-CA", "Le numéro que vous avez composé n'est pas attribué.", Unavailable},
		{"fr", "La messagerie de votre correspondant est pleine.", MailboxFull},
		{"fr", "Dites votre nom et la raison de votre appel.", Screener},
		{"fr", "Pour le service commercial, tapez 1. Pour la comptabilité, tapez 2.", IVR},
		{"fr", "Tous nos conseillers sont occupés. Veuillez patienter.", Hold},
		{"fr", "Cabinet Martin, bonjour, que puis-je faire pour vous ?", Human},
		{"de", "Guten Tag, dies ist die Mailbox von Karl. Bitte hinterlassen Sie eine Nachricht nach dem Signalton.", Greeting},
		{"de", "Kein Anschluss unter dieser Nummer.", Unavailable},
		{"de-CH", "Die Mailbox ist voll. Es können keine weiteren Nachrichten aufgenommen werden.", MailboxFull},
		{"de", "Bitte nennen Sie Ihren Namen und den Grund Ihres Anrufs.", Screener},
		{"de", "Für den Vertrieb drücken Sie die Eins, für den Service drücken Sie die Zwei.", IVR},
		{"de", "Alle unsere Mitarbeiter sind im Gespräch. Bitte haben Sie einen Moment Geduld.", Hold},
		{"de", "Praxis Doktor Weber, guten Tag, was kann ich für Sie tun?", Human},
	} {
		j := NewJudge(JudgeConfig{Language: c.language})
		play(j, 7, says(0.7, 5, c.text))
		if got := j.Verdict().Class; got != c.want {
			t.Errorf("%s: %q is %s, want %s\n%s", c.language, c.text, got, c.want, listed(j))
		}
	}
}

func TestInterimWordsAreAGuess(t *testing.T) {
	j := NewJudge(JudgeConfig{})
	hear := func(text string, final bool, at float64) Finding {
		return j.Understood(Words{Text: text, Final: final, Ended: seconds(at - 0.3)}, seconds(at))
	}
	if f := hear("leave a message", false, 2); f.Verdict.Class != Unknown {
		t.Errorf("one phrase of an interim result: %s", f.Verdict.Class)
	}
	if f := hear("leave a message after the tone", false, 2.5); f.Verdict.Class != Greeting {
		t.Errorf("two phrases: %s, want a voicemail", f.Verdict.Class)
	}
	if f := hear("leaving an old parlour", true, 3); f.Verdict.Class != Unknown || !f.Changed {
		t.Errorf("the final words are others: %s, want unknown again", f.Verdict.Class)
	}
}

func TestThresholdsAreListedWithTheirReasons(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range Table() {
		if r.Name == "" || r.Value == "" || r.Unit == "" || len(r.Why) < 10 || seen[r.Name] {
			t.Errorf("%+v", r)
		}
		seen[r.Name] = true
	}
	if len(seen) < 50 {
		t.Errorf("%d rows", len(seen))
	}
	Table()[0].Name = "mine"
	if Table()[0].Name == "mine" {
		t.Error("the table can be written to")
	}
}

// facts makes calls of a Judge of any bytes.
func facts(data []byte) (acts []func(*Judge) Finding) {
	texts := []string{"hello", "please leave a message after the tone", "press one for sales", "your mailbox is full", "who is this", "secret 4111 words", "please hold", "state your name and reason for calling"}
	carriers := []string{"human", "machine_start", "machine_end_beep", "machine_end_other", "fax", "unknown", ""}
	for len(data) >= 10 && len(acts) < 300 {
		kind, which := data[0], int(data[1])
		at := time.Duration(int64(binary.LittleEndian.Uint64(data[2:10])))
		if which%3 > 0 {
			at = time.Duration(uint64(at) % uint64(LongestListen)) // most are of a call
		}
		data = data[10:]
		began, ended := at-time.Duration(which)*100*time.Millisecond, at
		acts = append(acts, func(j *Judge) Finding {
			switch kind % 6 {
			case 0, 1:
				return j.Heard(Sound{Kind: SoundKind(which % 8), Tone: tone.Tone{Kind: tone.Kind(which % 10), Hz: math.NaN()}, Began: began, Ended: ended, Now: at})
			case 2:
				return j.Understood(Words{Text: texts[which%len(texts)], Final: which&8 > 0, Began: began, Ended: ended}, at)
			case 3:
				return j.Carrier(carriers[which%len(carriers)], at)
			case 4:
				return j.Spoken(began, ended, which&1 > 0)
			}
			return j.Model(at)
		})
	}
	return acts
}

func FuzzJudge(f *testing.F) {
	for seed := range 6 {
		data := make([]byte, 400)
		for i := range data {
			data[i] = byte((i*i + 7*i*seed) >> (seed % 3))
		}
		f.Add(data)
	}
	f.Fuzz(holds)
}

func TestAnyOrderOfFactsGivesASoundVerdict(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 8))
	for range 300 {
		data := make([]byte, r.IntN(2500))
		for i := range data {
			data[i] = byte(r.Uint32())
		}
		holds(t, data)
	}
}

// holds plays data as facts to two judges, and checks all that they say.
func holds(t *testing.T, data []byte) {
	j, twin := NewJudge(JudgeConfig{}), NewJudge(JudgeConfig{})
	class, left := Unknown, 0
	for _, act := range facts(data) {
		done := j.done
		got := act(j)
		v := got.Verdict
		if got.Changed != (v.Class != class) || !slices.Contains(Classes, v.Class) {
			t.Fatalf("from %s: %+v", class, got)
		}
		class = v.Class
		if !(v.Confidence >= 0 && v.Confidence <= 1) || len(v.Evidence) > MostEvidence || v.AtMS < 0 {
			t.Fatalf("verdict %+v", v)
		}
		for i, ev := range v.Evidence {
			if strings.Contains(ev.What, "secret") || strings.Contains(ev.What, "4111") || ev.Weight < 0 || ev.BeganMS > ev.EndedMS || i > 0 && ev.EndedMS < v.Evidence[i-1].EndedMS {
				t.Fatalf("evidence %+v", v.Evidence)
			}
		}
		switch {
		case got.Cue == Leave:
			left++
		case got.Cue == Done && done:
			t.Fatal("it is done once more")
		}
		if fmt.Sprint(act(twin)) != fmt.Sprint(got) {
			t.Fatal("the same facts give another finding")
		}
	}
	if left > 1 || len(j.ev.items) > mostItems {
		t.Fatalf("left %d times, %d items", left, len(j.ev.items))
	}
}

func BenchmarkJudge(b *testing.B) {
	text := "Hi, you've reached Bob. I can't come to the phone right now. Please leave your name, your number and a short message after the tone."
	b.Run("a sound", func(b *testing.B) {
		j := NewJudge(JudgeConfig{})
		play(j, 7, greets)
		for b.Loop() {
			j.Heard(Sound{Kind: Talking, Began: 8 * time.Second, Ended: 9 * time.Second, Now: 9 * time.Second})
		}
	})
	b.Run("an utterance", func(b *testing.B) {
		j := NewJudge(JudgeConfig{})
		for b.Loop() {
			j.Understood(Words{Text: text, Ended: 6 * time.Second}, 7*time.Second)
		}
	})
	b.Run("4 KB", func(b *testing.B) {
		j, long := NewJudge(JudgeConfig{}), strings.Repeat(text, 40)
		for b.Loop() {
			j.Understood(Words{Text: long, Ended: 6 * time.Second}, 7*time.Second)
		}
	})
}

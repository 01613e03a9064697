package corpus

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/hookswitch/hookswitch/agentcore/answer"
	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/media/wav"
)

// promptFolders are where Debian's asterisk-core-sounds-en-wav puts its prompts,
// spoken by one professional speaker.
var promptFolders = []string{
	"/usr/share/asterisk/sounds/en_US_f_Allison",
	"/usr/share/asterisk/sounds/en",
}

// ErrNoPrompts: the recorded prompts aren't installed. The corpus is complete
// without them.
var ErrNoPrompts = errors.New("corpus: the recorded prompts are not installed (Debian's asterisk-core-sounds-en-wav)")

// FindPrompts is the folder of recorded prompts: the first of folders, or of where
// they are usually installed, that has them. Else [ErrNoPrompts].
func FindPrompts(folders ...string) (string, error) {
	for _, dir := range append(folders, promptFolders...) {
		if dir == "" {
			continue
		}
		if _, err := os.Stat(filepath.Join(dir, "vm-intro.wav")); err == nil {
			return dir, nil
		}
	}
	return "", ErrNoPrompts
}

// prompt is a recorded file's sound.
func (s *Studio) prompt(name string) ([]int16, error) {
	if s.Prompts == "" {
		return nil, ErrNoPrompts
	}
	if !filepath.IsLocal(name) {
		return nil, fmt.Errorf("corpus: %q is no prompt's name", name)
	}
	audio, err := wav.ReadFile(filepath.Join(s.Prompts, name+".wav"))
	if err != nil {
		return nil, fmt.Errorf("corpus: prompt %s: %w", name, err)
	}
	if audio.Rate != media.Rate || audio.Channels != 1 {
		return nil, fmt.Errorf("corpus: prompt %s has %d Hz and %d channels, not %d and 1", name, audio.Rate, audio.Channels, media.Rate)
	}
	return audio.Samples, nil
}

// recordings are what can be spliced of the prompts; a word in angles is a beep of
// that many Hz.
var recordings = []struct {
	kind    string
	class   answer.Class
	prompts string
}{
	{"voicemail", answer.Beeped, "vm-theperson digits/4 digits/2 vm-isunavail vm-intro <1000>"},
	{"voicemail", answer.Beeped, "vm-nobodyavail vm-intro <440>"},
	{"voicemail", answer.Beeped, "vm-theperson digits/1 digits/7 vm-isonphone vm-intro <850>"},
	{"voicemail", answer.Beeped, "im-sorry vm-nobodyavail vm-intro <1400>"},
	{"silent", answer.Greeting, "vm-nobodyavail vm-leavemsg vm-intro"},
	{"full", answer.MailboxFull, "vm-theperson digits/4 digits/2 vm-isunavail vm-mailboxfull vm-goodbye"},
	{"full", answer.MailboxFull, "vm-mailboxfull"},
	{"unavailable", answer.Unavailable, "ss-noservice"},
	{"unavailable", answer.Unavailable, "all-circuits-busy-now please-try-call-later"},
	{"unavailable", answer.Unavailable, "cannot-complete-as-dialed please-try-call-later"},
	{"menu", answer.IVR, "basic-pbx-ivr-main"},
	{"hold", answer.Hold, "queue-periodic-announce queue-thankyou"},
	{"hold", answer.Hold, "queue-youarenext queue-thankyou"},
}

// Recorded are the items of recorded prompts, all of them in the test part. They
// need a [Studio] with Prompts.
func Recorded() []Item {
	l := list{part: Test}
	for _, lossy := range []bool{false, true} {
		for i, r := range recordings {
			kind := "recorded/" + r.kind
			if lossy {
				kind = "recorded_lossy/" + r.kind
			}
			l.these(1, fmt.Sprintf("%s%d", kind, i), r.class, false, func(_ int, d *dice) Recipe {
				recipe := Recipe{Steps: splice(r.prompts, d)}
				if lossy {
					recipe.Line = Line{Noise: White, NoiseAt: -50, Lost: .03, Concealed: true}
				}
				return recipe
			})
		}
	}
	for i := range l.items { // the number told them apart
		l.items[i].Kind = strings.TrimRight(l.items[i].Kind, "0123456789")
	}
	return l.items
}

func splice(prompts string, d *dice) []Step {
	steps := []Step{rest(d.ms(200, 900))}
	for _, p := range strings.Fields(prompts) {
		var hz float64
		if n, _ := fmt.Sscanf(p, "<%f>", &hz); n == 1 {
			steps = append(steps, rest(d.ms(100, 700)), Step{Do: Beep, Hz: hz, MS: d.ms(150, 600), Level: -14})
			continue
		}
		steps = append(steps, Step{Do: Prompt, Text: p, Level: -22}, rest(120))
	}
	return append(steps, rest(5000))
}

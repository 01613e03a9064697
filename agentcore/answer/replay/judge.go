package replay

import (
	"time"

	"github.com/hookswitch/hookswitch/agentcore/answer"
	"github.com/hookswitch/hookswitch/media"
)

// Judge has an ear and a judge follow what was heard of samples, as they would
// have on the call. It asks nobody, and says the same each time. Of cfg it wants
// the language, the agent's and the carrier's part, and Text.
func Judge(samples []int16, heard Heard, cfg Config) Timeline {
	j := &judging{
		line: begin(samples, heard, cfg), cfg: cfg, words: heard.Words,
		ear: answer.NewEar(0), judge: answer.NewJudge(answer.JudgeConfig{Language: cfg.Language}),
	}
	var f media.Frame
	for n, p := range heard.Speech {
		now := time.Duration(n+1) * media.FrameDuration
		cut(&f, samples, n)
		if s, ok := j.ear.Hear(&f, p); ok {
			j.line.sound(s)
			j.find(j.judge.Heard(s), now)
		}
		j.until(now)
		if j.line.DoneMS > 0 {
			break // from here on nobody listens
		}
	}
	if j.line.DoneMS == 0 {
		j.until(time.Hour * 24) // words that were still being recognised
	}
	j.line.Verdict = j.judge.Verdict()
	return j.line
}

// judging is one way through a recording.
type judging struct {
	cfg   Config
	line  Timeline
	ear   *answer.Ear
	judge *answer.Judge

	words          []Word // not yet known
	agent, carrier int    // how many of cfg's are told
}

// until tells the judge what else was known by now, in the order of time.
func (j *judging) until(now time.Duration) {
	for j.line.DoneMS == 0 {
		at, tell := now+1, func() {}
		if len(j.words) > 0 && j.words[0].Known < at {
			at, tell = j.words[0].Known, j.word
		}
		if j.agent < len(j.cfg.Agent) && j.cfg.Agent[j.agent].Ended < at {
			at, tell = j.cfg.Agent[j.agent].Ended, j.spoken
		}
		if j.carrier < len(j.cfg.Carrier) && j.cfg.Carrier[j.carrier].At < at {
			at, tell = j.cfg.Carrier[j.carrier].At, j.told
		}
		if at > now {
			return
		}
		tell()
	}
}

func (j *judging) word() {
	w := j.words[0]
	j.words = j.words[1:]
	j.line.word(w, j.cfg.Text)
	j.find(j.judge.Understood(w.Words, w.Known), w.Known)
}

func (j *judging) spoken() {
	s := j.cfg.Agent[j.agent]
	j.agent++
	j.line.Agent = append(j.line.Agent, Mark{BeganMS: s.Began.Milliseconds(), EndedMS: s.Ended.Milliseconds()})
	j.find(j.judge.Spoken(s.Began, s.Ended, !s.Cut), s.Ended)
}

func (j *judging) told() {
	t := j.cfg.Carrier[j.carrier]
	j.carrier++
	j.find(j.judge.Carrier(t.Word, t.At), t.At)
}

// find writes down what the judge found.
func (j *judging) find(f answer.Finding, now time.Duration) {
	if f.Changed {
		j.line.Changes = append(j.line.Changes, f.Verdict)
	}
	if f.Cue != answer.NoCue {
		j.line.cue(f, now)
	}
}

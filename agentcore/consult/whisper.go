package consult

import "time"

// whisper tells who answered what the call is about, twice, and waits for a key.
// Whatever they say meanwhile is no answer.
type whisper struct {
	*talk
	told int // times that it was begun
}

func (w *whisper) spoke(time.Duration) *Verdict {
	if w.told == 0 {
		w.tell()
	}
	return nil
}

func (w *whisper) tick(now time.Time) *Verdict {
	if w.told > 0 && w.mouth.busy() {
		w.since = now
		return nil
	}
	wait := [...]time.Duration{w.cfg.FirstPause, w.cfg.Again, w.cfg.KeyWait}[w.told]
	switch {
	case now.Sub(w.since) < wait:
	case w.told < 2:
		w.tell()
	case w.ear.talked:
		return &Verdict{Outcome: Voicemail, Reason: "who answered talked on without a pause, as recordings do"}
	default:
		return &Verdict{Outcome: Silent, Reason: "no key was pressed"}
	}
	return nil
}

func (w *whisper) tell() {
	w.told++
	w.mouth.say(w.cfg.Whisper + " " + w.cfg.Keys)
}

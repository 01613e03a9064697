package demo

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/agentcore/asr"
	"github.com/hookswitch/hookswitch/agentcore/asr/wer"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/show"
	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/telephony/sim/persona"
)

// near is how far apart the two sides may see the beginning of one utterance.
const near = 1500 * time.Millisecond

// silenced is how long the agent's voice went on after the caller's first
// sample, measured on the line.
func (w *watched) silenced(over agentcore.TalkOver) (int64, bool) {
	began := time.Duration(over.StartMS) * time.Millisecond
	for _, t := range w.player.Evidence().Turns {
		if d, ok := t.BargeIn(); ok && (t.Begin-began).Abs() < near {
			return d.Milliseconds(), true
		}
	}
	return 0, false
}

// compare puts the far end's evidence beside what the gateway knows: the words
// that were really spoken, and the gaps and the silence as they were on the line.
func (f *finished) compare(e persona.Evidence) {
	turns := f.row.Turns
	for _, t := range e.Turns {
		i := f.nearest(t.Begin - f.offset)
		if i < 0 {
			continue
		}
		if !t.Keys {
			turns[i].CallerSaid = t.Text
		}
		if gap, ok := t.Gap(); ok {
			turns[i].CallerGapMS = gap.Milliseconds()
		}
		if d, ok := t.BargeIn(); ok {
			turns[i].TalkedOver, turns[i].CutSilentMS = true, d.Milliseconds()
		}
	}
}

// nearest is the turn that began about at, -1 if none did.
func (f *finished) nearest(at time.Duration) int {
	best, found := near, -1
	for i, t := range f.row.Turns {
		if d := (time.Duration(t.CallerStartMS)*time.Millisecond - at).Abs(); d < best {
			best, found = d, i
		}
	}
	return found
}

// checkGaps checks that the gaps which the gateway counts are those which the
// caller felt: no other figure of it is worth much otherwise. Where exactly a
// voice ends is a matter of definition by some tens of milliseconds (a last "t",
// a breath), so the median counts.
func checkGaps(calls []show.Call) show.Check {
	c := show.Check{Name: "gaps are as the caller felt them", Limit: fmt.Sprintf("limit %d ms", mostApart), Value: "no gaps"}
	var apart []int64
	for n, call := range calls {
		for _, t := range call.Turns {
			if t.CallerGapMS == 0 || t.GapMS == 0 {
				continue
			}
			d := max(t.CallerGapMS-t.GapMS, t.GapMS-t.CallerGapMS)
			apart = append(apart, d)
			if d > mostApart {
				c.Faults = append(c.Faults, show.Fault{Call: n + 1, Turn: t.Turn, AtMS: t.CallerEndMS, Detail: fmt.Sprintf(
					"the gateway counted %s, on the line it was %s", show.Millis(t.GapMS), show.Millis(t.CallerGapMS))})
			}
		}
	}
	if len(apart) == 0 {
		return c
	}
	slices.Sort(apart)
	median := apart[len(apart)/2]
	c.Value = fmt.Sprintf("%d ms apart (median)", median)
	if c.OK = median <= mostApart; c.OK {
		c.Faults = nil
	}
	return c
}

// recognised counts the agent's words that the recogniser got wrong when it
// heard what the caller had heard. Replies that were cut are left out: where
// exactly a word was cut is a matter of a few milliseconds.
type recognised struct{ wrong, all int }

func (r *recognised) add(ctx context.Context, s *stage, f *finished) error {
	for _, e := range f.entries {
		said, ok := e.Event.(agentcore.AgentSaid)
		if !ok || said.Text == "" || said.Cut {
			continue
		}
		text, err := s.recognise(ctx, f.cut(said.StartMS, said.EndMS))
		if err != nil {
			return err
		}
		wrong, all := wer.Count(said.Text, text)
		r.wrong += wrong
		r.all += all
	}
	return nil
}

// cut is what the caller heard from from to to, in milliseconds of the journal.
func (f *finished) cut(from, to int64) []media.Frame {
	frame := func(ms int64) int {
		at := time.Duration(ms)*time.Millisecond + f.offset
		return min(max(int(at/media.FrameDuration), 0), len(f.heard))
	}
	return f.heard[frame(from-60):frame(to+60)]
}

// recognise is what the gateway's own recogniser makes of frames.
func (s *stage) recognise(ctx context.Context, frames []media.Frame) (string, error) {
	stream, err := s.speech.Recognizer.Open(ctx, asr.Options{})
	if err != nil {
		return "", err
	}
	defer stream.Close()
	var quiet media.Frame
	for range 25 {
		stream.Write(&quiet)
	}
	stream.Signal(asr.Began)
	for i := range frames {
		stream.Write(&frames[i])
	}
	for range 25 {
		stream.Write(&quiet)
	}
	stream.Signal(asr.Ended)
	for {
		select {
		case r, open := <-stream.Results():
			if !open {
				return "", errors.New("the recogniser closed its stream")
			}
			if r.Final {
				return r.Text, r.Err
			}
		case <-ctx.Done():
			return "", context.Cause(ctx)
		}
	}
}

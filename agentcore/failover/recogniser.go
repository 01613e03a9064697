package failover

import (
	"context"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/asr"
	"github.com/hookswitch/hookswitch/agentcore/provider"
)

// Recognizer is a recogniser that is replaced by the next in the list when its
// stream dies, an utterance fails on it, or the words of one take longer than
// FinalWait. What was said since the oldest utterance that has no final result is
// played to the next, 30 s at most, so that every Ended still has its one final
// result, and none has two.
//
// A stream that did well and broke, for a reason that may pass, is opened anew
// when nobody else is left: so a list of one survives a connection that is cut.
//
// When all have failed, the utterance's result has the last one's error. The
// results are closed when no stream is left alive; but if that happens in the
// course of a call while nobody speaks, all are asked once more when somebody does.
func Recognizer(c Config[asr.Recognizer]) asr.Recognizer {
	if len(c.Candidates) == 1 && c.Candidates[0].Breaker == nil && c.Candidates[0].Name == "" {
		return c.Candidates[0].Port
	}
	if c.FinalWait <= 0 {
		c.FinalWait = 3500 * time.Millisecond
	}
	return &recogniser{newList(provider.Recogniser, c.Candidates), c.FinalWait}
}

type recogniser struct {
	*list[asr.Recognizer]
	finalWait time.Duration
}

// Open implements [asr.Recognizer].
func (r *recogniser) Open(ctx context.Context, o asr.Options) (asr.Stream, error) {
	if len(r.all) == 0 {
		return nil, nobody("open")
	}
	return newStream(ctx, r, o), nil
}

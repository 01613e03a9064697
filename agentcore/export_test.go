package agentcore

import (
	"context"
	"time"
)

// Nobody is an Observer who doesn't listen.
var Nobody Observer = nobody{}

// CommitTime is how long an entry that must be committed keeps its effect
// waiting in a conversation with journal j. each is called once for every n; the
// entries are as those of a turn.
func CommitTime(ctx context.Context, j Journal, n int, each func(time.Duration)) error {
	p := newPen(j, State{}, time.Now())
	ctx, stop := context.WithCancelCause(ctx)
	done := make(chan error, 1)
	go func() { done <- p.run(ctx) }()
	p.commit(Opened{Epoch: 1})
	var err error
	for turn := 1; turn <= n && err == nil; turn++ {
		p.note(SpeechBegan{StartMS: int64(turn)})
		p.commit(CallerSaid{Turn: turn, Text: "could you tell me when you are open on Saturdays please"})
		began := time.Now()
		planned := p.commit(Planned{Reply: turn, Text: "We are open from eight to five on weekdays, and until noon on Saturdays.", Why: "answer"})
		err = p.wait(ctx, planned)
		each(time.Since(began))
		p.note(AgentSaid{Reply: turn, Turn: turn, Text: "We are open from eight to five on weekdays, and until noon on Saturdays.", Why: "answer"})
	}
	stop(nil)
	if ran := <-done; err == nil {
		err = ran
	}
	return err
}

package chat

import (
	"context"
	"time"
)

// mostChats is how many chats a contact may begin on a channel within 24 hours.
const mostChats = 100

// newcomer is how long the first turn of a chat waits, since its contact began
// many of late. The bounds of one chat do not hold an automaton back that the
// agent bids goodbye, and that writes again. Meanwhile the chat stays open, and
// what it still writes is answered at once.
func (t *turn) newcomer(ctx context.Context, id string, now time.Time) (time.Duration, error) {
	s, limits := t.e.cfg.Store, t.e.cfg.Limits
	c, err := s.Chat(ctx, "", id)
	if err != nil {
		return 0, err
	}
	all, _, err := s.Chats(ctx, c.Workspace, Filter{Channel: c.Channel, Contact: c.Contact}, "", mostChats+1)
	if err != nil {
		return 0, err
	}
	pause := func(within time.Duration, most int) time.Duration {
		if len(all) <= most {
			return 0
		}
		return max(0, within-since(now, all[most].Created))
	}
	return max(pause(time.Minute, limits.TurnsMinute), pause(24*time.Hour, min(mostChats, limits.TurnsDay))), nil
}

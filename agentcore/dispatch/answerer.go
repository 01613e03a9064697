package dispatch

import (
	"cmp"
	"context"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/telephony"
)

// A carrier that listens who answered says so within a minute of the answer:
// Twilio gives up after 3 to 59 s, 30 unless told otherwise.
const (
	answererFor   = time.Minute
	answererEvery = 2 * time.Second // that another node may have been told
	maxAnswerer   = 64              // bytes of a word
)

// keepAnswerer keeps who answered r, in the carrier's word, and tells the call's
// conversation, if one is here: the first word that the carrier gave.
func (d *Desk) keepAnswerer(ctx context.Context, r Record, by string) error {
	if by == "" || len(by) > maxAnswerer {
		return nil
	}
	if err := d.cfg.Calls.SetAnswerer(ctx, r.ID, by); err != nil {
		return err
	}
	if c := d.find(r.ID); c != nil {
		if l := c.look().line; l != nil { // who talks from now on finds it in the record
			d.tellAnswerer(r.ID, l, cmp.Or(r.Answerer, by))
		}
	}
	return nil
}

func (d *Desk) tellAnswerer(call telephony.CallID, l *line, by string) {
	if !l.news.tell(agentcore.News{Answerer: by}) {
		d.cfg.Log.Warn("a conversation does not hear who answered, in the carrier's word", "call", call)
	}
}

// awaitAnswerer looks in the record for the carrier's word on who answered, for
// as long as it may come, and tells the conversation on l. The carrier tells
// whichever node its callback reaches.
func (d *Desk) awaitAnswerer(ctx context.Context, call telephony.CallID, l *line) {
	ctx, stop := context.WithTimeout(ctx, answererFor)
	defer stop()
	again := time.NewTicker(answererEvery)
	defer again.Stop()
	for {
		select {
		case <-again.C:
		case <-ctx.Done():
			return
		}
		switch r, err := d.cfg.Calls.Call(ctx, call); {
		case err != nil: // asked again in a moment
		case r.Answerer != "":
			d.tellAnswerer(call, l, r.Answerer)
			return
		}
	}
}

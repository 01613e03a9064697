package storage

import (
	"context"
	"slices"

	"github.com/hookswitch/hookswitch/telephony"
)

// Numbers is what a call's transcript, and its captions, say in numbers.
type Numbers struct {
	Turns     int   // of the caller
	MedianGap int64 // ms, over the turns that were answered; 0 when none was
	Unheard   int   // words that the agent planned and the caller did not hear
	Captions  int   // that somebody who listened wrote
}

// Numbers returns those of one call. A call that isn't there has none.
func (db *DB) Numbers(ctx context.Context, id telephony.CallID) (Numbers, error) {
	page := []Found{{Call: Call{ID: id}}}
	err := db.read(ctx, "count a call", func(tx Tx) error { return countPage(ctx, tx, page) })
	return page[0].Numbers, err
}

// countPage fills in the numbers of page's calls.
func countPage(ctx context.Context, tx Tx, page []Found) error {
	if len(page) == 0 {
		return nil
	}
	var c conditions
	ids := make([]string, len(page))
	at := make(map[string]int, len(page))
	for i := range page {
		ids[i] = string(page[i].ID)
		at[text(ids[i])] = i
		page[i].Numbers = Numbers{}
	}
	c.oneOf("call_id", ids)
	gaps := make([][]int64, len(page))
	err := tx.Each(ctx, `SELECT call_id, turn, gap_ms, `+unheardWords+` FROM transcript_lines WHERE `+c.where(), c.args,
		func(scan Scan) error {
			var id string
			var turn, unheard int
			var gap int64
			if err := scan(&id, &turn, &gap, &unheard); err != nil {
				return err
			}
			n := &page[at[id]].Numbers
			n.Turns = max(n.Turns, turn)
			n.Unheard += unheard
			if gap > 0 {
				gaps[at[id]] = append(gaps[at[id]], gap)
			}
			return nil
		})
	for i, g := range gaps {
		page[i].MedianGap = median(g)
	}
	if err != nil {
		return err
	}
	var captioned conditions
	captioned.oneOf("id", ids)
	return tx.Each(ctx, `SELECT id, captions_n FROM calls WHERE captions_n > 0 AND `+captioned.where(), captioned.args,
		func(scan Scan) error {
			var id string
			var n int
			err := scan(&id, &n)
			page[at[id]].Captions = n
			return err
		})
}

// median of an even number is the lower of the two in the middle: a gap that was.
func median(all []int64) int64 {
	if len(all) == 0 {
		return 0
	}
	slices.Sort(all)
	return all[(len(all)-1)/2]
}

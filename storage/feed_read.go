package storage

import (
	"context"
	"encoding/json"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/telephony"
)

// MaxFeed is the most entries of a feed or a journal that are read at once.
const MaxFeed = 500

// FeedEntry is an entry of a workspace's feed: the journals of all its calls in
// one order.
type FeedEntry struct {
	Seq   int64 // in the feed, from 1 without gaps
	Call  telephony.CallID
	Entry agentcore.Entry
}

// Feed returns the entries of a workspace's feed whose number is above after, in
// order, at most limit (zero: [MaxFeed]).
func (db *DB) Feed(ctx context.Context, workspace string, after int64, limit int) ([]FeedEntry, error) {
	var all []FeedEntry
	err := db.read(ctx, "read feed", func(tx Tx) error {
		all = nil
		return tx.Each(ctx, `SELECT f.seq, f.call_id, e.body FROM feed f
			JOIN call_events e ON e.call_id = f.call_id AND e.n = f.n
			WHERE f.workspace = $1 AND f.seq > $2 ORDER BY f.seq LIMIT $3`,
			[]any{text(workspace), after, feedLimit(limit)}, func(scan Scan) error {
				var f FeedEntry
				var id, body string
				if err := scan(&f.Seq, &id, &body); err != nil {
					return err
				}
				f.Call = telephony.CallID(id)
				all = append(all, f)
				return json.Unmarshal([]byte(body), &all[len(all)-1].Entry)
			})
	})
	if err != nil {
		return nil, err
	}
	return all, nil
}

// FeedLast is the newest number of a workspace's feed; 0 before the first.
func (db *DB) FeedLast(ctx context.Context, workspace string) (last int64, err error) {
	err = db.read(ctx, "read feed's end", func(tx Tx) error {
		return tx.Each(ctx, `SELECT feed_last FROM workspaces WHERE id = $1`, []any{text(workspace)},
			func(scan Scan) error { return scan(&last) })
	})
	return last, err
}

// JournalPage is [DB.Journal] with at most limit entries (zero: [MaxFeed]).
func (db *DB) JournalPage(ctx context.Context, id telephony.CallID, after, limit int) ([]agentcore.Entry, error) {
	var all []agentcore.Entry
	err := db.read(ctx, "read journal", func(tx Tx) error {
		all = nil
		return tx.Each(ctx, `SELECT body FROM call_events WHERE call_id = $1 AND n > $2 ORDER BY n LIMIT $3`,
			[]any{text(id), int64(after), feedLimit(limit)}, func(scan Scan) error {
				var body string
				if err := scan(&body); err != nil {
					return err
				}
				all = append(all, agentcore.Entry{})
				return json.Unmarshal([]byte(body), &all[len(all)-1])
			})
	})
	if err != nil {
		return nil, err
	}
	return all, nil
}

func feedLimit(limit int) int64 {
	if limit <= 0 || limit > MaxFeed {
		limit = MaxFeed
	}
	return int64(limit)
}

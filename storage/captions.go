package storage

import (
	"context"
	"math"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/captions"
	"github.com/hookswitch/hookswitch/telephony"
)

// MaxCaptions is how many captions a call has at most.
const MaxCaptions = 20000

// millionths is what a recogniser's confidence is kept in.
const millionths = 1e6

// Captions is db as a [captions.Store]: a call has taken the name of its Append.
func (db *DB) Captions() captions.Store { return captioned{db} }

type captioned struct{ db *DB }

// Append implements [captions.Store]. Whoever appends to the same call waits: its
// row has the number. A call that isn't there is [ErrNotFound].
func (c captioned) Append(ctx context.Context, call telephony.CallID, all []captions.Caption) (kept []captions.Caption, err error) {
	if len(all) == 0 {
		return nil, nil
	}
	err = c.db.write(ctx, "append captions", func(tx Tx) error {
		kept = nil
		last := -1
		err := tx.Each(ctx, `UPDATE calls SET captions_n = captions_n WHERE id = $1 RETURNING captions_n`,
			[]any{text(call)}, func(scan Scan) error { return scan(&last) })
		if err == nil && last < 0 {
			err = ErrNotFound
		}
		if err != nil {
			return err
		}
		for _, one := range all[:min(len(all), max(0, MaxCaptions-last))] {
			last++
			one.Call, one.N = call, last
			if err := insertCaption(ctx, tx, one); err != nil {
				return err
			}
			kept = append(kept, one)
		}
		_, err = tx.Exec(ctx, `UPDATE calls SET captions_n = $2 WHERE id = $1`, text(call), last)
		return err
	})
	if err != nil {
		return nil, err
	}
	return kept, nil
}

func insertCaption(ctx context.Context, tx Tx, c captions.Caption) error {
	_, err := tx.Exec(ctx, `INSERT INTO captions (call_id, n, job, agent, side, speaker, said, confidence, start_us, end_us)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
		text(c.Call), c.N, text(c.Job), text(c.Agent), text(c.Side), text(c.Speaker), text(c.Text),
		int64(math.Round(float64(c.Confidence)*millionths)), c.Start.UnixMicro(), c.End.UnixMicro())
	return err
}

// Captions implements [captions.Store].
func (c captioned) Captions(ctx context.Context, workspace string, call telephony.CallID, after, limit int) (all []captions.Caption, err error) {
	err = c.db.read(ctx, "read captions", func(tx Tx) error {
		all = nil
		return tx.Each(ctx, `SELECT c.n, c.job, c.agent, c.side, c.speaker, c.said, c.confidence, c.start_us, c.end_us
			FROM captions c JOIN calls ON calls.id = c.call_id
			WHERE c.call_id = $1 AND calls.workspace = $2 AND c.n > $3 ORDER BY c.n LIMIT $4`,
			[]any{text(call), text(workspace), int64(after), feedLimit(limit)}, func(scan Scan) error {
				one := captions.Caption{Call: call}
				var side string
				var confidence, start, end int64
				err := scan(&one.N, &one.Job, &one.Agent, &side, &one.Speaker, &one.Text, &confidence, &start, &end)
				one.Side, one.Confidence = captions.Side(side), float32(float64(confidence)/millionths)
				one.Start, one.End = time.UnixMicro(start), time.UnixMicro(end)
				all = append(all, one)
				return err
			})
	})
	return all, err
}

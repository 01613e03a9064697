package storage

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/telephony"
)

// keepAnswer keeps what entries, which this transaction appends, tell of who
// answered the call and what was left. Most tell nothing, and cost nothing.
func keepAnswer(ctx context.Context, tx Tx, id telephony.CallID, entries []agentcore.Entry) error {
	first := 0
	for first < len(entries) && !tellsOfAnswer(entries[first]) {
		first++
	}
	if first == len(entries) || mutant("answer-not-kept") {
		return nil
	}
	r, err := one(ctx, tx, `SELECT `+callColumns+` FROM calls WHERE id = $1`, text(id))
	if err != nil {
		return err
	}
	a, _ := r.WhoAnswered()
	for _, e := range entries[first:] {
		a, _ = a.Fold(e)
	}
	body, err := json.Marshal(a)
	if err != nil {
		return fmt.Errorf("who answered: %w", err)
	}
	_, err = tx.Exec(ctx, `UPDATE calls SET answer = $2, answer_class = $3 WHERE id = $1`,
		text(id), text(string(body)), text(a.Class))
	return err
}

func tellsOfAnswer(e agentcore.Entry) bool {
	_, tells := agentcore.Answer{}.Fold(e)
	return tells
}

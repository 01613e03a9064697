package show

import (
	"context"

	"github.com/hookswitch/hookswitch/agentcore"
)

// Journal returns a journal that keeps entries in next and then, when they are
// committed, shows them. What next refused is not shown, for it didn't happen.
func (c *Live) Journal(next agentcore.Journal) agentcore.Journal { return tee{next, c} }

type tee struct {
	next agentcore.Journal
	call *Live
}

func (t tee) Append(ctx context.Context, entries ...agentcore.Entry) error {
	if err := t.next.Append(ctx, entries...); err != nil {
		return err
	}
	for _, e := range entries {
		t.call.Entry(e)
	}
	return nil
}

package storage

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/search"
)

// Bounds of a page of calls.
const (
	PageCalls    = 50 // when nobody said
	MaxPageCalls = 200
)

// Bounds of what searches may take from others: words are looked for in all that
// was ever said in a workspace.
const (
	searchesAtOnce = 2 // through transcripts. Fewer than SQLite has readers: calls are answered by the rest
	searchTime     = 10 * time.Second
)

// ErrSlow means that a search was given up: it took, or waited, too long.
var ErrSlow = errors.New("storage: the search takes too long")

// ErrCursor means that a cursor is none that a page gave.
var ErrCursor = errors.New("storage: this cursor is none that was given")

// Found is a call of a page, with what its transcript says in numbers.
type Found struct {
	Call
	Numbers
}

// SearchCalls lists the workspace's calls that q asks for, newest first, at most
// limit (see [PageCalls]) of those after cursor; next is the cursor of the page
// that follows, empty after the last. A call that begins meanwhile moves no
// other: pages neither repeat nor leave out. It fails with [ErrCursor] or [ErrSlow].
func (db *DB) SearchCalls(ctx context.Context, workspace string, q search.Query, now time.Time, cursor string, limit int) (page []Found, next string, err error) {
	limit = pageLimit(limit)
	var c conditions
	c.add("workspace = %s", c.arg(text(workspace)))
	c.query(q, now)
	if err := c.after(cursor); err != nil {
		return nil, "", err
	}
	statement := `SELECT ` + callColumns + ` FROM calls WHERE ` + c.where() +
		` ORDER BY created_us DESC, id DESC LIMIT ` + c.arg(int64(limit+1))
	bounded, cancel := context.WithTimeoutCause(ctx, searchTime, ErrSlow)
	defer cancel()
	if q.Asks(search.Said, search.Gap, search.Unheard) {
		leave, err := db.enterSearch(bounded)
		if err != nil {
			return nil, "", named("search calls", err)
		}
		defer leave()
	}
	err = db.read(bounded, "search calls", func(tx Tx) error {
		page, next = nil, ""
		err := tx.Each(bounded, statement, c.args, func(scan Scan) error {
			r, err := scanCall(scan)
			page = append(page, Found{Call: r})
			return err
		})
		if err != nil {
			return err
		}
		page, next = pageOf(page, limit, func(f Found) (time.Time, string) { return f.Created, string(f.ID) })
		return countPage(bounded, tx, page)
	})
	if err != nil {
		if errors.Is(context.Cause(bounded), ErrSlow) {
			err = named("search calls", ErrSlow)
		}
		return nil, "", err
	}
	return page, next, nil
}

// enterSearch waits for a place among those who go through transcripts.
func (db *DB) enterSearch(ctx context.Context) (leave func(), err error) {
	select {
	case db.searching <- struct{}{}:
		return func() { <-db.searching }, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// cursorOf names the place behind what was created then, under that id, in a
// list, newest first.
func cursorOf(created time.Time, id string) string {
	return base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "%d.%s", created.UnixMicro(), id))
}

// pageOf is the first limit of rows, of which there may be one more than that,
// and the cursor of the next page.
func pageOf[Row any](rows []Row, limit int, place func(Row) (time.Time, string)) ([]Row, string) {
	if len(rows) <= limit {
		return rows, ""
	}
	return rows[:limit], cursorOf(place(rows[limit-1]))
}

// pageLimit is how many rows a page has that was asked for with limit.
func pageLimit(limit int) int {
	if limit <= 0 {
		return PageCalls
	}
	return min(limit, MaxPageCalls)
}

func parseCursor(s string) (us int64, id string, err error) {
	if len(s) > 512 {
		return 0, "", ErrCursor
	}
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil {
		return 0, "", ErrCursor
	}
	at, id, ok := strings.Cut(string(b), ".")
	us, err = strconv.ParseInt(at, 10, 64)
	if !ok || err != nil || id == "" {
		return 0, "", ErrCursor
	}
	return us, id, nil
}

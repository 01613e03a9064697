package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"sync"
)

// SQLite compiles a statement each time that it is given its text, which takes
// longer than most of ours run. So those that come again are kept compiled.
const (
	oftenEnough = 3   // runs after which a text is kept compiled
	maxTexts    = 400 // that are remembered: lists have a text for each set of filters
)

// prepared is what a database keeps compiled.
type prepared struct {
	db *sql.DB

	mu     sync.Mutex
	texts  map[string]*text
	wanted []string // to be compiled before the next transaction
}

// text is one statement's.
type text struct {
	runs int
	stmt *sql.Stmt // nil: not yet
}

func newPrepared(db *sql.DB) *prepared { return &prepared{db: db, texts: map[string]*text{}} }

// find returns the statement of query for t, or nil when it is not compiled.
func (p *prepared) find(ctx context.Context, t *sql.Tx, query string) *sql.Stmt {
	stmt := p.seen(query)
	if stmt == nil {
		return nil
	}
	return t.StmtContext(ctx, stmt)
}

// seen counts a run of query, and returns its statement if there is one.
func (p *prepared) seen(query string) *sql.Stmt {
	p.mu.Lock()
	defer p.mu.Unlock()
	one := p.texts[query]
	switch {
	case one == nil && len(p.texts) == maxTexts:
		return nil
	case one == nil:
		one = &text{}
		p.texts[query] = one
	}
	if one.runs++; one.runs == oftenEnough {
		p.wanted = append(p.wanted, query)
	}
	return one.stmt
}

// ready compiles what came up meanwhile. It is not for the middle of a
// transaction: that may have the only connection. What can't be compiled is none
// of its business: whoever runs it is told.
func (p *prepared) ready(ctx context.Context) {
	p.mu.Lock()
	wanted := p.wanted
	p.wanted = nil
	p.mu.Unlock()
	for _, query := range wanted {
		stmt, err := p.db.PrepareContext(ctx, query)
		p.keep(query, stmt, err)
	}
}

func (p *prepared) keep(query string, stmt *sql.Stmt, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err != nil {
		p.texts[query].runs = 0 // perhaps ctx ended: another time
		return
	}
	p.texts[query].stmt = stmt
}

// close lets go of all. Nothing runs any more.
func (p *prepared) close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	var errs []error
	for _, one := range p.texts {
		if one.stmt != nil {
			errs = append(errs, one.stmt.Close())
			one.stmt = nil
		}
	}
	return errors.Join(errs...)
}

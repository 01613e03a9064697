// Package demometrics shows that the dashboards and rules of deploy work: a real
// Prometheus scrapes a real gateway while people call it, things fail and it is
// killed once; then every expression is asked, and one that returns nothing is a
// failure. It draws the dashboards, too, from what was measured.
package demometrics

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// Options of a run.
type Options struct {
	Deploy   string                              // the folder with grafana and prometheus. Required
	Pictures string                              // where a picture of each dashboard goes. Empty: none are drawn
	Duration time.Duration                       // of the load. Zero means a minute
	CacheDir string                              // of the models; empty means the user's own
	Gateway  func(ctx context.Context) *exec.Cmd // `hookswitch serve`; its settings are added to Env. Required
	Out      io.Writer                           // what was found. Required
	Log      io.Writer                           // what the processes say; nil discards
}

// Found is what came of the expressions.
type Found struct {
	Asked  int      // expressions
	Series int      // that they returned, all in all
	Empty  []string // expressions that returned nothing, and where they stand
}

// ErrEmpty tells that expressions returned nothing.
var ErrEmpty = errors.New("demometrics: expressions return nothing")

// Run makes a town busy, watches it, and asks everything. Its error says what
// returned nothing.
func Run(ctx context.Context, o Options) (Found, error) {
	if o.Duration <= 0 {
		o.Duration = time.Minute
	}
	if o.Log == nil {
		o.Log = io.Discard
	}
	boards, err := pages(filepath.Join(o.Deploy, "grafana"))
	if err != nil {
		return Found{}, err
	}
	t, err := found(ctx, o)
	if err != nil {
		return Found{}, err
	}
	f, err := t.watched(ctx, boards)
	if err = errors.Join(err, t.close()); err == nil && len(f.Empty) > 0 {
		err = fmt.Errorf("%w: %d of %d:\n  %s", ErrEmpty, len(f.Empty), f.Asked, strings.Join(f.Empty, "\n  "))
	}
	return f, err
}

// watched has a Prometheus look on while the town is busy, and asks it.
func (t *town) watched(ctx context.Context, boards []page) (f Found, err error) {
	var rules []string
	for _, name := range []string{"rules.yml", "alerts.yml"} {
		path, err := filepath.Abs(filepath.Join(t.o.Deploy, "prometheus", name))
		if err != nil {
			return f, err
		}
		rules = append(rules, path)
	}
	w, err := watch(ctx, t.dir, strings.TrimPrefix(t.public, "http://"), rules, t.o.Log)
	if err != nil {
		return f, err
	}
	defer func() { err = errors.Join(err, w.close()) }()
	a := asker{w: w, out: t.o.Out}
	if a.from, a.killed, err = t.live(ctx); err != nil {
		return f, err
	}
	a.to = time.Now()
	for _, p := range boards {
		if err := a.page(ctx, p); err != nil {
			return a.Found, err
		}
	}
	if err := a.rules(ctx); err != nil {
		return a.Found, err
	}
	if t.o.Pictures == "" {
		return a.Found, nil
	}
	if err := os.MkdirAll(t.o.Pictures, 0o755); err != nil {
		return a.Found, err
	}
	for _, p := range boards {
		if err := a.draw(ctx, p, filepath.Join(t.o.Pictures, strings.TrimPrefix(p.UID, "hookswitch-")+".svg")); err != nil {
			return a.Found, err
		}
	}
	return a.Found, nil
}

// live is the load: people call, and in the middle of it the gateway is killed;
// it says when it began, and when that was.
func (t *town) live(ctx context.Context) (began, killed time.Time, err error) {
	c, err := gather(ctx, t)
	if err != nil {
		return began, killed, err
	}
	fmt.Fprintf(t.o.Out, "a gateway under load for %v, killed once\n", t.o.Duration)
	began = time.Now()
	busy, stop := context.WithTimeout(ctx, t.o.Duration)
	defer stop()
	if err := c.busy(busy); err != nil {
		return began, killed, err
	}
	select {
	case <-time.After(t.o.Duration * 3 / 5):
		killed = time.Now()
		err = t.again(ctx)
	case <-ctx.Done():
	}
	<-busy.Done()
	c.close()
	return began, killed, errors.Join(ctx.Err(), err)
}

// asker asks expressions and counts what comes.
type asker struct {
	Found
	w        *watcher
	from, to time.Time
	killed   time.Time // when the gateway was
	out      io.Writer
}

// ask is the series of expr that have a value.
func (a *asker) ask(ctx context.Context, where, expr string) ([]series, error) {
	all, err := a.w.query(ctx, expr, a.from, a.to)
	if err != nil {
		return nil, err
	}
	var some []series
	for _, s := range all {
		if s.finite() {
			some = append(some, s)
		}
	}
	a.Asked++
	if a.Series += len(some); len(some) == 0 {
		a.Empty = append(a.Empty, where+": "+expr)
	}
	return some, nil
}

// page asks a dashboard's expressions and says how many series each panel has.
func (a *asker) page(ctx context.Context, p page) error {
	fmt.Fprintf(a.out, "\n%s\n", p.Title)
	for _, q := range p.Panels {
		if len(q.Targets) == 0 {
			continue // a heading
		}
		n := 0
		for _, target := range q.Targets {
			got, err := a.ask(ctx, p.UID+", "+q.Title, filled(target.Expr))
			if err != nil {
				return err
			}
			n += len(got)
		}
		fmt.Fprintf(a.out, "  %4d  %s\n", n, q.Title)
	}
	return nil
}

// rules asks what rules and alerts look at.
func (a *asker) rules(ctx context.Context) error {
	all, err := a.w.rules(ctx)
	if err != nil {
		return err
	}
	before, kinds := a.Series, map[string]int{}
	for _, r := range all {
		expr := r.Query
		if r.Type == "alerting" {
			expr = quiet(expr)
		}
		if _, err := a.ask(ctx, r.Name, expr); err != nil {
			return err
		}
		if r.Health != "ok" {
			a.Empty = append(a.Empty, fmt.Sprintf("%s: %s %s", r.Name, r.Health, r.Error))
		}
		kinds[r.Type]++
	}
	fmt.Fprintf(a.out, "\n%d recording rules, %d alerts: %d series\n", kinds["recording"], kinds["alerting"], a.Series-before)
	if len(all) == 0 {
		return errors.New("demometrics: prometheus has no rules")
	}
	return nil
}

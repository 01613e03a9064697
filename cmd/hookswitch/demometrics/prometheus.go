package demometrics

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// watcher is a Prometheus in a process of its own.
type watcher struct {
	cmd  *exec.Cmd
	base string
}

// errNoPrometheus says how to get one.
var errNoPrometheus = errors.New("demometrics: there is no prometheus on this machine: make prometheus (Debian: apt-get install prometheus)")

// watch starts one that scrapes target each second and has the rules of files.
func watch(ctx context.Context, dir, target string, rules []string, log io.Writer) (*watcher, error) {
	program, err := exec.LookPath("prometheus")
	if err != nil {
		return nil, errNoPrometheus
	}
	address, err := unused()
	if err != nil {
		return nil, err
	}
	files, err := json.Marshal(rules)
	if err != nil {
		return nil, err
	}
	// The job's name is that of deploy/prometheus/prometheus.yml.
	config := "global: {scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s}\nrule_files: " + string(files) +
		"\nscrape_configs: [{job_name: hookswitch, static_configs: [{targets: ['" + target + "']}]}]\n"
	path := filepath.Join(dir, "prometheus.yml")
	if err := os.WriteFile(path, []byte(config), 0o600); err != nil {
		return nil, err
	}
	w := &watcher{base: "http://" + address}
	w.cmd = exec.CommandContext(ctx, program, "--config.file="+path, "--storage.tsdb.path="+filepath.Join(dir, "tsdb"),
		"--web.listen-address="+address, "--log.level=error")
	w.cmd.Stderr = log
	if err := w.cmd.Start(); err != nil {
		return nil, fmt.Errorf("demometrics: prometheus: %w", err)
	}
	err = until(ctx, 30*time.Second, "prometheus is ready", func() bool { return answers(w.base + "/-/ready") })
	if err != nil {
		return nil, errors.Join(err, w.close())
	}
	return w, nil
}

// unused is an address that nobody listens to, a moment ago.
func unused() (string, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("demometrics: %w", err)
	}
	return ln.Addr().String(), ln.Close()
}

func (w *watcher) close() error {
	w.cmd.Process.Signal(syscall.SIGTERM)
	if err := w.cmd.Wait(); err != nil && w.cmd.ProcessState.ExitCode() > 0 {
		return fmt.Errorf("demometrics: prometheus: %w", err)
	}
	return nil
}

// series is one answer to an expression.
type series struct {
	Labels map[string]string
	Points []point
}

type point struct {
	At    float64 // unix seconds
	Value float64
}

// finite reports whether s has a value at all: no division of nothing by nothing.
func (s series) finite() bool {
	for _, p := range s.Points {
		if !math.IsNaN(p.Value) && !math.IsInf(p.Value, 0) {
			return true
		}
	}
	return false
}

// query is what expr was over a time, at each second.
func (w *watcher) query(ctx context.Context, expr string, from, to time.Time) ([]series, error) {
	var data struct {
		Result []struct {
			Metric map[string]string
			Values [][2]any
		}
	}
	seconds := func(t time.Time) string { return strconv.FormatFloat(float64(t.UnixMilli())/1000, 'f', 3, 64) }
	if err := w.get(ctx, "/api/v1/query_range", url.Values{"query": {expr}, "start": {seconds(from)}, "end": {seconds(to)}, "step": {"1"}}, &data); err != nil {
		return nil, fmt.Errorf("demometrics: %s: %w", expr, err)
	}
	var all []series
	for _, r := range data.Result {
		s := series{Labels: r.Metric}
		for _, v := range r.Values {
			at, _ := v[0].(float64)
			text, _ := v[1].(string)
			value, err := strconv.ParseFloat(text, 64)
			if err != nil {
				return nil, fmt.Errorf("demometrics: %s: %w", expr, err)
			}
			s.Points = append(s.Points, point{at, value})
		}
		all = append(all, s)
	}
	return all, nil
}

// rule is one of those that Prometheus has loaded.
type rule struct {
	Name   string `json:"name"`
	Type   string `json:"type"` // "recording" or "alerting"
	Query  string `json:"query"`
	Health string `json:"health"`
	Error  string `json:"lastError"`
}

func (w *watcher) rules(ctx context.Context) (all []rule, err error) {
	var data struct{ Groups []struct{ Rules []rule } }
	if err := w.get(ctx, "/api/v1/rules", nil, &data); err != nil {
		return nil, fmt.Errorf("demometrics: rules: %w", err)
	}
	for _, g := range data.Groups {
		all = append(all, g.Rules...)
	}
	return all, nil
}

func (w *watcher) get(ctx context.Context, path string, q url.Values, into any) error {
	req, err := http.NewRequestWithContext(ctx, "POST", w.base+path, strings.NewReader(q.Encode()))
	if q == nil {
		req, err = http.NewRequestWithContext(ctx, "GET", w.base+path, nil)
	}
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	var answer struct {
		Status, Error string
		Data          json.RawMessage
	}
	if err := json.NewDecoder(io.LimitReader(resp.Body, 64<<20)).Decode(&answer); err != nil {
		return err
	}
	if answer.Status != "success" {
		return errors.New(answer.Error)
	}
	return json.Unmarshal(answer.Data, into)
}

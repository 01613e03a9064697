package demometrics

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

	"github.com/hookswitch/hookswitch/cmd/hookswitch/demometrics/board"
)

// shippedRule is a rule as it stands in a file.
type shippedRule struct {
	Alert, Record, Expr string
	Labels, Annotations map[string]string
}

// shippedRules reads a file of deploy/prometheus.
func shippedRules(t *testing.T, name string) (all []shippedRule) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(deploy, "prometheus", name))
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Groups []struct{ Rules []shippedRule }
	}
	if err := yaml.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	for _, g := range file.Groups {
		all = append(all, g.Rules...)
	}
	if len(all) == 0 {
		t.Fatalf("%s has no rules", name)
	}
	return all
}

// headings of the runbook, as links name them.
func headings(t *testing.T) map[string]string {
	t.Helper()
	text, err := os.ReadFile("../../../docs/runbook.md")
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for _, section := range strings.Split(string(text), "\n## ")[1:] {
		name, body, _ := strings.Cut(section, "\n")
		all[strings.ToLower(name)] = body
	}
	return all
}

// Whoever is woken finds a page that says what it means, where to look, what to do
// and how to know that it worked.
func TestEveryAlertHasItsPage(t *testing.T) {
	pages, used := headings(t), map[string]bool{}
	for _, r := range shippedRules(t, "alerts.yml") {
		anchor := strings.ToLower(r.Alert)
		used[anchor] = true
		if got, want := r.Annotations["runbook_url"], board.Runbook+"#"+anchor; got != want {
			t.Errorf("%s: runbook_url is %q, want %q", r.Alert, got, want)
		}
		for _, part := range []string{"**For callers**", "**Look**", "**Do**", "**It worked when**"} {
			if !strings.Contains(pages[anchor], part) {
				t.Errorf("docs/runbook.md, %s: no %s", r.Alert, part)
			}
		}
		if s := r.Labels["severity"]; s != "page" && s != "ticket" {
			t.Errorf("%s: severity %q", r.Alert, s)
		}
		if r.Annotations["summary"] == "" || r.Annotations["description"] == "" {
			t.Errorf("%s says nothing", r.Alert)
		}
	}
	for name := range pages {
		if !used[name] {
			t.Errorf("docs/runbook.md has %s, and no alert has", name)
		}
	}
	for _, d := range board.All() {
		for _, row := range d.Rows {
			for _, p := range row.Panels {
				if p.Help != "" && !used[p.Help] {
					t.Errorf("%s, %s links to #%s, which is no alert", d.UID, p.Title, p.Help)
				}
			}
		}
	}
}

// Pages name panels; they must exist under that name.
func TestRunbookNamesPanelsThatExist(t *testing.T) {
	panels := map[string]bool{}
	for _, d := range board.All() {
		for _, row := range d.Rows {
			panels[row.Title] = true
			for _, p := range row.Panels {
				panels[p.Title] = true
				if i := strings.LastIndex(p.Title, ", "); i > 0 { // "a minute", "p95"
					panels[p.Title[:i]] = true
				}
				for _, a := range p.Asks { // parts of the waterfall are called by their names
					panels[strings.TrimLeft(a.Legend, "123456 ")] = true
				}
			}
		}
	}
	emphasis := regexp.MustCompile(`(^|[^*])\*([^*]+)\*([^*]|$)`)
	for name, body := range headings(t) {
		for _, m := range emphasis.FindAllStringSubmatch(strings.ReplaceAll(body, "\n", " "), -1) {
			if !panels[m[2]] {
				t.Errorf("docs/runbook.md, %s: there is no panel %q", name, m[2])
			}
		}
	}
}

// Each alert fires in a test and is silent in one.
func TestAlertsFireAndAreSilent(t *testing.T) {
	tool, err := exec.LookPath("promtool")
	if err != nil {
		t.Fatal(errNoPrometheus)
	}
	dir := filepath.Join(deploy, "prometheus")
	tests, err := filepath.Glob(filepath.Join(dir, "tests", "*.yml"))
	if err != nil || len(tests) == 0 {
		t.Fatalf("no tests of rules: %v", err)
	}
	var all strings.Builder
	for _, file := range tests {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		all.Write(text)
	}
	for _, r := range shippedRules(t, "alerts.yml") {
		fires := regexp.MustCompile(`(?s)alertname="` + r.Alert + `"[^{]*?\}\)\s+eval_time: \S+\s+exp_samples:\s+- labels`)
		if !fires.MatchString(all.String()) { // for the bad one; the good one beside it is silent
			t.Errorf("no test in which %s fires", r.Alert)
		}
	}
	for _, args := range [][]string{{"check", "config", filepath.Join(dir, "prometheus.yml")}, append([]string{"test", "rules"}, tests...)} {
		if out, err := exec.Command(tool, args...).CombinedOutput(); err != nil {
			t.Errorf("promtool %s: %v\n%s", strings.Join(args, " "), err, out)
		}
	}
}

// A comparison in an alert becomes a 1 or a 0, and last week this week.
func TestAnAlertIsAskedWithoutItsThreshold(t *testing.T) {
	for _, tt := range []struct{ expr, want string }{
		{`up{job="a"} == 0`, `up{job="a"} == bool 0`},
		{`a{b=~"x|y", c!="="} > 14.4 * 0.01 and d >= 2`, `a{b=~"x|y", c!="="} > bool 14.4 * 0.01 and d >= bool 2`},
		{`sum(increase(a[30m] offset 1w)) > 20`, `sum(increase(a[30m])) > bool 20`},
	} {
		if got := quiet(tt.expr); got != tt.want {
			t.Errorf("quiet(%s) = %s, want %s", tt.expr, got, tt.want)
		}
	}
}

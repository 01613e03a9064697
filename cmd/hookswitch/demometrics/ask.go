package demometrics

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// page is a dashboard as it is shipped: what Grafana would ask.
type page struct {
	UID    string
	Title  string
	Panels []panel
}

type panel struct {
	ID          int
	Type        string
	Title       string
	FieldConfig struct {
		Defaults struct {
			Unit   string
			Custom struct{ Stacking struct{ Mode string } }
		}
	}
	GridPos struct{ X, Y, W, H int }
	Targets []struct{ Expr, LegendFormat string }
}

// pages reads the dashboards of a folder.
func pages(dir string) (all []page, err error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil || len(files) == 0 {
		return nil, fmt.Errorf("demometrics: no dashboards in %s", dir)
	}
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			return nil, err
		}
		var p page
		if err := json.Unmarshal(text, &p); err != nil {
			return nil, fmt.Errorf("demometrics: %s: %w", f, err)
		}
		all = append(all, p)
	}
	return all, nil
}

// filled is an expression of a dashboard with everything selected, as Grafana
// would send it where scrapes come each second.
func filled(expr string) string {
	return strings.NewReplacer("$__rate_interval", "20s", "$job", ".+", "$instance", ".+").Replace(expr)
}

var (
	comparison = regexp.MustCompile(` (==|!=|>=|<=|>|<) `)
	yesterday  = regexp.MustCompile(` offset \d+[smhdwy]`)
)

// quiet is the expression of an alert so that it has a value without an incident.
// A comparison says 1 or 0 in place of leaving things out; a minute of data has
// no last week.
func quiet(expr string) string {
	return yesterday.ReplaceAllString(comparison.ReplaceAllString(expr, " $1 bool "), "")
}

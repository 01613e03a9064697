package server

import (
	"go/ast"
	"go/parser"
	"go/token"
	"log/slog"
	"net/http/httptest"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/hookswitch/hookswitch/metrics"
	"github.com/hookswitch/hookswitch/telephony/twilio"
)

// reasons are the constants of the trunk that say what was odd, by name.
func reasons(t *testing.T) map[string]string {
	t.Helper()
	files, err := filepath.Glob("../../../telephony/twilio/*.go")
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for _, file := range files {
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			if v, ok := n.(*ast.ValueSpec); ok && len(v.Values) == 1 && strings.HasPrefix(v.Names[0].Name, "Reason") {
				if text, ok := v.Values[0].(*ast.BasicLit); ok && text.Kind == token.STRING {
					all[v.Names[0].Name], err = strconv.Unquote(text.Value)
				}
			}
			return err == nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return all
}

// A reason that the trunk may give is counted by its own name, whichever family it
// goes to: "other" is for what nobody thought of.
func TestEveryReasonOfTheTrunkIsCountedByName(t *testing.T) {
	all := reasons(t)
	if len(all) < 30 {
		t.Fatalf("only %d reasons were found", len(all))
	}
	s := &Server{set: metrics.New(metrics.Config{}), log: slog.New(slog.DiscardHandler)}
	for _, reason := range all {
		if reason == twilio.ReasonAnsweredBy {
			reason += "human"
		}
		s.count(reason)
	}
	w := httptest.NewRecorder()
	s.set.Handler().ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	for name, reason := range all {
		switch reason {
		case twilio.ReasonProbed, twilio.ReasonRepeated, twilio.ReasonAnsweredBy: // counted elsewhere, or not
			continue
		}
		if n := strings.Count(w.Body.String(), `{reason="`+reason+`"} 1`); n != 1 {
			t.Errorf("%s (%q) is counted %d times", name, reason, n)
		}
	}
	if strings.Contains(w.Body.String(), `"other"`) {
		t.Error("something is counted as other")
	}
}

package search

import (
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/answer"
	"github.com/hookswitch/hookswitch/telephony"
)

func TestQueriesAreRead(t *testing.T) {
	for _, tt := range []struct {
		text string
		want Query
	}{
		{"", nil},
		{"  \t ", nil},
		{"agent:front-desk", Query{{Key: Agent, Text: "front-desk"}}},
		{`agent:"Front Desk" live:true`, Query{{Key: Agent, Text: "Front Desk"}, {Key: Live, Yes: true}}},
		{"number:+1415*", Query{{Key: Number, Text: "+1415", Prefix: true}}},
		{`from:"+1 (415) 555-0100"`, Query{{Key: From, Text: "+14155550100"}}},
		{"direction:inbound", Query{{Key: Direction, Text: "inbound"}}},
		{"transfer:completed,busy,completed", Query{{Key: Transfer, Any: []string{"completed", "busy"}}}},
		{"end:caller_hangup,line_lost,caller_hangup", Query{{Key: End, Any: []string{"caller_hangup", "line_lost"}}}},
		{"who:voicemail_beep,fax,fax", Query{{Key: Who, Any: []string{"voicemail_beep", "fax"}}}},
		{"gap>800", Query{{Key: Gap, Op: Above, Value: 800}}},
		{"gap>=800 gap<900 gap<=900 gap=850", Query{
			{Key: Gap, Op: AtLeast, Value: 800}, {Key: Gap, Op: Below, Value: 900},
			{Key: Gap, Op: AtMost, Value: 900}, {Key: Gap, Op: Equal, Value: 850}}},
		{"unheard>0 duration>30", Query{{Key: Unheard, Op: Above}, {Key: Duration, Op: Above, Value: 30}}},
		{`said:"saturday"`, Query{{Key: Said, Text: "saturday"}}},
		{`said:"she said \"no\" \\ 100%_"`, Query{{Key: Said, Text: `she said "no" \ 100%_`}}},
		{`said:"Straße 漢字"`, Query{{Key: Said, Text: "Straße 漢字"}}},
		{"since:7d", Query{{Key: Since, Ago: 7 * 24 * time.Hour}}},
		{"since:2026-11-20", Query{{Key: Since, Time: time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC)}}},
		{"until:2026-11-20", Query{{Key: Until, Time: time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC)}}},
		{"until:2026-11-20T09:00:00Z", Query{{Key: Until, Time: time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)}}},
		{"id:call_7q2f", Query{{Key: ID, Text: "call_7q2f"}}},
		{"gap>99999999999", Query{{Key: Gap, Op: Above, Value: most}}},
	} {
		got, err := Parse(tt.text)
		if err != nil || !reflect.DeepEqual(got, tt.want) {
			t.Errorf("Parse(%s) = %+v, %v, want %+v", tt.text, got, err, tt.want)
		}
	}
}

func TestMistakesSayWhereAndWhatIsExpected(t *testing.T) {
	for _, tt := range []struct {
		text string
		want []string
	}{
		{"gap:800", []string{"at 1: gap takes a number of milliseconds, such as gap>800"}},
		{"gap>fast", []string{"at 1: gap takes a number of milliseconds, such as gap>800"}},
		{"gap>-1", []string{"at 1: gap takes a number of milliseconds, such as gap>800"}},
		{"agent>x", []string{"at 1: agent takes a name or UUID, such as agent:front-desk"}},
		{"live:true agnet:x", []string{`at 11: there is no key "agnet"; did you mean agent?`}},
		{"colour:red", []string{`at 1: there is no key "colour"; the keys are agent, number,`}},
		{"saturday", []string{`at 1: "saturday" is no term; a term is a key and a value, such as said:"saturday"`}},
		{`live:true said:"satur`, []string{"at 11: a quotation mark is not closed"}},
		{"said:", []string{"at 1: said takes words that either side said"}},
		{"transfer:bussy", []string{"transfer takes what came of a transfer"}},
		{"who:humna", []string{"did you mean human?"}},
		{"who:voicemail", []string{"the classes are human, screener, ivr, voicemail_greeting, "}},
		{"who:", []string{"at 1: who takes who answered"}},
		{"end:caller_hangpu", []string{"did you mean caller_hangup?"}},
		{"end:tired", []string{"the reasons are agent_hangup, "}},
		{"direction:up live:maybe since:yesterday", []string{
			"at 1: direction takes inbound or outbound", "at 14: live takes true or false", "at 25: since takes a time ago or a date"}},
		{"since:9999999999w", []string{"at 1: since takes"}},
		{"since:0001-01-01", []string{"at 1: since takes"}},
		{"number:*", []string{"at 1: number takes a phone number"}},
		{`ä:1 gap:1`, []string{"at 1: there is no key", "at 5: gap takes"}},
		{strings.Repeat("gap>1 ", MaxTerms+1), []string{"at 1: a query has at most 20 terms, this one has 21"}},
		{strings.Repeat("x", MaxBytes+1), []string{"at 1: a query has at most 1024 bytes, this one has 1025"}},
		{"agent:\xff", []string{"at 1: a query is UTF-8 text"}},
	} {
		got, err := Parse(tt.text)
		var mistakes Error
		if got != nil || !errors.As(err, &mistakes) || len(mistakes) != len(tt.want) {
			t.Errorf("Parse(%.40q) = %v, %v, want %d mistakes", tt.text, got, err, len(tt.want))
			continue
		}
		for i, want := range tt.want {
			if !strings.Contains(mistakes[i].String(), want) {
				t.Errorf("Parse(%.40q): mistake %d is %q, want %q", tt.text, i, mistakes[i], want)
			}
		}
	}
}

func TestSinceIsMeasuredFromNow(t *testing.T) {
	now := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	q, err := Parse("since:2h")
	if err != nil || !q[0].At(now).Equal(now.Add(-2*time.Hour)) {
		t.Errorf("since:2h is %v, %v", q, err)
	}
}

// TestEveryEndReasonCanBeAskedFor reads the constants where they are declared,
// so that a new one is not forgotten here.
func TestEveryEndReasonCanBeAskedFor(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "../../telephony/call.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	ast.Inspect(file, func(n ast.Node) bool {
		v, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if kind, is := v.Type.(*ast.Ident); !is || kind.Name != "EndReason" {
			return true
		}
		reason, err := strconv.Unquote(v.Values[0].(*ast.BasicLit).Value)
		if err != nil {
			t.Fatal(err)
		}
		found++
		if !slices.Contains(Reasons, telephony.EndReason(reason)) {
			t.Errorf("end:%s cannot be asked for", reason)
		}
		return true
	})
	if found != len(Reasons) {
		t.Errorf("%d reasons are declared, %d can be asked for", found, len(Reasons))
	}
}

func TestWhoeverAnswersCanBeAskedFor(t *testing.T) {
	var classes []string
	for _, c := range answer.Classes {
		classes = append(classes, string(c))
	}
	if !slices.Equal(classes, Answerers) {
		t.Errorf("a query may ask for %q, who answers is one of %q", Answerers, classes)
	}
}

// FuzzParse: whatever comes, there is a query within its bounds or mistakes that
// lie within the text.
func FuzzParse(f *testing.F) {
	for _, s := range []string{"", `said:"a b" gap>800`, `x:"\"`, "agnet:1 live:true", "end:busy,,", "who:fax,,unknown", "since:7d until:2026-11-20", "=:<>\"", "a\u2003b:c"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		q, err := Parse(text)
		var mistakes Error
		switch {
		case err == nil && len(q) > MaxTerms:
			t.Errorf("%d terms", len(q))
		case err != nil && !errors.As(err, &mistakes):
			t.Errorf("error %v is no Error", err)
		case err != nil && (q != nil || len(mistakes) == 0):
			t.Errorf("query %v with mistakes %v", q, mistakes)
		}
		for _, m := range mistakes {
			if m.At < 1 || m.At > len([]rune(text))+1 || m.Text == "" || len(m.Text) > 1000 {
				t.Errorf("mistake %+v in a text of %d", m, len(text))
			}
		}
		for _, term := range q {
			if _, ok := keyOf(string(term.Key)); !ok {
				t.Errorf("term %+v has no key", term)
			}
			if at := term.At(time.Unix(1_790_000_000, 0)); (term.Key == Since || term.Key == Until) && at.Year() > 10000 {
				t.Errorf("term %+v means %v", term, at)
			}
		}
	})
}

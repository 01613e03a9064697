package report

import (
	"fmt"
	"html/template"
	"strings"

	"github.com/hookswitch/hookswitch/cmd/hookswitch/show"
	"github.com/hookswitch/hookswitch/telephony"
)

// view is the page as its template sees it. Every text has been cleaned.
type view struct {
	Policy string
	Style  template.CSS
	Script template.JS
	Title  string
	Facts  []fact
	Checks []check
	Calls  []callView
	Sound  bool // a call has a recording
}

// fact is a word or two, and what it is about.
type fact struct{ Before, Strong, After string }

type check struct {
	OK                 bool
	Name, Value, Limit string
	Detail             string
	Faults             []fault
}

type fault struct{ Where, Detail, Anchor string }

// callView is one call.
type callView struct {
	ID, Title string
	Who       string
	Facts     []fact
	Sound     template.HTMLAttr // empty without a recording
	Timeline  *timeline
	Answered  *who
	Rows      []row
	Table     *table
}

func newView(p Page) (*view, error) {
	r := p.Result
	v := &view{Policy: policy(), Style: template.CSS(pageStyle), Script: template.JS(pageJS),
		Title: title(r), Facts: facts(r), Checks: checks(r)}
	for n, call := range r.Calls {
		var rec Recorded
		if n < len(p.Calls) {
			rec = p.Calls[n]
		}
		c, err := newCall(n+1, call, rec)
		if err != nil {
			return nil, err
		}
		v.Calls = append(v.Calls, c)
		v.Sound = v.Sound || c.Sound != ""
	}
	return v, nil
}

func title(r show.Result) string {
	calls := "1 call"
	if n := len(r.Calls); n != 1 {
		calls = fmt.Sprintf("%d calls", n)
	}
	switch held := r.Held(); {
	case len(r.Checks) == 0:
		return calls
	case held == len(r.Checks):
		return fmt.Sprintf("%s, all %d checks held", calls, held)
	default:
		return fmt.Sprintf("%s, %d of %d checks failed", calls, len(r.Checks)-held, len(r.Checks))
	}
}

func facts(r show.Result) []fact {
	var f []fact
	if !r.Began.IsZero() {
		f = append(f, fact{"", r.Began.UTC().Format("2 January 2006, 15:04"), " UTC"})
	}
	if r.TookMS > 0 {
		f = append(f, fact{"took ", seconds(r.TookMS), ""})
	}
	if r.Gap.Turns > 0 {
		f = append(f, fact{"gap ", show.Millis(r.Gap.MedianMS),
			fmt.Sprintf(" median, %s worst (call %d, turn %d)", show.Millis(r.Gap.WorstMS), r.Gap.Call, r.Gap.Turn)})
	}
	if r.Build != "" {
		f = append(f, fact{"hookswitch ", show.Clean(r.Build), ""})
	}
	return f
}

func checks(r show.Result) []check {
	var list []check
	for _, c := range r.Checks {
		out := check{OK: c.OK, Name: show.Clean(c.Name), Value: show.Clean(c.Value),
			Limit: show.Clean(c.Limit), Detail: show.Clean(c.Detail)}
		for _, at := range c.Faults {
			where := fmt.Sprintf("call %d", at.Call)
			if at.Turn > 0 {
				where += fmt.Sprintf(", turn %d", at.Turn)
			}
			out.Faults = append(out.Faults, fault{where, show.Clean(at.Detail), show.Anchor(at.Call, at.Turn)})
		}
		list = append(list, out)
	}
	return list
}

func newCall(n int, call show.Call, rec Recorded) (callView, error) {
	items := show.Items(rec.Entries)
	measured(items, call.Turns)
	c := callView{ID: show.Anchor(n, 0), Title: heading(n, call), Who: show.Clean(call.Persona),
		Facts: callFacts(call, items), Rows: rows(n, items, call.Turns), Table: newTable(n, call.Turns)}
	p, err := newPeaks(rec.WAV)
	if err != nil {
		return c, fmt.Errorf("report: recording of call %d: %w", n, err)
	}
	if len(rec.WAV) > 0 {
		c.Sound = source(rec.WAV)
	}
	c.Timeline = newTimeline(n, items, rec.Entries, p, max(call.LastedMS, p.lasted()))
	if c.Answered, err = newWho(c.ID, items, p, max(call.LastedMS, p.lasted())); err != nil {
		return c, fmt.Errorf("report: call %d: %w", n, err)
	}
	return c, nil
}

// measured lets the far end's own measure of a talk-over stand where there is
// one, as in the checks.
func measured(items []show.Item, turns []show.Turn) {
	for _, i := range items {
		for _, t := range turns {
			if i.Talk != nil && t.Turn == i.Turn && t.CutSilentMS > 0 {
				i.Talk.SilentMS = t.CutSilentMS
			}
		}
	}
}

func heading(n int, call show.Call) string {
	way := "in"
	if call.Direction == telephony.Outbound {
		way = "out"
	}
	return fmt.Sprintf("Call %d, %s: %s → %s", n, way, number(call.From), number(call.To))
}

// number keeps a phone number on one line.
func number(s string) string { return strings.ReplaceAll(show.Number(s), " ", "\u00a0") }

func callFacts(call show.Call, items []show.Item) []fact {
	f := []fact{{"lasted ", seconds(call.LastedMS), ""}, {"ended: ", ending(call.EndReason), ""}}
	if call.Agent != "" {
		f = append(f, fact{"agent ", show.Clean(call.Agent), ""})
	}
	if g := show.Gaps([]show.Call{call}); g.Turns > 0 {
		f = append(f, fact{"gap ", show.Millis(g.MedianMS), fmt.Sprintf(" median, %s worst", show.Millis(g.WorstMS))})
	}
	if all, lost := spoken(items); lost > 0 {
		f = append(f, fact{"", fmt.Sprintf("%d of %d", lost, all), " of the agent's words not heard"})
	}
	if call.Violations > 0 {
		f = append(f, fact{"", fmt.Sprint(call.Violations), " protocol violations"})
	}
	return f
}

// spoken counts the words that the agent planned, and those nobody heard.
func spoken(items []show.Item) (all, lost int) {
	for _, i := range items {
		if i.Kind == show.Agent {
			n := len(strings.Fields(i.Unheard))
			all += len(strings.Fields(i.Text)) + n
			lost += n
		}
	}
	return all, lost
}

var endings = map[telephony.EndReason]string{
	telephony.AgentHangup:    "agent hung up",
	telephony.CallerHangup:   "caller hung up",
	telephony.Silence:        "nobody spoke for too long",
	telephony.MaxDuration:    "longest duration reached",
	telephony.ProviderFailed: "recogniser, model or voice failed",
	telephony.GatewayFailed:  "gateway failed",
	telephony.LineLost:       "line lost",
	telephony.NotConnected:   "stream was never opened",
	telephony.Busy:           "busy",
	telephony.NoAnswer:       "no answer",
	telephony.Failed:         "could not be placed",
	telephony.Canceled:       "cancelled",
	telephony.Refused:        "refused",
	telephony.Shutdown:       "gateway was stopped",
	telephony.Voicemail:      "a machine answered",
}

// ending is an end reason in words; one of a later build stands as it is.
func ending(r telephony.EndReason) string {
	if words, ok := endings[r]; ok {
		return words
	}
	if r == "" {
		return "not known"
	}
	return show.Clean(string(r))
}

func seconds(ms int64) string { return fmt.Sprintf("%.1f s", float64(ms)/1000) }

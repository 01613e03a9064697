package transfer

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/hookswitch/hookswitch/agentcore/dispatch"
	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/agentcore/vars"
	"github.com/hookswitch/hookswitch/telephony"
)

// Destination is one entry of an agent's list: whom a call may be handed to.
type Destination struct {
	Name      string // what the model calls it: its label, or "destination 1". Unique in the list
	Labelled  bool   // Name is a label that somebody gave it
	Condition string // when it is the right one, for the model

	Kind     string           // dispatch.Blind, dispatch.Conference, dispatch.Warm; or sipRefer, which fails when it is used
	Announce bool             // it is dispatch.Warm, and who answers is told the summary
	To       telephony.Number // E.164 or a SIP URI; empty: what Variable holds
	Variable string           // name of a dynamic variable
	SIP      bool             // To, or Variable, is a SIP URI

	CallerID   telephony.Number // what it sees, one of ours. Empty: our number of the call
	ShowCaller bool             // it sees the caller's own number
	PostDial   string           // keys to press once it answers
	Ring       time.Duration    // zero: the desk's default
	Tries      int              // at it in one call; zero: the desk's default
}

// entry is a [Destination] as it is kept: see roster's transfers.
type entry struct {
	Condition string `json:"condition"`
	Label     string `json:"label"`
	Type      string `json:"transfer_type"`
	To        *struct {
		Type   string `json:"type"`
		Number string `json:"phone_number"`
		URI    string `json:"sip_uri"`
	} `json:"transfer_destination"`
	Number   string  `json:"phone_number"` // the older shape
	PostDial string  `json:"post_dial_digits"`
	CallerID string  `json:"caller_id"`
	Ring     float64 `json:"ring_timeout_secs"`
	Tries    float64 `json:"max_attempts"`
	Accept   string  `json:"accept"`
}

// most is how many destinations a list may have; the roster keeps no more.
const most = 16

// Parse reads transfer_to_number's parameters as the roster keeps them.
func Parse(parameters json.RawMessage) ([]Destination, error) {
	if len(parameters) == 0 {
		return nil, nil
	}
	var in struct {
		Transfers []entry `json:"transfers"`
	}
	if err := json.Unmarshal(parameters, &in); err != nil {
		return nil, fmt.Errorf("transfer: parameters: %w", err)
	}
	if len(in.Transfers) > most {
		return nil, fmt.Errorf("transfer: %d destinations, at most %d", len(in.Transfers), most)
	}
	all := make([]Destination, 0, len(in.Transfers))
	for i, e := range in.Transfers {
		d, err := e.destination()
		if err != nil {
			return nil, fmt.Errorf("transfer: destination %d: %w", i+1, err)
		}
		all = append(all, d)
	}
	return all, name(all)
}

// name names those without a label, and checks that no two are named alike.
func name(all []Destination) error {
	taken := map[string]bool{}
	for _, d := range all {
		folded := strings.ToLower(d.Name)
		if d.Labelled && taken[folded] {
			return fmt.Errorf("transfer: two destinations are named %q", d.Name)
		}
		taken[folded] = true
	}
	for i := range all {
		for n := i + 1; all[i].Name == ""; n++ {
			if free := "destination " + strconv.Itoa(n); !taken[free] {
				all[i].Name, taken[free] = free, true
			}
		}
	}
	return nil
}

// sipRefer is a kind that the roster kept before it refused it.
const sipRefer = "sip_refer"

var kinds = []string{dispatch.Blind, dispatch.Conference, dispatch.Warm, sipRefer}

func (e entry) destination() (Destination, error) {
	d := Destination{
		Name: e.Label, Labelled: e.Label != "", Condition: e.Condition, Kind: e.Type, PostDial: e.PostDial,
		Ring: time.Duration(min(max(e.Ring, 0), 60)) * time.Second, Tries: int(min(max(e.Tries, 0), 5)),
	}
	if d.Kind == "" {
		d.Kind = dispatch.Blind
	}
	if !slices.Contains(kinds, d.Kind) {
		return d, fmt.Errorf("no such kind of transfer: %.20q", d.Kind)
	}
	d.Announce = d.Kind == dispatch.Warm
	if d.Kind == dispatch.Conference && e.Accept == "key" {
		d.Kind = dispatch.Warm // who answers is asked for a key, and told nothing
	}
	switch {
	case e.CallerID == roster.CallerNumber:
		d.ShowCaller = true
	default:
		d.CallerID = telephony.Number(e.CallerID)
	}
	return d, d.aim(e)
}

// aim sets where d leads.
func (d *Destination) aim(e entry) error {
	at, kind := e.Number, "phone"
	if e.To != nil {
		at, kind = e.To.Number, e.To.Type
		if strings.HasPrefix(kind, "sip_uri") {
			at = e.To.URI
		}
	}
	switch kind {
	case "", "phone":
		d.To = telephony.Number(at)
	case "sip_uri":
		d.To, d.SIP = telephony.Number(at), true
	case "phone_dynamic_variable":
		d.Variable = at
	case "sip_uri_dynamic_variable":
		d.Variable, d.SIP = at, true
	default:
		return fmt.Errorf("no such kind of destination: %.40q", kind)
	}
	if d.Variable == "" && !d.fits(string(d.To)) {
		return errors.New("it leads nowhere")
	}
	return nil
}

var (
	phone = regexp.MustCompile(`^\+[1-9][0-9]{6,14}$`)
	sip   = regexp.MustCompile(`^sips?:[^\s@<>"]+@[^\s@<>"]+$`)
)

// fits reports whether to looks like what d leads to. Whether it may be called
// is for the dial plan to say.
func (d *Destination) fits(to string) bool {
	if d.SIP {
		return len(to) <= 512 && sip.MatchString(to)
	}
	return phone.MatchString(to)
}

// resolve returns where d leads in a call whose variables were v at its start;
// false: nowhere.
func (d *Destination) resolve(v vars.Set) (telephony.Number, bool) {
	if d.Variable == "" {
		return d.To, true
	}
	value, ok := v.Lookup(d.Variable)
	if !ok {
		return "", false
	}
	to := vars.Text(value)
	return telephony.Number(to), d.fits(to)
}

// told is what records and people are told of d: a label, or its condition. It
// holds no number.
func (d *Destination) told() string {
	if d.Labelled {
		return d.Name
	}
	digits := 0
	for _, r := range d.Condition {
		if unicode.IsDigit(r) {
			digits++
		}
	}
	if digits > 6 || d.Condition == "" {
		return d.Name
	}
	if runes := []rune(d.Condition); len(runes) > 120 {
		return string(runes[:119]) + "…"
	}
	return d.Condition
}

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/hookswitch/hookswitch/cmd/hookswitch/fault"
	"github.com/hookswitch/hookswitch/telephony/sim"
	"github.com/hookswitch/hookswitch/telephony/sim/persona"
)

// simulated is what --json says first.
type simulated struct {
	Base     string            `json:"base"` // of the REST interface
	Seed     uint64            `json:"seed"`
	Faults   []string          `json:"faults"`
	Phones   map[string]string `json:"phones"` // number to persona
	Accounts []simulatedUser   `json:"accounts"`
	Environ  map[string]string `json:"environ"` // for a gateway
}

// simulatedUser is an account and its number.
type simulatedUser struct {
	SID    string `json:"account_sid"`
	Token  string `json:"auth_token"`
	Number string `json:"number"`
	Asks   string `json:"voice_url"`
}

// ended is what --json says of a call.
type ended struct {
	Call    string         `json:"call"`
	Status  string         `json:"status"`
	Seconds float64        `json:"seconds"`
	Faults  map[string]int `json:"faults,omitempty"`
}

// tell says where the carrier is, and how a gateway is pointed at it.
func (c *simCmd) tell(w io.Writer, base string, scripts map[string]*persona.Script) error {
	users := []simulatedUser{{c.AccountSID, c.AuthToken, c.Number, c.answered(c.Number, "").VoiceURL}}
	for _, n := range c.SubAccount {
		a := subAccount(n, c.AccountSID)
		users = append(users, simulatedUser{a.SID, a.AuthToken, n, users[0].Asks})
	}
	environ := c.environ(base)
	if c.JSON {
		first := simulated{Base: base, Phones: map[string]string{}, Seed: c.Seed, Faults: append(append([]string{}, c.Fault...), c.RESTFault...), Accounts: users, Environ: map[string]string{}}
		for _, v := range environ {
			first.Environ[v[0]] = v[1]
		}
		for _, name := range c.Phone {
			first.Phones[scripts[name].Persona.Number] = filepath.Base(name)
		}
		return json.NewEncoder(w).Encode(first)
	}
	var b strings.Builder
	row := func(name, value string) { fmt.Fprintf(&b, "%-19s%s\n", name, value) }
	row("simulated Twilio", base)
	row(c.Number, "asks "+users[0].Asks)
	for _, u := range users[1:] {
		row(u.Number, "of sub-account "+u.SID)
		row("", "token "+u.Token)
	}
	for _, name := range c.Phone {
		row(scripts[name].Persona.Number, "answered by "+filepath.Base(name))
	}
	for _, f := range append(append([]string{}, c.Fault...), c.RESTFault...) {
		row("fault", f)
	}
	if len(c.Fault) > 0 {
		row("seed", fmt.Sprint(c.Seed))
	}
	b.WriteString("\na gateway for it, to paste into a shell\n\n")
	for _, v := range environ {
		b.WriteString("  " + v[0] + "=" + shellWord(v[1]) + " \\\n")
	}
	b.WriteString("  hookswitch serve\n\n")
	_, err := io.WriteString(w, b.String())
	return err
}

// environ are the variables of a gateway that takes the carrier for Twilio.
func (c *simCmd) environ(base string) [][2]string {
	gateway := strings.TrimRight(c.Gateway, "/")
	v := [][2]string{
		{"HOOKSWITCH_CARRIER", "twilio"},
		{"HOOKSWITCH_TWILIO_API_BASE", base},
		{"HOOKSWITCH_TWILIO_ACCOUNT_SID", c.AccountSID},
		{"HOOKSWITCH_TWILIO_AUTH_TOKEN", c.AuthToken},
		{"HOOKSWITCH_PUBLIC_URL", gateway},
	}
	if u, err := url.Parse(gateway); err == nil && u.Scheme == "http" && u.Port() != "" && u.Host != "127.0.0.1:8080" {
		v = append(v, [2]string{"HOOKSWITCH_LISTEN", u.Host})
	}
	return v
}

var plainWord = regexp.MustCompile(`^[A-Za-z0-9_./:@%+,=-]+$`)

// shellWord writes s so that a shell reads one word.
func shellWord(s string) string {
	if plainWord.MatchString(s) {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// call makes the calls that were asked for, all at once, and tells how each
// ended.
func (c *simCmd) call(ctx context.Context, w io.Writer, carrier *sim.Carrier, scripts map[string]*persona.Script) error {
	var calls []*sim.Call
	for _, name := range c.Call {
		p := scripts[name]
		call, err := carrier.Call(ctx, p.Persona.Number, c.Number, p.Player())
		if err != nil {
			return err
		}
		calls = append(calls, call)
	}
	for i, call := range calls {
		if err := call.Wait(ctx); err != nil {
			return err
		}
		if err := c.tellCall(w, filepath.Base(c.Call[i]), call); err != nil {
			return err
		}
	}
	broken := carrier.Police().Violations()
	for _, v := range broken {
		if c.JSON {
			json.NewEncoder(w).Encode(map[string]any{"violation": v.Kind, "code": v.Code, "detail": v.Detail})
			continue
		}
		fmt.Fprintf(w, "FAIL  wire protocol   %v\n", v)
	}
	if len(broken) > 0 {
		return fault.ErrCheckFailed
	}
	return nil
}

// tellCall says how a call ended, and what went wrong with it on purpose.
func (c *simCmd) tellCall(w io.Writer, name string, call *sim.Call) error {
	e := ended{Call: name, Status: string(call.Status()), Seconds: call.Duration().Seconds(), Faults: map[string]int{}}
	var bit []string
	for _, v := range call.Events() {
		if v.What != "fault" {
			continue
		}
		if e.Faults[v.Detail]++; e.Faults[v.Detail] == 1 {
			bit = append(bit, v.Detail)
		}
	}
	if c.JSON {
		return json.NewEncoder(w).Encode(e)
	}
	suffix := ""
	if len(bit) > 0 {
		suffix = "   " + strings.Join(bit, " ")
	}
	_, err := fmt.Fprintf(w, "%-10s %s   %.1f s%s\n", e.Status, name, e.Seconds, suffix)
	return err
}

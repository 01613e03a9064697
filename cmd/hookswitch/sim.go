package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/hookswitch/hookswitch/cmd/hookswitch/fault"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/server"
	"github.com/hookswitch/hookswitch/telephony/sim"
	"github.com/hookswitch/hookswitch/telephony/sim/handset"
)

// simCmd is a simulated Twilio in a process of its own: a gateway with carrier
// twilio can't tell the difference, but for the address.
type simCmd struct {
	Listen      string   `default:"127.0.0.1:8090" placeholder:"HOST:PORT" help:"Where its REST interface is. Default ${default}."`
	Gateway     string   `default:"http://127.0.0.1:8080" placeholder:"URL" help:"Public URL of the gateway that answers its number. Default ${default}."`
	VoiceURL    string   `name:"voice-url" placeholder:"URL" help:"What is asked when the number is called. Default: /twilio/voice of the gateway."`
	StatusURL   string   `name:"status-url" placeholder:"URL" help:"What is told how the call ended. Default: /twilio/status of the gateway."`
	FallbackURL string   `name:"fallback-url" placeholder:"URL" help:"What is asked when the voice URL fails."`
	SMSURL      string   `name:"sms-url" placeholder:"URL" help:"What is asked when somebody writes to the number. Default: /twilio/message of the gateway."`
	Number      string   `default:"${number}" placeholder:"NUMBER" help:"The number that the gateway answers. Default ${default}."`
	AccountSID  string   `name:"account-sid" default:"${account}" placeholder:"SID" help:"Account that the gateway uses. Default ${default}."`
	AuthToken   string   `name:"auth-token" default:"${token}" placeholder:"TOKEN" help:"That account's token. The default is written in the source."`
	SubAccount  []string `sep:"none" placeholder:"NUMBER" help:"A number of a sub-account of its own, with credentials that are printed. May be repeated."`
	CPS         float64  `name:"cps" default:"1" placeholder:"N" help:"Calls that an account may place in a second; the others wait. 0: no limit. Default ${default}."`
	Fault       []string `sep:"none" placeholder:"FAULT" help:"Something that goes wrong: cut@5s, lose,chance=0.05, callback-lost,status=completed. A wrong one lists them all. May be repeated."`
	RESTFault   []string `name:"rest-fault" sep:"none" placeholder:"FAULT" help:"REST requests that fail: 429,every=2,times=10, or 503, lost, unmet. May be repeated."`
	Seed        uint64   `placeholder:"N" help:"Of what is left to chance: the same seed, the same run. Default 0."`
	Phone       []string `sep:"none" placeholder:"PERSONA" help:"A persona that can be called at its number: a file, or one built in, such as voicemail. May be repeated."`
	Call        []string `sep:"none" placeholder:"PERSONA" help:"A persona that calls the number now; the command ends when all such calls are over, with 1 if the gateway broke the protocol. May be repeated."`
	Text        []string `sep:"none" placeholder:"TEXT" help:"A number and what it writes to ours now: '+14155550134 Hello'. Whatever is written to a phone is printed. May be repeated."`
	JSON        bool     `name:"json" help:"One JSON object a line: where it is, and then how each call ended and each text that a phone got."`

	cacheFlag
}

// Run serves until Ctrl-C, or until the calls it was to make are over.
func (c *simCmd) Run(ctx context.Context, s streams) error {
	ctx, stop := interruptible(ctx)
	defer stop()
	scripts, err := c.personas(ctx, s)
	if err != nil {
		return err
	}
	texts, err := c.texts()
	if err != nil {
		return err
	}
	out := &oneAtATime{w: s.out}
	carrier, err := c.carrier(out)
	if err != nil {
		return err
	}
	defer carrier.Close()
	for _, name := range c.Phone {
		p := scripts[name]
		carrier.Register(p.Persona.Number, sim.Phone{Answer: p.Persona.Answer, Make: func() handset.Handset { return p.Player() }})
	}
	ln, err := net.Listen("tcp", c.Listen)
	if err != nil {
		return server.ListenFault(c.Listen, err)
	}
	web := &http.Server{Handler: carrier.Handler(), ReadHeaderTimeout: 5 * time.Second}
	served := make(chan error, 1)
	go func() { served <- web.Serve(ln) }()
	defer func() { web.Close(); <-served }()

	if err := c.tell(out, "http://"+ln.Addr().String(), scripts); err != nil {
		return err
	}
	for _, t := range texts {
		if _, err := carrier.Text(t.from, c.Number, t.body); err != nil {
			return err
		}
	}
	if len(c.Call) == 0 {
		<-ctx.Done()
		return ctx.Err()
	}
	return c.call(ctx, out, carrier, scripts)
}

// carrier makes it as the flags say. What phones are written goes to out.
func (c *simCmd) carrier(out io.Writer) (*sim.Carrier, error) {
	knobs := sim.Knobs{Seed: c.Seed, CPS: c.CPS}
	if c.CPS == 0 {
		knobs.CPS = -1 // no limit
	}
	cfg := sim.Config{AccountSID: c.AccountSID, AuthToken: c.AuthToken, Forget: true, Knobs: knobs, Texted: c.tellText(out), Numbers: []sim.Number{c.answered(c.Number, "")}}
	for _, number := range c.SubAccount {
		a := subAccount(number, c.AccountSID)
		cfg.Accounts = append(cfg.Accounts, a)
		cfg.Numbers = append(cfg.Numbers, c.answered(number, a.SID))
	}
	faults, err := c.faults()
	if err != nil {
		return nil, err
	}
	rest, err := c.restFaults()
	if err != nil {
		return nil, err
	}
	carrier, err := sim.New(cfg)
	if err == nil && c.CPS < 0 {
		err = errNegative
	}
	if err != nil {
		return nil, &fault.Fault{What: err.Error(), Where: fault.Keep("hookswitch sim"), Mend: fault.Keep("hookswitch sim --help"), Code: "sim/settings", Exit: fault.Wrong, Err: err}
	}
	if err := carrier.Schedule(faults...); err != nil {
		carrier.Close()
		return nil, err
	}
	carrier.FailREST(rest...)
	return carrier, nil
}

// answered is a number that the gateway answers.
func (c *simCmd) answered(number, account string) sim.Number {
	n := sim.Number{Number: number, Account: account, VoiceURL: c.VoiceURL, StatusCallback: c.StatusURL, FallbackURL: c.FallbackURL, SMSURL: c.SMSURL}
	gateway := strings.TrimRight(c.Gateway, "/")
	if n.VoiceURL == "" {
		n.VoiceURL = gateway + "/twilio/voice"
	}
	if n.StatusCallback == "" {
		n.StatusCallback = gateway + "/twilio/status"
	}
	if n.SMSURL == "" {
		n.SMSURL = gateway + "/twilio/message"
	}
	return n
}

// subAccount is the account that owns number. Its credentials depend on the
// number alone, so that they may be written down.
func subAccount(number, parent string) sim.Account {
	id := func(of string) string {
		h := sha256.Sum256([]byte("hookswitch sim " + of + number))
		return hex.EncodeToString(h[:16])
	}
	return sim.Account{SID: "AC" + id("account"), AuthToken: id("token"), Parent: parent, Name: "Simulated sub-account"}
}

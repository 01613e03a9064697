package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/models"
	"github.com/hookswitch/hookswitch/agentcore/tts/flite"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/booth"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/fault"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/server"
	"github.com/hookswitch/hookswitch/telephony/sim"
	"github.com/hookswitch/hookswitch/telephony/sim/handset"
	"github.com/hookswitch/hookswitch/telephony/sim/persona"
)

// simCmd is a simulated Twilio in a process of its own: a gateway with carrier
// twilio can't tell the difference, but for the address.
type simCmd struct {
	Listen     string   `default:"127.0.0.1:8090" placeholder:"HOST:PORT" help:"Where its REST interface is. Default ${default}."`
	Gateway    string   `default:"http://127.0.0.1:8080" placeholder:"URL" help:"Public URL of the gateway that answers its number. Default ${default}."`
	Number     string   `default:"${number}" placeholder:"NUMBER" help:"The number that the gateway answers. Default ${default}."`
	AccountSID string   `name:"account-sid" default:"${account}" placeholder:"SID" help:"Account that the gateway uses. Default ${default}."`
	AuthToken  string   `default:"${token}" placeholder:"TOKEN" help:"That account's token. The default is written in the source."`
	Phone      []string `sep:"none" placeholder:"FILE" help:"A persona that can be called at its number. May be repeated."`
	Call       []string `sep:"none" placeholder:"FILE" help:"A persona that calls the number now; the command ends when all such calls are over, with 1 if the gateway broke the protocol. May be repeated."`

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
	gateway := strings.TrimRight(c.Gateway, "/")
	carrier, err := sim.New(sim.Config{
		AccountSID: c.AccountSID, AuthToken: c.AuthToken, Forget: true,
		Numbers: []sim.Number{{Number: c.Number, VoiceURL: gateway + "/twilio/voice", StatusCallback: gateway + "/twilio/status"}},
	})
	if err != nil {
		return &fault.Fault{What: err.Error(), Where: fault.Keep("hookswitch sim"), Mend: fault.Keep("hookswitch sim --help"), Code: "sim/settings", Exit: fault.Wrong, Err: err}
	}
	defer carrier.Close()
	for _, file := range c.Phone {
		p := scripts[file]
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

	c.tell(s.out, "http://"+ln.Addr().String(), gateway)
	if len(c.Call) == 0 {
		<-ctx.Done()
		return ctx.Err()
	}
	return c.call(ctx, s.out, carrier, scripts)
}

// tell says how a gateway is pointed at this carrier.
func (c *simCmd) tell(w io.Writer, base, gateway string) {
	fmt.Fprintf(w, "simulated carrier  %s   %s -> %s/twilio/voice\n", base, c.Number, gateway)
	fmt.Fprintf(w, "a gateway for it   HOOKSWITCH_CARRIER=twilio HOOKSWITCH_TWILIO_API_BASE=%s HOOKSWITCH_TWILIO_ACCOUNT_SID=%s HOOKSWITCH_TWILIO_AUTH_TOKEN=%s HOOKSWITCH_PUBLIC_URL=%s hookswitch serve\n",
		base, c.AccountSID, c.AuthToken, gateway)
}

// call makes the calls that were asked for, all at once, and tells how each
// ended.
func (c *simCmd) call(ctx context.Context, w io.Writer, carrier *sim.Carrier, scripts map[string]*persona.Script) error {
	var calls []*sim.Call
	for _, file := range c.Call {
		p := scripts[file]
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
		fmt.Fprintf(w, "%-10s %s   %.1f s\n", call.Status(), filepath.Base(c.Call[i]), call.Duration().Seconds())
	}
	broken := carrier.Police().Violations()
	for _, v := range broken {
		fmt.Fprintf(w, "FAIL  wire protocol   %v\n", v)
	}
	if len(broken) > 0 {
		return fault.ErrCheckFailed
	}
	return nil
}

// personas reads and prepares every file that was named.
func (c *simCmd) personas(ctx context.Context, s streams) (map[string]*persona.Script, error) {
	cast, speaks := map[string]persona.Persona{}, false
	for _, file := range append(append([]string{}, c.Phone...), c.Call...) {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, personaFault(file, err)
		}
		p, err := persona.Parse(file, text)
		if err != nil {
			return nil, personaFault(file, err)
		}
		if p.Number == "" {
			p.Number = "+14155550134"
		}
		cast[file] = p
		speaks = speaks || slices.ContainsFunc(p.Lines, func(l persona.Line) bool { return l.Say != "" })
	}
	var voice handset.Voice
	if speaks {
		v, closeVoice, err := c.voice(ctx, s)
		if err != nil {
			return nil, err
		}
		defer closeVoice()
		voice = v
	}
	scripts := map[string]*persona.Script{}
	for file, p := range cast {
		var err error
		if scripts[file], err = p.Prepare(ctx, persona.Sound{Voice: voice, Open: persona.OpenWAV(filepath.Dir(file))}); err != nil {
			return nil, personaFault(file, err)
		}
	}
	return scripts, nil
}

// callerVoice differs from the agent's, so that one can tell who speaks.
const callerVoice = "rms"

// voice speaks the personas' lines.
func (c *simCmd) voice(ctx context.Context, s streams) (handset.Voice, func(), error) {
	dir, err := c.dir(s.environ)
	if err != nil {
		return nil, nil, err
	}
	set, err := models.Open(dir)
	if err != nil {
		return nil, nil, modelFault(ctx, err)
	}
	v, err := flite.New(ctx, flite.Config{Models: set, Voice: callerVoice})
	if err != nil {
		return nil, nil, modelFault(ctx, err)
	}
	return booth.Voice(v), func() { v.Close(context.WithoutCancel(ctx)) }, nil
}

func personaFault(file string, err error) error {
	f := &fault.Fault{What: err.Error(), Where: fault.Keep(file), Mend: "a persona is YAML: name, number, and lines such as " + fault.Keep("- say: When are you open?") + ", " + fault.Keep(`- press: "1"`) + ", " + fault.Keep("- hangup: true"), Code: "persona/mistake", Exit: fault.Wrong, Err: err}
	var m persona.Mistake
	var pe *os.PathError
	switch {
	case errors.As(err, &pe):
		f.What, f.Code, f.Mend = "the persona can't be read: "+pe.Err.Error(), "persona/file", "name a file that is there"
	case errors.As(err, &m) && m.Line > 0:
		f.What, f.Where = m.Text, fault.Keep(fmt.Sprintf("%s:%d", file, m.Line))
	}
	return f
}

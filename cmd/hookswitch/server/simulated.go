package server

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/telephony"
	"github.com/hookswitch/hookswitch/telephony/sim"
	"github.com/hookswitch/hookswitch/telephony/sim/handset"
)

// The simulated carrier's account. Its credentials are no secret: the doors
// that they open answer this machine only (see loopbackOnly). Whoever simulates
// a carrier here, such as `hookswitch talk`, uses them.
const (
	SimAccount = "AC00000000000000000000000000000001"
	SimToken   = "simulatedCarrierOnLoopback"
	SimNumber  = "+14155550100" // the agent's number
)

// simCPS is how many calls a second the simulated carrier is asked for: as many
// as anybody wants.
const simCPS = 10_000

// Phones that ring behind the simulated carrier, so that an agent has somebody
// to call before there is an account. Every other number is out of service.
const (
	PhoneListens  = "+14155550171" // picks up, hears the agent out, hangs up
	PhoneBusy     = "+14155550172"
	PhoneNoAnswer = "+14155550173"
)

// simulated is the simulated carrier inside this process, with a listener of
// its own on loopback.
type simulated struct {
	*sim.Carrier
	base   string // of its REST interface
	server *http.Server
	served chan struct{}
}

// newSimulated starts a carrier that sends calls to the gateway at public.
func newSimulated(public string, serving *tls.Config, log *slog.Logger) (*simulated, error) {
	carrier, err := sim.New(sim.Config{
		AccountSID: SimAccount, AuthToken: SimToken, TLS: trusting(serving), Log: log, Forget: true,
		Knobs:   sim.Knobs{CPS: -1}, // a demo need not wait as an account does
		Numbers: []sim.Number{atSim(SimNumber, public)},
	})
	if err != nil {
		return nil, err
	}
	carrier.Register(PhoneListens, sim.Phone{Answer: handset.Answer{After: time.Second}, Make: listens})
	carrier.Register(PhoneBusy, sim.Phone{Answer: handset.Answer{Kind: handset.Busy}})
	carrier.Register(PhoneNoAnswer, sim.Phone{Answer: handset.Answer{Kind: handset.NoAnswer}})
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, errors.Join(err, carrier.Close())
	}
	s := &simulated{
		Carrier: carrier, base: "http://" + ln.Addr().String(), served: make(chan struct{}),
		server: &http.Server{Handler: carrier.Handler(), ReadHeaderTimeout: 5 * time.Second},
	}
	go func() {
		defer close(s.served)
		s.server.Serve(ln)
	}()
	return s, nil
}

// listens is somebody who hears the agent out, waits a moment, and hangs up.
func listens() handset.Handset {
	const moment = 75 // ticks of 20 ms
	heard, quiet := false, 0
	return handset.Func(func(_ time.Duration, hear, _ *media.Frame) handset.Touch {
		if _, _, loud := handset.Voiced(hear); loud {
			heard, quiet = true, 0
		} else {
			quiet++
		}
		return handset.Touch{Hangup: heard && quiet > moment}
	})
}

// trusting lets the carrier trust the very certificate that we serve with:
// it names the public host, and the carrier is on this machine.
func trusting(serving *tls.Config) *tls.Config {
	if serving == nil {
		return nil
	}
	return &tls.Config{InsecureSkipVerify: true}
}

// close ends the carrier's calls and its listener.
func (s *simulated) close() error {
	err := s.Carrier.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	if s.server.Shutdown(ctx) != nil { // it waits for connections that nobody ever used, too
		err = errors.Join(err, s.server.Close())
	}
	<-s.served
	return err
}

// Sim is the simulated carrier inside this server; nil when the carrier is real.
func (s *Server) Sim() *sim.Carrier {
	if s.sim == nil {
		return nil
	}
	return s.sim.Carrier
}

// owning is c as the desk has it. The simulated carrier owns every number that
// calls are placed from: whoever set one up for an agent has bought it, as it
// were. A real one is asked only for numbers that are known to be the caller's.
func (s *Server) owning(c telephony.Carrier) telephony.Carrier {
	if s.sim == nil {
		return guarded{c, s}
	}
	return owning{c, s}
}

type owning struct {
	telephony.Carrier
	s *Server
}

// Dial implements [telephony.Carrier].
func (o owning) Dial(ctx context.Context, call telephony.Outgoing) (string, error) {
	if _, has := o.s.sim.Owned(string(call.From)); !has {
		if err := o.s.Buy(call.From); err != nil {
			return "", err
		}
	}
	return o.Carrier.Dial(ctx, limited(call))
}

// buy makes n one of the simulated carrier's account, as it would be before it
// leads anywhere, unless the account has it.
func (s *Server) buy(n roster.Number) error {
	if _, has := s.sim.Owned(n.Number); has {
		return nil
	}
	err := s.sim.Own(sim.Number{Number: n.Number})
	if err != nil {
		return fmt.Errorf("server: a number of the simulated carrier: %w", err)
	}
	return nil
}

// Buy makes number one of the simulated carrier's account, that leads here. It
// needs a simulated carrier.
func (s *Server) Buy(number telephony.Number) error {
	return s.sim.Own(atSim(string(number), s.public))
}

// atSim is number as the simulated carrier has it when calls to it, and texts,
// lead to the gateway at public.
func atSim(number, public string) sim.Number {
	return sim.Number{Number: number, VoiceURL: public + "/twilio/voice", StatusCallback: public + "/twilio/status", SMSURL: public + textsPath}
}

package demo

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/agentcore/tts/flite"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/config"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/server"
	"github.com/hookswitch/hookswitch/telephony"
	"github.com/hookswitch/hookswitch/telephony/sim"
)

// agentNumber is the number that the demo's agent answers, and calls from.
const agentNumber = "+14155550100"

// callerVoice is another voice than the agent's.
const callerVoice = "kal16"

// stage is a gateway and a carrier, each with a listener of its own, and
// whoever speaks at the far end.
type stage struct {
	o       Options
	dir     string // for what nobody needs afterwards
	server  *server.Server
	carrier *sim.Carrier
	rest    *http.Server
	speech  *server.Speech
	callers *flite.Synthesizer
	took    time.Duration // to be ready

	stop  context.CancelFunc
	wg    sync.WaitGroup
	ended error
	live  atomic.Pointer[watched] // the call that goes on now
}

// raise builds the stage and waits until it can hear and speak.
func raise(ctx context.Context, o Options) (_ *stage, err error) {
	began := time.Now()
	s := &stage{o: o, stop: func() {}}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.close())
		}
	}()
	if s.dir, err = os.MkdirTemp("", "hookswitch-demo-"); err != nil {
		return nil, err
	}
	serve, trust, err := certify()
	if err != nil {
		return nil, err
	}
	doors, err := listeners()
	if err != nil {
		return nil, err
	}
	account, token := "AC"+random(16), random(16)
	public := "https://" + doors[0].Addr().String()
	if err := s.startCarrier(doors[1], public, account, token, trust); err != nil {
		return nil, errors.Join(err, doors[0].Close())
	}
	if err := s.startGateway(ctx, doors, public, account, token, serve); err != nil {
		return nil, err
	}
	if s.speech, err = s.server.Speech(ctx); err != nil {
		return nil, err
	}
	if s.speech.Recognizer == nil {
		return nil, fmt.Errorf("demo: nobody can hear: %w", s.speech.Deaf)
	}
	if s.callers, err = flite.New(ctx, flite.Config{Models: s.speech.Models, Voice: callerVoice}); err != nil {
		return nil, err
	}
	s.took = time.Since(began)
	o.Screen.Head(fmt.Sprintf("  gateway %s, carrier %s, wss with a test CA; ready in %.1f s",
		doors[0].Addr(), doors[1].Addr(), s.took.Seconds()))
	return s, nil
}

// listeners are two doors on loopback: the gateway's and the carrier's.
func listeners() ([2]net.Listener, error) {
	var doors [2]net.Listener
	for i := range doors {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return doors, fmt.Errorf("demo: listen: %w", err)
		}
		doors[i] = ln
	}
	return doors, nil
}

func (s *stage) startCarrier(ln net.Listener, public, account, token string, trust *tls.Config) (err error) {
	s.carrier, err = sim.New(sim.Config{
		AccountSID: account, AuthToken: token, TLS: trust,
		Knobs:   sim.Knobs{CPS: -1}, // a demo need not wait as an account does
		Numbers: []sim.Number{{Number: agentNumber, VoiceURL: public + "/twilio/voice", StatusCallback: public + "/twilio/status"}},
	})
	if err != nil {
		return errors.Join(err, ln.Close())
	}
	s.rest = &http.Server{Handler: s.carrier.Handler(), ReadHeaderTimeout: 5 * time.Second}
	s.wg.Go(func() { s.rest.Serve(ln) })
	return nil
}

// startGateway boots what `hookswitch serve` runs, with the simulated carrier
// in the place of Twilio's API and nothing else changed.
func (s *stage) startGateway(ctx context.Context, doors [2]net.Listener, public, account, token string, serve *tls.Config) error {
	flags := map[string]string{
		"carrier": "twilio", "public-url": public, "twilio-account-sid": account, "twilio-auth-token": token,
		"twilio-api-base": "http://" + doors[1].Addr().String(),
		"database-url":    "sqlite://" + filepath.Join(s.dir, "demo.db"), "recordings": filepath.Join(s.dir, "recordings"),
		"agent-voicemail-message": message,
	}
	if s.o.CacheDir != "" {
		flags["cache-dir"] = s.o.CacheDir
	}
	loaded, err := config.Load(config.Input{Flags: flags, Dir: s.dir})
	if err != nil {
		return errors.Join(err, doors[0].Close())
	}
	s.server, err = server.Build(ctx, server.Options{
		Config: loaded.Config, Version: s.o.Version, Listener: doors[0], TLS: serve,
		Log:   slog.New(slog.NewTextHandler(s.o.Screen.Status(), &slog.HandlerOptions{Level: slog.LevelError})),
		Watch: s.watch, Interim: s.interim,
	})
	if err != nil {
		return err
	}
	running, stop := context.WithCancel(context.WithoutCancel(ctx))
	s.stop = stop
	s.wg.Go(func() { s.ended = s.server.Run(running) })
	return nil
}

func (s *stage) watch(id telephony.CallID, e agentcore.Entry) {
	if w := s.live.Load(); w != nil {
		w.Entry(id, e)
	}
}

func (s *stage) interim(_ telephony.CallID, text string) {
	if w := s.live.Load(); w != nil {
		w.Shown().Hearing(text)
	}
}

// close ends what is left and waits for it.
func (s *stage) close() error {
	var err error
	if s.carrier != nil {
		err = s.carrier.Close()
	}
	s.stop()
	if s.rest != nil {
		err = errors.Join(err, s.rest.Close())
	}
	s.wg.Wait()
	if s.callers != nil {
		err = errors.Join(err, s.callers.Close(context.Background()))
	}
	if s.dir != "" {
		err = errors.Join(err, os.RemoveAll(s.dir))
	}
	return errors.Join(err, s.ended)
}

// random is n random bytes as hexadecimal digits.
func random(n int) string {
	b := make([]byte, n)
	rand.Read(b)
	return hex.EncodeToString(b)
}

// Package server builds every part of the gateway and runs them together. It is
// the one place where all rooms of the house meet.
package server

import (
	"context"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/agentcore/agenda"
	"github.com/hookswitch/hookswitch/agentcore/chat"
	"github.com/hookswitch/hookswitch/agentcore/dialplan"
	"github.com/hookswitch/hookswitch/agentcore/dispatch"
	"github.com/hookswitch/hookswitch/agentcore/failover"
	"github.com/hookswitch/hookswitch/agentcore/provider"
	"github.com/hookswitch/hookswitch/agentcore/room"
	"github.com/hookswitch/hookswitch/agentcore/trace"
	"github.com/hookswitch/hookswitch/agentcore/webhook"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/agentfile"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/config"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/livekit"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/livekit/worker"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/providers"
	v2 "github.com/hookswitch/hookswitch/cmd/hookswitch/rest/v2"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/tracing"
	"github.com/hookswitch/hookswitch/metrics"
	"github.com/hookswitch/hookswitch/storage"
	"github.com/hookswitch/hookswitch/storage/blob"
	"github.com/hookswitch/hookswitch/storage/seal"
	"github.com/hookswitch/hookswitch/telephony"
	"github.com/hookswitch/hookswitch/telephony/mail"
	"github.com/hookswitch/hookswitch/telephony/pace"
	"github.com/hookswitch/hookswitch/telephony/twilio"
)

// Options say what to build. Only Config is required; the others are for who
// boots the server inside a test or a demo.
type Options struct {
	Config  config.Config // as [config.Load] gives it
	Version string        // of the build
	Log     *slog.Logger  // nil discards

	Listener  net.Listener      // serves instead of Config.Listen; the server closes it
	TLS       *tls.Config       // serves https instead of Config.TLS
	Transport http.RoundTripper // of requests to the carrier's REST interface; nil means http.DefaultTransport

	// Watch is told every journal entry once it is committed, in order within a
	// call save for an end from outside. It must not block.
	Watch func(call telephony.CallID, e agentcore.Entry)
	// Interim is told what the recogniser guesses while a caller speaks.
	Interim func(call telephony.CallID, text string)
	// MailTLS are the roots by which the mail server is known. Nil: the system's.
	MailTLS *tls.Config
	// Load makes what hears and speaks. Nil loads what Config.Speech names.
	Load func(ctx context.Context) (*Speech, error)
	// Echo answers every call with its own sound, whoever the number belongs to: no
	// agent, no speech models.
	Echo bool
	// PrepareWait is how long a call rings on for its pre_call webhook before it
	// is connected all the same. Zero means 8 s: a carrier waits 15 s.
	PrepareWait time.Duration
}

// Server is the gateway. Make one with [Build], then [Server.Run] it once.
type Server struct {
	o        Options
	c        config.Config
	log      *slog.Logger
	listener net.Listener
	public   string // how the carrier reaches us: scheme, host, port

	set       *metrics.Set
	traced    trace.Share     // of the calls; 0: nobody traces
	tracer    *tracing.Tracer // nil: nobody traces
	store     *storage.DB
	fresh     bool // the database was made just now
	desk      *dispatch.Desk
	keyed     secrets // by callers
	trunk     *twilio.Trunk
	rest      *twilio.Carrier // asks the carrier, without waiting for a turn
	turns     *pace.Carrier   // in which calls are placed
	gate      *dialplan.Gate  // whom may be called
	turnstile *turnstile      // lets calls in while this node bears them
	sim       *simulated      // nil unless the carrier is simulated
	mind      mind
	speech    *speech
	http      *http.Server
	admin     *admin // nil: no profiles are served

	table    []providers.Provider // those that the settings know a way to
	web      *http.Client         // to them
	breakers failover.Breakers
	stock    stock
	lists    *lists

	node      string // names this process among those that share the records
	keyring   *seal.Keyring
	keyless   bool           // at the start, nobody had a key of the API
	bucket    *blob.Bucket   // nil: nothing is recorded
	finishing sync.WaitGroup // recordings that are sent away
	client    *webhook.Client
	runner    *webhook.Runner
	deliverer *webhook.Deliverer
	api       http.Handler
	clerk     *agenda.Clerk // does what is due
	chats     *chat.Engine  // answers in writing
	mailer    *mail.Sender  // nil: no e-mail leaves
	letters   http.Handler  // takes e-mail that comes in
	hub       *v2.Hub       // wakes who follows calls over the API
	host      *room.Host    // lets agents into the rooms of calls
	arrivals  arrivals
	tapes     sync.Map // *tape by call: the recordings of calls that go on
	files     atomic.Pointer[agentfile.Set]
	load      *agentfile.Meter
	livekit   *livekit.Service
	crew      *worker.Hub // LiveKit agents that answer; nil: there is no LiveKit server to bridge calls to

	draining atomic.Bool
	lastEnd  atomic.Int64 // when a call last ended, in unix nanoseconds
	stop     sync.Once
}

// Build makes every part and listens, but answers nobody until [Server.Run].
// What can't be built is a *[fault.Fault] that says what to do about it. A
// server that is never run must be closed with [Server.Close].
func Build(ctx context.Context, o Options) (_ *Server, err error) {
	s := &Server{
		o: o, c: o.Config, log: o.Log, set: metrics.New(metrics.Config{Version: o.Version, Agents: o.Config.Metrics.Agents == "on"}),
		node: "node_" + strings.ToLower(rand.Text()),
		web:  provider.NewClient(0), lists: newLists(), table: providers.Settled(o.Config), load: agentfile.NewMeter(),
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	defer func() {
		if err != nil {
			s.Close()
		}
	}()
	if s.mind, err = newMind(s.c); err != nil {
		return nil, err
	}
	if err := s.listen(); err != nil {
		return nil, err
	}
	if err := s.administer(); err != nil {
		return nil, err
	}
	s.fresh = missing(s.c.DatabaseURL)
	if s.store, err = OpenStore(ctx, s.c.DatabaseURL); err != nil {
		return nil, err
	}
	if err := s.keeping(ctx); err != nil {
		return nil, err
	}
	if err := s.tracing(); err != nil {
		return nil, err
	}
	if err := s.hooks(); err != nil {
		return nil, err
	}
	s.hub = v2.NewHub(s.store, s.log)
	s.speech = newSpeech(s.loadSpeech, s.log)
	if err := s.readFiles(); err != nil {
		return nil, err
	}
	if err := s.meeting(); err != nil {
		return nil, err
	}
	if err := s.dispatch(); err != nil {
		return nil, err
	}
	if err := s.writing(); err != nil {
		return nil, err
	}
	if err := s.carrier(); err != nil {
		return nil, err
	}
	if err := s.scheduling(); err != nil {
		return nil, err
	}
	if err := s.serveLiveKit(); err != nil {
		return nil, err
	}
	if err := s.serveAPI(); err != nil {
		return nil, err
	}
	for _, p := range s.table {
		for _, stage := range p.Stages() {
			s.set.Offers(string(stage), p.Name)
		}
	}
	s.gauges()
	s.http = &http.Server{
		Handler:           s.routes(),
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       15 * time.Second, // a websocket leaves this behind when it is upgraded
		WriteTimeout:      30 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    32 << 10,
		ErrorLog:          slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
		TLSNextProto:      map[string]func(*http.Server, *tls.Conn, http.Handler){}, // HTTP/2 can't carry our websockets
	}
	return s, nil
}

// dispatch makes the desk.
func (s *Server) dispatch() (err error) {
	if err := s.permission(); err != nil {
		return err
	}
	s.turnstile = s.newTurnstile()
	s.turnstile.shows(s)
	s.desk, err = dispatch.New(dispatch.Config{
		Room: s.turnstile.room, Overflow: telephony.Number(s.c.Overflow),
		Calls: s.store, Talk: s.talk, Secret: secret(s.c),
		Route: s.route, Prepare: s.prepare, Transfers: s.store, Consult: s.consult, Permit: s.permit, Release: s.unpermit, Node: s.node, MaxCalls: s.c.MaxCalls, PrepareWait: s.o.PrepareWait,
		Overhears: s.host.HasListeners, Listen: s.host.Overhear, Enter: s.enter, Detects: s.c.Twilio.AMD == "on",
		Watch: s.watch, Counter: counters{s.set}, Log: s.log,
	})
	return err
}

// watch is told every entry that is committed.
func (s *Server) watch(call telephony.CallID, e agentcore.Entry) {
	if _, over := e.Event.(agentcore.Ended); over {
		s.lastEnd.Store(time.Now().UnixNano())
	}
	s.tracer.Committed(call, e)
	s.hub.Poke(call)
	s.host.Told(call, e)
	if s.o.Watch != nil {
		s.o.Watch(call, e)
	}
}

// secret is the key of the tokens that let a stream in. With a real account it
// is derived from the account's, so that tokens outlive a restart.
func secret(c config.Config) []byte {
	if c.Carrier == "twilio" {
		if key, err := hkdf.Key(sha256.New, []byte(c.Twilio.AuthToken), []byte(c.Twilio.AccountSID), "hookswitch stream tokens", 32); err == nil {
			return key
		}
	}
	key := make([]byte, 32)
	rand.Read(key)
	return key
}

// carrier makes the trunk, and the simulated carrier where there is no real one.
func (s *Server) carrier() (err error) {
	t := twilio.Config{
		AccountSID: s.c.Twilio.AccountSID, AuthToken: s.c.Twilio.AuthToken,
		PublicURL: s.public, FallbackURL: s.c.Twilio.Fallback, APIBase: s.c.Twilio.APIBase, Transport: s.o.Transport,
		Edge: s.c.Twilio.Edge, Region: s.c.Twilio.Region, Accounts: lines{s}, Node: s.node,
		Inbox: s.chats, Leg: twilio.LegConfig{Lump: s.c.Line.Lump, Meter: s.set}, Log: s.log, Count: s.count,
	}
	if s.c.Carrier == "sim" {
		if s.sim, err = newSimulated(s.public, s.tls(), s.log); err != nil {
			return fmt.Errorf("server: the simulated carrier: %w", err)
		}
		t.AccountSID, t.AuthToken, t.APIBase = SimAccount, SimToken, s.sim.base
		t.Edge, t.Region = "", ""
	}
	if s.rest, err = twilio.NewCarrier(t); err != nil {
		return trunkFault(err)
	}
	rate := float64(s.c.Twilio.CPS)
	if s.sim != nil {
		rate = simCPS
	}
	s.turns, err = pace.New(pace.Config{
		Carrier: s.rest, Rate: rate, Own: t.AccountSID, Observer: s.set,
		First: func(o telephony.Outgoing) bool { return dispatch.IsTransfer(o.Call) },
	})
	if err != nil {
		return fmt.Errorf("server: turns at the carrier: %w", err)
	}
	s.desk.SetCarrier(s.owning(s.turns))
	if s.trunk, err = twilio.New(t, front{s.desk, s}); err != nil {
		return trunkFault(err)
	}
	return nil
}

// Addr is where the server listens.
func (s *Server) Addr() net.Addr { return s.listener.Addr() }

// PublicURL is how the carrier reaches the server, without a path.
func (s *Server) PublicURL() string { return s.public }

// Desk places and ends calls, and knows those that are live.
func (s *Server) Desk() *dispatch.Desk { return s.desk }

// Metrics is what /metrics shows.
func (s *Server) Metrics() *metrics.Set { return s.set }

// Store holds the records and journals.
func (s *Server) Store() *storage.DB { return s.store }

// Speech waits until what hears and speaks is loaded, or can't be, or ctx ends.
func (s *Server) Speech(ctx context.Context) (*Speech, error) { return s.speech.wait(ctx) }

// Close lets go of a server that does not run, or no more.
func (s *Server) Close() error {
	var errs []error
	s.stop.Do(func() {
		if s.listener != nil {
			if err := s.listener.Close(); !errors.Is(err, net.ErrClosed) {
				errs = append(errs, err)
			}
		}
		if s.admin != nil {
			errs = append(errs, s.admin.close())
		}
		if s.turns != nil {
			errs = append(errs, s.turns.Close())
		}
		if s.sim != nil {
			errs = append(errs, s.sim.close())
		}
		if s.speech != nil {
			errs = append(errs, s.speech.close())
		}
		errs = append(errs, s.stock.close())
		s.lists.close()
		s.web.CloseIdleConnections()
		if s.client != nil {
			s.client.Close()
		}
		if s.bucket != nil {
			errs = append(errs, s.bucket.Close())
		}
		if s.store != nil {
			errs = append(errs, s.store.Close())
		}
	})
	return errors.Join(errs...)
}

// scheme is how the listener is spoken to.
func (s *Server) scheme() string {
	if s.tls() != nil {
		return "https"
	}
	return "http"
}

// local is the listener's address as somebody on this machine would dial it.
func local(addr net.Addr) string {
	host, port, err := net.SplitHostPort(addr.String())
	if ip := net.ParseIP(host); err == nil && ip != nil && ip.IsUnspecified() {
		return net.JoinHostPort("127.0.0.1", port)
	}
	return strings.TrimSpace(addr.String())
}

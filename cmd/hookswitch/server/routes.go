package server

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"time"

	"github.com/hookswitch/hookswitch/cmd/hookswitch/rest"
	"github.com/hookswitch/hookswitch/telephony/mail"
)

// routes is everything that the server answers.
func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	trunk := s.trunk.Handler()
	if s.sim != nil {
		trunk = s.loopbackOnly(trunk)
	}
	mux.Handle("/twilio/", trunk)
	mux.Handle("/livekit/twilio/", trunk)
	mux.Handle("/twirp/", s.livekit)
	mux.Handle("GET /agent", s.agents())
	mux.Handle(mail.Path, s.letters)
	mux.HandleFunc("GET /healthz", s.healthz)
	mux.HandleFunc("GET /readyz", s.readyz)
	mux.Handle("GET /metrics", s.set.Handler())
	for _, path := range rest.Paths {
		mux.Handle(path, s.api)
	}
	return mux
}

// loopbackOnly keeps the simulated carrier's doors shut to the network: its
// credentials are written in the source.
func (s *Server) loopbackOnly(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host, _, err := net.SplitHostPort(r.RemoteAddr)
		ip := net.ParseIP(host)
		if err != nil || ip == nil || !ip.IsLoopback() || r.Header.Get("X-Forwarded-For") != "" || r.Header.Get("Forwarded") != "" {
			s.set.RequestRefused("not_loopback")
			http.Error(w, "the simulated carrier is on this machine only", http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// healthz says that the process lives and its database answers nobody: being
// slow or full is no reason to be restarted.
func (s *Server) healthz(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Write([]byte("ok\n"))
}

// readiness is what /readyz says.
type readiness struct {
	Ready   bool     `json:"ready"`
	Reasons []string `json:"reasons,omitempty"` // why not, each with a cure where there is one
	Note    string   `json:"note,omitempty"`    // what is as it is on purpose
	Calls   int      `json:"calls"`             // live now

	// Load is how near each limit is: 1 is there, 0 has no limit. See [admission.Signal].
	Load map[string]float64 `json:"load"`

	passes bool // nothing is wrong but that there are so many calls
}

// readyz says whether a new call would be well served here: 200; 429 with the
// reasons when there are too many already, which passes; or 503.
func (s *Server) readyz(w http.ResponseWriter, r *http.Request) {
	ready := s.readiness(r.Context())
	w.Header().Set("Content-Type", "application/json")
	switch {
	case ready.passes:
		w.Header().Set("Retry-After", "2")
		w.WriteHeader(http.StatusTooManyRequests)
	case !ready.Ready:
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	json.NewEncoder(w).Encode(ready)
}

func (s *Server) readiness(ctx context.Context) readiness {
	r := readiness{Calls: len(s.desk.Live()), Load: s.turnstile.loads()}
	crowded := s.crowded()
	if s.draining.Load() {
		r.Reasons = append(r.Reasons, "draining: no new calls are taken")
	}
	state, why := s.speech.look()
	switch state {
	case loading:
		r.Reasons = append(r.Reasons, "the speech models are loading")
	case broken:
		r.Reasons = append(r.Reasons, "can't speak: "+why)
	case deaf:
		r.Reasons = append(r.Reasons, "can't hear: "+why)
	case deafOnPurpose:
		r.Note = "deaf on purpose (recogniser none): only keys are understood"
	}
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	if s.store.Ping(ctx) != nil {
		r.Reasons = append(r.Reasons, "the database does not answer")
	}
	r.passes = len(r.Reasons) == 0 && len(crowded) > 0
	r.Reasons = append(crowded, r.Reasons...)
	r.Ready = len(r.Reasons) == 0
	s.set.Ready(r.Ready)
	return r
}

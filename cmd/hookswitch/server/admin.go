package server

import (
	"errors"
	"net"
	"net/http"
	"net/http/pprof"
	"net/netip"
	"strings"
	"time"

	"github.com/hookswitch/hookswitch/cmd/hookswitch/fault"
)

// admin is the listener for whoever runs this machine: profiles, and /metrics.
type admin struct {
	listener net.Listener
	http     *http.Server
}

// longestProfile bounds how long a profile may be taken.
const longestProfile = 2 * time.Minute

// administer listens where the settings say; it answers nobody until it is served.
func (s *Server) administer() error {
	if s.c.Admin == "" {
		return nil
	}
	ln, err := net.Listen("tcp", s.c.Admin)
	if err != nil {
		err = ListenFault(s.c.Admin, err)
		var f *fault.Fault
		if errors.As(err, &f) {
			f.Where = strings.Replace(f.Where, "--listen", "--admin-listen", 1)
			f.Mend = strings.ReplaceAll(f.Mend, "--listen", "--admin-listen")
		}
		return err
	}
	s.admin = &admin{ln, &http.Server{
		Handler:           ownHostOnly(s.profiles()),
		ReadHeaderTimeout: 5 * time.Second,
		WriteTimeout:      longestProfile + 10*time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    8 << 10,
	}}
	return nil
}

// profiles are Go's, but for the command line: it may hold keys.
func (s *Server) profiles() http.Handler {
	own := http.NewServeMux()
	own.HandleFunc("GET /debug/pprof/", pprof.Index)
	own.HandleFunc("GET /debug/pprof/cmdline", http.NotFound)
	own.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
	own.HandleFunc("GET /debug/pprof/symbol", pprof.Symbol)
	own.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	mux := http.NewServeMux()
	mux.Handle("/debug/pprof/", ownPagesOnly(own))
	mux.Handle("GET /metrics", s.set.Handler())
	return mux
}

// ownPagesOnly refuses what a page of somebody else's asks for (Fetch Metadata,
// W3C). It can't read a profile, but having many taken makes calls late. What is
// no browser does not say.
func ownPagesOnly(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.Header.Get("Sec-Fetch-Site") {
		case "", "none", "same-origin":
			next.ServeHTTP(w, r)
		default:
			http.Error(w, "type the address, or copy it", http.StatusForbidden)
		}
	})
}

// ownHostOnly answers those who ask for an address or for localhost. A name of
// somebody else's that leads here is how a page in the operator's browser would
// read what nobody is asked a key for.
func ownHostOnly(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host := r.Host
		if h, _, err := net.SplitHostPort(host); err == nil {
			host = h
		}
		if _, err := netip.ParseAddr(strings.Trim(host, "[]")); err != nil && host != "localhost" {
			http.Error(w, "ask for an address, or localhost", http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// serve answers until it is closed.
func (a *admin) serve() error {
	if err := a.http.Serve(a.listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// close ends it; a profile that is being taken is cut off.
func (a *admin) close() error {
	err := a.http.Close()
	if cerr := a.listener.Close(); !errors.Is(cerr, net.ErrClosed) { // it was never served
		err = errors.Join(err, cerr)
	}
	return err
}

// AdminAddr is where profiles are served, nil when nowhere.
func (s *Server) AdminAddr() net.Addr {
	if s.admin == nil {
		return nil
	}
	return s.admin.listener.Addr()
}

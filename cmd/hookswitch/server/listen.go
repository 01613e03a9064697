package server

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"syscall"

	"github.com/hookswitch/hookswitch/cmd/hookswitch/fault"
)

// listen takes the listener that it was given, inherited or configured, in this
// order, and settles how the carrier reaches it.
func (s *Server) listen() (err error) {
	s.listener = s.o.Listener
	if s.listener == nil {
		if s.listener, err = inherited(); err != nil {
			return err
		}
	}
	if s.listener == nil {
		if s.listener, err = net.Listen("tcp", s.c.Listen); err != nil {
			s.listener = nil
			return ListenFault(s.c.Listen, err)
		}
	}
	if s.o.TLS == nil && s.c.TLS.Cert != "" {
		cert, err := tls.LoadX509KeyPair(s.c.TLS.Cert, s.c.TLS.Key)
		if err != nil {
			return &fault.Fault{What: "the certificate can't be used: " + err.Error(), Where: fault.Keep("tls.cert: " + s.c.TLS.Cert + ", tls.key: " + s.c.TLS.Key),
				Mend: "two PEM files that belong together, readable by this user; look: " + fault.Keep("openssl x509 -noout -subject -in "+s.c.TLS.Cert), Code: "start/certificate", Err: err}
		}
		s.o.TLS = &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12}
	}
	s.public = s.c.PublicURL
	if s.public == "" {
		s.public = s.scheme() + "://" + local(s.listener.Addr())
	}
	return nil
}

// tls is what https is served with; nil means http.
func (s *Server) tls() *tls.Config { return s.o.TLS }

// firstInherited is the first file descriptor of the LISTEN_FDS convention
// (systemd's sd_listen_fds).
const firstInherited = 3

// inherited returns the listener that the parent process left us, or nil. A
// parent keeps it open while we are replaced, so that no caller is refused.
func inherited() (net.Listener, error) {
	pid, n := os.Getenv("LISTEN_PID"), os.Getenv("LISTEN_FDS")
	if n == "" || pid != strconv.Itoa(os.Getpid()) {
		return nil, nil // not for us: the variables are inherited by grandchildren, too
	}
	os.Unsetenv("LISTEN_PID")
	os.Unsetenv("LISTEN_FDS")
	count, err := strconv.Atoi(n)
	if err != nil || count < 1 {
		return nil, nil
	}
	f := os.NewFile(firstInherited, "LISTEN_FDS")
	defer f.Close() // the listener has its own copy
	ln, err := net.FileListener(f)
	if err != nil {
		return nil, &fault.Fault{What: "the socket that was passed on can't be listened to", Where: fault.Keep("LISTEN_FDS=" + strconv.Itoa(count) + ", file descriptor 3"),
			Mend: "pass one listening TCP socket (systemd: ListenStream=8080), or unset LISTEN_FDS", Code: "start/inherited", Err: err}
	}
	return ln, nil
}

// ListenFault tells why addr can't be listened to.
func ListenFault(addr string, err error) error {
	host, port, _ := net.SplitHostPort(addr)
	f := &fault.Fault{Where: fault.Keep("--listen " + addr), Err: err}
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		f.Code, f.What = "start/port", "port "+port+" is taken"
		n, _ := strconv.Atoi(port)
		f.Mend = "use another: " + fault.Keep("--listen "+net.JoinHostPort(host, strconv.Itoa(n+1)))
		if h, ok := whoHolds(n); ok {
			f.What += " by " + h.String()
			f.Mend = "stop it: " + fault.Keep(fmt.Sprintf("kill %d", h.pid)) + "      or " + f.Mend
		}
	case errors.Is(err, syscall.EACCES):
		f.Code, f.What = "start/port", "port "+port+" is reserved for the system"
		f.Mend = fault.Keep("--listen "+net.JoinHostPort(host, "8080")) + "      (behind a proxy, or with the right to bind: " + fault.Keep("setcap cap_net_bind_service=+ep") + ")"
	default:
		f.Code, f.What = "start/address", "this machine has no address "+host
		f.Mend = fault.Keep("--listen "+net.JoinHostPort("127.0.0.1", port)) + "      (or 0.0.0.0 for all of its addresses)"
	}
	return f
}

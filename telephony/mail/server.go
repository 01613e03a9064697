package mail

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

// server is where letters are handed over, and how.
type server struct {
	host     string
	port     int
	user     string
	password string
	security security
}

type security int

const (
	startTLS security = iota // a server without it gets nothing
	implicit                 // TLS from the first byte
	none
)

// parseServer reads the address of an SMTP server: host:port, or
// smtp://user:password@host:port, or the same with smtps for TLS from the first
// byte. Without a port it is 587, or 465.
//
// smtp means STARTTLS, and nothing is sent to a server that offers none. A
// loopback address needs no TLS; ?tls=starttls asks for it. ?tls=none goes
// without on any other, but not with a password.
//
// Errors repeat nothing of raw: it holds a password.
func parseServer(raw string) (server, error) {
	if raw == "" {
		return server{}, errors.New("mail: no SMTP server")
	}
	if !strings.Contains(raw, "://") {
		raw = "smtp://" + raw
	}
	u, err := url.Parse(raw)
	if err != nil || u.Hostname() == "" || u.Path != "" && u.Path != "/" || u.Fragment != "" {
		return server{}, errors.New("mail: the SMTP server must be host:port, or smtp://user:password@host:port")
	}
	s := server{host: u.Hostname(), user: u.User.Username()}
	s.password, _ = u.User.Password()
	if s.port, err = portOf(u); err != nil {
		return server{}, err
	}
	if s.security, err = securityOf(u); err != nil {
		return server{}, err
	}
	if s.security == none && s.user != "" && !loopback(s.host) {
		return server{}, errors.New("mail: a password is not sent without TLS, except to a loopback address")
	}
	return s, nil
}

func portOf(u *url.URL) (int, error) {
	switch port := u.Port(); {
	case port != "":
		n, err := strconv.ParseUint(port, 10, 16)
		if err != nil || n == 0 {
			return 0, errors.New("mail: the port of the SMTP server is none")
		}
		return int(n), nil
	case u.Scheme == "smtps":
		return 465, nil
	}
	return 587, nil
}

func securityOf(u *url.URL) (security, error) {
	wish := u.Query().Get("tls")
	switch {
	case u.Scheme == "smtps" && wish == "":
		return implicit, nil
	case u.Scheme != "smtp":
		return 0, errors.New("mail: the SMTP server's address must begin with smtp:// or smtps://")
	case wish == "none", wish == "" && loopback(u.Hostname()):
		return none, nil
	case wish == "starttls", wish == "":
		return startTLS, nil
	}
	return 0, fmt.Errorf("mail: tls=%.20q of the SMTP server is neither starttls nor none", wish)
}

func loopback(host string) bool {
	if host == "localhost" {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.IsLoopback()
}

func (s server) address() string { return net.JoinHostPort(s.host, strconv.Itoa(s.port)) }

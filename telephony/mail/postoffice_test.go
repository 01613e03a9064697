package mail

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// postOffice is a real SMTP server on loopback that keeps what it gets. Set its
// fields before open.
type postOffice struct {
	user, password string
	tls            *tls.Config // offers STARTTLS
	onMail         error
	onRcpt         error
	onData         error
	dropAtData     bool          // closes the connection once it has the letter, and says nothing
	stallAtData    chan struct{} // waits for it there
	atData         chan struct{} // told when it does; nil: nobody is
	dropAfter      bool          // closes the connection when it has accepted the letter

	mu      sync.Mutex
	letters []letter
}

type letter struct {
	from, to, raw string
	encrypted     bool
	user          string
}

// open serves until the test ends, and returns host:port.
func (p *postOffice) open(t *testing.T) string {
	t.Helper()
	return p.serve(t, nil)
}

func (p *postOffice) serve(t *testing.T, wrap func(net.Listener) net.Listener) string {
	t.Helper()
	s := smtp.NewServer(p)
	s.Domain, s.TLSConfig, s.AllowInsecureAuth = "localhost", p.tls, p.tls == nil
	s.ErrorLog = quiet{}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	if wrap != nil {
		l = wrap(l)
	}
	done := make(chan error, 1)
	go func() { done <- s.Serve(l) }()
	t.Cleanup(func() {
		s.Close()
		l.Close() // Serve may not have begun
		if err := <-done; err != nil && !errors.Is(err, smtp.ErrServerClosed) && !errors.Is(err, net.ErrClosed) {
			t.Errorf("Serve() = %v", err)
		}
	})
	return address
}

func (p *postOffice) got() []letter {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]letter(nil), p.letters...)
}

func (p *postOffice) NewSession(c *smtp.Conn) (smtp.Session, error) {
	return &visit{p: p, c: c}, nil
}

// visit is one connection to a postOffice.
type visit struct {
	p *postOffice
	c *smtp.Conn
	l letter
}

func (v *visit) AuthMechanisms() []string {
	if v.p.user == "" {
		return nil
	}
	return []string{sasl.Plain}
}

func (v *visit) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if user != v.p.user || password != v.p.password {
			return &smtp.SMTPError{Code: 535, EnhancedCode: smtp.EnhancedCode{5, 7, 8}, Message: "no, " + user}
		}
		v.l.user = user
		return nil
	}), nil
}

func (v *visit) Mail(from string, _ *smtp.MailOptions) error {
	if v.p.user != "" && v.l.user == "" {
		return smtp.ErrAuthRequired
	}
	v.l.from = from
	return v.p.onMail
}

func (v *visit) Rcpt(to string, _ *smtp.RcptOptions) error {
	v.l.to = to
	return v.p.onRcpt
}

func (v *visit) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	switch {
	case v.p.dropAtData:
		v.c.Conn().Close()
	case v.p.stallAtData != nil:
		if v.p.atData != nil {
			v.p.atData <- struct{}{}
		}
		<-v.p.stallAtData
	}
	if v.p.onData != nil {
		return v.p.onData
	}
	v.l.raw = string(raw)
	_, v.l.encrypted = v.c.TLSConnectionState()
	v.p.mu.Lock()
	defer v.p.mu.Unlock()
	v.p.letters = append(v.p.letters, v.l)
	return nil
}

func (v *visit) Reset() {
	if v.p.dropAfter && v.l.raw != "" {
		v.c.Conn().Close()
	}
}

func (v *visit) Logout() error { return nil }

type quiet struct{}

func (quiet) Printf(string, ...any) {}
func (quiet) Println(...any)        {}

// certify makes a certificate of 127.0.0.1 that nobody signed, and who trusts it.
func certify(t *testing.T) (server, client *tls.Config) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "post office"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, c, c, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(parsed)
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}, &tls.Config{RootCAs: roots}
}

// header is the value of a header in a raw letter, unfolded; empty: it has none.
func (l letter) header(name string) string {
	head, _, _ := strings.Cut(l.raw, "\r\n\r\n")
	head = strings.ReplaceAll(head, "\r\n ", " ")
	for each := range strings.SplitSeq(head, "\r\n") {
		if k, v, ok := strings.Cut(each, ":"); ok && strings.EqualFold(k, name) {
			return strings.TrimSpace(v)
		}
	}
	return ""
}

func reply(code int, text string) error {
	return &smtp.SMTPError{Code: code, EnhancedCode: smtp.EnhancedCode{code / 100, 1, 1}, Message: fmt.Sprintf("%s <ada@example.com>", text)}
}

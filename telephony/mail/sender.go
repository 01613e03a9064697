package mail

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"time"

	gomail "github.com/wneessen/go-mail"

	"github.com/hookswitch/hookswitch/telephony"
)

// Config says which server sends the letters.
type Config struct {
	// Server is host:port, or smtp://user:password@host:port; smtps for TLS from
	// the first byte. smtp asks for STARTTLS, and sends nothing without it, but
	// on loopback; ?tls=starttls or ?tls=none choose otherwise. Required.
	Server string

	Hello   string        // what we call ourselves to it. Empty means the machine's name.
	Timeout time.Duration // of one letter, from the connection to the receipt. Zero means 30 s.
	TLS     *tls.Config   // its roots. nil means the system's.
}

// Sender sends letters, each over a connection of its own. It may be used from
// any goroutine.
type Sender struct {
	c      Config
	server server
}

var _ telephony.Messenger = (*Sender)(nil)

// New makes a sender. It asks the server nothing.
func New(c Config) (*Sender, error) {
	s, err := parseServer(c.Server)
	if err != nil {
		return nil, err
	}
	if c.Timeout <= 0 {
		c.Timeout = 30 * time.Second
	}
	if c.TLS == nil {
		c.TLS = &tls.Config{}
	}
	c.TLS = c.TLS.Clone()
	if c.TLS.ServerName == "" {
		c.TLS.ServerName = s.host
	}
	if c.TLS.MinVersion == 0 {
		c.TLS.MinVersion = tls.VersionTLS12
	}
	return &Sender{c, s}, nil
}

// Send hands t to the server and returns its Message-ID once the server has it.
//
// A [*telephony.TextError] says that nothing was sent. Any other error leaves it
// open: the letter was given over, and the server was gone before it said
// whether it has it.
func (s *Sender) Send(ctx context.Context, t telephony.Text) (string, error) {
	if t.Kind != telephony.Email {
		return "", &telephony.TextError{Code: "bad_kind", Why: "this is no e-mail"}
	}
	m, id, no := compose(t)
	if no != nil {
		return "", no
	}
	ctx, cancel := context.WithTimeout(ctx, s.c.Timeout)
	defer cancel()
	if err := s.hand(ctx, m); err != nil {
		return "", err
	}
	return id, nil
}

// Sent finds nothing: SMTP has no such question. Whoever repeats a letter then
// may send it twice, under one Message-ID.
func (s *Sender) Sent(context.Context, telephony.Text, time.Time) (string, error) { return "", nil }

// hand gives m to the server. The library knows a context while it connects
// only, so that the connection is closed from here when the context is over.
func (s *Sender) hand(ctx context.Context, m *gomail.Msg) error {
	var closing []func()
	defer func() {
		for _, f := range closing {
			f()
		}
	}()
	dial := func(dialing context.Context, network, address string) (net.Conn, error) {
		conn, err := s.dial(dialing, network, address)
		if err != nil {
			return nil, err
		}
		stop := context.AfterFunc(ctx, func() { conn.Close() })
		closing = append(closing, func() { stop(); conn.Close() })
		return conn, nil
	}
	client, err := gomail.NewClient(s.server.host, append(s.options(), gomail.WithDialContextFunc(dial))...)
	if err != nil {
		return fmt.Errorf("mail: %w", err)
	}
	session, err := client.DialToSMTPClientWithContext(ctx)
	if err != nil {
		return unreached(err)
	}
	if err := client.SendWithSMTPClient(session, m); err != nil && !m.IsDelivered() {
		return refused(err)
	}
	_ = session.Quit() // it has the letter: how we part doesn't matter
	return nil
}

func (s *Sender) dial(ctx context.Context, network, address string) (net.Conn, error) {
	if s.server.security == implicit {
		return (&tls.Dialer{Config: s.c.TLS}).DialContext(ctx, network, address)
	}
	return (&net.Dialer{}).DialContext(ctx, network, address)
}

// options are those of the library's client. The mechanisms that show the server
// a password come last.
func (s *Sender) options() []gomail.Option {
	options := []gomail.Option{
		gomail.WithPort(s.server.port), gomail.WithTimeout(s.c.Timeout), gomail.WithTLSConfig(s.c.TLS),
		gomail.WithTLSPolicy(gomail.NoTLS), gomail.WithoutNoop(),
	}
	if s.c.Hello != "" {
		options = append(options, gomail.WithHELO(s.c.Hello))
	}
	if s.server.security == startTLS {
		options = append(options, gomail.WithTLSPolicy(gomail.TLSMandatory))
	}
	if s.server.user == "" {
		return options
	}
	shown := []gomail.SMTPAuthType{gomail.SMTPAuthPlain, gomail.SMTPAuthLogin}
	if s.server.security == none {
		shown = []gomail.SMTPAuthType{gomail.SMTPAuthPlainNoEnc, gomail.SMTPAuthLoginNoEnc}
	}
	mechanisms := append([]gomail.SMTPAuthType{gomail.SMTPAuthSCRAMSHA256, gomail.SMTPAuthCramMD5}, shown...)
	return append(options, gomail.WithUsername(s.server.user), gomail.WithPassword(s.server.password),
		gomail.WithOpportunisticSMTPAuth(mechanisms...))
}

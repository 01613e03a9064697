package twilio

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/gorilla/websocket"
)

// ProbeConfig says which road to prove, and with whose token.
type ProbeConfig struct {
	PublicURL  string        // scheme and host that Twilio is to call; https, or http on loopback. Required.
	At         string        // scheme and host that is asked in its place, as if it had come that way. Empty: PublicURL
	AccountSID string        // the account that is to sign. Required.
	Token      string        // its auth token. Required.
	TLS        *tls.Config   // nil: the system's roots
	Timeout    time.Duration // of the webhook and of the websocket, each. Zero means 10 s.
}

// ProbeResult is how far a probe came. On an error it tells what was proved
// before.
type ProbeResult struct {
	Node      string // the Config.Node of the process that answered
	Signed    bool   // a signed webhook got there, with an address that the gateway signs for
	Websocket bool   // a websocket came through, and a message each way
	SignedFor string // the address that the gateway signs for, if it is another one
}

// What [Probe] may find. Its errors wrap one of them, and say what to do.
var (
	ErrProbeNoAnswer  = errors.New("twilio: nothing answers at the public URL")
	ErrProbeTLS       = errors.New("twilio: the public URL's TLS is not one that Twilio accepts")
	ErrProbeStranger  = errors.New("twilio: another server answers at the public URL")
	ErrProbeSignature = errors.New("twilio: the gateway refuses the signature")
	ErrProbeWebsocket = errors.New("twilio: no websocket comes through to the gateway")
)

// Probe asks the gateway behind a public URL who it is, as Twilio would: by a
// signed webhook and over a signed websocket. It follows no redirect, because
// Twilio's signature would not survive one.
func Probe(ctx context.Context, c ProbeConfig) (ProbeResult, error) {
	if _, err := checkURL("PublicURL", c.PublicURL); err != nil {
		return ProbeResult{}, err
	}
	if c.At == "" {
		c.At = c.PublicURL
	} else if _, err := checkURL("At", c.At); err != nil {
		return ProbeResult{}, err
	}
	if err := (Account{SID: c.AccountSID, Token: c.Token}).Check(); err != nil {
		return ProbeResult{}, err
	}
	if c.Timeout <= 0 {
		c.Timeout = 10 * time.Second
	}
	p := prober{c: c, nonce: nonce()}
	path := pathProbe + "?" + url.Values{accountField: {c.AccountSID}, nonceParam: {p.nonce}}.Encode()
	p.address, p.at = strings.TrimSuffix(c.PublicURL, "/")+path, strings.TrimSuffix(c.At, "/")+path
	var found ProbeResult
	if err := p.webhook(ctx, &found); err != nil {
		return found, err
	}
	return found, p.websocket(ctx, &found)
}

// prober is one probe.
type prober struct {
	c       ProbeConfig
	nonce   string
	address string // with query, as it is signed
	at      string // with query, as it is asked
}

func nonce() string {
	b := make([]byte, 16)
	rand.Read(b) // never fails
	return hex.EncodeToString(b)
}

// webhook asks by a signed GET, and checks the proof.
func (p *prober) webhook(ctx context.Context, found *ProbeResult) error {
	ctx, cancel := context.WithTimeout(ctx, p.c.Timeout)
	defer cancel()
	status, header, body, err := p.get(ctx)
	if err != nil {
		return p.unreached(err)
	}
	var a probeAnswer
	isOurs := json.Unmarshal(body, &a) == nil
	switch {
	case status == http.StatusOK && isOurs && hmac.Equal([]byte(a.Proof), []byte(proofOf(p.c.Token, p.nonce))):
		found.Node, found.Signed = a.Node, true
		return nil
	case status == http.StatusForbidden && isOurs && a.SignedFor != "":
		found.SignedFor = a.SignedFor
		return p.unsigned(a.SignedFor)
	case status == http.StatusForbidden:
		return fmt.Errorf("%w: HTTP 403 at %s: a gateway there does not know this account, or a proxy in front of it turns us away", ErrProbeStranger, p.shown())
	case status == http.StatusServiceUnavailable:
		return fmt.Errorf("%w: HTTP 503 at %s: it is closing, can't read its accounts, or a proxy finds nothing behind it", ErrProbeNoAnswer, p.shown())
	case 300 <= status && status < 400:
		return fmt.Errorf("%w: %s redirects to %s; give Twilio the address at the end of it", ErrProbeStranger, p.shown(), hostOnly(header.Get("Location")))
	}
	return fmt.Errorf("%w: HTTP %d at %s, and no proof that it has the token", ErrProbeStranger, status, p.shown())
}

// get sends the signed GET on a connection of its own.
func (p *prober) get(ctx context.Context) (status int, header http.Header, body []byte, err error) {
	transport := &http.Transport{Proxy: http.ProxyFromEnvironment, TLSClientConfig: p.c.TLS.Clone(), DisableKeepAlives: true}
	defer transport.CloseIdleConnections()
	c := &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, p.at, nil)
	if err != nil {
		return 0, nil, nil, err
	}
	r.Header.Set(signatureHeader, signatureOf(p.c.Token, p.address, ""))
	res, err := c.Do(r)
	if err != nil {
		return 0, nil, nil, err
	}
	defer res.Body.Close()
	body, err = io.ReadAll(io.LimitReader(res.Body, maxProbeSay))
	return res.StatusCode, res.Header, body, err
}

// unreached sorts what kept us from an answer.
func (p *prober) unreached(err error) error {
	var (
		certificate *tls.CertificateVerificationError
		authority   x509.UnknownAuthorityError
		name        x509.HostnameError
		record      tls.RecordHeaderError
		alert       tls.AlertError
	)
	if errors.As(err, &certificate) || errors.As(err, &authority) || errors.As(err, &name) || errors.As(err, &record) || errors.As(err, &alert) ||
		strings.Contains(err.Error(), "server gave HTTP response to HTTPS client") { // net/http has no type for it
		return fmt.Errorf("%w: at %s: %w", ErrProbeTLS, p.shown(), cause(err))
	}
	return fmt.Errorf("%w: at %s: %w", ErrProbeNoAnswer, p.shown(), cause(err))
}

// unsigned tells the two reasons apart that a gateway has for refusing us.
func (p *prober) unsigned(signedFor string) error {
	if signedFor == p.shown() {
		return fmt.Errorf("%w: both mean %s, so its auth token for the account is another one", ErrProbeSignature, p.shown())
	}
	return fmt.Errorf("%w: we ask %s, and its own public URL makes that %s; set both the same", ErrProbeSignature, p.shown(), clip(signedFor))
}

// websocket sends one message there and waits for it to come back.
func (p *prober) websocket(ctx context.Context, found *ProbeResult) error {
	ctx, cancel := context.WithTimeout(ctx, p.c.Timeout)
	defer cancel()
	address, at := "ws"+strings.TrimPrefix(p.address, "http"), "ws"+strings.TrimPrefix(p.at, "http")
	dialer := websocket.Dialer{Proxy: http.ProxyFromEnvironment, TLSClientConfig: p.c.TLS.Clone()}
	conn, res, err := dialer.DialContext(ctx, at, http.Header{signatureHeader: {signatureOf(p.c.Token, address, "")}})
	if err != nil {
		return p.noSocket(res, err)
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	conn.SetReadLimit(maxProbeSay)
	if err := conn.WriteMessage(websocket.TextMessage, []byte(p.nonce)); err != nil {
		return fmt.Errorf("%w: it opens, but takes no message: %w", ErrProbeWebsocket, err)
	}
	_, text, err := conn.ReadMessage()
	if err != nil {
		return fmt.Errorf("%w: it opens, but no message comes back: %w", ErrProbeWebsocket, err)
	}
	if string(text) != p.nonce {
		return fmt.Errorf("%w: it opens, but another server has the other end", ErrProbeWebsocket)
	}
	found.Websocket = true
	return nil
}

// noSocket says why there is none, where webhooks come through.
func (p *prober) noSocket(res *http.Response, err error) error {
	if res == nil {
		return fmt.Errorf("%w: %w", ErrProbeWebsocket, cause(err))
	}
	return fmt.Errorf("%w: webhooks reach it, but the upgrade is answered with HTTP %d: a proxy in between must pass Upgrade and Connection, on HTTP/1.1",
		ErrProbeWebsocket, res.StatusCode)
}

// shown is the address without its query.
func (p *prober) shown() string {
	address, _, _ := strings.Cut(p.address, "?")
	return address
}

// hostOnly is what may be shown of an address that a stranger gave.
func hostOnly(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return "another path"
	}
	return u.Scheme + "://" + clip(u.Host)
}

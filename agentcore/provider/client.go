package provider

import (
	"errors"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// NewClient is an HTTP client for providers. It follows no redirect: a key is
// for the host that it was given for. connect bounds how long a connection may
// take; zero means 3 s.
func NewClient(connect time.Duration) *http.Client { return newClient(connect, silent) }

// silent is after which silence a connection of HTTP/2 is asked for a sign of
// life, and how long that may take. It is shared by all calls, so that one which
// was forgotten on the way would fail them all until TCP gives it up.
const silent = 5 * time.Second

func newClient(connect, silent time.Duration) *http.Client {
	if connect <= 0 {
		connect = 3 * time.Second
	}
	t := &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            (&net.Dialer{Timeout: connect, KeepAlive: 30 * time.Second}).DialContext,
		ForceAttemptHTTP2:      true,
		MaxIdleConnsPerHost:    32,
		IdleConnTimeout:        90 * time.Second,
		TLSHandshakeTimeout:    connect,
		MaxResponseHeaderBytes: 64 << 10,
		HTTP2:                  &http.HTTP2Config{SendPingTimeout: silent, PingTimeout: silent},
	}
	return &http.Client{Transport: t, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// CheckBase says what is wrong with a base URL; an empty one is the provider's
// own and fine.
func CheckBase(base string) error {
	u, err := url.Parse(base)
	if base != "" && (err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil) {
		return errors.New("BaseURL must be http:// or https:// with a host and a path, and nothing else")
	}
	return nil
}

// Within reports whether a base URL is at domain or at a host below it.
func Within(base, domain string) bool {
	u, err := url.Parse(base)
	host := ""
	if err == nil {
		host = strings.ToLower(u.Hostname())
	}
	return host == domain || strings.HasSuffix(host, "."+domain)
}

// CheckKey says what is wrong with a key, without showing it.
func CheckKey(key string) error {
	if strings.ContainsFunc(key, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return errors.New("Key has characters that a header can't carry")
	}
	return nil
}

// Socket is base, http or https, as a websocket's address; base is own when it
// is empty. path begins with a slash and may have a query.
func Socket(base, own, path string) string {
	if base == "" {
		base = own
	}
	scheme, rest, _ := strings.Cut(strings.TrimRight(base, "/"), "://")
	return strings.Replace(strings.ToLower(scheme), "http", "ws", 1) + "://" + rest + path
}

package sim

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"net"
	"net/url"
	"slices"
	"strings"
)

// sign is the carrier's signature of a request: HMAC-SHA1, in base64, over the
// address and then every POST parameter, sorted by name, name and value run
// together. https://www.twilio.com/docs/usage/security
func sign(token, address string, params url.Values) string {
	mac := hmac.New(sha1.New, []byte(token))
	mac.Write([]byte(address))
	names := make([]string, 0, len(params))
	for name := range params {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		for _, value := range params[name] {
			mac.Write([]byte(name + value))
		}
	}
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// signedAddress is the form in which an address is signed: without fragment,
// and without its port if that is the carrier's habit.
func signedAddress(address string, dropHTTPSPort bool) string {
	address, _, _ = strings.Cut(address, "#")
	u, err := url.Parse(address)
	if !dropHTTPSPort || err != nil || u.Scheme != "https" || u.Port() == "" {
		return address
	}
	return strings.Replace(address, u.Host, withoutPort(u.Host), 1)
}

func withoutPort(hostport string) string {
	host, _, err := net.SplitHostPort(hostport)
	if err != nil {
		return hostport
	}
	if strings.Contains(host, ":") {
		return "[" + host + "]"
	}
	return host
}

package webhook

import (
	"crypto/x509"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"syscall"

	"code.dny.dev/ssrf"
)

// Policy is what the operator lets users' addresses lead to. The zero Policy
// allows HTTPS to addresses of the public internet.
type Policy struct {
	AllowHTTP    bool           // plain HTTP, too
	AllowPrivate bool           // loopback and private networks (RFC 1918, RFC 4193), too
	Roots        *x509.CertPool // who is believed; nil: whom the system believes
}

// privateV4 and privateV6 are what AllowPrivate adds. Link-local addresses are
// not among them: clouds answer there with credentials.
var (
	privateV4 = prefixes("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")
	privateV6 = prefixes("::1/128", "fc00::/7")
)

// credentials are where clouds give a machine's credentials to whoever asks from
// it, in ranges that are else private or public: nobody may call there. (AWS and
// Google over IPv6, Azure's wire server; the rest is link-local or shared space.)
var credentials = prefixes("fd00:ec2::254/128", "fd20:ce::254/128", "168.63.129.16/32")

func prefixes(texts ...string) []netip.Prefix {
	var all []netip.Prefix
	for _, t := range texts {
		all = append(all, netip.MustParsePrefix(t))
	}
	return all
}

// errAddress is why a connection is not made; its cause names the address.
var errAddress = errors.New("webhook: an address that may not be called")

// guard returns what the dialer asks about each address after names are
// resolved and before anything is sent, so that a name that leads elsewhere the
// second time is caught as well.
func (p Policy) guard() func(network, address string, c syscall.RawConn) error {
	options := []ssrf.Option{ssrf.WithAnyPort()}
	if p.AllowPrivate {
		options = append(options, ssrf.WithAllowedV4Prefixes(privateV4...), ssrf.WithAllowedV6Prefixes(privateV6...))
	}
	guardian := ssrf.New(options...)
	return func(network, address string, c syscall.RawConn) error {
		if err := guardian.Safe(network, address, c); err != nil {
			return fmt.Errorf("%w: %w", errAddress, err)
		}
		to, err := netip.ParseAddrPort(address)
		if err != nil || !portAllowed(to.Port()) {
			return fmt.Errorf("%w: port %d", errAddress, to.Port())
		}
		if slices.ContainsFunc(credentials, func(p netip.Prefix) bool { return p.Contains(to.Addr().Unmap()) }) {
			return fmt.Errorf("%w: it gives out credentials", errAddress)
		}
		return nil
	}
}

// portAllowed reports whether webhooks may go to a port: those of the web, and
// those that are no system service's. Mail, SSH and name servers speak to
// whoever sends them lines.
func portAllowed(port uint16) bool { return port == 443 || port == 80 || port >= 1024 }

// scheme says what is wrong with a URL's scheme; empty when nothing is.
func (p Policy) scheme(s string) string {
	switch strings.ToLower(s) {
	case "https":
		return ""
	case "http":
		if p.AllowHTTP {
			return ""
		}
		return "must be an https address; this gateway's operator does not allow plain http"
	}
	return "must be an https address"
}

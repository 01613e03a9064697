// Package twilio is the trunk to Twilio: it answers the carrier's signed
// webhooks with TwiML, speaks its media streams as a telephony.Leg, and
// places, ends and asks after calls through its REST interface.
//
// A [Trunk] is what Twilio talks to, a [Carrier] is what talks to Twilio. What
// a call does is decided by neither of them but by a telephony.Desk.
package twilio

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"regexp"
	"time"

	"github.com/hookswitch/hookswitch/telephony"
)

// Config says whose calls a trunk carries and where it is reached.
type Config struct {
	AccountSID string   // the account that owns the calls: "AC" and 32 hex digits. Required.
	AuthToken  string   // its primary auth token. It signs every webhook, so an API key won't do. Required.
	OldTokens  []string // further tokens whose signatures are accepted, while one is being changed

	// Accounts finds the accounts of calls and numbers that are not AccountSID's.
	// nil: there are none.
	Accounts Accounts

	// PublicURL is where Twilio reaches Handler: scheme and host, no path.
	// https, or http on a loopback address. Required.
	PublicURL string

	Node string // names this process to whoever probes it; see Probe. It may be empty.

	// FallbackURL is where Twilio turns when PublicURL does not answer a call of a
	// linked number: another way to this gateway or to one beside it, formed like
	// PublicURL. Empty means PublicURL, as a second chance.
	FallbackURL string

	APIBase   string            // where the REST interface is. Empty means Twilio's own; http is for loopback only.
	Edge      string            // Twilio edge location, such as "dublin". Empty means the default one.
	Region    string            // Twilio region, such as "ie1". Empty means us1.
	Transport http.RoundTripper // makes REST requests; it knows the TLS roots. nil means http.DefaultTransport.
	Timeout   time.Duration     // longest REST request. Zero means 10 s.

	// Inbox takes texts that come to our numbers, and what becomes of those that
	// we send. nil: there are no addresses for either, and linked numbers keep
	// what they do with texts.
	Inbox telephony.Inbox

	Leg                  LegConfig // limits of a stream; its Count is set to Count if nil
	MaxPending           int       // sockets that have not shown a token yet; one more drops the oldest. Zero means 200.
	MaxPendingPerAddress int       // the same of one remote address. Zero means 64.

	Log   *slog.Logger        // nil discards
	Count func(reason string) // told of everything odd, with one of the Reason constants; any goroutine. nil ignores.
}

// withDefaults fills in what was left out, and reports every mistake at once.
func (c Config) withDefaults() (Config, error) {
	if c.Timeout <= 0 {
		c.Timeout = 10 * time.Second
	}
	if c.MaxPending <= 0 {
		c.MaxPending = 200
	}
	if c.MaxPendingPerAddress <= 0 {
		c.MaxPendingPerAddress = 64
	}
	if c.Transport == nil {
		c.Transport = http.DefaultTransport
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Count == nil {
		c.Count = func(string) {}
	}
	if c.Leg.Count == nil {
		c.Leg.Count = c.Count
	}
	c.Leg = c.Leg.withDefaults()
	return c, c.check()
}

var (
	accountSID = regexp.MustCompile(`^AC[0-9a-fA-F]{32}$`)
	// twilio-go refuses credentials with anything but these, and says so only
	// when the first call is placed.
	alphanumeric = regexp.MustCompile(`^[0-9a-zA-Z]+$`)
)

func (c Config) check() error {
	var errs []error
	if !accountSID.MatchString(c.AccountSID) {
		errs = append(errs, errors.New("twilio: AccountSID is not AC and 32 hex digits"))
	}
	if !alphanumeric.MatchString(c.AuthToken) {
		errs = append(errs, errors.New("twilio: AuthToken is empty or has other characters than letters and digits"))
	}
	errs = append(errs, checkRoot("PublicURL", c.PublicURL))
	if c.FallbackURL != "" {
		errs = append(errs, checkRoot("FallbackURL", c.FallbackURL))
	}
	if c.APIBase != "" {
		if _, err := checkURL("APIBase", c.APIBase); err != nil {
			errs = append(errs, err)
		}
	}
	if !locationName.MatchString(c.Edge) {
		errs = append(errs, errors.New(`twilio: Edge is no edge's name, such as "dublin"`))
	}
	if !locationName.MatchString(c.Region) {
		errs = append(errs, errors.New(`twilio: Region is no region's name, such as "ie1"`))
	}
	return errors.Join(errs...)
}

// checkRoot is checkURL for an address below which Twilio finds ours.
func checkRoot(name, raw string) error {
	u, err := checkURL(name, raw)
	if err == nil && u.Path != "" && u.Path != "/" {
		return fmt.Errorf("twilio: %s has a path; Twilio must reach /twilio/voice at its root", name)
	}
	return err
}

// checkURL allows https anywhere, and http on loopback.
func checkURL(name, raw string) (*url.URL, error) {
	u, err := url.Parse(raw)
	switch {
	case err != nil || u.Host == "" || u.Hostname() == "":
		return nil, fmt.Errorf("twilio: %s is not a URL with a host", name)
	case u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return nil, fmt.Errorf("twilio: %s must have no user, query or fragment", name)
	case u.Scheme == "http" && loopback(u.Hostname()), u.Scheme == "https":
		return u, nil
	}
	return nil, fmt.Errorf("twilio: %s must be https; http is for loopback addresses only", name)
}

func loopback(host string) bool {
	if host == "localhost" {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.IsLoopback()
}

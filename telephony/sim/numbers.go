package sim

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"time"
)

// Number is a phone number that an account owns, and what happens when it is
// called. Methods are POST or GET; empty means POST. Addresses are as they were
// given, fragments and all.
type Number struct {
	Number         string // E.164
	VoiceURL       string // asked for TwiML. Empty: callers are turned away
	VoiceMethod    string
	FallbackURL    string // asked when VoiceURL fails. Empty: the call ends
	FallbackMethod string
	StatusCallback string // told when the call is over. Empty: no one is
	StatusMethod   string
	ApplicationSID string // in Config.Applications: stands in for all of the above
	TrunkSID       string // calls go to a SIP trunk, and never here

	SMSURL            string // asked what to do with a text. Empty: it is kept, and nobody hears of it
	SMSMethod         string
	SMSFallbackURL    string // asked when SMSURL fails
	SMSFallbackMethod string
	SMSApplicationSID string // in Config.Applications: stands in for these
	NoTexts           bool   // it can neither take nor send texts

	Account string // SID of whose it is. Empty: the account of Config
	SID     string // PN and 32 hex digits. Empty: one is made up
	Name    string // friendly name. Empty: the number, as people write it

	created, updated time.Time
}

// Application is what happens to calls, kept under a name of its own.
type Application struct {
	VoiceURL, VoiceMethod        string
	FallbackURL, FallbackMethod  string
	StatusCallback, StatusMethod string

	SMSURL, SMSMethod                 string
	SMSFallbackURL, SMSFallbackMethod string
}

var (
	numberSID      = regexp.MustCompile(`^PN[0-9a-f]{32}$`)
	applicationSID = regexp.MustCompile(`^AP[0-9a-f]{32}$`)
)

func (n Number) check(accounts map[string]*account) error {
	switch {
	case !e164.MatchString(n.Number):
		return errors.New("is not E.164")
	case n.Account != "" && accounts[n.Account] == nil:
		return errors.New("belongs to an account that is not there")
	case n.SID != "" && !numberSID.MatchString(n.SID):
		return errors.New("has a SID that is not PN and 32 hex digits")
	}
	return nil
}

// Own adds a number to its account, as somebody does who buys one. A later one
// replaces an earlier, whose SID it keeps if it has none.
func (c *Carrier) Own(n Number) error {
	if err := n.check(c.accounts); err != nil {
		return fmt.Errorf("sim: the number %w", err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.buy(n)
	return nil
}

// buy is Own of a number that is right, and returns it as it is kept. The caller
// holds mu.
func (c *Carrier) buy(n Number) Number {
	n.updated = time.Now()
	n.created = n.updated
	if n.Account == "" {
		n.Account = c.main.SID
	}
	i := slices.IndexFunc(c.numbers, func(o Number) bool { return o.Number == n.Number })
	if i >= 0 {
		n.created = c.numbers[i].created
		if n.SID == "" {
			n.SID = c.numbers[i].SID
		}
		c.numbers = slices.Clone(c.numbers) // others may be reading it
		c.numbers[i] = n
		return n
	}
	if n.SID == "" {
		n.SID = fmt.Sprintf("PN%032x", len(c.numbers)+1) // the same in every run
	}
	c.numbers = append(c.numbers, n)
	return n
}

// Owned finds a number as it is set now.
func (c *Carrier) Owned(number string) (Number, bool) { return c.number(number) }

func (c *Carrier) number(to string) (Number, bool) {
	for _, n := range c.owned() {
		if n.Number == to {
			return n, true
		}
	}
	return Number{}, false
}

// owned are the numbers of all accounts. The slice is not to be changed.
func (c *Carrier) owned() []Number {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.numbers
}

// owns reports whether number is a's.
func (c *Carrier) owns(a *account, number string) bool {
	n, ok := c.number(number)
	return ok && n.Account == a.SID
}

// ownerOf is the account that n belongs to.
func (c *Carrier) ownerOf(n Number) *account { return c.accounts[n.Account] }

// numberSID is the id of a's own number in a call.
func (c *Carrier) numberSID(a *account, from, to string) string {
	for _, n := range c.owned() {
		if n.Account == a.SID && (n.Number == to || n.Number == from) {
			return n.SID
		}
	}
	return ""
}

// handling is what a call to n is handled by, and who is told of its end. The
// request is empty when nothing here handles it: it goes to a SIP trunk, or
// nowhere.
func (c *Carrier) handling(n Number) (request, callback) {
	if n.TrunkSID != "" {
		return request{}, callback{}
	}
	a := Application{
		VoiceURL: n.VoiceURL, VoiceMethod: n.VoiceMethod, FallbackURL: n.FallbackURL, FallbackMethod: n.FallbackMethod,
		StatusCallback: n.StatusCallback, StatusMethod: n.StatusMethod,
	}
	if n.ApplicationSID != "" {
		a = c.cfg.Applications[n.ApplicationSID]
	}
	return a.handling()
}

func (a Application) handling() (request, callback) {
	r := request{url: a.VoiceURL, method: a.VoiceMethod, fallback: a.FallbackURL, fallbackMethod: a.FallbackMethod}
	if a.StatusCallback == "" {
		return r, callback{}
	}
	return r, callback{url: a.StatusCallback, method: a.StatusMethod, events: map[string]bool{"completed": true}}
}

package twilio

import (
	"context"
	"errors"
	"fmt"
	"regexp"

	"github.com/hookswitch/hookswitch/telephony"
)

// Account is an account at Twilio that owns calls and numbers.
type Account struct {
	SID       string   // "AC" and 32 hex digits
	Token     string   // its primary auth token: it signs its webhooks, and makes its requests
	OldTokens []string // further ones whose signatures are accepted
	Edge      string   // Twilio edge location, such as "dublin"; empty: the default one
	Region    string   // Twilio region, such as "ie1"; empty: us1
}

// ErrNoAccount means that an account is not known here.
var ErrNoAccount = errors.New("twilio: the account is not known here")

// Accounts finds accounts beside the trunk's own: sub-accounts, and those of
// numbers that came with credentials of their own. Only accounts whose token was
// proved at Twilio may be found: whoever adds a number must not be able to sign
// for somebody else's account.
type Accounts interface {
	// Account returns one by its SID, or [ErrNoAccount].
	Account(ctx context.Context, sid string) (Account, error)
}

// locationName is what an edge or a region may be called. Both become part of the host
// that gets the credentials, so nothing else may be in them.
var locationName = regexp.MustCompile(`^[a-z0-9-]{0,32}$`)

// Check reports every mistake in a that shows without asking Twilio. The text
// holds none of a's values.
func (a Account) Check() error {
	var errs []error
	if !accountSID.MatchString(a.SID) {
		errs = append(errs, errors.New("twilio: the account SID is not AC and 32 hex digits"))
	}
	if !alphanumeric.MatchString(a.Token) {
		errs = append(errs, errors.New("twilio: the auth token is empty or has other characters than letters and digits"))
	}
	if !locationName.MatchString(a.Edge) {
		errs = append(errs, errors.New(`twilio: the edge is no edge's name, such as "dublin"`))
	}
	if !locationName.MatchString(a.Region) {
		errs = append(errs, errors.New(`twilio: the region is no region's name, such as "ie1"`))
	}
	return errors.Join(errs...)
}

// own is the trunk's account.
func (k *Carrier) own() Account {
	return Account{SID: k.c.AccountSID, Token: k.c.AuthToken, OldTokens: k.c.OldTokens, Edge: k.c.Edge, Region: k.c.Region}
}

// credentials finds the account that makes a request about one of its calls.
// Without sid it is the trunk's own.
func (k *Carrier) credentials(ctx context.Context, op, sid string) (Account, error) {
	if sid == "" || sid == k.c.AccountSID {
		return k.own(), nil
	}
	if k.c.Accounts == nil || !accountSID.MatchString(sid) {
		return Account{}, &Error{Op: op, Err: ErrNoAccount}
	}
	a, err := k.c.Accounts.Account(ctx, sid)
	if err != nil {
		return Account{}, &Error{Op: op, Retry: !errors.Is(err, ErrNoAccount), Err: err}
	}
	if a.SID != sid {
		return Account{}, &Error{Op: op, Err: fmt.Errorf("%w: another one was found in its place", ErrNoAccount)}
	}
	if err := a.Check(); err != nil {
		return Account{}, &Error{Op: op, Err: err}
	}
	return a, nil
}

// orOwn is a, or the trunk's own account if a is the zero one.
func (k *Carrier) orOwn(op string, a Account) (Account, error) {
	if a.SID == "" && a.Token == "" {
		return k.own(), nil
	}
	if err := a.Check(); err != nil {
		return Account{}, &Error{Op: op, Err: err}
	}
	return a, nil
}

// ref finds the account of a call, and checks that its id is one of Twilio's:
// twilio-go puts it into the path as it is.
func (k *Carrier) ref(ctx context.Context, op string, ref telephony.Ref) (Account, error) {
	if !plain(ref.ID) {
		return Account{}, &Error{Op: op, Help: "that is no call id of Twilio's", Err: telephony.ErrUnknownCall}
	}
	return k.credentials(ctx, op, ref.Account)
}

package twilio

import (
	"context"
	"errors"
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

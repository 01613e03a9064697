package twilio

import (
	"context"
	"log/slog"
	"net/http"

	api "github.com/twilio/twilio-go/rest/api/v2010"
)

// AccountState is what Twilio says of an account.
type AccountState struct {
	Status       string // "active", "suspended" or "closed"
	Type         string // "Full", or "Trial": it may only call numbers that it verified
	FriendlyName string // often somebody's mail address: not for logs
}

// LogValue implements [slog.LogValuer], without the name.
func (s AccountState) LogValue() slog.Value {
	return slog.GroupValue(slog.String("status", s.Status), slog.String("type", s.Type))
}

// Account asks Twilio how an account is; the zero Account is the trunk's own.
// That it answers at all proves that a's SID and token fit together.
func (k *Carrier) Account(ctx context.Context, a Account) (AccountState, error) {
	a, err := k.orOwn("account", a)
	if err != nil {
		return AccountState{}, err
	}
	var is *api.ApiV2010Account
	err = k.do(ctx, "account", a, func(s *api.ApiService) (err error) {
		is, err = s.FetchAccount(a.SID)
		return err
	})
	if err != nil {
		return AccountState{}, err
	}
	if text(is.Sid) != a.SID || is.Status == nil {
		return AccountState{}, &Error{Op: "account", Status: http.StatusOK, Help: "the answer is about no account, or another one"}
	}
	return AccountState{Status: text(is.Status), Type: text(is.Type), FriendlyName: text(is.FriendlyName)}, nil
}

// text is what p points to; null in an answer is the empty string.
func text(p *string) string {
	if p == nil {
		return ""
	}
	return *p
}

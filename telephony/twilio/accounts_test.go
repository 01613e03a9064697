package twilio

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"github.com/hookswitch/hookswitch/telephony"
)

// accounts finds those that it holds.
type accounts map[string]Account

func (a accounts) Account(_ context.Context, sid string) (Account, error) {
	if found, ok := a[sid]; ok {
		return found, nil
	}
	return Account{}, ErrNoAccount
}

var subAccount = Account{SID: "AC00000000000000000000000000000002", Token: "67890"}

// Every request about a call is made as the account that has it.
func TestACallIsItsAccountsBusiness(t *testing.T) {
	ctx := t.Context()
	for op, ask := range map[string]func(*Carrier, string) error{
		"dial": func(k *Carrier, account string) error {
			_, err := k.Dial(ctx, telephony.Outgoing{Account: account, From: "+15550100001", To: "+15550100002"})
			return err
		},
		"hangup": func(k *Carrier, account string) error {
			return k.Hangup(ctx, telephony.Ref{Account: account, ID: testCall})
		},
		"recall": func(k *Carrier, account string) error {
			return k.Recall(ctx, telephony.Ref{Account: account, ID: testCall})
		},
		"state": func(k *Carrier, account string) error {
			_, err := k.State(ctx, telephony.Ref{Account: account, ID: testCall})
			return err
		},
	} {
		for account, as := range map[string]string{"": testAccount, testAccount: testAccount, subAccount.SID: subAccount.SID} {
			k, s := newCarrier(t, func(c *Config) { c.Accounts = accounts{subAccount.SID: subAccount} })
			s.accounts[subAccount.SID] = subAccount.Token
			s.calls[testCall] = telephony.InProgress
			if err := ask(k, account); err != nil || s.last().account != as || !strings.Contains(s.last().what, "/Accounts/"+as+"/Calls") {
				t.Errorf("%s in account %q: %v, asked as %q for %s", op, account, err, s.last().account, s.last().what)
			}
		}
	}
}

// broken is a store of accounts that can't be reached.
type broken struct{}

func (broken) Account(context.Context, string) (Account, error) {
	return Account{}, errors.New("the database is away")
}

func TestNothingIsAskedAsAnAccountThatIsNotKnown(t *testing.T) {
	const unknown = "AC00000000000000000000000000000009"
	for _, tt := range []struct {
		name     string
		accounts Accounts
		sid      string
		retry    bool
		unknown  bool
	}{
		{"there are none", nil, unknown, false, true},
		{"another one", accounts{subAccount.SID: subAccount}, unknown, false, true},
		{"no SID", accounts{"../x": {SID: "../x", Token: "1"}}, "../x", false, true},
		{"one in the place of another", accounts{unknown: subAccount}, unknown, false, true},
		{"one without a token", accounts{unknown: {SID: unknown}}, unknown, false, false},
		{"they can't be looked up", broken{}, unknown, true, false},
	} {
		k, s := newCarrier(t, func(c *Config) { c.Accounts = tt.accounts })
		err := k.Hangup(t.Context(), telephony.Ref{Account: tt.sid, ID: testCall})
		var e *Error
		if !errors.As(err, &e) || e.Retry != tt.retry || errors.Is(err, ErrNoAccount) != tt.unknown || len(s.asked) != 0 {
			t.Errorf("%s: %v (retry %v) and %d requests", tt.name, err, e.Retry, len(s.asked))
		}
		if strings.Contains(err.Error(), tt.sid) {
			t.Errorf("%s: %q names the account", tt.name, err)
		}
	}
}

func TestAnAccountSaysHowItIs(t *testing.T) {
	k, s := newCarrier(t)
	s.accounts[subAccount.SID] = subAccount.Token
	for _, kind := range []string{"Full", "Trial"} {
		s.kind = kind
		for _, a := range []Account{{}, subAccount} {
			is, err := k.Account(t.Context(), a)
			if want := (AccountState{"active", kind, "somebody@example.com"}); err != nil || is != want {
				t.Errorf("Account() = %+v, %v; want %+v", is, err, want)
			}
			var log bytes.Buffer
			slog.New(slog.NewTextHandler(&log, nil)).Info("account", "state", is)
			if strings.Contains(log.String(), "somebody") || !strings.Contains(log.String(), kind) {
				t.Errorf("logged as %s", &log)
			}
		}
	}
	s.fail = always(&failure{status: 200, body: `{"sid":"` + testAccount + `","status":"active"}`})
	if is, err := k.Account(t.Context(), subAccount); err == nil {
		t.Errorf("Account() answered about another one = %+v", is)
	}
	s.fail = nil
	wrong := subAccount
	wrong.Token = "1"
	var e *Error
	if _, err := k.Account(t.Context(), wrong); !errors.As(err, &e) || e.Code != 20003 {
		t.Errorf("Account() with a wrong token = %v", err)
	}
}

package sim

import (
	"crypto/subtle"
	"errors"
	"fmt"
	"maps"
	"slices"
)

// Account is an account at the carrier beside the one that [Config] names, with
// credentials, numbers and calls of its own. One whose SID is Config.AccountSID
// says more of that one; its AuthToken is then ignored.
type Account struct {
	SID       string            // AC and 32 hex digits. Required
	AuthToken string            // REST password and signing key. Required
	Keys      map[string]string // API keys: SK… to secret. They may not ask for accounts
	Parent    string            // whose sub-account it is: that one's token may act on it. Empty: nobody's
	Name      string            // friendly name. Empty: "Simulated"
	Status    string            // active, suspended or closed. Empty: active
	Trial     bool              // calls Verified numbers alone
	Verified  []string          // E.164; also good as From
	Stranger  bool              // its documents are not the gateway's: nobody minds what follows a Connect
}

// account is an account and what it owns. Its fields but queue do not change.
type account struct {
	Account
	queue queue
}

// newAccounts makes the accounts of a configuration. It reports every mistake.
func newAccounts(cfg Config) (main *account, all map[string]*account, err error) {
	main = &account{Account: Account{SID: cfg.AccountSID, AuthToken: cfg.AuthToken}}
	all = map[string]*account{cfg.AccountSID: main}
	var errs []error
	if !accountSID.MatchString(cfg.AccountSID) {
		errs = append(errs, errors.New("sim: AccountSID is not AC and 32 hex digits"))
	}
	if cfg.AuthToken == "" {
		errs = append(errs, errors.New("sim: AuthToken is missing"))
	}
	for i, a := range cfg.Accounts {
		switch {
		case a.SID == cfg.AccountSID:
			a.AuthToken = cfg.AuthToken
			main.Account = a
			continue
		case !accountSID.MatchString(a.SID):
			errs = append(errs, fmt.Errorf("sim: SID of account %d is not AC and 32 hex digits", i+1))
		case a.AuthToken == "":
			errs = append(errs, fmt.Errorf("sim: AuthToken of account %d is missing", i+1))
		case all[a.SID] != nil:
			errs = append(errs, fmt.Errorf("sim: account %d is there twice", i+1))
		}
		all[a.SID] = &account{Account: a}
	}
	main.Keys = maps.Clone(main.Keys)
	if cfg.APIKey != "" {
		if main.Keys == nil {
			main.Keys = map[string]string{}
		}
		main.Keys[cfg.APIKey] = cfg.APISecret
	}
	for _, a := range all {
		if a.Parent != "" && all[a.Parent] == nil {
			errs = append(errs, errors.New("sim: the parent of an account is not there"))
		}
		if a.Status != "" && !slices.Contains([]string{"active", "suspended", "closed"}, a.Status) {
			errs = append(errs, errors.New("sim: the status of an account is not active, suspended or closed"))
		}
	}
	return main, all, errors.Join(errs...)
}

// credentials are who asks over REST.
type credentials struct {
	of  *account
	key bool // an API key, not the token
}

// whose finds the account that user and password belong to.
func (c *Carrier) whose(user, password string) (credentials, bool) {
	for _, a := range c.accounts {
		if user == a.SID && equal(password, a.AuthToken) {
			return credentials{of: a}, true
		}
		if secret, ok := a.Keys[user]; ok && equal(password, secret) {
			return credentials{of: a, key: true}, true
		}
	}
	return credentials{}, false
}

// mayActOn reports whether the credentials reach a: their own account, and
// with a token also its sub-accounts.
func (k credentials) mayActOn(a *account) bool {
	return k.of == a || !k.key && a.Parent == k.of.SID
}

func equal(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

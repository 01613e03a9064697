package sim

import (
	"cmp"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
)

// accountResource is an account as the REST API shows it: every key of the
// official example.
type accountResource struct {
	AuthToken    string            `json:"auth_token"`
	DateCreated  string            `json:"date_created"`
	DateUpdated  string            `json:"date_updated"`
	FriendlyName string            `json:"friendly_name"`
	OwnerSID     string            `json:"owner_account_sid"`
	SID          string            `json:"sid"`
	Status       string            `json:"status"`
	Subresources map[string]string `json:"subresource_uris"`
	Type         string            `json:"type"`
	URI          string            `json:"uri"`
}

// accountSubresources are the names of an account's resources and their paths.
var accountSubresources = map[string]string{
	"available_phone_numbers": "AvailablePhoneNumbers", "calls": "Calls", "conferences": "Conferences",
	"incoming_phone_numbers": "IncomingPhoneNumbers", "notifications": "Notifications",
	"outgoing_caller_ids": "OutgoingCallerIds", "recordings": "Recordings", "transcriptions": "Transcriptions",
	"addresses": "Addresses", "signing_keys": "SigningKeys", "connect_apps": "ConnectApps", "sip": "SIP",
	"authorized_connect_apps": "AuthorizedConnectApps", "usage": "Usage", "keys": "Keys", "applications": "Applications",
	"short_codes": "SMS/ShortCodes", "queues": "Queues", "messages": "Messages", "balance": "Balance",
}

// accountsSince is when every account was opened.
var accountsSince = time.Date(2015, time.July, 30, 20, 0, 0, 0, time.UTC)

func (a *account) resource() accountResource {
	base := "/" + apiVersion + "/Accounts/" + a.SID
	r := accountResource{
		AuthToken: a.AuthToken, DateCreated: stamp(accountsSince), DateUpdated: stamp(accountsSince),
		FriendlyName: cmp.Or(a.Name, "Simulated"), OwnerSID: cmp.Or(a.Parent, a.SID), SID: a.SID,
		Status: a.status(), Subresources: map[string]string{}, Type: "Full", URI: base + ".json",
	}
	if a.Trial {
		r.Type = "Trial"
	}
	for name, path := range accountSubresources {
		r.Subresources[name] = base + "/" + path + ".json"
	}
	return r
}

func (a *account) status() string { return cmp.Or(a.Status, "active") }

func fetchAccount(a *account, r *http.Request) (int, any, *restError) {
	if !strings.HasSuffix(r.PathValue("account"), ".json") {
		return 0, nil, notFound(r)
	}
	return http.StatusOK, a.resource(), nil
}

// listAccounts lists the account that asks and its sub-accounts.
func (c *Carrier) listAccounts(asks *account, r *http.Request) (int, any, *restError) {
	q := r.URL.Query()
	var found []*account
	for _, sid := range slices.Sorted(maps.Keys(c.accounts)) {
		a := c.accounts[sid]
		switch show := a.resource(); {
		case a != asks && a.Parent != asks.SID:
		case q.Get("Status") != "" && q.Get("Status") != show.Status:
		case q.Get("FriendlyName") != "" && q.Get("FriendlyName") != show.FriendlyName:
		default:
			found = append(found, a)
		}
	}
	return pageOf(r, "accounts", found, func(a *account) (any, string) { return a.resource(), a.SID })
}

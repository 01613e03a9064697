package roster

import (
	"encoding/json"
	"regexp"
	"strings"

	"github.com/nyaruka/phonenumbers"
)

// Providers of a [Number].
const (
	Twilio   = "twilio"
	SIPTrunk = "sip_trunk"
)

// E164 reports whether s is a phone number that can exist, in E.164 form.
// Numbers that nobody has been given, such as a test's, can. One with a trunk
// prefix behind the country code, as in +1 1 415, is another name of a number and
// none of its own: who must not be called is known by one name.
func E164(s string) bool {
	if !e164.MatchString(s) {
		return false
	}
	n, err := phonenumbers.Parse(s, "ZZ")
	return err == nil && phonenumbers.IsPossibleNumber(n) && phonenumbers.Format(n, phonenumbers.E164) == s
}

var (
	e164       = regexp.MustCompile(`^\+[1-9][0-9]{6,14}$`)
	accountSID = regexp.MustCompile(`^AC[0-9a-fA-F]{32}$`)
	sipHost    = regexp.MustCompile(`^[A-Za-z0-9.\-:\[\]]{1,255}$`)
)

// CreateNumber makes the number that body wishes for. Its token is sealed.
func (t Terms) CreateNumber(body map[string]any) (Number, error) {
	var wrong Problems
	f := form{body, "", &wrong}
	n := Number{Provider: Twilio, Status: NumberActive, OutTrunk: json.RawMessage("{}"), InTrunk: json.RawMessage("{}")}
	if f.text("phone_number", 64, "", &n.Number); n.Number == "" && len(wrong.Of("phone_number")) == 0 {
		f.refuse("phone_number", blank)
	} else if n.Number != "" && !E164(n.Number) {
		f.refuse("phone_number", noE164)
	}
	f.line("label", maxName, &n.Label)
	if n.Label == "" && len(wrong.Of("label")) == 0 {
		f.refuse("label", blank)
	}
	f.flag("supports_inbound", false, &n.Inbound)
	f.flag("supports_outbound", false, &n.Outbound)
	f.oneOf("provider", []string{Twilio, SIPTrunk}, Twilio, &n.Provider)
	var token string
	f.text("twilio_account_sid", 64, "", &n.Account)
	f.text("twilio_auth_token", 256, "", &token)
	if n.Provider == Twilio {
		if n.Account == "" && len(wrong.Of("twilio_account_sid")) == 0 {
			f.refuse("twilio_account_sid", blank)
		}
		if token == "" && len(wrong.Of("twilio_auth_token")) == 0 {
			f.refuse("twilio_auth_token", blank)
		}
		if n.Account != "" && !accountSID.MatchString(n.Account) {
			f.refuse("twilio_account_sid", "must be AC and 32 hexadecimal digits")
		}
		if strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' }) {
			f.refuse("twilio_auth_token", invalid)
		}
	} else {
		n.Account, token = "", ""
	}
	n.OutTrunk = trunk(f, "outbound_trunk", n.Provider, outbound)
	n.InTrunk = trunk(f, "inbound_trunk", n.Provider, inbound)
	if len(wrong) > 0 {
		return n, wrong
	}
	var err error
	n.Token, err = t.Seal(token)
	return n, err
}

// trunk reads how a SIP trunk is reached, with the defaults filled in. Numbers
// at Twilio have none: it is kept as it came, checked, if it came.
func trunk(f form, name, provider string, read func(form) map[string]any) json.RawMessage {
	in, null, ok := f.object(name)
	if !ok || null || len(in.in) == 0 {
		if name == "outbound_trunk" && provider == SIPTrunk && len(f.wrong.Of(name)) == 0 {
			if out, _ := f.in["supports_outbound"].(bool); out {
				f.refuse(name, blank)
			}
		}
		return json.RawMessage("{}")
	}
	raw, err := json.Marshal(read(in))
	if err != nil || len(raw) > maxRaw {
		f.refuse(name, "is too long (maximum is %d bytes)", maxRaw)
		return json.RawMessage("{}")
	}
	return raw
}

var encryptions = []string{"disabled", "allowed", "required"}

func outbound(f form) map[string]any {
	address, transport, encryption, user, has := "", "auto", "disabled", "", false
	f.text("address", 255, "", &address)
	if address == "" && len(f.wrong.Of(f.under+"address")) == 0 {
		f.refuse("address", blank)
	} else if address != "" && !sipHost.MatchString(address) {
		f.refuse("address", invalid)
	}
	f.oneOf("transport", []string{"auto", "udp", "tcp", "tls"}, transport, &transport)
	f.oneOf("media_encryption", encryptions, encryption, &encryption)
	f.flag("has_auth_credentials", false, &has)
	f.text("username", maxName, "", &user)
	headers := requestHeaders(form{map[string]any{"request_headers": f.in["headers"]}, f.under, f.wrong}, nil)
	if headers == nil {
		headers = map[string]string{}
	}
	return map[string]any{"address": address, "transport": transport, "media_encryption": encryption,
		"has_auth_credentials": has, "username": user, "headers": headers}
}

func inbound(f form) map[string]any {
	addresses, numbers, encryption, user, has := []string{}, []string{}, "disabled", "", false
	f.texts("allowed_addresses", 100, 64, &addresses)
	f.texts("allowed_numbers", 1_000, 64, &numbers)
	f.oneOf("media_encryption", encryptions, encryption, &encryption)
	f.flag("has_auth_credentials", false, &has)
	f.text("username", maxName, "", &user)
	return map[string]any{"allowed_addresses": addresses, "allowed_numbers": numbers, "media_encryption": encryption,
		"has_auth_credentials": has, "username": user}
}

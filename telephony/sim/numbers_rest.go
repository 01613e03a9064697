package sim

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// numberResource is a number as the REST API shows it: every key of the
// official example. What is about addresses is empty. The examples
// have an application that is not there as an empty text, the schema as null.
type numberResource struct {
	AccountSID             string          `json:"account_sid"`
	AddressRequirements    string          `json:"address_requirements"`
	AddressSID             *string         `json:"address_sid"`
	APIVersion             string          `json:"api_version"`
	Beta                   bool            `json:"beta"`
	BundleSID              *string         `json:"bundle_sid"`
	Capabilities           map[string]bool `json:"capabilities"`
	DateCreated            string          `json:"date_created"`
	DateUpdated            string          `json:"date_updated"`
	EmergencyAddressSID    *string         `json:"emergency_address_sid"`
	EmergencyAddressStatus string          `json:"emergency_address_status"`
	EmergencyStatus        string          `json:"emergency_status"`
	FriendlyName           string          `json:"friendly_name"`
	IdentitySID            *string         `json:"identity_sid"`
	Origin                 string          `json:"origin"`
	PhoneNumber            string          `json:"phone_number"`
	SID                    string          `json:"sid"`
	SmsApplicationSID      *string         `json:"sms_application_sid"`
	SmsFallbackMethod      string          `json:"sms_fallback_method"`
	SmsFallbackURL         string          `json:"sms_fallback_url"`
	SmsMethod              string          `json:"sms_method"`
	SmsURL                 string          `json:"sms_url"`
	Status                 string          `json:"status"`
	StatusCallback         string          `json:"status_callback"`
	StatusCallbackMethod   string          `json:"status_callback_method"`
	TrunkSID               *string         `json:"trunk_sid"`
	Type                   string          `json:"type"`
	URI                    string          `json:"uri"`
	VoiceApplicationSID    *string         `json:"voice_application_sid"`
	VoiceCallerIDLookup    bool            `json:"voice_caller_id_lookup"`
	VoiceFallbackMethod    string          `json:"voice_fallback_method"`
	VoiceFallbackURL       *string         `json:"voice_fallback_url"`
	VoiceMethod            string          `json:"voice_method"`
	VoiceReceiveMode       string          `json:"voice_receive_mode"`
	VoiceURL               *string         `json:"voice_url"`
}

func (n Number) resource() numberResource {
	name := n.Name
	if name == "" {
		name = formatted(n.Number)
	}
	return numberResource{
		AccountSID: n.Account, AddressRequirements: "none", APIVersion: apiVersion,
		Capabilities: map[string]bool{"voice": true, "sms": !n.NoTexts, "mms": false, "fax": false},
		DateCreated:  stamp(n.created), DateUpdated: stamp(n.updated),
		EmergencyAddressStatus: "unregistered", EmergencyStatus: "Inactive",
		FriendlyName: name, Origin: "twilio", PhoneNumber: n.Number, SID: n.SID,
		SmsURL: n.SMSURL, SmsMethod: orPost(n.SMSMethod), SmsFallbackURL: n.SMSFallbackURL, SmsFallbackMethod: orPost(n.SMSFallbackMethod),
		SmsApplicationSID: optional(n.SMSApplicationSID), Status: "in-use", Type: "local",
		StatusCallback: n.StatusCallback, StatusCallbackMethod: orPost(n.StatusMethod),
		TrunkSID: optional(n.TrunkSID), VoiceApplicationSID: optional(n.ApplicationSID), VoiceReceiveMode: "voice",
		VoiceURL: optional(n.VoiceURL), VoiceMethod: orPost(n.VoiceMethod),
		VoiceFallbackURL: optional(n.FallbackURL), VoiceFallbackMethod: orPost(n.FallbackMethod),
		URI: "/" + apiVersion + "/Accounts/" + n.Account + "/IncomingPhoneNumbers/" + n.SID + ".json",
	}
}

func orPost(method string) string {
	if method == "" {
		return http.MethodPost
	}
	return method
}

// listNumbers lists an account's numbers. PhoneNumber may be a part of one, and
// have stars in the place of digits.
func (c *Carrier) listNumbers(a *account, r *http.Request) (int, any, *restError) {
	q := r.URL.Query()
	part := q.Get("PhoneNumber")
	if len(part) > 64 {
		return 0, nil, failure(http.StatusBadRequest, 20001, "PhoneNumber is not valid")
	}
	like := regexp.MustCompile(strings.ReplaceAll(regexp.QuoteMeta(part), `\*`, `[0-9]`))
	var found []Number
	for _, n := range c.owned() {
		name := n.resource().FriendlyName
		if n.Account == a.SID && like.MatchString(n.Number) && (q.Get("FriendlyName") == "" || q.Get("FriendlyName") == name) {
			found = append(found, n)
		}
	}
	return pageOf(r, "incoming_phone_numbers", found, func(n Number) (any, string) { return n.resource(), n.SID })
}

// withNumber finds the number that a request is about.
func (c *Carrier) withNumber(serve func(Number, *http.Request) (int, any, *restError)) handler {
	return func(a *account, r *http.Request) (int, any, *restError) {
		sid, isJSON := strings.CutSuffix(r.PathValue("number"), ".json")
		all := c.owned()
		i := slices.IndexFunc(all, func(n Number) bool { return n.SID == sid && n.Account == a.SID })
		if i < 0 || !isJSON {
			return 0, nil, notFound(r)
		}
		return serve(all[i], r)
	}
}

func fetchNumber(n Number, _ *http.Request) (int, any, *restError) {
	return http.StatusOK, n.resource(), nil
}

// updateNumber sets what happens when a number is called or written to. A setting that is
// there and empty is cleared; calls that are going on keep what they began with.
func (c *Carrier) updateNumber(n Number, r *http.Request) (int, any, *restError) {
	if fail := n.set(r.PostForm); fail != nil {
		return 0, nil, fail
	}
	for _, sid := range []string{n.ApplicationSID, n.SMSApplicationSID} {
		if _, ok := c.cfg.Applications[sid]; sid != "" && !ok {
			return 0, nil, failure(http.StatusNotFound, 20404, "The requested application was not found")
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return http.StatusOK, c.buy(n).resource(), nil
}

// set changes the settings that form names.
func (n *Number) set(form url.Values) *restError {
	for name, field := range map[string]*string{"VoiceUrl": &n.VoiceURL, "VoiceFallbackUrl": &n.FallbackURL, "StatusCallback": &n.StatusCallback, "SmsUrl": &n.SMSURL, "SmsFallbackUrl": &n.SMSFallbackURL} {
		if !form.Has(name) {
			continue
		}
		if *field = form.Get(name); *field != "" && !isWebAddress(*field) {
			return failure(http.StatusBadRequest, 21402, name+" is not valid")
		}
	}
	for name, field := range map[string]*string{"VoiceMethod": &n.VoiceMethod, "VoiceFallbackMethod": &n.FallbackMethod, "StatusCallbackMethod": &n.StatusMethod, "SmsMethod": &n.SMSMethod, "SmsFallbackMethod": &n.SMSFallbackMethod} {
		if !form.Has(name) {
			continue
		}
		method, fail := methodOf(form.Get(name))
		if fail != nil {
			return failure(http.StatusBadRequest, 21403, name+" is not valid")
		}
		*field = method
	}
	if n.FallbackURL != "" && n.VoiceURL == "" {
		return failure(http.StatusBadRequest, 21405, "Cannot set VoiceFallbackUrl without setting VoiceUrl")
	}
	if n.SMSFallbackURL != "" && n.SMSURL == "" {
		return failure(http.StatusBadRequest, 21406, "Cannot set SmsFallbackUrl without setting SmsUrl")
	}
	if form.Has("SmsApplicationSid") {
		if n.SMSApplicationSID = form.Get("SmsApplicationSid"); n.SMSApplicationSID != "" && !applicationSID.MatchString(n.SMSApplicationSID) {
			return failure(http.StatusBadRequest, 20001, "SmsApplicationSid is not valid")
		}
	}
	if form.Has("FriendlyName") {
		n.Name = form.Get("FriendlyName")
	}
	return n.setOwner(form)
}

// setOwner sets what stands in for the addresses: a trunk or an application.
// Either one deletes the other, as documented.
func (n *Number) setOwner(form url.Values) *restError {
	if sid := form.Get("VoiceApplicationSid"); sid != "" && !applicationSID.MatchString(sid) || len(form.Get("TrunkSid")) > 34 {
		return failure(http.StatusBadRequest, 20001, "VoiceApplicationSid or TrunkSid is not valid")
	}
	if form.Has("VoiceApplicationSid") {
		n.ApplicationSID = form.Get("VoiceApplicationSid")
		if n.ApplicationSID != "" {
			n.TrunkSID = ""
		}
	}
	if form.Has("TrunkSid") {
		n.TrunkSID = form.Get("TrunkSid")
		if n.TrunkSID != "" {
			n.ApplicationSID = ""
		}
	}
	return nil
}

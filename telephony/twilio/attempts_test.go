package twilio

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// attempts are all ways to knock at route, whatever it does. signed is a path
// that fits the route's pattern, owner the account that signs there.
func attempts(base string, route Route) []attempt {
	if route.Path == pathForeign {
		return knocks(route)
	}
	path := strings.ReplaceAll(route.Path, "{"+accountSegment+"}", subAccount.SID)
	if route.Method == http.MethodPost {
		field := callField
		if strings.HasPrefix(path, pathMessage) {
			field = messageField
		}
		return append(anywhere(base, route, path, formOf(), testToken, base), forms(base, path, field)...)
	}
	owner, scheme := testToken, base
	if path != pathMedia && strings.HasPrefix(path, pathMedia) {
		owner = subAccount.Token
	}
	if strings.HasPrefix(path, pathMedia) {
		scheme = "ws" + strings.TrimPrefix(base, "http")
	}
	all := anywhere(base, route, path, nil, owner, scheme)
	if scheme != base {
		all = append(all, sockets(scheme, path, owner)...)
	} else {
		all = append(all, probes(base, path)...)
	}
	return all
}

// anywhere are the forgeries that any signed route may meet. base is where
// routes are, scheme the same as it is signed.
func anywhere(base string, route Route, path string, form url.Values, owner, scheme string) []attempt {
	address := scheme + path
	right := sign(owner, address, form)
	raw, _ := base64.StdEncoding.DecodeString(right)
	mac := hmac.New(sha256.New, []byte(owner))
	io.WriteString(mac, address)
	other := map[string]string{testToken: subAccount.Token, subAccount.Token: testToken}[owner]
	swapped := strings.Replace(address, "://", "s://", 1)
	crossed := map[string]string{"http": "ws", "ws": "http"}[scheme[:strings.Index(scheme, "://")]] + scheme[strings.Index(scheme, "://"):] + path
	sum := sha256.Sum256([]byte(form.Encode()))
	hashed := "?bodySHA256=" + hex.EncodeToString(sum[:])
	bad := func(name, signature string, more ...string) attempt {
		return attempt{name, route.Method, path, form.Encode(), append([]string{signatureHeader, signature}, more...), http.StatusForbidden, ReasonBadSignature}
	}
	long := path + "?" + strings.Repeat("x", maxURI)
	tooLong := http.StatusRequestURITooLong
	if route.Method == http.MethodPost {
		tooLong = http.StatusRequestEntityTooLarge
	}
	all := []attempt{
		{"no signature", route.Method, path, form.Encode(), nil, http.StatusForbidden, ReasonUnsigned},
		{"an empty signature", route.Method, path, form.Encode(), []string{signatureHeader, ""}, http.StatusForbidden, ReasonUnsigned},
		bad("nonsense", "nonsense"),
		bad("the signature of nothing", sign(owner, "", nil)),
		bad("a foreign token", sign("54321", address, form)),
		bad("the token of another account here", sign(other, address, form)),
		bad("no token at all", sign("", address, form)),
		bad("a token that was rotated away", sign(testToken+"old", address, form)),
		bad("https and http swapped", sign(owner, swapped, form)),
		bad("a webhook's scheme for a socket's", sign(owner, crossed, form)),
		bad("another path", sign(owner, address+"/", form)),
		bad("another route's path", sign(owner, scheme+"/twilio/other", form)),
		bad("a query that is not there", sign(owner, address+"?x=1", form)),
		bad("another host", sign(owner, strings.Replace(address, "127.0.0.1", "staging.example.com", 1), form)),
		bad("another host, and a proxy's word for it", sign(owner, "http://staging.example.com"+path, form), "X-Forwarded-Host", "staging.example.com", "X-Forwarded-Proto", "http"),
		bad("another port", sign(owner, "ws://127.0.0.1:1"+path, form)),
		bad("a signature cut short", right[:len(right)-2]),
		bad("a signature twice", right+right),
		bad("a signature in hexadecimal", hex.EncodeToString(raw)),
		bad("a signature in capitals", strings.ToUpper(right)),
		bad("SHA-256 for SHA-1", base64.StdEncoding.EncodeToString(mac.Sum(nil))),
		bad("a list of signatures", right+","+right),
		bad("a foreign signature before the right one", "nonsense", signatureHeader, right),
		{"an address without end", route.Method, long, form.Encode(), []string{signatureHeader, sign(owner, scheme+long, form)}, tooLong, ReasonBodyTooBig},
		{"a body's hash in the query", route.Method, path + hashed, form.Encode() + "&x=1", []string{signatureHeader, sign(owner, address+hashed, form)}, http.StatusForbidden, ReasonBadSignature},
	}
	for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodHead, http.MethodOptions, "BREW"} {
		if method != route.Method {
			all = append(all, attempt{"the method " + method, method, path, "", []string{signatureHeader, right, "X-HTTP-Method-Override", route.Method}, http.StatusMethodNotAllowed, ReasonMethod})
		}
	}
	if len(form) == 0 { // a GET's body means nothing
		all = slices.DeleteFunc(all, func(a attempt) bool { return a.name == "a body's hash in the query" })
	}
	return all
}

// forms are rightly signed, or nearly so, but mean something else than they say.
// field is where the id of what they are about is.
func forms(base, path, field string) []attempt {
	address := base + path
	signed := func(name, text, body string, status int, reason string) attempt {
		return attempt{name, http.MethodPost, path, body, []string{signatureHeader, sign(testToken, text, nil)}, status, reason}
	}
	of := func(name, key string, form url.Values, status int, reason string) attempt {
		return attempt{name, http.MethodPost, path, form.Encode(), []string{signatureHeader, sign(key, address, form)}, status, reason}
	}
	flat := func(form url.Values) string {
		text := ""
		for _, name := range slices.Sorted(maps.Keys(form)) {
			text += name + form.Get(name)
		}
		return text
	}
	twice := func(name, value string) url.Values {
		form := formOf()
		form[name] = append(form[name], value)
		return form
	}
	without := func(name string) url.Values {
		form := formOf()
		form.Del(name)
		return form
	}
	moved := without(field)
	moved.Set(field[:len(field)-1], "d"+formOf().Get(field))
	hidden := without("AccountSid")
	hidden.Set("?call=call-1AccountSid", testAccount)
	query := path + "?" + formOf().Encode()
	control := path + "?call=%00call-1"
	line := path + "?text=a%0Ab"
	elsewhere := path + "?transfer=" + strings.Repeat("x", maxID+1)
	return []attempt{
		of("another form than was signed", testToken, formOf("To", "+19005550100"), http.StatusForbidden, ReasonBadSignature).signedAs(sign(testToken, address, formOf())),
		of("a field more than was signed", testToken, formOf("ForwardedFrom", "+15550100009"), http.StatusForbidden, ReasonBadSignature).signedAs(sign(testToken, address, formOf())),
		signed("fields run into the address", address+formOf().Encode(), formOf().Encode(), http.StatusForbidden, ReasonBadSignature),
		of("a sub-account that signs for us", subAccount.Token, formOf(), http.StatusForbidden, ReasonBadSignature),
		of("us signing for a sub-account", testToken, formOf("AccountSid", subAccount.SID), http.StatusForbidden, ReasonBadSignature),
		of("an account that nobody knows", subAccount.Token, formOf("AccountSid", unknownAccount), http.StatusForbidden, ReasonWrongAccount),
		of("an account that nobody knows, signed by us", testToken, formOf("AccountSid", unknownAccount), http.StatusForbidden, ReasonWrongAccount),
		of("an account in capitals", testToken, formOf("AccountSid", strings.ToUpper(testAccount)), http.StatusForbidden, ReasonWrongAccount),
		of("an account that is a path", testToken, formOf("AccountSid", "../"+testAccount), http.StatusForbidden, ReasonWrongAccount),
		of("no account", testToken, without("AccountSid"), http.StatusForbidden, ReasonWrongAccount),
		of("two accounts", testToken, twice("AccountSid", subAccount.SID), http.StatusBadRequest, ReasonBadForm),
		of("two calls", testToken, twice(field, "CA00000000000000000000000000000000"), http.StatusBadRequest, ReasonBadForm),
		of("no call", testToken, without(field), http.StatusBadRequest, ReasonBadForm),
		of("a call that is a path", testToken, formOf(field, "CA/../x"), http.StatusBadRequest, ReasonBadForm),
		of("a call that is too long", testToken, formOf(field, strings.Repeat("C", 65)), http.StatusBadRequest, ReasonBadForm),
		signed("the border between name and value moved", address+flat(formOf()), moved.Encode(), http.StatusBadRequest, ReasonBadForm),
		signed("the query moved into a field's name", address+"?call=call-1"+flat(formOf()), hidden.Encode(), http.StatusForbidden, ReasonWrongAccount),
		{"the fields in the query", http.MethodPost, query, "", []string{signatureHeader, sign(testToken, base+query, nil)}, http.StatusForbidden, ReasonWrongAccount},
		signed("JSON", address, `{"AccountSid":"`+testAccount+`","CallSid":"`+testCall+`"}`, http.StatusForbidden, ReasonWrongAccount),
		signed("a broken escape", address, "AccountSid="+testAccount+"&a=%zz", http.StatusBadRequest, ReasonBadForm),
		of("a byte too much", testToken, formOf("FromCity", strings.Repeat("x", maxForm)), http.StatusRequestEntityTooLarge, ReasonBodyTooBig),
		{"an id of ours with a NUL", http.MethodPost, control, formOf().Encode(), []string{signatureHeader, sign(testToken, base+control, formOf())}, http.StatusBadRequest, ReasonBadForm},
		{"an id of a text with a line in it", http.MethodPost, line, formOf().Encode(), []string{signatureHeader, sign(testToken, base+line, formOf())}, http.StatusBadRequest, ReasonBadForm},
		{"an id of ours without end", http.MethodPost, elsewhere, formOf().Encode(), []string{signatureHeader, sign(testToken, base+elsewhere, formOf())}, http.StatusBadRequest, ReasonBadForm},
		{"another call of ours than was signed", http.MethodPost, path + "?call=call-2", formOf().Encode(), []string{signatureHeader, sign(testToken, address+"?call=call-1", formOf())}, http.StatusForbidden, ReasonBadSignature},
	}
}

func (a attempt) signedAs(signature string) attempt {
	a.headers = []string{signatureHeader, signature}
	return a
}

// sockets are requests for a stream's socket that are signed and yet none.
func sockets(scheme, path, owner string) []attempt {
	right := sign(owner, scheme+path, nil)
	return []attempt{
		{"no upgrade", http.MethodGet, path, "", []string{signatureHeader, right}, http.StatusBadRequest, ReasonNotUpgrade},
		{"an upgrade to something else", http.MethodGet, path, "", []string{signatureHeader, right, "Connection", "Upgrade", "Upgrade", "h2c"}, http.StatusBadRequest, ReasonNotUpgrade},
		{"an upgrade without key", http.MethodGet, path, "", []string{signatureHeader, right, "Connection", "Upgrade", "Upgrade", "websocket", "Sec-WebSocket-Version", "13"}, http.StatusBadRequest, ReasonNotUpgrade},
		{"an unsigned upgrade", http.MethodGet, path, "", []string{"Connection", "Upgrade", "Upgrade", "websocket", "Sec-WebSocket-Version", "13", "Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="}, http.StatusForbidden, ReasonUnsigned},
	}
}

// knocks are requests at a door that nobody signs for, and that are no stream.
// What a stream there may say is in foreign_test.go.
func knocks(route Route) []attempt {
	const secret = "doorsecret"
	path := strings.ReplaceAll(route.Path, "{"+doorSegment+"}", secret)
	upgrade := []string{"Connection", "Upgrade", "Upgrade", "websocket", "Sec-WebSocket-Version", "13", "Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="}
	of := func(name, path string, headers []string, status int, reason string) attempt {
		return attempt{name, http.MethodGet, path, "", headers, status, reason}
	}
	all := []attempt{
		of("no upgrade", path, nil, http.StatusBadRequest, ReasonNotUpgrade),
		of("no upgrade, but signed", path, []string{signatureHeader, sign(testToken, path, nil)}, http.StatusBadRequest, ReasonNotUpgrade),
		of("an upgrade to something else", path, []string{"Connection", "Upgrade", "Upgrade", "h2c"}, http.StatusBadRequest, ReasonNotUpgrade),
		of("an upgrade without key", path, upgrade[:6], http.StatusBadRequest, ReasonNotUpgrade),
		of("an upgrade of another version", path, append([]string{"Connection", "Upgrade", "Upgrade", "websocket", "Sec-WebSocket-Version", "8"}, upgrade[6:]...), http.StatusBadRequest, ReasonNotUpgrade),
		of("a door without end", path+strings.Repeat("x", maxDoor), upgrade, http.StatusRequestURITooLong, ReasonBodyTooBig),
		of("a query without end", path+"?"+strings.Repeat("x", maxDoor), upgrade, http.StatusRequestURITooLong, ReasonBodyTooBig),
		of("a door with a NUL", path+"%00", upgrade, http.StatusBadRequest, ReasonBadForm),
		of("a door with a line in it", path+"%0a", upgrade, http.StatusBadRequest, ReasonBadForm),
		of("a door that is no text", path+"%ff%fe", upgrade, http.StatusBadRequest, ReasonBadForm),
	}
	for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodHead, http.MethodOptions, "BREW"} {
		all = append(all, attempt{"the method " + method, method, path, "", append([]string{"X-HTTP-Method-Override", route.Method}, upgrade...), http.StatusMethodNotAllowed, ReasonMethod})
	}
	return all
}

// probes are signed questions of a probe that get no proof.
func probes(base, path string) []attempt {
	of := func(name, query, key string, status int, reason string) attempt {
		return attempt{name, http.MethodGet, path + query, "", []string{signatureHeader, sign(key, base+path+query, nil)}, status, reason}
	}
	return []attempt{
		of("no nonce", "", testToken, http.StatusBadRequest, ReasonBadForm),
		of("a nonce that is a sentence", "?nonce=a%20b", testToken, http.StatusBadRequest, ReasonBadForm),
		of("a nonce without end", "?nonce="+strings.Repeat("a", 65), testToken, http.StatusBadRequest, ReasonBadForm),
		of("a sub-account's token for us", "?nonce=a", subAccount.Token, http.StatusForbidden, ReasonBadSignature),
		of("our token for a sub-account", "?AccountSid="+subAccount.SID+"&nonce=a", testToken, http.StatusForbidden, ReasonBadSignature),
		of("an account that nobody knows", "?AccountSid="+unknownAccount+"&nonce=a", testToken, http.StatusForbidden, ReasonWrongAccount),
		of("a websocket signed as a webhook", "?nonce=a", testToken, http.StatusForbidden, ReasonBadSignature).with("Connection", "Upgrade", "Upgrade", "websocket"),
	}
}

func (a attempt) with(headers ...string) attempt {
	a.headers = append(a.headers, headers...)
	return a
}

package twilio

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"maps"
	"net/url"
	"slices"
	"strings"
)

// Validator checks X-Twilio-Signature: base64 of HMAC-SHA1, under the account's
// auth token, over the request's URL followed by each form field's name and
// value, the fields sorted by name.
//
// Twilio does not always sign the URL that we were asked for, byte by byte, so
// a few spellings of the same URL are accepted; see spellings. Every one of
// them still has to carry a signature made with a token.
type Validator struct{ tokens []string }

// NewValidator returns a validator that accepts a signature by any of tokens.
// Two of them let a token be rotated. Empty ones are left out.
func NewValidator(tokens ...string) *Validator {
	v := &Validator{}
	for _, token := range tokens {
		if token != "" {
			v.tokens = append(v.tokens, token)
		}
	}
	return v
}

// Valid reports whether signature is right for a request to rawURL with form,
// nil for a GET and for a websocket. A bodySHA256 in the query means nothing
// here: it stands in for the fields only in requests that are no form.
func (v *Validator) Valid(rawURL string, form url.Values, signature string) bool {
	if len(signature) != base64.StdEncoding.EncodedLen(sha1.Size) {
		return false
	}
	ok := false
	for _, token := range v.tokens {
		for _, fields := range fieldTexts(form) {
			for _, u := range spellings(rawURL) {
				right := signatureOf(token, u, fields)
				if hmac.Equal([]byte(right), []byte(signature)) { // in constant time
					ok = true
				}
			}
		}
	}
	return ok
}

// signatureOf signs address and the text of a form's fields.
func signatureOf(token, address, fields string) string {
	mac := hmac.New(sha1.New, []byte(token))
	mac.Write([]byte(address))
	mac.Write([]byte(fields))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// fieldTexts returns the ways in which form is signed. They differ only when a
// field came more than once: some of Twilio's libraries then take the first
// value, others each value in order, others each different one sorted.
func fieldTexts(form url.Values) []string {
	var first, each, sorted strings.Builder
	for _, name := range slices.Sorted(maps.Keys(form)) {
		values := form[name]
		if len(values) == 0 {
			continue
		}
		first.WriteString(name + values[0])
		for _, value := range values {
			each.WriteString(name + value)
		}
		for _, value := range slices.Compact(slices.Sorted(slices.Values(values))) {
			sorted.WriteString(name + value)
		}
	}
	return distinct(first.String(), each.String(), sorted.String())
}

// spellings returns the ways in which rawURL may have been signed:
//   - never with its fragment, which holds options for Twilio itself;
//   - with or without the port (Twilio drops it for some https URLs), and with
//     the scheme's own port where none is written;
//   - with the query as it came and sorted, because the query of an action is
//     sorted on the wire, but not in what is signed.
func spellings(rawURL string) []string {
	rawURL, _, _ = strings.Cut(rawURL, "#")
	scheme, rest, ok := strings.Cut(rawURL, "://")
	if !ok {
		return []string{rawURL}
	}
	end := strings.IndexAny(rest, "/?")
	if end < 0 {
		end = len(rest)
	}
	host, tail := rest[:end], rest[end:]
	bare := withoutPort(host)
	withPort := host
	if bare == host {
		withPort = host + defaultPort(scheme)
	}
	var all []string
	for _, h := range distinct(host, bare, withPort) {
		for _, t := range distinct(tail, sortedQuery(tail)) {
			all = append(all, scheme+"://"+h+t)
		}
	}
	return all
}

func defaultPort(scheme string) string {
	switch strings.ToLower(scheme) {
	case "https", "wss":
		return ":443"
	}
	return ":80"
}

// withoutPort cuts the port off host, which may be an IPv6 address in brackets.
func withoutPort(host string) string {
	if i := strings.LastIndexByte(host, ':'); i > strings.LastIndexByte(host, ']') {
		return host[:i]
	}
	return host
}

// sortedQuery sorts the parameters of the query in tail, each as it is written.
func sortedQuery(tail string) string {
	path, query, ok := strings.Cut(tail, "?")
	if !ok {
		return tail
	}
	params := strings.Split(query, "&")
	slices.Sort(params)
	return path + "?" + strings.Join(params, "&")
}

// distinct returns texts without repetitions.
func distinct(texts ...string) []string {
	var out []string
	for _, t := range texts {
		if !slices.Contains(out, t) {
			out = append(out, t)
		}
	}
	return out
}

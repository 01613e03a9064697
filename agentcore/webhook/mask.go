package webhook

import (
	"bytes"
	"encoding/json"
	"net/http"
	"regexp"
	"strings"
)

// masked stands where a secret was. Not one character of it is shown: short
// secrets have none to spare.
const masked = "***"

// secretHeader reports whether a header's value is a secret, by its name.
func secretHeader(name string) bool {
	name = strings.ToLower(name)
	if name == "idempotency-key" || name == "webhook-id" || name == "webhook-timestamp" {
		return false // they name a message and let nobody in
	}
	return contains(name, "key", "token", "secret", "auth", "cookie", "signature", "password", "credential", "session")
}

// secretField is secretHeader for a member of a JSON object, whose names are
// less telling: "author" and "keyboard" are none.
func secretField(name string) bool {
	name = strings.NewReplacer("-", "", "_", "", " ", "").Replace(strings.ToLower(name))
	return contains(name, "token", "secret", "password", "passwd", "passphrase", "apikey", "accesskey", "privatekey", "authorization", "credential")
}

func contains(s string, parts ...string) bool {
	for _, p := range parts {
		if strings.Contains(s, p) {
			return true
		}
	}
	return false
}

// secretsOf are the values of secret headers that an answer must not be seen
// to repeat. Very short ones would blank out innocent text.
func secretsOf(h http.Header) []string {
	var all []string
	for name, values := range h {
		if !secretHeader(name) {
			continue
		}
		for _, v := range values {
			for _, part := range append(strings.Fields(v), v) {
				if len(part) >= 8 {
					all = append(all, part)
				}
			}
		}
	}
	return all
}

// hide blanks out the request's own secrets, wherever they are repeated.
func (x *Exchange) hide(s string) string {
	for _, secret := range x.secrets {
		s = strings.ReplaceAll(s, secret, masked)
	}
	return s
}

// assigned finds secrets in text that is no JSON: name=value and name: value.
var assigned = regexp.MustCompile(`(?i)((?:token|secret|passw(?:or)?d|passphrase|api[-_ ]?key|access[-_ ]?key|private[-_ ]?key|authorization|credential)s?["']?\s*[:=]\s*["']?)[^\s"'&;,}<]+`)

// maskBody masks the members of JSON whose names say that they are secret, and
// in other text what looks like one. A body without secrets stays as it is.
func maskBody(s string) string {
	if !secretField(s) && !strings.Contains(s, `\u`) { // none of the names is in it, not even spelt otherwise
		return s
	}
	dec := json.NewDecoder(strings.NewReader(s))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil || dec.More() {
		return assigned.ReplaceAllString(cut(s, MaxKept), "${1}"+masked) // cut first: a search of a megabyte takes long
	}
	if !maskValue(v) {
		return s
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil { // what was decoded can be encoded
		return masked
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// maskValue masks within v and reports whether there was anything to mask.
func maskValue(v any) bool {
	found := false
	switch v := v.(type) {
	case map[string]any:
		for name, member := range v {
			if s, is := member.(string); is && s != "" && secretField(name) {
				v[name], found = masked, true
				continue
			}
			found = maskValue(member) || found
		}
	case []any:
		for _, e := range v {
			found = maskValue(e) || found
		}
	}
	return found
}

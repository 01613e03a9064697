package webhook

import (
	"net/url"
	"slices"
	"strings"

	"github.com/hookswitch/hookswitch/agentcore/vars"
)

// maxAddress is how many bytes an address may have.
const maxAddress = 8 << 10

// address fills in a URL. What v holds can change nothing but the segment or
// the query's value in which it stands.
func address(template string, v vars.Set, missing func(string)) (string, error) {
	template, _, _ = strings.Cut(strings.TrimSpace(template), "#") // a fragment is never sent
	scheme, rest, ok := strings.Cut(template, "://")
	end := strings.IndexAny(rest, "/?")
	if end < 0 {
		end = len(rest)
	}
	host, rest := rest[:end], rest[end:]
	switch {
	case !ok || scheme == "" || host == "":
		return "", refuse(BadRequest, "the address must begin with https:// and a host")
	case strings.Contains(scheme+host, "{{"):
		return "", refuse(BadRequest, "the address must name its host itself: variables may stand in the path and the query")
	case strings.Contains(host, "@"):
		return "", refuse(BadRequest, "the address must hold no credentials: send them in request_headers")
	}
	path, query, asked := strings.Cut(rest, "?")
	flat := flatten(v)
	path, fits := flat.FillWithin(path, maxAddress, url.PathEscape, missing)
	filled := scheme + "://" + host + path
	if asked && fits {
		query, fits = flat.FillWithin(query, maxAddress, url.QueryEscape, missing)
		filled += "?" + strings.ReplaceAll(query, " ", "%20") // of the template: a value's is a plus sign
	}
	if !fits || len(filled) > maxAddress {
		return "", refuse(BadRequest, "the address is longer than 8 KB with its variables")
	}
	u, err := url.Parse(filled)
	switch {
	case err != nil || u.Host != host || u.User != nil || u.Opaque != "":
		return "", refuse(BadRequest, "the address is malformed")
	case slices.ContainsFunc(strings.Split(u.Path, "/"), func(s string) bool { return s == "." || s == ".." }):
		return "", refuse(BadRequest, "a part of the address's path may not be . or ..")
	case strings.ContainsFunc(filled, control):
		return "", refuse(BadRequest, "the address may hold no control characters")
	}
	return u.String(), nil
}

// flatten makes text of arguments that are no scalars, so that they can stand
// in text.
func flatten(v vars.Set) vars.Set {
	out := vars.Set{}
	for name, value := range v {
		if text, err := inText(value); err == nil {
			out[name] = text
		}
	}
	return out
}

// inText is a value as it stands in text: a scalar's own, JSON for the rest.
func inText(v any) (string, error) {
	switch v.(type) {
	case map[string]any, []any:
		b, err := encode(v)
		return string(b), err
	}
	return vars.Text(v), nil
}

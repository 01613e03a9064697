package provider

import (
	"errors"
	"strings"
)

// said are parts of the codes that providers give in an error within a stream,
// where there is no HTTP status any more, and what they mean; the first that
// fits counts.
var said = []struct {
	part  string
	class Class
}{
	{"rate_limit", RateLimited}, {"too_many", RateLimited}, {"slow_down", RateLimited}, {"exhausted", RateLimited},
	{"timeout", Timeout}, {"timed_out", Timeout}, {"deadline", Timeout},
	{"overloaded", Unavailable}, {"server_error", Unavailable}, {"unavailable", Unavailable}, {"internal", Unavailable}, {"api_error", Unavailable},
	{"api_key", Auth}, {"authentication", Auth}, {"unauthorized", Auth}, {"unauthenticated", Auth}, {"permission", Auth}, {"forbidden", Auth},
	{"invalid", Refused}, {"not_found", Refused}, {"too_large", Refused}, {"unsupported", Refused}, {"content_filter", Refused}, {"context_length", Refused},
}

// Said makes an Error of a message in which a provider says, within a stream
// that had begun well, that it failed. Of the JSON only the short code is kept.
func Said(provider, op string, message []byte) *Error {
	code := ErrorCode(message)
	class := Unavailable
	if outOfMoney(message) {
		class = Quota
	} else {
		lower := strings.ToLower(code)
		for _, s := range said {
			if strings.Contains(lower, s.part) {
				class = s.class
				break
			}
		}
	}
	if code == "" {
		return New(provider, op, class, errors.New("the server broke off"))
	}
	return New(provider, op, class, errors.New("the server broke off: "+code))
}

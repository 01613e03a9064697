package grant

import (
	"net/http"
	"strings"
)

// Token is the token that a request comes with: as a bearer token, or as
// ?access_token= when it has no Authorization header. Empty: it has none. A
// header of another kind is a [Refused].
func Token(r *http.Request) (string, error) {
	if header := r.Header.Get("Authorization"); header != "" {
		token, ok := strings.CutPrefix(header, "Bearer ")
		if !ok {
			return "", badHeader
		}
		return token, nil
	}
	return r.URL.Query().Get("access_token"), nil
}

// Refuse answers as LiveKit's server does to a token that is not good: 401 and
// the reason as plain text.
func Refuse(w http.ResponseWriter, why Refused) {
	h := w.Header()
	h.Set("Content-Type", "text/plain; charset=utf-8")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(http.StatusUnauthorized)
	_, _ = w.Write([]byte(why))
}

package gate

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"
	"time"
)

// readTime is how long a client may take over its body.
const readTime = 30 * time.Second

// Read reads a request's body before the handler runs, so that a handler never
// waits for a client: at most [Config.MaxBody] bytes of JSON.
func (g *Gate) Read(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Body == nil || r.Body == http.NoBody || g.dialect.Streams != nil && g.dialect.Streams(r) {
			next.ServeHTTP(w, r)
			return
		}
		control := http.NewResponseController(w)
		_ = control.SetReadDeadline(time.Now().Add(readTime)) // tests' recorders have none
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, g.cfg.MaxBody))
		_ = control.SetReadDeadline(time.Time{})
		var large *http.MaxBytesError
		switch {
		case errors.As(err, &large):
			g.cfg.Fail(w, r, http.StatusRequestEntityTooLarge, fmt.Sprintf("The request body is larger than %d bytes.", g.cfg.MaxBody))
			return
		case err != nil:
			g.cfg.Fail(w, r, http.StatusBadRequest, "The request body could not be read.")
			return
		case len(body) > 0 && !json(r.Header.Get("Content-Type")):
			g.cfg.Fail(w, r, http.StatusBadRequest, "The request body must be JSON: Content-Type: application/json")
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		r.ContentLength = int64(len(body))
		next.ServeHTTP(w, r)
	})
}

// json reports whether a body of that type is taken for JSON. No type is, and
// so is what curl --data says of anything: seed 001's own example does not set
// another. Keys come in a header, so a form of a foreign page has none.
func json(contentType string) bool {
	if contentType == "" {
		return true
	}
	kind, params, err := mime.ParseMediaType(contentType)
	if err != nil {
		return false
	}
	if set := params["charset"]; set != "" && !strings.EqualFold(set, "utf-8") {
		return false
	}
	return kind == "application/json" || strings.HasSuffix(kind, "+json") || kind == "application/x-www-form-urlencoded"
}

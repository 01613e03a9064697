package gate

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strings"
	"time"
)

// maxID bounds a request's number that a client brings, in bytes.
const maxID = 128

// Number gives every request a number, the client's own if it is sane, and
// answers for handlers that panic.
func (g *Gate) Number(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := time.Now()
		id := r.Header.Get("X-Request-Id")
		if !sane(id) {
			id = "req_" + strings.ToLower(rand.Text())
		}
		w.Header().Set("X-Request-Id", id)
		out := &answer{ResponseWriter: w}
		r = r.WithContext(context.WithValue(r.Context(), inID, id))
		defer func() {
			fault := recover()
			switch {
			case fault == http.ErrAbortHandler:
				panic(fault) // a handler's way to cut the connection
			case fault != nil:
				g.cfg.Log.ErrorContext(r.Context(), "a handler panicked", "request", id,
					"panic", fmt.Sprint(fault), "stack", string(debug.Stack()))
				if out.status != 0 {
					panic(http.ErrAbortHandler) // half an answer is out: let the client see that it broke off
				}
				g.cfg.Fail(out, r, http.StatusInternalServerError, Sorry(id))
			}
			level := slog.LevelDebug
			if out.status >= 500 {
				level = slog.LevelError
			}
			g.cfg.Log.Log(r.Context(), level, "request", "request", id, "method", r.Method,
				"status", out.status, "took", time.Since(began).Round(time.Microsecond))
		}()
		next.ServeHTTP(out, r)
	})
}

// Sorry is all that a client learns of a fault of ours.
func Sorry(id string) string {
	return "Something went wrong in the gateway. Its log says more under request " + id + "."
}

// sane reports whether a client's number may be repeated in headers and logs.
func sane(id string) bool {
	if id == "" || len(id) > maxID {
		return false
	}
	for i := range len(id) {
		if id[i] <= ' ' || id[i] > '~' {
			return false
		}
	}
	return true
}

// answer remembers how the handler answered.
type answer struct {
	http.ResponseWriter
	status int // 0: not yet
}

func (a *answer) WriteHeader(status int) {
	if a.status == 0 && status >= 200 {
		a.status = status
	}
	a.ResponseWriter.WriteHeader(status)
}

func (a *answer) Write(b []byte) (int, error) {
	if a.status == 0 {
		a.status = http.StatusOK
	}
	return a.ResponseWriter.Write(b)
}

// Flush implements [http.Flusher], for answers that are sent as they happen.
func (a *answer) Flush() {
	if a.status == 0 {
		a.status = http.StatusOK
	}
	_ = http.NewResponseController(a.ResponseWriter).Flush()
}

// Unwrap lets [http.ResponseController] at the connection.
func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }

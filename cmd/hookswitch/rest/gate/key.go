package gate

import (
	"context"
	"errors"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/roster"
)

// Admit lets requests with a good key through, at the pace that a key may go.
// An address that tries many wrong keys is not looked up any more for a while,
// except with keys that were good a moment ago: behind a proxy all clients have
// one address.
func (g *Gate) Admit(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		now := g.cfg.Now()
		secret, why := g.dialect.Credential(r.Header)
		hash := ""
		if why == "" {
			hash = roster.HashKey(secret)
		}
		from := client(r.RemoteAddr)
		if wait, ok := g.failures.peek(from, now); !ok && !g.seen.knows(hash, now) {
			w.Header().Set("Retry-After", seconds(wait))
			g.cfg.Fail(w, r, http.StatusTooManyRequests, "Too many requests with a wrong API key. Try again later.")
			return
		}
		var key roster.Key
		if why == "" {
			var err error
			key, err = g.cfg.Keys.KeyByHash(r.Context(), hash)
			switch {
			case errors.Is(err, roster.ErrNotFound):
				why = "The API key is not valid."
			case err != nil:
				g.cfg.Log.ErrorContext(r.Context(), "look up a key", "request", RequestID(r.Context()), "err", err)
				g.cfg.Fail(w, r, http.StatusInternalServerError, Sorry(RequestID(r.Context())))
				return
			case !key.Revoked.IsZero():
				why = "The API key was revoked."
			}
		}
		if why != "" {
			g.seen.forget(hash)
			g.failures.take(from, now)
			if g.dialect.Challenge != "" {
				w.Header().Set("WWW-Authenticate", g.dialect.Challenge)
			}
			g.cfg.Fail(w, r, http.StatusUnauthorized, why)
			return
		}
		if g.seen.first(hash, now) {
			if err := g.cfg.Keys.UseKey(r.Context(), key.ID, now); err != nil {
				g.cfg.Log.WarnContext(r.Context(), "note that a key was used", "request", RequestID(r.Context()), "err", err)
			}
		}
		left, wait, full, ok := g.requests.take(key.ID, now)
		w.Header().Set("RateLimit-Limit", strconv.Itoa(g.cfg.Burst))
		w.Header().Set("RateLimit-Remaining", strconv.Itoa(left))
		w.Header().Set("RateLimit-Reset", seconds(full))
		if !ok {
			w.Header().Set("Retry-After", seconds(wait))
			g.cfg.Fail(w, r, http.StatusTooManyRequests, "Too many requests with this API key. Try again in "+seconds(wait)+" s.")
			return
		}
		if g.dialect.Check != nil {
			if why := g.dialect.Check(key, r); why != "" {
				g.cfg.Fail(w, r, http.StatusForbidden, why)
				return
			}
		}
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), inKey, key)))
	})
}

// Bearer returns the key that h holds as a bearer token, or why it holds none.
func Bearer(h http.Header) (secret, why string) {
	all := h.Values("Authorization")
	if len(all) == 0 {
		return "", "An API key is required: Authorization: Bearer hsk_..."
	}
	scheme, secret, _ := strings.Cut(all[0], " ")
	secret = strings.TrimSpace(secret)
	if len(all) > 1 || !strings.EqualFold(scheme, "Bearer") || secret == "" || len(secret) > 256 {
		return "", "The Authorization header must be: Bearer hsk_..."
	}
	return secret, ""
}

// client is whom failures count against: an address, or the /64 that one
// customer has in IPv6.
func client(remote string) string {
	at, err := netip.ParseAddrPort(remote)
	if err != nil {
		return remote
	}
	addr := at.Addr().Unmap().WithZone("")
	if addr.Is6() {
		if net, err := addr.Prefix(64); err == nil {
			return net.String()
		}
	}
	return addr.String()
}

// seconds is d for a header: whole seconds, rounded up.
func seconds(d time.Duration) string {
	return strconv.FormatInt(int64((max(d, 0)+time.Second-1)/time.Second), 10)
}

// visits remembers the keys that were good, by hash, and when their use was
// noted last.
type visits struct {
	mu    sync.Mutex
	noted map[string]time.Time
}

// maxVisits bounds the keys that are remembered.
const maxVisits = 10_000

func newVisits() *visits { return &visits{noted: map[string]time.Time{}} }

// first reports whether a good key's use is to be noted: once a minute.
func (v *visits) first(hash string, now time.Time) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	last, ok := v.noted[hash]
	if ok && now.Sub(last) < time.Minute {
		return false
	}
	if !ok && len(v.noted) >= maxVisits {
		clear(v.noted)
	}
	v.noted[hash] = now
	return true
}

// knows reports whether a key was good within the last hour.
func (v *visits) knows(hash string, now time.Time) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	last, ok := v.noted[hash]
	return ok && now.Sub(last) < time.Hour
}

func (v *visits) forget(hash string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	delete(v.noted, hash)
}

package provider_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/provider"
)

func TestWhatIsTriedAgain(t *testing.T) {
	status := func(code int, header ...string) error {
		h := http.Header{}
		for i := 0; i+1 < len(header); i += 2 {
			h.Set(header[i], header[i+1])
		}
		return fmt.Errorf("in an SDK's error: %w", provider.Status("x", "chat", code, h, nil))
	}
	for _, tt := range []struct {
		claim string
		try   int
		err   error
		pause time.Duration
		ok    bool
	}{
		{"after 503", 0, status(503), 250 * time.Millisecond, true},
		{"later the second time", 1, status(503), 500 * time.Millisecond, true},
		{"when the server wants it", 0, status(429, "Retry-After", "2"), 2 * time.Second, true},
		{"not later than a caller waits", 0, status(429, "Retry-After", "7"), 7 * time.Second, false},
		{"not after a refusal", 0, status(400), 0, false},
		{"not when the server says so", 0, status(503, "X-Should-Retry", "false"), 0, false},
		{"after no connection", 0, &net.OpError{Op: "dial", Err: errors.New("refused")}, 250 * time.Millisecond, true},
		{"not after a cut", 0, &net.OpError{Op: "read", Err: io.EOF}, 0, false},
		{"not after a stall", 0, provider.New("x", "chat", provider.Timeout, io.EOF), 0, false},
	} {
		t.Run(tt.claim, func(t *testing.T) {
			w := provider.Watch(t.Context(), provider.Patience{First: 6 * time.Second})
			defer w.Stop()
			if pause, ok := w.Again(tt.try, tt.err); pause != tt.pause || ok != tt.ok {
				t.Errorf("Again() = %v, %v, want %v, %v", pause, ok, tt.pause, tt.ok)
			}
		})
	}
}

func TestTheSleepBeforeAnotherTryEndsWithTheCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, hangUp := context.WithCancel(t.Context())
		w := provider.Watch(ctx, provider.Patience{First: time.Minute})
		defer w.Stop()
		if !w.Sleep(time.Second) {
			t.Error("Sleep() = false")
		}
		time.AfterFunc(time.Second, hangUp)
		began := time.Now()
		if w.Sleep(10*time.Second) || time.Since(began) != time.Second {
			t.Errorf("Sleep() went on for %v", time.Since(began))
		}
	})
}

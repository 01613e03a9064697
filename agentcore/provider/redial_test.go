package provider_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/provider"
)

func TestADialIsRepeatedOnce(t *testing.T) {
	fails := func(class provider.Class, after time.Duration) error {
		e := provider.New("p", "connect", class, errors.New("no"))
		e.After = after
		return e
	}
	for _, tt := range []struct {
		claim string
		takes time.Duration
		errs  []error // of the dials, in order
		dials int
		lasts time.Duration
	}{
		{"it stands", 0, []error{nil}, 1, 0},
		{"it stands the second time", 0, []error{fails(provider.Unavailable, 0), nil}, 2, 250 * time.Millisecond},
		{"it fails twice", 0, []error{fails(provider.Unavailable, 0), fails(provider.Unavailable, 0)}, 2, 250 * time.Millisecond},
		{"it fails late", time.Second, []error{fails(provider.Unavailable, 0), nil}, 1, time.Second},
		{"it wants to be left alone", 0, []error{fails(provider.Unavailable, time.Second), nil}, 1, 0},
		{"it has enough", 0, []error{fails(provider.RateLimited, 0), nil}, 1, 0},
		{"the key is wrong", 0, []error{fails(provider.Auth, 0), nil}, 1, 0},
		{"it is nobody's error", 0, []error{errors.New("no"), nil}, 1, 0},
	} {
		t.Run(tt.claim, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began, dials := time.Now(), 0
				err := provider.Redial(t.Context(), func() error {
					time.Sleep(tt.takes)
					dials++
					return tt.errs[dials-1]
				})
				if d := time.Since(began); !errors.Is(err, tt.errs[tt.dials-1]) || dials != tt.dials || d != tt.lasts {
					t.Errorf("%v after %d dials and %v, want %v, %d, %v", err, dials, d, tt.errs[tt.dials-1], tt.dials, tt.lasts)
				}
			})
		})
	}
}

func TestADialIsNotRepeatedForNobody(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	dials := 0
	err := provider.Redial(ctx, func() error {
		dials++
		stop()
		return provider.New("p", "connect", provider.Unavailable, errors.New("no"))
	})
	if dials != 1 || err == nil {
		t.Errorf("%v after %d dials", err, dials)
	}
}

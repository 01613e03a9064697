package server

import (
	"crypto/sha256"
	"errors"
	"sync"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/provider"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/providers"
)

// Bounds of the stock.
const (
	mostStock = 512              // clients that are kept ready
	stockTime = 10 * time.Minute // for which one is that no call uses
)

// stock keeps the clients of providers between calls: a voice's connections stay
// warm, and a model's client remembers what its server refuses. A client belongs
// to a key: a new key is a new client.
type stock struct {
	mu    sync.Mutex
	items map[stockKey]*stocked
}

// stockKey is everything that makes two clients differ.
type stockKey struct {
	stage       provider.Stage
	provider    string
	base        string
	key         [sha256.Size]byte
	what        string // the voice's id, or the model
	speaks      string // the model that speaks
	temperature float64
	effort      string
	replaceable bool
}

// keyOf is the part of a stockKey that says whose client it is.
func keyOf(stage provider.Stage, p providers.Provider, a providers.Access, what string) stockKey {
	return stockKey{stage: stage, provider: p.Name, base: a.BaseURL, key: sha256.Sum256([]byte(a.Key)), what: what}
}

// stocked is a client, and who uses it.
type stocked struct {
	client any
	users  int
	used   time.Time // when the last of them left
}

// taken returns the client of key, made if it has to be, and what to call when
// it is no longer needed.
func taken[C any](k *stock, key stockKey, make func() (C, error)) (C, func(), error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	it, ok := k.items[key]
	if !ok {
		c, err := make()
		if err != nil {
			return c, nil, err
		}
		k.sweep()
		it = k.keep(key, c)
	}
	it.users++
	var once sync.Once
	return it.client.(C), func() { once.Do(func() { k.leave(it) }) }, nil //nolint:errcheck,forcetypeassert // the key names the type
}

// keep adds a client; k.mu is held.
func (k *stock) keep(key stockKey, client any) *stocked {
	if k.items == nil {
		k.items = map[stockKey]*stocked{}
	}
	k.items[key] = &stocked{client: client}
	return k.items[key]
}

func (k *stock) leave(it *stocked) {
	k.mu.Lock()
	defer k.mu.Unlock()
	it.users--
	it.used = time.Now()
}

// sweep closes what no call has used for long, and more when there is too much.
// k.mu is held.
func (k *stock) sweep() {
	for key, it := range k.items {
		if it.users == 0 && (time.Since(it.used) > stockTime || len(k.items) >= mostStock) {
			_ = closed(it.client) // idle connections: nothing is lost
			delete(k.items, key)
		}
	}
}

// close closes every client. No call uses any.
func (k *stock) close() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	var errs []error
	for key, it := range k.items {
		errs = append(errs, closed(it.client))
		delete(k.items, key)
	}
	return errors.Join(errs...)
}

// closed closes what can be.
func closed(client any) error {
	if c, ok := client.(interface{ Close() error }); ok {
		return c.Close()
	}
	return nil
}

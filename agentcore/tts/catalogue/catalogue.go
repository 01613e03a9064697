// Package catalogue reads a provider's list of voices, page by page, in bounded
// time and space.
package catalogue

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/provider"
)

const (
	// Most is how many voices are listed; a provider that has more shows its first.
	Most = 1000

	mostBytes = 4 << 20          // of all pages
	longest   = 30 * time.Second // for all pages
	op        = "voices"
)

// Reader reads the pages of one list. It is used by one goroutine.
type Reader struct {
	name     string // the provider's
	ctx      context.Context
	cancel   context.CancelFunc
	client   *http.Client
	patience provider.Patience
	left     int64 // bytes that may still come
}

// Open begins to read name's list; it does not connect. Close it.
func Open(ctx context.Context, name string, p provider.Patience) *Reader {
	r := &Reader{name: name, patience: p.OrDefault(), left: mostBytes}
	r.ctx, r.cancel = context.WithTimeoutCause(ctx, longest, &provider.StallError{Waited: longest})
	r.client = provider.NewClient(r.patience.Connect)
	return r
}

// Close lets go of the connection.
func (r *Reader) Close() {
	r.cancel()
	r.client.CloseIdleConnections()
}

// Get reads the page at url, a JSON text, into page. Its error is a
// *[provider.Error].
func (r *Reader) Get(url string, h http.Header, page any) error {
	w := provider.Watch(r.ctx, r.patience)
	defer w.Stop()
	req, err := http.NewRequestWithContext(w.Ctx, http.MethodGet, url, nil)
	if err != nil {
		return provider.Failure(w.Ctx, r.name, op, err)
	}
	req.Header = h.Clone()
	if req.Header == nil {
		req.Header = http.Header{}
	}
	req.Header.Set("Accept", "application/json")
	res, err := r.client.Do(req)
	if err != nil {
		return provider.Failure(w.Ctx, r.name, op, err)
	}
	w.Resume()
	res.Body = paced{res.Body, w}
	if res.StatusCode != http.StatusOK {
		return provider.Answer(r.name, op, res)
	}
	body, err := provider.ReadAll(r.name, op, res, r.left)
	if err != nil {
		return provider.Failure(w.Ctx, r.name, op, err)
	}
	r.left -= int64(len(body))
	if err := json.Unmarshal(body, page); err != nil {
		return provider.New(r.name, op, provider.Garbage, errNotUnderstood)
	}
	return nil
}

var errNotUnderstood = errors.New("its answer can't be understood")

// paced waits for each piece of a body as long as patience allows.
type paced struct {
	io.ReadCloser
	watch *provider.Watchdog
}

func (p paced) Read(b []byte) (int, error) {
	n, err := p.ReadCloser.Read(b)
	p.watch.Resume()
	return n, err
}

package sim

import (
	"net/http"
	"sync"
)

// pages are answers that the carrier has kept, since it honours ETag and
// Last-Modified of what it GETs. The zero pages is empty.
type pages struct {
	mu   sync.Mutex
	kept map[string]page // by address
}

// page is an answer and what its server calls that version of it.
type page struct {
	etag, modified string
	answer         answer
}

const (
	maxKept     = 100     // kept; further ones are asked for in full
	maxKeptSize = 1 << 20 // bytes of one that is kept
)

// ask adds to a request what is known of its address.
func (p *pages) ask(r *http.Request) page {
	if r.Method != http.MethodGet {
		return page{}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	known := p.kept[r.URL.String()]
	if known.etag != "" {
		r.Header.Set("If-None-Match", known.etag)
	}
	if known.modified != "" {
		r.Header.Set("If-Modified-Since", known.modified)
	}
	return known
}

// answer is the known page if resp says that it still holds. Otherwise a, which
// resp brought, is kept if it has a version.
func (p *pages) answer(resp *http.Response, known page, a answer) (answer, bool) {
	if resp.StatusCode == http.StatusNotModified && known.etag+known.modified != "" {
		return known.answer, true
	}
	fresh := page{resp.Header.Get("ETag"), resp.Header.Get("Last-Modified"), a}
	if resp.Request.Method != http.MethodGet || resp.StatusCode != http.StatusOK || fresh.etag+fresh.modified == "" || len(a.body) > maxKeptSize {
		return a, false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.kept == nil {
		p.kept = map[string]page{}
	}
	if _, again := p.kept[a.address]; again || len(p.kept) < maxKept {
		p.kept[a.address] = fresh
	}
	return a, false
}

package server

import (
	"context"
	"crypto/sha256"
	"strings"
	"sync"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/tts"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/providers"
)

// Bounds of what is known of providers' voices.
const (
	mostLists  = 512
	mostVoices = 1000

	mostVoiceText = 255 // bytes of an id, a name or a language; an agent's voice_uuid can't be longer

	listFresh   = 10 * time.Minute // after which a list is asked for again
	listFailed  = 30 * time.Second // after which a failed request is
	listWait    = time.Second      // how long an answer of ours waits for a list that was never had
	listRequest = 15 * time.Second // how long a provider may take
)

// lists keeps the providers' lists of voices, one for each key. A list that is
// old is shown while a newer one is fetched, so that nobody waits for it twice.
type lists struct {
	mu   sync.Mutex
	all  map[listKey]*list
	work sync.WaitGroup
	ctx  context.Context // of all requests
	stop context.CancelFunc
}

type listKey struct {
	provider, base string
	key            [sha256.Size]byte
}

type list struct {
	voices   []tts.Info
	whole    bool      // there are no more, or there were none when it was asked for last
	had      bool      // it was fetched once
	next     time.Time // when to ask again
	fetching chan struct{}
	used     time.Time
}

func newLists() *lists {
	l := &lists{all: map[listKey]*list{}}
	l.ctx, l.stop = context.WithCancel(context.Background())
	return l
}

// of returns what is known of p's voices. whole is false when there may be more:
// the list can't be had now, or is longer than anybody reads.
func (l *lists) of(ctx context.Context, p providers.Provider, a providers.Access) (voices []tts.Info, whole bool) {
	key := listKey{p.Name, a.BaseURL, sha256.Sum256([]byte(a.Key))}
	l.mu.Lock()
	it := l.item(key)
	if it.fetching == nil && !time.Now().Before(it.next) && l.ctx.Err() == nil {
		it.fetching = make(chan struct{})
		l.work.Go(func() { l.fetch(it, p, a) })
	}
	fetching, had := it.fetching, it.had
	l.mu.Unlock()
	if !had && fetching != nil {
		late := time.NewTimer(listWait)
		defer late.Stop()
		select {
		case <-fetching:
		case <-late.C:
		case <-ctx.Done():
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return it.voices, it.had && it.whole
}

// item is the list of key; l.mu is held. The list that nobody asked for for the
// longest time gives way to a new one.
func (l *lists) item(key listKey) *list {
	it, ok := l.all[key]
	if !ok {
		if len(l.all) >= mostLists {
			l.forget()
		}
		it = &list{}
		l.all[key] = it
	}
	it.used = time.Now()
	return it
}

func (l *lists) forget() {
	var oldest listKey
	first := true
	for key, it := range l.all {
		if it.fetching == nil && (first || it.used.Before(l.all[oldest].used)) {
			oldest, first = key, false
		}
	}
	if !first {
		delete(l.all, oldest)
	}
}

// fetch asks p for its voices. After a failure what was known stands, and there
// may be more: also a key that may speak, but not list, is a good key.
func (l *lists) fetch(it *list, p providers.Provider, a providers.Access) {
	ctx, cancel := context.WithTimeout(l.ctx, listRequest)
	defer cancel()
	voices, err := p.Speaks.Voices(ctx, a)
	l.mu.Lock()
	defer l.mu.Unlock()
	it.whole, it.next = false, time.Now().Add(listFailed)
	if err == nil {
		it.voices, it.had = listed(p.Name, voices), true
		it.whole, it.next = len(voices) > 0 && len(voices) < mostVoices, time.Now().Add(listFresh) // of none, they are not told
	}
	close(it.fetching)
	it.fetching = nil
}

// listed are those of a provider's voices that an agent can name, each once. They
// are copies: nothing else of what was read is kept.
func listed(name string, voices []tts.Info) []tts.Info {
	var all []tts.Info
	seen := map[string]bool{}
	for _, v := range voices {
		uuid := providers.VoiceUUID(name, v.ID)
		p, id := providers.OfVoice(uuid)
		_, ours := fliteVoice(uuid)
		if len(all) == mostVoices || id == "" || len(uuid) > mostVoiceText || p.Name != name || id != v.ID || ours || seen[id] {
			continue
		}
		seen[id] = true
		all = append(all, tts.Info{ID: strings.Clone(id), Name: shown(v.Name), Language: shown(v.Language)})
	}
	return all
}

// shown is the beginning of text.
func shown(text string) string {
	return strings.ToValidUTF8(strings.Clone(text[:min(len(text), mostVoiceText)]), "")
}

// close ends all requests.
func (l *lists) close() {
	l.mu.Lock()
	l.stop() // no request begins behind it
	l.mu.Unlock()
	l.work.Wait()
}

package storage

import (
	"fmt"
	"runtime"
	"sync"

	"github.com/hookswitch/hookswitch/agentcore/roster"
)

// memoryBytes is how much text of definitions is remembered.
const memoryBytes = 8 << 20

// definitions remembers what texts say, by agent. Most of the time of a long
// list would go into decoding what the last list decoded. A text that changed,
// here or by another node, is another text: nothing is ever out of date.
type definitions struct {
	mu    sync.Mutex
	known map[int64]known
	bytes int
}

type known struct {
	text string
	says roster.Definition // shared by all who asked: nobody changes it
}

// decode returns what the text of an agent says. It is shared: a thousand copies
// would take as long as to read the texts.
func (m *definitions) decode(agent int64, text string) (roster.Definition, error) {
	m.mu.Lock()
	k, there := m.known[agent]
	m.mu.Unlock()
	if there && k.text == text {
		return k.says, nil
	}
	d, err := decodeDefinition(text)
	if err == nil {
		m.remember(agent, known{text, d})
	}
	return d, err
}

// remember keeps k. When that is too much, all else is forgotten.
func (m *definitions) remember(agent int64, k known) {
	if len(k.text) > memoryBytes {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.bytes += len(k.text) - len(m.known[agent].text)
	if m.known == nil || m.bytes > memoryBytes {
		m.known, m.bytes = map[int64]known{}, len(k.text)
	}
	m.known[agent] = k
}

// decodeAll fills in the definitions of agents. It is shared among the
// processors.
func (db *DB) decodeAll(agents []roster.Agent, kept []string) error {
	share := max(32, (len(agents)+runtime.GOMAXPROCS(0)-1)/runtime.GOMAXPROCS(0))
	errs := make([]error, len(agents))
	var wg sync.WaitGroup
	for from := 0; from < len(agents); from += share {
		wg.Go(func() {
			for i := from; i < min(from+share, len(agents)); i++ {
				agents[i].Definition, errs[i] = db.definitions.decode(agents[i].ID, kept[i])
			}
		})
	}
	wg.Wait()
	for i, err := range errs {
		if err != nil {
			return fmt.Errorf("agent %s: %w", agents[i].UUID, err)
		}
	}
	return nil
}

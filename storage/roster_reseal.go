package storage

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hookswitch/hookswitch/agentcore/roster"
)

// Resealer seals with a newer key what an older one sealed.
type Resealer interface {
	// Resealed returns the secret as it should be kept, and whether that is
	// another text than s.
	Resealed(s roster.Secret) (roster.Secret, bool, error)
}

// resealBatch is how many rows one transaction goes through.
const resealBatch = 100

// ResealAll seals all secrets that are kept with the newest key, and returns how
// many rows it changed. It may be stopped at any time and run again. Once it
// returns 0, no row needs an older key: a change of an agent that was under way
// may still have written the old text, so that one run after a change of keys is
// not enough. A secret that cannot be opened stops it, and it says in which row;
// what came before is kept.
//
// It writes into versions of agents, which are otherwise never changed: the text
// of a secret's envelope is another one, what it says is not, and an older key
// could never be given up if the versions held on to it. No version is made, and
// nothing is added to the audit.
func (db *DB) ResealAll(ctx context.Context, with Resealer) (int, error) {
	return resealing{db, with, db.change}.all(ctx)
}

// ResealNeeded returns how many rows [DB.ResealAll] would change, and changes
// nothing. It opens every secret, and fails where ResealAll would.
func (db *DB) ResealNeeded(ctx context.Context, with Resealer) (int, error) {
	return resealing{db, with, nil}.all(ctx)
}

// resealing is one round through all rows.
type resealing struct {
	db     *DB
	with   Resealer
	change func(ctx context.Context, what string, do func(Tx) error) error // nil: count only
}

func (r resealing) all(ctx context.Context) (n int, err error) {
	db, with := r.db, r.with
	plain := func(s string) (string, error) { return resealText(s, with) }
	n, err = resealRows[int64](ctx, r, "phone number", plain,
		`SELECT id, token FROM phone_numbers WHERE id > $1 ORDER BY id LIMIT $2`,
		`UPDATE phone_numbers SET token = $2 WHERE id = $1`)
	if err != nil {
		return n, err
	}
	more, err := resealRows[string](ctx, r, "channel", plain,
		`SELECT id, secret FROM channels WHERE id > $1 ORDER BY id LIMIT $2`,
		`UPDATE channels SET secret = $2 WHERE id = $1`)
	n += more
	if err != nil {
		return n, err
	}
	more, err = resealRows[int64](ctx, r, "provider key", plain,
		`SELECT id, sealed FROM provider_keys WHERE id > $1 ORDER BY id LIMIT $2`,
		`UPDATE provider_keys SET sealed = $2 WHERE id = $1`)
	n += more
	if err != nil {
		return n, err
	}
	more, err = resealRows[string](ctx, r, "key pair", plain,
		`SELECT id, secret FROM key_pairs WHERE id > $1 ORDER BY id LIMIT $2`,
		`UPDATE key_pairs SET secret = $2 WHERE id = $1`)
	n += more
	if err != nil {
		return n, err
	}
	definition := func(s string) (string, error) { return resealDefinition(s, with) }
	more, err = resealRows[int64](ctx, r, "agent", definition,
		`SELECT id, definition FROM agents WHERE id > $1 ORDER BY id LIMIT $2`,
		`UPDATE agents SET definition = $2 WHERE id = $1`)
	n += more
	if err != nil {
		return n, err
	}
	var agents []int64 // those that were deleted, too: calls may still tell their webhooks
	err = db.read(ctx, "list agents", func(tx Tx) error {
		agents = nil
		return tx.Each(ctx, `SELECT id FROM agents ORDER BY id`, nil, func(scan Scan) error {
			var id int64
			err := scan(&id)
			agents = append(agents, id)
			return err
		})
	})
	for i := 0; i < len(agents) && err == nil; i++ {
		more, err = resealRows[int64](ctx, r, fmt.Sprintf("agent %d, version", agents[i]), definition,
			`SELECT n, definition FROM agent_versions WHERE agent_id = $1 AND n > $2 ORDER BY n LIMIT $3`,
			`UPDATE agent_versions SET definition = $3 WHERE agent_id = $1 AND n = $2`, agents[i])
		n += more
	}
	return n, err
}

// resealRows goes through a table in batches, by the ID of its rows. The parameters
// of find are key, the id of the row to begin behind, and how many; those of set
// are key, a row's id and its new text.
func resealRows[ID int64 | string](ctx context.Context, r resealing, what string, reseal func(string) (string, error), find, set string, key ...any) (n int, err error) {
	within := r.change
	if within == nil {
		within = r.db.read
	}
	var last ID
	for more := true; more; {
		var ids []ID
		var texts []string
		done := 0
		err := within(ctx, "reseal secrets", func(tx Tx) error {
			ids, texts, done = nil, nil, 0
			err := tx.Each(ctx, find, slices.Concat(key, []any{last, resealBatch}), func(scan Scan) error {
				var id ID
				var kept string
				err := scan(&id, &kept)
				ids, texts = append(ids, id), append(texts, kept)
				return err
			})
			for i := 0; i < len(ids) && err == nil; i++ {
				var sealed string
				if sealed, err = reseal(texts[i]); err != nil {
					return fmt.Errorf("%s %v: %w", what, ids[i], err)
				}
				if sealed != texts[i] {
					done++
				}
				if sealed != texts[i] && r.change != nil {
					_, err = tx.Exec(ctx, set, slices.Concat(key, []any{ids[i], sealed})...)
				}
			}
			return err
		})
		if err != nil {
			return n, err
		}
		n += done
		if more = len(ids) == resealBatch; more {
			last = ids[len(ids)-1]
		}
	}
	return n, nil
}

func resealText(kept string, with Resealer) (string, error) {
	s, changed, err := with.Resealed(roster.Secret(kept))
	if err != nil || !changed {
		return kept, err
	}
	return string(s), nil
}

// resealDefinition replaces the secrets in a definition's text, and nothing else
// of it: a sealed secret looks the same in JSON.
func resealDefinition(kept string, with Resealer) (string, error) {
	if !strings.Contains(kept, `"secret":`) && !strings.Contains(kept, `"provider_keys":`) {
		return kept, nil
	}
	d, err := decodeDefinition(kept)
	if err != nil {
		return kept, err
	}
	secrets := slices.Collect(maps.Values(d.Keys))
	for _, w := range d.Webhooks {
		secrets = append(secrets, w.Config.Secret)
	}
	for _, secret := range secrets {
		sealed, changed, err := with.Resealed(secret)
		if err != nil {
			return kept, err
		}
		if changed {
			kept = strings.ReplaceAll(kept, string(secret), string(sealed))
		}
	}
	return kept, nil
}

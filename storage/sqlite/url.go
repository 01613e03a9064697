package sqlite

import (
	"net/url"
	"path/filepath"
	"strings"

	"github.com/hookswitch/hookswitch/storage"
)

// Memory is the address of a database that lives and dies with its handle.
const Memory = "sqlite://" + memory

// memory is SQLite's own name for it.
const memory = ":memory:"

// checkpoint is how many pages of 4 KiB are committed before they are moved into
// the file, which takes three fsyncs, 10 to 25 ms in which nothing else is
// committed. SQLite's own 1,000 are reached each 0.8 s by 800 calls that talk; more
// than 4,062 need a second index to be looked through by whoever reads.
const checkpoint = "4000"

// path returns the file that a database address names: sqlite://data/x.db is
// relative to the working directory, sqlite:///var/x.db is not.
func path(address string) (string, error) {
	scheme, rest, ok := strings.Cut(address, "://")
	switch {
	case !ok:
		return "", storage.URLError{Why: "no scheme: write sqlite://data/hookswitch.db"}
	case scheme == "postgres" || scheme == "postgresql":
		return "", storage.URLError{Why: "that is not SQLite"}
	case scheme != "sqlite":
		return "", storage.URLError{Why: "unknown scheme: write sqlite://data/hookswitch.db"}
	case rest == "":
		return "", storage.URLError{Why: "sqlite:// needs a path, as in sqlite://data/hookswitch.db"}
	case strings.ContainsAny(rest, "?#\x00"):
		return "", storage.URLError{Why: "a sqlite:// address is a path only: no ? and no #"}
	case strings.HasSuffix(rest, "/"):
		return "", storage.URLError{Why: "sqlite:// needs a file, not a folder"}
	case rest == memory:
		return rest, nil
	}
	return filepath.Clean(rest), nil
}

// dsn is the driver's name for a file. mode is SQLite's own: rwc or ro.
func dsn(path, mode string) string {
	q := url.Values{}
	q.Set("_txlock", "immediate") // deferred transactions that turn writers fail as BUSY
	q.Add("_pragma", "busy_timeout(5000)")
	q.Add("_pragma", "foreign_keys(1)")
	if path == memory {
		return "file:" + memory + "?" + q.Encode()
	}
	q.Set("mode", mode)
	q.Add("_pragma", "cache_size(-8192)") // KiB for each connection: a list of 1,000 agents is read from memory
	if mode != "ro" {
		q.Add("_pragma", "journal_mode(WAL)")
		q.Add("_pragma", "synchronous(NORMAL)") // survives kill -9, not a power cut
		q.Add("_pragma", "wal_autocheckpoint("+checkpoint+")")
	}
	return "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + q.Encode()
}

package server

import (
	"context"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"

	"github.com/hookswitch/hookswitch/cmd/hookswitch/fault"
	"github.com/hookswitch/hookswitch/storage"
	"github.com/hookswitch/hookswitch/storage/postgres"
	"github.com/hookswitch/hookswitch/storage/sqlite"
)

// OpenStore opens the database at url, of whichever kind. What can't be opened
// is a *[fault.Fault].
func OpenStore(ctx context.Context, url string) (*storage.DB, error) {
	open := sqlite.Open
	if !embedded(url) {
		open = postgres.Open
	}
	db, err := open(ctx, url)
	if err != nil {
		return nil, databaseFault(url, err)
	}
	return db, nil
}

// embedded reports whether the database at url is a file, or memory, of ours.
func embedded(url string) bool { return strings.HasPrefix(url, "sqlite://") }

// databaseFile is the file behind a database address; empty when it is none.
func databaseFile(url string) string {
	path, _, _ := strings.Cut(strings.TrimPrefix(url, "sqlite://"), "?")
	if path == ":memory:" {
		return ""
	}
	return path
}

// missing reports whether the database is still to be made.
func missing(url string) bool {
	if !embedded(url) {
		return false
	}
	file := databaseFile(url)
	if file == "" {
		return true
	}
	_, err := os.Stat(file)
	return errors.Is(err, os.ErrNotExist)
}

// databaseFault tells why the database can't be opened.
func databaseFault(url string, err error) error {
	f := &fault.Fault{Where: fault.Keep("HOOKSWITCH_DATABASE_URL=" + bareURL(url)), Err: err}
	var newer storage.NewerSchemaError
	var bad storage.URLError
	switch {
	case errors.As(err, &newer):
		f.What = fmt.Sprintf("%s was written by a newer version (schema %d, this build knows %d)", bareURL(strings.TrimPrefix(url, "sqlite://")), newer.Have, newer.Known)
		f.Mend, f.Code = "run the newer build, or start on another file: "+fault.Keep("--database-url sqlite://data/other.db"), "db/newer"
	case errors.As(err, &bad):
		f.What, f.Code, f.Exit = "the database's address can't be used: "+bad.Why, "config/database", fault.Wrong
		f.Mend = fault.Keep("--database-url sqlite://data/hookswitch.db")
	default:
		f.What, f.Code = "the database can't be opened: "+err.Error(), "db/open"
		if !embedded(url) {
			f.Mend = "does it run, and may this user use it? look: " + fault.Keep("psql DATABASE_URL -c 'select 1'")
			break
		}
		f.Mend = "is the folder there and writable, and the file a database? another one: " + fault.Keep("--database-url sqlite://data/other.db")
	}
	return f
}

// What an address may hold of secrets: a name and password before the host, and
// what stands behind its path.
var (
	userinfo = regexp.MustCompile(`://[^/@\s]*@`)
	query    = regexp.MustCompile(`(://[^?\s]*\?)\S+`)
)

// bareURL is url without its secrets.
func bareURL(url string) string {
	return query.ReplaceAllString(userinfo.ReplaceAllString(url, "://…@"), "$1…")
}

// trunkFault tells why the trunk refuses its settings.
func trunkFault(err error) error {
	return &fault.Fault{What: "the carrier's settings can't be used: " + err.Error(), Where: "the settings under twilio, and public_url",
		Mend: fault.Keep("hookswitch config show") + " names each and where it came from", Code: "config/carrier", Exit: fault.Wrong, Err: err}
}

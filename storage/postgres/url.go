package postgres

import (
	"errors"
	"net"
	"net/url"
	"regexp"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/hookswitch/hookswitch/storage"
)

const example = "write postgres://user:password@host:5432/database"

// parameter is what the name of an option after the ? looks like.
var parameter = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_.]*$`)

// settings reads a database address. An address in which a password is not
// quoted as it must be is refused here: its half would else be taken for a host
// or a database, and be told to the log as such.
func settings(address string) (*pgxpool.Config, error) {
	scheme, _, ok := strings.Cut(address, "://")
	switch {
	case !ok:
		return nil, storage.URLError{Why: "no scheme: " + example}
	case scheme != "postgres" && scheme != "postgresql":
		return nil, storage.URLError{Why: "unknown scheme: " + example}
	}
	const quote = "; in a user's name or password, @ / : ? # % are written %40 %2F %3A %3F %23 %25"
	u, err := url.Parse(address)
	if err != nil || u.Fragment != "" || strings.ContainsAny(strings.TrimPrefix(u.Path, "/"), "/@") {
		return nil, storage.URLError{Why: "it cannot be read: " + example + quote}
	}
	query, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return nil, storage.URLError{Why: "what follows its ? cannot be read" + quote}
	}
	for name := range query {
		if !parameter.MatchString(name) {
			return nil, storage.URLError{Why: "what follows its ? is not a list of options" + quote}
		}
	}
	config, err := pgxpool.ParseConfig(address)
	if err != nil {
		return nil, storage.URLError{Why: "it, or an option in it, cannot be used: " + example}
	}
	if !query.Has("pool_max_conns") {
		config.MaxConns = Connections
	}
	if config.ConnConfig.ConnectTimeout == 0 {
		config.ConnConfig.ConnectTimeout = connectTimeout
	}
	if _, set := config.ConnConfig.RuntimeParams["application_name"]; !set {
		config.ConnConfig.RuntimeParams["application_name"] = "hookswitch"
	}
	return config, nil
}

// plain is why a connection failed, without the address that pgx puts before it.
func plain(err error) error {
	var server *pgconn.PgError
	if errors.As(err, &server) {
		return server
	}
	var name *net.DNSError
	if errors.As(err, &name) {
		return errors.New("the host's name is not known")
	}
	var network *net.OpError
	if errors.As(err, &network) {
		return network
	}
	return err
}

// Package pgtest gives tests a real Postgres. It never skips: where there is no
// server it starts one, where there are no binaries it installs them, and where
// it may not it fails and says what to do.
//
//   - HOOKSWITCH_TEST_POSTGRES, when set, is the address of a server and a user
//     that may create databases.
//   - Else a cluster of the test process's own, of the installed binaries.
//   - Else, on Debian and as root, the same after installing the package.
package pgtest

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// Variable names the environment variable with a server's address.
const Variable = "HOOKSWITCH_TEST_POSTGRES"

// server is the one that this process's tests use; started by the first that
// asks.
var server struct {
	sync.Mutex
	address string
	stop    func() error // nil: not ours, or not started
	err     error        // why there is none; asked once
	names   int
}

// URL returns the address of a new, empty database, which is dropped when the
// test ends.
func URL(t testing.TB) string {
	t.Helper()
	address, err := create("template0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { drop(t, address) })
	return address
}

// Template is a database that is filled once and copied for each test: a copy
// takes some 30 ms, a schema brought up from nothing 150.
type Template struct {
	// Fill puts into the empty database at address what all copies have, and
	// lets go of it.
	Fill func(ctx context.Context, address string) error

	once    sync.Once
	address string
	err     error
}

// URL returns the address of a new copy, which is dropped when the test ends.
func (m *Template) URL(t testing.TB) string {
	t.Helper()
	m.once.Do(func() {
		if m.address, m.err = create("template0"); m.err == nil {
			m.err = m.Fill(context.Background(), m.address)
		}
		templates.Lock()
		defer templates.Unlock()
		templates.all = append(templates.all, m.address)
	})
	if m.err != nil {
		t.Fatal(m.err)
	}
	address, err := create(database(m.address))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { drop(t, address) })
	return address
}

var templates struct {
	sync.Mutex
	all []string
}

// Main runs a package's tests and then stops what they started:
//
//	func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }
//
// Without it the server still stops when the process ends, but a moment later,
// and templates stay on a server that is not ours.
func Main(m *testing.M) int {
	code := m.Run()
	if err := Stop(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return max(code, 1)
	}
	return code
}

// Stop drops the templates and stops the server, if it is ours. Nothing of this
// package may be used after it.
func Stop() error {
	templates.Lock()
	defer templates.Unlock()
	server.Lock()
	stop := server.stop
	server.Unlock()
	if stop != nil {
		return stop() // with all that is in it
	}
	for _, address := range templates.all {
		if err := admin(`DROP DATABASE IF EXISTS ` + database(address)); err != nil {
			return err
		}
	}
	return nil
}

// create makes a database as a copy of another and returns its address.
func create(template string) (string, error) {
	server.Lock()
	if server.address == "" && server.err == nil {
		server.address, server.stop, server.err = find()
	}
	base, err := server.address, server.err
	server.names++
	name := fmt.Sprintf("hookswitch_test_%d_%s", server.names, strings.ToLower(rand.Text()[:8]))
	server.Unlock()
	if err != nil {
		return "", err
	}
	more := ""
	if template == "template0" {
		more = " ENCODING 'UTF8'"
	}
	if err := admin(`CREATE DATABASE ` + name + ` TEMPLATE ` + template + more); err != nil {
		return "", err
	}
	return at(base, name), nil
}

// drop removes the database at address, whoever is still in it.
func drop(t testing.TB, address string) {
	if err := admin(`DROP DATABASE IF EXISTS ` + database(address) + ` WITH (FORCE)`); err != nil {
		t.Error(err)
	}
}

// admin runs a statement on the server itself.
func admin(statement string) error {
	server.Lock()
	defer server.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	c, err := pgx.Connect(ctx, server.address)
	if err != nil {
		return fmt.Errorf("pgtest: %w", err)
	}
	defer c.Close(ctx)
	if _, err := c.Exec(ctx, statement); err != nil {
		return fmt.Errorf("pgtest: %s: %w", statement, err)
	}
	return nil
}

// at is a server's address with another database.
func at(address, database string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address
	}
	u.Path = "/" + database
	return u.String()
}

func database(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return strings.TrimPrefix(u.Path, "/")
}

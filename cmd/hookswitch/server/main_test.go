package server_test

import (
	"context"
	"errors"
	"net"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"
	"testing"

	"go.uber.org/goleak"

	"github.com/hookswitch/hookswitch/cmd/hookswitch/config"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/server"
	"github.com/hookswitch/hookswitch/storage/pgtest"
)

// asChild makes this very binary a gateway instead of a test: it serves what it
// inherits, with its database in the folder that the variable names.
const asChild = "SERVER_TEST_CHILD"

func TestMain(m *testing.M) {
	if dir := os.Getenv(asChild); dir != "" {
		child(dir)
		return
	}
	if os.Getenv(asGateway) != "" {
		gateway()
		return
	}
	net.DefaultResolver = &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		lookups.Add(1)
		return nil, errors.New("tests know no names")
	}}
	goleak.VerifyTestMain(m, goleak.Cleanup(func(status int) {
		if err := pgtest.Stop(); err != nil {
			os.Stderr.WriteString(err.Error() + "\n")
			status = max(status, 1)
		}
		if n := lookups.Load(); n > 0 && status == 0 {
			os.Stderr.WriteString("FAIL: names were looked up: somebody wanted to leave this machine\n")
			status = 1
		}
		os.Exit(status)
	}))
}

// lookups are the names that somebody asked a name server for. Every vendor,
// webhook and carrier of a test is on this machine.
var lookups atomic.Int32

func child(dir string) {
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, syscall.SIGTERM)
	l, err := config.Load(config.Input{Dir: dir, Flags: map[string]string{
		"listen":       "127.0.0.1:1", // refused to all but root, and never used
		"database-url": "sqlite://" + dir + "/hookswitch.db", "recordings": "off", "recogniser": "none",
	}})
	if err == nil {
		var s *server.Server
		if s, err = server.Build(context.Background(), server.Options{Config: l.Config, Load: speaks}); err == nil {
			_, err = s.RunUntil(context.Background(), signals)
		}
	}
	if err != nil {
		os.Stderr.WriteString(err.Error() + "\n")
		os.Exit(3)
	}
}

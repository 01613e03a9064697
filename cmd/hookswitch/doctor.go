package main

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/hookswitch/hookswitch/agentcore/models"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/config"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/fault"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/server"
)

// doctorCmd looks whether everything is in place. What it prints is safe to
// post: no secret, no number.
type doctorCmd struct {
	JSON     bool     `name:"json" help:"One JSON object on stdout."`
	Health   bool     `help:"Only ask the gateway that runs here whether it lives; for a container's health check."`
	Settings settings `embed:""`
}

// Run exits with 1 when a check failed.
func (c *doctorCmd) Run(ctx context.Context, s streams) error {
	l, err := c.Settings.load(s.environ)
	if err != nil {
		return err
	}
	if c.Health {
		return alive(ctx, l.Config)
	}
	found := []finding{
		{State: "ok", Name: "settings", Text: l.Origin()},
		cores(),
		hearing(ctx, l.Config),
		keyed(l.Config),
		folder("models", l.Config.CacheDir),
		database(ctx, l.Config.DatabaseURL),
		folder("recordings", l.Config.Recordings),
		port(ctx, l.Config),
	}
	found = append(found, liveKit(ctx, l.Config.LiveKit)...)
	found = append(found, road(ctx, l.Config)...)
	if c.JSON {
		err = json.NewEncoder(s.out).Encode(map[string]any{"version": version, "findings": found})
	} else {
		tell(s, found)
	}
	for _, f := range found {
		if f.State == fails {
			return fault.ErrCheckFailed
		}
	}
	return err
}

func tell(s streams, found []finding) {
	fmt.Fprintln(s.out, server.Headline(version))
	v := verdictsOn(s)
	for _, f := range found {
		v.add(f)
	}
}

func cores() finding {
	f := finding{State: "ok", Name: "cores", Text: fmt.Sprintf("%d", runtime.GOMAXPROCS(0))}
	if runtime.GOMAXPROCS(0) < 2 {
		f.State, f.Mend = "note", "one core both hears and carries audio: expect late frames while it recognises"
	}
	return f
}

func hearing(ctx context.Context, c config.Config) finding {
	f := finding{State: "ok", Name: "hearing"}
	if c.Speech.Recogniser == "none" {
		f.State, f.Text = "note", "deaf on purpose: recogniser is none"
		return f
	}
	if !models.CanRun {
		f.State, f.Text, f.Mend = "FAIL", "this build has no cgo, so no recogniser can run", "CGO_ENABLED=1 make build      (or --recogniser none)"
		return f
	}
	dir, err := models.Dir(c.CacheDir)
	var set *models.Set
	if err == nil {
		set, err = models.Open(dir)
	}
	if err == nil {
		err = set.Verify(ctx)
	}
	if err != nil {
		f.State, f.Text, f.Mend = "FAIL", err.Error(), "hookswitch models pull"
		return f
	}
	f.Text = "moonshine, every file checked by sha256"
	return f
}

// keyed names the providers that the settings have a key of. They are not asked:
// that costs.
func keyed(c config.Config) finding {
	f := finding{State: "ok", Name: "providers", Text: "none but those built in"}
	var names []string
	for _, name := range config.ProviderNames {
		if p := c.Provider(name); p.Key != "" || p.BaseURL != "" {
			names = append(names, name)
		}
	}
	if len(names) > 0 {
		f.State, f.Text, f.Mend = "note", strings.Join(names, ", ")+": not asked", "hookswitch provider check      (one real round trip each)"
	}
	return f
}

// database looks whether the records can be kept. It changes nothing there.
func database(ctx context.Context, url string) finding {
	if file, ok := strings.CutPrefix(url, "sqlite://"); ok {
		return folder("database", filepath.Dir(file))
	}
	f := finding{State: "ok", Name: "database", Text: "postgres answers"}
	ctx, stop := context.WithTimeout(ctx, 5*time.Second)
	defer stop()
	c, err := pgx.Connect(ctx, url)
	if err == nil {
		err = errors.Join(c.Ping(ctx), c.Close(ctx))
	}
	if err != nil { // its text may repeat the address
		f.State, f.Text, f.Mend = "FAIL", "postgres does not answer", "does it run, and may this user use it? psql DATABASE_URL -c 'select 1'"
	}
	return f
}

// folder looks whether something can be kept in dir.
func folder(name, dir string) finding {
	f := finding{State: "ok", Name: name, Text: dir}
	if dir == "off" || dir == "" {
		return finding{State: "note", Name: name, Text: "off"}
	}
	at := dir
	for at != "." && at != "/" {
		if _, err := os.Stat(at); err == nil {
			break
		}
		at = filepath.Dir(at) // it will be made; can it be?
	}
	probe, err := os.CreateTemp(at, ".hookswitch-doctor-*")
	if err != nil {
		f.State, f.Text, f.Mend = "FAIL", dir+" can't be written", "choose another folder, or give this user the right to write there"
		return f
	}
	probe.Close()
	os.Remove(probe.Name())
	return f
}

// port looks whether serve could listen, or does already.
func port(ctx context.Context, c config.Config) finding {
	f := finding{State: "ok", Name: "port", Text: c.Listen + " is free"}
	ln, err := net.Listen("tcp", c.Listen)
	if err == nil {
		ln.Close()
		return f
	}
	if alive(ctx, c) == nil {
		f.Text = c.Listen + ": a gateway serves here"
		return f
	}
	f.State, f.Text, f.Mend = "FAIL", c.Listen+" can't be listened to: "+bare(err), "another one: --listen 127.0.0.1:8081"
	return f
}

// bare is the last word of a network error, without addresses and wrapping.
func bare(err error) string {
	text := err.Error()
	return text[strings.LastIndex(text, ": ")+1+len(" "):]
}

// alive asks the gateway on this machine for /healthz. The certificate, if
// there is one, names the public host: it proves nothing about loopback.
func alive(ctx context.Context, c config.Config) error {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	base, err := loopback(c)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, base+"/healthz", nil)
	if err != nil {
		return err
	}
	client := http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, DisableKeepAlives: true}}
	resp, err := client.Do(req)
	if err != nil {
		return unhealthy("nothing answers on " + c.Listen)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return unhealthy(fmt.Sprintf("%s answers %d", c.Listen, resp.StatusCode))
	}
	return nil
}

// loopback is where a gateway with these settings is reached on its own machine.
func loopback(c config.Config) (string, error) {
	scheme := "http"
	if c.TLS.Cert != "" {
		scheme = "https"
	}
	host, port, err := net.SplitHostPort(c.Listen)
	if err != nil {
		return "", err
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return scheme + "://" + net.JoinHostPort(host, port), nil
}

func unhealthy(what string) error {
	return &fault.Fault{What: what, Where: "/healthz", Mend: fault.Keep("hookswitch serve"), Code: "doctor/health", Exit: fault.CheckFailed}
}

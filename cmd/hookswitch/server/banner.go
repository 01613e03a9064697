package server

import (
	"context"
	"fmt"
	"io"
	"runtime"
	"strings"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/models"
)

// line is one aspect of a start: what it is, and what one can do about it.
type line struct{ aspect, what, hint string }

func (l line) write(w io.Writer) {
	fmt.Fprintln(w, strings.TrimRight(fmt.Sprintf("%-10s %-42s  %s", l.aspect, l.what, l.hint), " "))
}

// Headline is the first line of everything that a person might paste.
func Headline(version string) string {
	hearing := "on"
	if !models.CanRun {
		hearing = "off (built without cgo)"
	}
	return fmt.Sprintf("hookswitch %s   %s %s/%s   recogniser %s", version, runtime.Version(), runtime.GOOS, runtime.GOARCH, hearing)
}

// Greet tells a person how the server stands: one aspect a line, at once what is
// known at once, and what hears and speaks when it is loaded. from says where
// the settings came from, began when the process did. It returns when all is
// told, or ctx ends.
func (s *Server) Greet(ctx context.Context, w io.Writer, from string, began time.Time) {
	fmt.Fprintln(w, Headline(s.o.Version))
	lines := []line{s.configLine(from), s.databaseLine(), s.carrierLine(), s.servingLine(), s.apiLine()}
	if a := s.AdminAddr(); a != nil {
		lines = append(lines, line{"admin", "http://" + a.String(), "/debug/pprof/   /metrics"})
	}
	for _, l := range append(lines, s.roomLines()...) {
		l.write(w)
	}
	parts, err := s.speech.wait(ctx)
	if ctx.Err() != nil {
		return
	}
	speechLine(parts, err).write(w)
	if all := s.mind.wish.outside(); len(all) > 0 {
		line{"providers", strings.Join(all, ", "), "try them: hookswitch provider check"}.write(w)
	}
	if err != nil {
		fmt.Fprintf(w, "NOT READY: callers are told so by the carrier's own voice; it is tried again every %.0f s\n", retry.Seconds())
		return
	}
	fmt.Fprintf(w, "ready in %.1f s\n", time.Since(began).Seconds())
	if s.sim != nil {
		fmt.Fprint(w, "\n  Talk to it     hookswitch talk\n")
	}
}

// Announce is [Server.Greet] for a log that no person reads along: one entry
// when the gateway serves, one when it is ready. What can't be loaded is logged
// where it fails.
func (s *Server) Announce(ctx context.Context, from string, began time.Time) {
	s.log.Info("serving", "version", s.o.Version, "address", s.listener.Addr().String(), "public", s.public,
		"carrier", s.c.Carrier, "settings", from, "database", databaseFile(s.c.DatabaseURL))
	if s.keyless {
		s.log.Info("the API has no key yet", "mend", firstKey+"; or HOOKSWITCH_BOOTSTRAP_KEY")
	}
	parts, err := s.speech.wait(ctx)
	if err != nil || ctx.Err() != nil {
		return
	}
	s.log.Info("ready", "hears", parts.Hears, "speaks", parts.Speaks, "thinks", s.c.LLM, "outside", s.mind.wish.outside(), "took", time.Since(began).Round(time.Millisecond).String())
}

func (s *Server) configLine(from string) line {
	if strings.HasPrefix(from, "defaults (") {
		return line{"config", from, "write one: hookswitch config init"}
	}
	return line{"config", from, "see them: hookswitch config show"}
}

func (s *Server) databaseLine() line {
	l := line{aspect: "database", what: "sqlite " + databaseFile(s.c.DatabaseURL)}
	switch {
	case !embedded(s.c.DatabaseURL):
		l.what = "postgres " + bareURL(s.c.DatabaseURL)
	case databaseFile(s.c.DatabaseURL) == "":
		l.what = "sqlite in memory; gone when this ends"
	case s.fresh:
		l.what += ", new"
	}
	return l
}

func (s *Server) carrierLine() line {
	if s.sim != nil {
		return line{"carrier", "simulated", "real one: HOOKSWITCH_CARRIER=twilio"}
	}
	sid := s.c.Twilio.AccountSID
	return line{"carrier", "twilio " + sid[:2] + "..." + sid[len(sid)-4:], "voice webhook: " + s.public + "/twilio/voice"}
}

func (s *Server) servingLine() line {
	return line{"serving", s.scheme() + "://" + s.listener.Addr().String(), "/twilio/voice   /api/v2   /healthz   /readyz   /metrics"}
}

// roomLines say who may come to calls beside their own agents: those of files,
// and LiveKit agents. Nothing is said of what is not set.
func (s *Server) roomLines() (lines []line) {
	if s.c.AgentsDir != "" {
		there, automatic := 0, "none"
		for _, a := range s.files.Load().Agents {
			if a.Enabled {
				there++
			}
			if a.Enabled && a.Automatic {
				automatic = strings.TrimPrefix(automatic+", "+a.Name, "none, ")
			}
		}
		lines = append(lines, line{"agents", fmt.Sprintf("%d in files; to every call: %s", there, automatic), "watched: " + s.c.AgentsDir})
	}
	if s.c.LiveKit.URL != "" {
		lines = append(lines, line{"livekit", bareURL(s.c.LiveKit.URL), "agents register at /agent: hookswitch key pair NAME"})
	}
	return lines
}

// speechLine says who hears and speaks, and shouts when nobody does.
func speechLine(p *Speech, err error) line {
	switch {
	case err != nil:
		return line{"speech", "CAN'T HEAR OR SPEAK: " + brief(err), "mend: hookswitch models pull"}
	case p.Deaf != nil:
		return line{"speech", "CAN'T HEAR, only keys: " + brief(p.Deaf), "mend: hookswitch doctor"}
	case p.Recognizer == nil:
		return line{"speech", "deaf on purpose, " + p.Speaks + " speaks", "only keys are understood"}
	}
	return line{"speech", p.Hears + " hears, " + p.Speaks + " speaks (built in)", "no provider keys needed"}
}

// apiLine says where the API is told of; and, while nobody has a key, how to
// make the first.
func (s *Server) apiLine() line {
	l := line{"api", s.scheme() + "://" + s.listener.Addr().String() + "/docs", "your keys: hookswitch key list"}
	if s.keyless {
		l.hint = firstKey
	}
	return l
}

// firstKey is what makes a key where there is none.
const firstKey = "make the first key: hookswitch key create --name me --scope admin"

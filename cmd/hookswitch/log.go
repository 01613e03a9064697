package main

import (
	"log/slog"

	"github.com/hookswitch/hookswitch/cmd/hookswitch/config"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/tracing"
)

// newLog is the log that the settings ask for, on stderr. Lines of a call say
// which trace is the call's.
func newLog(s streams, c config.Config, person bool) *slog.Logger {
	o := &slog.HandlerOptions{Level: level(c.LogLevel)}
	if text(c, person) {
		return slog.New(tracing.Log(slog.NewTextHandler(s.err, o)))
	}
	return slog.New(tracing.Log(slog.NewJSONHandler(s.err, o)))
}

// text reports whether a person reads along: the settings say so or, if they
// leave it open, stdout is a terminal.
func text(c config.Config, person bool) bool {
	return c.Log == "text" || c.Log == "auto" && person
}

func level(name string) slog.Level {
	var l slog.Level
	if l.UnmarshalText([]byte(name)) != nil { // config lets only good names through
		return slog.LevelInfo
	}
	return l
}

// Package bridge puts a call into a room of a LiveKit server, so that an agent
// there talks to the caller. It speaks LiveKit's signalling by itself and leaves
// the media to pion: LiveKit's own SDK for Go would bring 94 modules.
//
// The caller is sent as G.711 µ-law, which is what the telephone speaks and what
// a LiveKit server takes unless it is told otherwise; agents are heard in Opus.
package bridge

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/hookswitch/hookswitch/cmd/hookswitch/livekit/bridge/signal"
)

// Config says which room a call is put into. The caller's identity and name in
// the room are those of the token.
type Config struct {
	URL   string // of the LiveKit server: ws, wss, http or https. Nothing else is dialled, and no redirect followed. Required.
	Token string // an access token with roomJoin, its room, canPublish and canSubscribe. Required.
	Agent string // identity of the agent that the call is for. Empty: anybody
	Both  bool   // publish what the agent of ours says, too, as a second track: for those who listen

	Join   time.Duration // longest time to be heard in the room. Zero means 10 s.
	Wait   time.Duration // longest time until the agent is there. Zero means 30 s.
	Grace  time.Duration // longest time for an agent whose connection broke to be back. Zero means 5 s.
	Rejoin time.Duration // longest time to be in the room again when our own connection breaks. Zero means 10 s.
	Log    *slog.Logger  // nil discards
}

func (c Config) withDefaults() Config {
	or := func(d *time.Duration, fallback time.Duration) {
		if *d <= 0 {
			*d = fallback
		}
	}
	or(&c.Join, 10*time.Second)
	or(&c.Wait, 30*time.Second)
	or(&c.Grace, 5*time.Second)
	or(&c.Rejoin, 10*time.Second)
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return c
}

var (
	// ErrNobody is why a line is gone to which no agent came in time.
	ErrNobody = errors.New("bridge: no agent came into the room")
	// ErrCodec is returned for a server that does not take G.711.
	ErrCodec = errors.New("bridge: the LiveKit server does not take audio/PCMU: add it to room.enabled_codecs in its configuration")
)

// Ended is how a LiveKit server put an end to our being in the room, or to the
// agent's.
type Ended struct {
	Who    string // "we" or "the agent"
	Reason signal.DisconnectReason
}

func (e *Ended) Error() string {
	return fmt.Sprintf("bridge: %s left the room: %s", e.Who, strings.ToLower(e.Reason.String()))
}

// Dial joins the room and publishes the caller's track. It returns when the
// caller can be heard there. Whether the agent has come is told by [Line.Gone].
func Dial(ctx context.Context, c Config) (*Line, error) {
	c = c.withDefaults()
	if c.Token == "" {
		return nil, errors.New("bridge: Config.Token is empty")
	}
	at, err := endpoint(c.URL)
	if err != nil {
		return nil, err
	}
	l := newLine(c, at)
	joining, cancel := context.WithTimeout(ctx, c.Join)
	defer cancel()
	s, err := join(joining, l.joining())
	if err != nil {
		return nil, err
	}
	l.start(s)
	return l, nil
}

// endpoint is where the signalling of the server at address is. A path before it
// stays, as LiveKit's own clients have it.
func endpoint(address string) (*url.URL, error) {
	u, err := url.Parse(address)
	if err != nil {
		// Its text repeats the address, which may hold a password.
		return nil, errors.New("bridge: Config.URL is no address")
	}
	switch u.Scheme {
	case "http", "ws":
		u.Scheme = "ws"
	case "https", "wss":
		u.Scheme = "wss"
	default:
		return nil, fmt.Errorf("bridge: Config.URL has the scheme %q: it must be ws, wss, http or https", u.Scheme)
	}
	if u.Host == "" || u.User != nil {
		return nil, errors.New("bridge: Config.URL must name a host, and no user")
	}
	u = u.JoinPath("rtc")
	u.RawQuery = url.Values{
		"protocol":       {protocol},
		"auto_subscribe": {"0"}, // we ask for what is sound, and for nothing else
		"sdk":            {"go"},
	}.Encode()
	u.Fragment = ""
	return u, nil
}

// protocol is the version of LiveKit's signalling that we speak: 15 has
// LeaveRequest.action, and two peer connections.
const protocol = "15"

// loopback tells whether host is this machine: only then are its own loopback
// addresses worth trying for media.
func loopback(host string) bool {
	if host == "localhost" {
		return true
	}
	a, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil && net.IP(a.AsSlice()).IsLoopback()
}

package twilio

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"

	"github.com/gorilla/websocket"

	"github.com/hookswitch/hookswitch/telephony"
)

// The addresses that Twilio calls. They are in numbers' settings all over the
// world, so they never change.
const (
	pathVoice  = "/twilio/voice"
	pathStatus = "/twilio/status"
	pathAMD    = "/twilio/amd"
	pathNext   = "/twilio/next"
	pathMedia  = "/twilio/media"
	pathProbe  = "/twilio/probe"

	pathMessage       = "/twilio/message"        // a text came
	pathMessageStatus = "/twilio/message/status" // what became of one of ours

	pathForeign = "/livekit/twilio/{" + doorSegment + "}" // a stream of anybody's account: see foreign.go

	pathMediaOf = pathMedia + "/{" + accountSegment + "}" // of accounts that are not the trunk's own

	accountSegment = "account"
)

// Trunk answers what Twilio asks. Make one with [New], serve its Handler, and
// Close it when no more is to be answered.
type Trunk struct {
	c         Config
	desk      telephony.Desk
	base      string // scheme and host of PublicURL
	fallback  string // the same of FallbackURL; empty: there is none
	streamURL string // where streams connect: wss, or ws on loopback
	validator *Validator
	answers   *answers
	pending   pending
	strangers pending // of streams that nobody signed for: they take no place from those
	upgrader  websocket.Upgrader
	routes    []Route
	mux       *http.ServeMux
	streams   streams
	notices   notices
}

// Route is one address of a trunk. Its Path is a pattern of [http.ServeMux].
type Route struct {
	Method, Path string
	serve        http.HandlerFunc
}

// New returns a trunk that asks desk what to do. It reports every mistake in c
// at once, and starts nothing.
func New(c Config, desk telephony.Desk) (*Trunk, error) {
	c, err := c.withDefaults()
	if err != nil {
		return nil, err
	}
	if desk == nil {
		return nil, errors.New("twilio: no desk")
	}
	base := strings.TrimSuffix(c.PublicURL, "/")
	t := &Trunk{
		c:         c,
		desk:      desk,
		base:      base,
		fallback:  strings.TrimSuffix(c.FallbackURL, "/"),
		streamURL: "ws" + strings.TrimPrefix(base, "http") + pathMedia, // https gives wss
		validator: NewValidator(append([]string{c.AuthToken}, c.OldTokens...)...),
		answers:   newAnswers(),
		pending:   pending{max: c.MaxPending, perAddress: c.MaxPendingPerAddress},
		strangers: pending{max: c.MaxPending, perAddress: c.MaxPendingPerAddress},
		upgrader: websocket.Upgrader{
			// Its own buffers are never used: it only makes the upgrade.
			WriteBufferPool: &sync.Pool{},
			// Who may connect is decided by signature and token. Twilio sends
			// no Origin, and a browser can't make the signature.
			CheckOrigin: func(*http.Request) bool { return true },
		},
		mux: http.NewServeMux(),
	}
	t.streams.init()
	t.route(http.MethodPost, pathVoice, t.form(t.voice))
	t.route(http.MethodPost, pathNext, t.form(t.next))
	t.route(http.MethodPost, pathStatus, t.form(t.status))
	t.route(http.MethodPost, pathAMD, t.form(t.amd))
	t.route(http.MethodGet, pathMedia, t.media)
	t.route(http.MethodGet, pathMediaOf, t.media)
	t.route(http.MethodGet, pathForeign, t.foreign)
	t.route(http.MethodGet, pathProbe, t.probe)
	if c.Inbox != nil {
		t.route(http.MethodPost, pathMessage, t.about(messageField, t.message))
		t.route(http.MethodPost, pathMessageStatus, t.about(messageField, t.messageStatus))
	}
	return t, nil
}

// route adds one address. It is the only way into the mux, so that Routes lists
// all of it, and a test can try every one.
func (t *Trunk) route(method, path string, serve http.HandlerFunc) {
	r := Route{method, path, serve}
	t.routes = append(t.routes, r)
	t.mux.Handle(path, t.method(r))
}

// Handler serves every route of the trunk.
func (t *Trunk) Handler() http.Handler { return t.mux }

// Routes lists what Handler serves.
func (t *Trunk) Routes() []Route { return append([]Route(nil), t.routes...) }

// method lets only the route's own method through.
func (t *Trunk) method(r Route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if req.Method != r.Method {
			w.Header().Set("Allow", r.Method)
			t.refuse(w, req, refusal{status: http.StatusMethodNotAllowed, reason: ReasonMethod})
			return
		}
		r.serve(w, req)
	})
}

// Wait waits until no stream is left, for as long as ctx lasts. New ones may
// still come.
func (t *Trunk) Wait(ctx context.Context) error { return t.streams.wait(ctx) }

// Close ends the context of every conversation, with a cause that says
// [telephony.Shutdown], lets no further stream in, and waits for all of them to
// be gone for as long as ctx lasts. It may be called again to wait longer.
func (t *Trunk) Close(ctx context.Context) error {
	t.streams.close()
	t.pending.dropAll()
	t.strangers.dropAll()
	return t.streams.wait(ctx)
}

// streams counts the media sockets that are being served. It is a WaitGroup
// that can say no and whose wait can be given up.
type streams struct {
	ctx    context.Context // of every conversation
	cancel context.CancelCauseFunc

	mu     sync.Mutex
	shut   bool
	inside int
	empty  chan struct{} // closed while inside is 0
}

func (s *streams) init() {
	s.ctx, s.cancel = context.WithCancelCause(context.Background())
	s.empty = make(chan struct{})
	close(s.empty)
}

// enter lets one stream in, unless the trunk is closed.
func (s *streams) enter() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.shut {
		return false
	}
	if s.inside == 0 {
		s.empty = make(chan struct{})
	}
	s.inside++
	return true
}

func (s *streams) leave() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.inside--; s.inside == 0 {
		close(s.empty)
	}
}

func (s *streams) close() {
	s.mu.Lock()
	s.shut = true
	s.mu.Unlock()
	s.cancel(telephony.OverError{Reason: telephony.Shutdown})
}

func (s *streams) wait(ctx context.Context) error {
	s.mu.Lock()
	empty := s.empty
	s.mu.Unlock()
	return closing(empty).wait(ctx)
}

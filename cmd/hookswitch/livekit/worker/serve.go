package worker

import (
	"context"
	"crypto/rand"
	"errors"
	"net/http"
	"time"

	"github.com/gorilla/websocket"

	"github.com/hookswitch/hookswitch/cmd/hookswitch/livekit/grant"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/livekit/pb"
)

var upgrader = websocket.Upgrader{
	HandshakeTimeout: writeWithin,
	// Workers run anywhere, and come with a token, never with a cookie.
	CheckOrigin: func(*http.Request) bool { return true },
}

// ServeHTTP is GET /agent: it keeps a worker's socket from the upgrade to the
// end, in the server's own goroutine.
func (h *Hub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !websocket.IsWebSocketUpgrade(r) {
		w.WriteHeader(http.StatusNotFound) // as LiveKit has it
		return
	}
	workspace, key, ok := h.vouch(w, r)
	if !ok {
		return
	}
	if err := h.enter(workspace); err != nil {
		h.c.Count(Refused)
		status := http.StatusServiceUnavailable
		if errors.Is(err, errFull) {
			status = http.StatusTooManyRequests
		}
		http.Error(w, err.Error(), status)
		return
	}
	defer h.leave(workspace)
	conn, err := upgrader.Upgrade(w, r, nil) // answers the error itself
	if err != nil {
		h.c.Count(Refused)
		return
	}
	h.attend(conn, workspace, key)
}

// noGrant is LiveKit's answer to who may not be a worker.
const noGrant grant.Refused = "no permissions to access the room"

// vouch asks whose the request's token is, and answers when it is nobody's.
func (h *Hub) vouch(w http.ResponseWriter, r *http.Request) (workspace, key string, ok bool) {
	token, err := grant.Token(r)
	var g grant.Grant
	if err == nil && token != "" {
		g, err = h.c.Auth(r.Context(), token)
	}
	if err == nil && !g.Video.Agent {
		err = noGrant
	}
	if err == nil {
		return g.Workspace, g.Key, true
	}
	h.c.Count(Refused)
	if why, ok := errors.AsType[grant.Refused](err); ok {
		grant.Refuse(w, why)
		return "", "", false
	}
	h.c.Log.Warn("worker: cannot check a token", "err", err)
	w.WriteHeader(http.StatusServiceUnavailable) // workers try again
	return "", "", false
}

var (
	errDraining = errors.New("the gateway goes away")
	errFull     = errors.New("too many workers")
)

// enter takes a place for a socket; [Hub.leave] gives it back.
func (h *Hub) enter(workspace string) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case h.draining:
		return errDraining
	case h.open >= h.c.MaxWorkers || h.places[workspace] >= h.c.MaxOfWorkspace:
		return errFull
	}
	h.open++
	h.places[workspace]++
	h.busy.Add(1)
	return nil
}

func (h *Hub) leave(workspace string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.open--
	if h.places[workspace]--; h.places[workspace] == 0 {
		delete(h.places, workspace)
	}
	h.busy.Done()
}

// attend keeps a socket until it is closed.
func (h *Hub) attend(conn *websocket.Conn, workspace, key string) {
	s := newSocket(conn, time.Now())
	written := make(chan struct{})
	go func() {
		defer close(written)
		s.write()
	}()
	defer func() {
		s.close(closeNormal, "")
		<-written
	}()
	if !h.known(s) {
		s.close(closeGoingAway, errDraining.Error())
		return
	}
	defer h.forget(s)

	w, err := h.register(s, workspace, key)
	if err != nil {
		h.c.Count(Unregistered)
		s.close(closePolicy, err.Error())
		return
	}
	defer h.drop(w)
	for h.next(w) {
	}
}

// known notes a socket so that shut finds it; false: it is too late.
func (h *Hub) known(s *socket) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.draining {
		return false
	}
	h.sockets[s] = struct{}{}
	return true
}

func (h *Hub) forget(s *socket) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.sockets, s)
}

var errUnregistered = errors.New("register first")

// register waits for the registration and answers it, before anything else is
// said: LiveKit's own worker for Node throws at another first message.
func (h *Hub) register(s *socket, workspace, key string) (*worker, error) {
	for range burst {
		m, err := s.read()
		if err != nil {
			return nil, errUnregistered
		}
		r := m.GetRegister()
		if r == nil {
			continue // a ping, perhaps: its answer would not be the first message then
		}
		if wrong := checkRegister(r); wrong != "" {
			return nil, errors.New(wrong)
		}
		w := newWorker(s, workspace, key, r)
		if !s.send(registered(w.id, h.info())) {
			return nil, errUnregistered
		}
		s.admit()
		h.join(w)
		return w, nil
	}
	return nil, errUnregistered
}

func (h *Hub) info() *pb.ServerInfo {
	return &pb.ServerInfo{
		Edition:       pb.ServerInfo_Standard,
		Version:       h.c.Version,
		Protocol:      17, // of clients, as livekit-server v1.11 says
		NodeId:        h.c.Node,
		AgentProtocol: 1,
	}
}

// storeWithin bounds one question to the store that nobody else bounds.
const storeWithin = 5 * time.Second

func patience() (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.Background(), storeWithin)
}

// newID makes an id of LiveKit's form: 16 characters behind a prefix.
func newID(prefix string) string { return prefix + rand.Text()[:16] }

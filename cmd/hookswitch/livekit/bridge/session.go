package bridge

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"
	"github.com/pion/webrtc/v4"
	"google.golang.org/protobuf/proto"

	"github.com/hookswitch/hookswitch/cmd/hookswitch/livekit/bridge/signal"
)

const (
	maxMessage   = 4 << 20         // bytes of a message of the server's: a room's metadata may have 512 KiB
	maxTracks    = 4 * maxVoices   // that we subscribe to; no more than maxVoices of them are heard
	writeTimeout = 5 * time.Second // longest that a message of ours may take
	silence      = 30 * time.Second
)

var (
	errLost    = errors.New("bridge: the connection to the LiveKit server broke")
	errRefused = errors.New("bridge: the LiveKit server refuses us")
)

// joining is what a session needs of its line.
type joining struct {
	at     *url.URL
	token  string
	people *presence
	voices *voices
	mouths []*mouth
	codec  webrtc.RTPCodecParameters // of what we publish
	log    *slog.Logger
}

// session is one stay in the room: a websocket for the signalling and two peer
// connections. It is over when any of them is.
type session struct {
	joining
	conn     *websocket.Conn
	us       string // our identity
	alive    time.Duration
	pub, sub *peer
	tracks   []*webrtc.TrackLocalStaticRTP // one for each mouth

	writing sync.Mutex // held while a message is written

	// Owned by the goroutine that reads.
	awaited map[string]bool   // tracks that the server has not yet said to be published
	asked   map[string]string // whose tracks we subscribed to, by the track's sid

	heard chan struct{} // closed when what we publish gets there
	once  sync.Once     // closes heard

	mu    sync.Mutex
	err   error
	newer string // a token that the server gave us
	over  chan struct{}
	done  sync.WaitGroup
}

// join enters the room and returns when we can be heard. It fails with errRefused,
// [ErrCodec] or errLost; ctx bounds it.
func join(ctx context.Context, j joining) (*session, error) {
	conn, err := dial(ctx, j.at, j.token)
	if err != nil {
		return nil, err
	}
	s := &session{joining: j, conn: conn, awaited: map[string]bool{}, asked: map[string]string{},
		heard: make(chan struct{}), over: make(chan struct{})}
	// The context also ends what is read and written until we are heard.
	stop := context.AfterFunc(ctx, func() { s.end(fmt.Errorf("%w: %w", errLost, context.Cause(ctx))) })
	defer stop()
	err = s.begin()
	if err == nil {
		s.done.Go(s.read)
		s.done.Go(s.ping)
		select {
		case <-s.heard:
			return s, nil
		case <-s.over:
			err = s.why()
		}
	}
	s.end(err)
	s.close()
	return nil, err
}

func dial(ctx context.Context, at *url.URL, token string) (*websocket.Conn, error) {
	d := websocket.Dialer{Proxy: http.ProxyFromEnvironment, HandshakeTimeout: 10 * time.Second}
	// In the header, not in the address: addresses are logged.
	conn, answer, err := d.DialContext(ctx, at.String(), http.Header{"Authorization": {"Bearer " + token}})
	if err == nil {
		conn.SetReadLimit(maxMessage)
		return conn, nil
	}
	if answer == nil {
		return nil, fmt.Errorf("%w: %w", errLost, err)
	}
	defer answer.Body.Close()
	if answer.StatusCode/100 == 4 && answer.StatusCode != http.StatusTooManyRequests {
		return nil, fmt.Errorf("%w: HTTP %s", errRefused, answer.Status)
	}
	return nil, fmt.Errorf("%w: HTTP %s", errLost, answer.Status)
}

// begin reads the server's welcome, makes the peer connections and asks for our
// tracks to be published.
func (s *session) begin() error {
	s.alive = silence
	first, err := s.receive()
	if err != nil {
		return err
	}
	if l := first.GetLeave(); l != nil {
		return s.left(l)
	}
	welcome := first.GetJoin()
	if welcome == nil {
		return fmt.Errorf("%w: its first message is no join", errLost)
	}
	if other := welcome.GetAlternativeUrl(); other != "" {
		return fmt.Errorf("%w: it sends us to another server", errRefused)
	}
	if codecs := welcome.GetEnabledPublishCodecs(); len(codecs) > 0 && !enabled(codecs, s.codec.MimeType) {
		return ErrCodec
	}
	s.us = welcome.GetParticipant().GetIdentity()
	if n := welcome.GetPingTimeout(); n > 0 && n < 300 {
		s.alive = time.Duration(n) * time.Second
	}
	if err := s.connect(welcome); err != nil {
		return err
	}
	s.people.began(welcome.GetOtherParticipants(), s.us)
	return s.subscribe(welcome.GetOtherParticipants())
}

// connect makes both peer connections and asks the server to expect our tracks.
// The offer follows when it does.
func (s *session) connect(welcome *signal.JoinResponse) (err error) {
	c, local := configuration(welcome), loopback(s.at.Hostname())
	s.pub, err = newPeer(signal.SignalTarget_PUBLISHER, c, local, []webrtc.RTPCodecParameters{s.codec}, s.trickle, func(state webrtc.PeerConnectionState) {
		if state == webrtc.PeerConnectionStateConnected {
			s.once.Do(func() { close(s.heard) })
		}
		s.state(state)
	})
	if err != nil {
		return err
	}
	s.sub, err = newPeer(signal.SignalTarget_SUBSCRIBER, c, local, []webrtc.RTPCodecParameters{opusCodec, ulawCodec}, s.trickle, s.state)
	if err != nil {
		return err
	}
	s.sub.OnTrack(func(t *webrtc.TrackRemote, _ *webrtc.RTPReceiver) { s.hear(t) })
	for i, m := range s.mouths {
		id := m.name + "-" + strconv.Itoa(i)
		t, sender, err := s.pub.publish(id, s.codec)
		if err != nil {
			return err
		}
		s.tracks = append(s.tracks, t)
		s.done.Go(func() { discard(sender) })
		s.awaited[id] = true
		source := signal.TrackSource_MICROPHONE
		if i > 0 {
			source = signal.TrackSource_UNKNOWN
		}
		if err := s.send(&signal.SignalRequest{Message: &signal.SignalRequest_AddTrack{AddTrack: &signal.AddTrackRequest{
			Cid: id, Name: m.name, Type: signal.TrackType_AUDIO, Source: source, DisableDtx: true, DisableRed: true,
		}}}); err != nil {
			return err
		}
	}
	return nil
}

// discard reads the reports about what we send: pion answers the requests in them,
// and does so only when they are read.
func discard(sender *webrtc.RTPSender) {
	buf := make([]byte, maxPacket)
	for {
		if _, _, err := sender.Read(buf); err != nil && err != io.ErrShortBuffer {
			return
		}
	}
}

// state ends the session when one of the connections has failed.
func (s *session) state(state webrtc.PeerConnectionState) {
	if state == webrtc.PeerConnectionStateFailed {
		s.end(fmt.Errorf("%w: no media", errLost))
	}
}

// hear listens to one track until it ends.
func (s *session) hear(t *webrtc.TrackRemote) {
	d, err := decoderOf(t.Codec())
	if err != nil {
		s.log.Warn("a track of the room cannot be heard", slog.Any("error", err))
		return
	}
	v := s.voices.add(d, int(t.Codec().ClockRate))
	if v == nil {
		s.log.Warn("too many tracks in the room, one is not heard", slog.Int("most", maxVoices))
		return
	}
	defer s.voices.remove(v)
	_ = v.listen(func(b []byte) (int, error) {
		n, _, err := t.Read(b)
		return n, err
	})
}

// enabled tells whether mime is among codecs.
func enabled(codecs []*signal.Codec, mime string) bool {
	for _, c := range codecs {
		if strings.EqualFold(c.GetMime(), mime) {
			return true
		}
	}
	return false
}

// end ends the session; the first reason counts.
func (s *session) end(why error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return
	}
	if why == nil {
		why = io.EOF
	}
	s.err = why
	close(s.over)
	s.conn.Close()
}

// why is what ended the session: nil when they did on purpose.
func (s *session) why() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err == io.EOF {
		return nil
	}
	return s.err
}

// renewed is the token that the server gave us meanwhile, if it did.
func (s *session) renewed() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.newer
}

// close leaves the room and waits until nothing of the session is left.
func (s *session) close() {
	// The server may be gone: then nobody needs to be told.
	_ = s.send(&signal.SignalRequest{Message: &signal.SignalRequest_Leave{Leave: &signal.LeaveRequest{
		Reason: signal.DisconnectReason_CLIENT_INITIATED,
	}}})
	s.end(nil)
	for _, p := range []*peer{s.pub, s.sub} {
		if p != nil {
			_ = p.GracefulClose()
		}
	}
	s.done.Wait()
}

func (s *session) send(r *signal.SignalRequest) error {
	text, err := proto.Marshal(r)
	if err != nil {
		return fmt.Errorf("bridge: %w", err)
	}
	s.writing.Lock()
	defer s.writing.Unlock()
	// A socket that takes no deadline takes no message.
	_ = s.conn.SetWriteDeadline(time.Now().Add(writeTimeout))
	if err := s.conn.WriteMessage(websocket.BinaryMessage, text); err != nil {
		return fmt.Errorf("%w: %w", errLost, err)
	}
	return nil
}

func (s *session) receive() (*signal.SignalResponse, error) {
	_ = s.conn.SetReadDeadline(time.Now().Add(s.alive))
	kind, text, err := s.conn.ReadMessage()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errLost, err)
	}
	var r signal.SignalResponse
	if kind != websocket.BinaryMessage {
		return &r, nil
	}
	if err := proto.Unmarshal(text, &r); err != nil {
		return nil, fmt.Errorf("%w: %w", errLost, err)
	}
	return &r, nil
}

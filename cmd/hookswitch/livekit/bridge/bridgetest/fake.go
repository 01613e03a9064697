// Package bridgetest has LiveKit servers for tests: a fake one that is always
// there, and the real one where somebody has built it.
package bridgetest

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/golang-jwt/jwt/v5"
	"github.com/gorilla/websocket"
	"github.com/pion/logging"
	"github.com/pion/webrtc/v4"
	"google.golang.org/protobuf/proto"

	"github.com/hookswitch/hookswitch/cmd/hookswitch/livekit/bridge/signal"
)

// Fake is a LiveKit server that forwards sound between those in a room, as its
// clients see it: the same messages in the same order.
type Fake struct {
	t      testing.TB
	http   *httptest.Server
	Secret string                       // with which tokens are signed; empty: see Token
	Codecs []*signal.Codec              // told in the join
	Drop   func(n int) bool             // whether the nth packet of a track gets lost
	Meddle func(*signal.SignalResponse) // may change what is sent

	mu    sync.Mutex
	rooms map[string][]*guest
	done  sync.WaitGroup
}

// NewFake starts a server, which is gone when the test is over.
func NewFake(t testing.TB) *Fake {
	f := &Fake{t: t, rooms: map[string][]*guest{}}
	mux := http.NewServeMux()
	mux.HandleFunc("/rtc", f.rtc)
	f.http = httptest.NewServer(mux)
	t.Cleanup(f.Kill)
	return f
}

// URL is where it is, as http.
func (f *Fake) URL() string { return f.http.URL }

// Token is what a server without a secret takes for a token.
func (f *Fake) Token(identity, room string) string { return identity + "@" + room }

// admit says whose a token is, and for which room.
func (f *Fake) admit(token string) (identity, room string, ok bool) {
	if f.Secret == "" {
		return strings.Cut(token, "@")
	}
	var c struct {
		jwt.RegisteredClaims
		Video struct {
			RoomJoin bool   `json:"roomJoin"`
			Room     string `json:"room"`
		} `json:"video"`
	}
	_, err := jwt.ParseWithClaims(token, &c, func(*jwt.Token) (any, error) { return []byte(f.Secret), nil },
		jwt.WithValidMethods([]string{"HS256"}), jwt.WithExpirationRequired())
	return c.Subject, c.Video.Room, err == nil && c.Video.RoomJoin && c.Subject != "" && c.Video.Room != ""
}

// People are the identities of those in a room.
func (f *Fake) People(room string) (all []string) {
	f.everyone(room, func(g *guest) { all = append(all, g.info.Identity) })
	return all
}

// Rooms are the names of those that somebody is in.
func (f *Fake) Rooms() (all []string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for name, guests := range f.rooms {
		if len(guests) > 0 {
			all = append(all, name)
		}
	}
	return all
}

// DeleteRoom sends everybody out of a room.
func (f *Fake) DeleteRoom(room string) {
	f.everyone(room, func(g *guest) { g.leave(signal.LeaveRequest_DISCONNECT, signal.DisconnectReason_ROOM_DELETED) })
}

// Remove sends one out of a room.
func (f *Fake) Remove(room, identity string) {
	f.everyone(room, func(g *guest) {
		if g.info.Identity == identity {
			g.leave(signal.LeaveRequest_DISCONNECT, signal.DisconnectReason_PARTICIPANT_REMOVED)
		}
	})
}

// HangUp breaks the signalling of one who may come back.
func (f *Fake) HangUp(room, identity string) {
	f.everyone(room, func(g *guest) {
		if g.info.Identity == identity {
			g.conn.Close()
		}
	})
}

// Kill ends the server as if its process had died.
func (f *Fake) Kill() {
	f.http.Listener.Close()
	f.mu.Lock()
	for _, guests := range f.rooms {
		for _, g := range guests {
			g.conn.Close()
		}
	}
	f.mu.Unlock()
	f.http.Close()
	f.done.Wait()
}

// everyone does something with those in a room.
func (f *Fake) everyone(room string, do func(*guest)) {
	f.mu.Lock()
	guests := append([]*guest(nil), f.rooms[room]...)
	f.mu.Unlock()
	for _, g := range guests {
		do(g)
	}
}

// guest is one who is in a room of a Fake.
type guest struct {
	f       *Fake
	room    string
	conn    *websocket.Conn
	writing sync.Mutex
	reason  signal.DisconnectReason // why it went; owned by its reader

	mu       sync.Mutex
	info     *signal.ParticipantInfo
	pub, sub *webrtc.PeerConnection
	names    map[string]string // of tracks, by cid
	tracks   map[string]*webrtc.TrackLocalStaticRTP
	offered  bool // and not yet answered
	again    bool // another offer is due
	early    map[signal.SignalTarget][]webrtc.ICECandidateInit
}

func (f *Fake) rtc(w http.ResponseWriter, r *http.Request) {
	identity, room, ok := f.admit(strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "))
	if !ok {
		http.Error(w, "invalid token", http.StatusUnauthorized)
		return
	}
	conn, err := (&websocket.Upgrader{}).Upgrade(w, r, nil)
	if err != nil {
		return
	}
	f.done.Add(1)
	defer f.done.Done()
	g := &guest{f: f, room: room, conn: conn, reason: signal.DisconnectReason_SIGNAL_CLOSE,
		info:  &signal.ParticipantInfo{Sid: "PA_" + identity, Identity: identity, State: signal.ParticipantInfo_ACTIVE},
		names: map[string]string{}, tracks: map[string]*webrtc.TrackLocalStaticRTP{},
		early: map[signal.SignalTarget][]webrtc.ICECandidateInit{}}
	g.pub, g.sub = newPC(), newPC()
	for target, pc := range map[signal.SignalTarget]*webrtc.PeerConnection{signal.SignalTarget_PUBLISHER: g.pub, signal.SignalTarget_SUBSCRIBER: g.sub} {
		pc.OnICECandidate(func(c *webrtc.ICECandidate) {
			if c == nil {
				return
			}
			text, _ := json.Marshal(c.ToJSON())
			g.say(&signal.SignalResponse{Message: &signal.SignalResponse_Trickle{Trickle: &signal.TrickleRequest{CandidateInit: string(text), Target: target}}})
		})
	}
	g.pub.OnTrack(func(t *webrtc.TrackRemote, _ *webrtc.RTPReceiver) { g.forward(t) })
	_, _ = g.sub.CreateDataChannel("_reliable", nil)
	g.enter()
	g.read()
	g.quit()
}

func newPC() *webrtc.PeerConnection {
	var engine webrtc.MediaEngine
	for _, c := range []webrtc.RTPCodecParameters{
		{PayloadType: 111, RTPCodecCapability: webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeOpus, ClockRate: 48000, Channels: 2}},
		{PayloadType: 0, RTPCodecCapability: webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypePCMU, ClockRate: 8000}},
	} {
		if err := engine.RegisterCodec(c, webrtc.RTPCodecTypeAudio); err != nil {
			panic(err)
		}
	}
	var s webrtc.SettingEngine
	s.SetIncludeLoopbackCandidate(true)
	s.SetInterfaceFilter(func(name string) bool { return name == "lo" || name == "lo0" })
	s.LoggerFactory = &logging.DefaultLoggerFactory{Writer: io.Discard}
	pc, err := webrtc.NewAPI(webrtc.WithMediaEngine(&engine), webrtc.WithSettingEngine(s)).NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		panic(err)
	}
	return pc
}

// enter puts one of the same name out, welcomes g and tells the others.
func (g *guest) enter() {
	welcome := &signal.JoinResponse{Participant: g.info, SubscriberPrimary: true, PingTimeout: 15, PingInterval: 5, EnabledPublishCodecs: g.f.Codecs,
		IceServers: []*signal.ICEServer{{Urls: []string{"stun:stun.invalid:19302"}}}} // the real one names a public server unless it is told one
	g.f.everyone(g.room, func(o *guest) {
		if o.info.Identity == g.info.Identity {
			o.leave(signal.LeaveRequest_DISCONNECT, signal.DisconnectReason_DUPLICATE_IDENTITY)
			return
		}
		welcome.OtherParticipants = append(welcome.OtherParticipants, o.told())
	})
	g.f.mu.Lock()
	g.f.rooms[g.room] = append(g.f.rooms[g.room], g)
	g.f.mu.Unlock()
	g.say(&signal.SignalResponse{Message: &signal.SignalResponse_Join{Join: welcome}})
	g.tell()
	g.offer()
}

// quit takes g out of the room.
func (g *guest) quit() {
	g.conn.Close()
	g.f.mu.Lock()
	guests := g.f.rooms[g.room]
	for i, o := range guests {
		if o == g {
			g.f.rooms[g.room] = append(guests[:i:i], guests[i+1:]...)
			break
		}
	}
	g.f.mu.Unlock()
	g.mu.Lock()
	g.info.State, g.info.DisconnectReason = signal.ParticipantInfo_DISCONNECTED, g.reason
	g.mu.Unlock()
	if g.reason != signal.DisconnectReason_DUPLICATE_IDENTITY {
		g.tell()
	}
	g.pub.GracefulClose()
	g.sub.GracefulClose()
}

// told is what others are told about g.
func (g *guest) told() *signal.ParticipantInfo {
	g.mu.Lock()
	defer g.mu.Unlock()
	return proto.Clone(g.info).(*signal.ParticipantInfo)
}

func (g *guest) tell() {
	info := g.told()
	g.f.everyone(g.room, func(o *guest) {
		if o != g {
			o.say(&signal.SignalResponse{Message: &signal.SignalResponse_Update{Update: &signal.ParticipantUpdate{Participants: []*signal.ParticipantInfo{info}}}})
		}
	})
}

func (g *guest) leave(action signal.LeaveRequest_Action, why signal.DisconnectReason) {
	g.mu.Lock()
	g.reason = why
	g.mu.Unlock()
	g.say(&signal.SignalResponse{Message: &signal.SignalResponse_Leave{Leave: &signal.LeaveRequest{Action: action, Reason: why}}})
}

func (g *guest) say(r *signal.SignalResponse) {
	if g.f.Meddle != nil {
		r = proto.Clone(r).(*signal.SignalResponse)
		g.f.Meddle(r)
	}
	text, err := proto.Marshal(r)
	if err != nil {
		panic(err)
	}
	g.writing.Lock()
	defer g.writing.Unlock()
	_ = g.conn.WriteMessage(websocket.BinaryMessage, text)
}

func (g *guest) read() {
	for {
		_, text, err := g.conn.ReadMessage()
		if err != nil {
			return
		}
		var r signal.SignalRequest
		if proto.Unmarshal(text, &r) != nil {
			return
		}
		if r.GetLeave() != nil {
			g.mu.Lock()
			g.reason = signal.DisconnectReason_CLIENT_INITIATED
			g.mu.Unlock()
			return
		}
		g.handle(&r)
	}
}

func (g *guest) handle(r *signal.SignalRequest) {
	switch m := r.GetMessage().(type) {
	case *signal.SignalRequest_AddTrack:
		g.mu.Lock()
		g.names[m.AddTrack.Cid] = m.AddTrack.Name
		g.mu.Unlock()
		g.say(&signal.SignalResponse{Message: &signal.SignalResponse_TrackPublished{TrackPublished: &signal.TrackPublishedResponse{Cid: m.AddTrack.Cid}}})
	case *signal.SignalRequest_Offer:
		g.described(signal.SignalTarget_PUBLISHER, g.pub, webrtc.SDPTypeOffer, m.Offer.Sdp)
		answer, err := g.pub.CreateAnswer(nil)
		if err != nil || g.pub.SetLocalDescription(answer) != nil {
			return
		}
		g.say(&signal.SignalResponse{Message: &signal.SignalResponse_Answer{Answer: &signal.SessionDescription{Type: "answer", Sdp: answer.SDP}}})
	case *signal.SignalRequest_Answer:
		g.described(signal.SignalTarget_SUBSCRIBER, g.sub, webrtc.SDPTypeAnswer, m.Answer.Sdp)
		g.mu.Lock()
		g.offered = false
		again := g.again
		g.mu.Unlock()
		if again {
			g.offer()
		}
	case *signal.SignalRequest_Trickle:
		g.candidate(m.Trickle)
	case *signal.SignalRequest_Subscription:
		for _, sid := range m.Subscription.TrackSids {
			g.f.everyone(g.room, func(o *guest) {
				o.mu.Lock()
				t := o.tracks[sid]
				o.mu.Unlock()
				if t != nil {
					_, _ = g.sub.AddTrack(t)
				}
			})
		}
		g.offer()
	case *signal.SignalRequest_PingReq:
		g.say(&signal.SignalResponse{Message: &signal.SignalResponse_PongResp{PongResp: &signal.Pong{LastPingTimestamp: m.PingReq.Timestamp}}})
	}
}

func (g *guest) described(target signal.SignalTarget, pc *webrtc.PeerConnection, kind webrtc.SDPType, sdp string) {
	if pc.SetRemoteDescription(webrtc.SessionDescription{Type: kind, SDP: sdp}) != nil {
		return
	}
	for _, c := range g.early[target] {
		_ = pc.AddICECandidate(c)
	}
	delete(g.early, target)
}

func (g *guest) candidate(t *signal.TrickleRequest) {
	var c webrtc.ICECandidateInit
	if err := json.Unmarshal([]byte(t.CandidateInit), &c); err != nil {
		g.f.t.Errorf("%s sent a candidate that livekit-server can't decode: %v", g.info.Identity, err)
		return
	}
	pc := g.pub
	if t.Target == signal.SignalTarget_SUBSCRIBER {
		pc = g.sub
	}
	if pc.RemoteDescription() == nil {
		g.early[t.Target] = append(g.early[t.Target], c)
		return
	}
	_ = pc.AddICECandidate(c)
}

// offer offers what g has subscribed to, once the last offer was answered.
func (g *guest) offer() {
	g.mu.Lock()
	if g.again = g.offered; g.again {
		g.mu.Unlock()
		return
	}
	g.offered = true
	g.mu.Unlock()
	offer, err := g.sub.CreateOffer(nil)
	if err != nil || g.sub.SetLocalDescription(offer) != nil {
		return
	}
	g.say(&signal.SignalResponse{Message: &signal.SignalResponse_Offer{Offer: &signal.SessionDescription{Type: "offer", Sdp: offer.SDP}}})
}

// forward makes a track that g publishes known, and copies its packets.
func (g *guest) forward(t *webrtc.TrackRemote) {
	local, err := webrtc.NewTrackLocalStaticRTP(t.Codec().RTPCodecCapability, t.ID(), g.info.Identity)
	if err != nil {
		return
	}
	g.mu.Lock()
	sid := "TR_" + g.info.Identity + "_" + t.ID()
	g.tracks[sid] = local
	g.info.Tracks = append(g.info.Tracks, &signal.TrackInfo{Sid: sid, Name: g.names[t.ID()], Type: signal.TrackType_AUDIO, MimeType: t.Codec().MimeType})
	g.mu.Unlock()
	g.tell()
	for n := 1; ; n++ {
		p, _, err := t.ReadRTP()
		if err != nil {
			return
		}
		if g.f.Drop != nil && g.f.Drop(n) {
			continue
		}
		_ = local.WriteRTP(p)
	}
}

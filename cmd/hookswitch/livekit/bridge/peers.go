package bridge

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pion/ice/v4"
	"github.com/pion/interceptor"
	"github.com/pion/logging"
	"github.com/pion/webrtc/v4"

	"github.com/hookswitch/hookswitch/cmd/hookswitch/livekit/bridge/signal"
	"github.com/hookswitch/hookswitch/media"
)

const (
	maxServers    = 8  // addresses of STUN and TURN servers that are used
	maxCandidates = 64 // that wait for the description they belong to

	disconnected = 5 * time.Second // without a packet until a connection counts as disturbed
	failed       = 5 * time.Second // more until it counts as lost
	keepalive    = 2 * time.Second
)

// mu-law has a payload type of its own since RFC 3551; Opus has any. We ask for no
// forward error correction, which our decoder could not use.
var (
	nacks     = []webrtc.RTCPFeedback{{Type: "nack"}}
	ulawCodec = webrtc.RTPCodecParameters{PayloadType: 0, RTPCodecCapability: webrtc.RTPCodecCapability{
		MimeType: webrtc.MimeTypePCMU, ClockRate: media.Rate, RTCPFeedback: nacks}}
	opusCodec = webrtc.RTPCodecParameters{PayloadType: 111, RTPCodecCapability: webrtc.RTPCodecCapability{
		MimeType: webrtc.MimeTypeOpus, ClockRate: 48000, Channels: 2, SDPFmtpLine: "minptime=10", RTCPFeedback: nacks}}
)

// peer is one of the two connections to a LiveKit server: what we publish goes
// over one, what we hear comes over the other. Its methods are called by one
// goroutine.
type peer struct {
	*webrtc.PeerConnection
	target  signal.SignalTarget
	waiting []webrtc.ICECandidateInit // until the server's description is there
}

// newPeer makes a connection. Its candidates go to trickle; lost is called when it
// has failed. local is whether the server is on this machine.
func newPeer(target signal.SignalTarget, c webrtc.Configuration, local bool, codecs []webrtc.RTPCodecParameters,
	trickle func(*signal.TrickleRequest), state func(webrtc.PeerConnectionState)) (*peer, error) {
	var (
		engine   webrtc.MediaEngine
		registry interceptor.Registry
		settings webrtc.SettingEngine
	)
	for _, codec := range codecs {
		if err := engine.RegisterCodec(codec, webrtc.RTPCodecTypeAudio); err != nil {
			return nil, fmt.Errorf("bridge: %s: %w", codec.MimeType, err)
		}
	}
	if err := webrtc.ConfigureNack(&engine, &registry); err != nil {
		return nil, fmt.Errorf("bridge: nack: %w", err)
	}
	if err := webrtc.ConfigureRTCPReports(&registry); err != nil {
		return nil, fmt.Errorf("bridge: reports: %w", err)
	}
	// What goes wrong there is told by states and errors; pion would print it.
	settings.LoggerFactory = &logging.DefaultLoggerFactory{Writer: io.Discard}
	settings.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled) // browsers hide behind it, servers don't
	settings.SetIncludeLoopbackCandidate(local)
	if local {
		c.ICEServers = nil // a livekit-server without any names Google's: nobody else need know of a call on this machine
	}
	settings.SetICETimeouts(disconnected, failed, keepalive)

	pc, err := webrtc.NewAPI(webrtc.WithMediaEngine(&engine), webrtc.WithInterceptorRegistry(&registry),
		webrtc.WithSettingEngine(settings)).NewPeerConnection(c)
	if err != nil {
		return nil, fmt.Errorf("bridge: %w", err)
	}
	pc.OnICECandidate(func(candidate *webrtc.ICECandidate) {
		if candidate == nil {
			return // livekit-server 1.11 takes a final one without a candidate for a broken one, and warns
		}
		text, err := json.Marshal(candidate.ToJSON())
		if err != nil {
			return
		}
		trickle(&signal.TrickleRequest{Target: target, CandidateInit: string(text)})
	})
	pc.OnConnectionStateChange(state)
	return &peer{PeerConnection: pc, target: target}, nil
}

// configuration is what a join says about how the server is reached.
func configuration(j *signal.JoinResponse) webrtc.Configuration {
	var c webrtc.Configuration
	if j.GetClientConfiguration().GetForceRelay() == signal.ClientConfigSetting_ENABLED {
		c.ICETransportPolicy = webrtc.ICETransportPolicyRelay
	}
	for _, s := range j.GetIceServers() {
		urls := s.GetUrls()
		if len(c.ICEServers) == maxServers || len(urls) == 0 || len(urls) > maxServers {
			continue
		}
		c.ICEServers = append(c.ICEServers, webrtc.ICEServer{URLs: urls, Username: s.GetUsername(), Credential: s.GetCredential()})
	}
	return c
}

// candidate takes one address of the server's.
func (p *peer) candidate(t *signal.TrickleRequest) error {
	var c webrtc.ICECandidateInit
	if t.GetCandidateInit() == "" {
		return nil
	}
	if err := json.Unmarshal([]byte(t.GetCandidateInit()), &c); err != nil {
		return fmt.Errorf("bridge: a candidate: %w", err)
	}
	if p.RemoteDescription() == nil {
		if len(p.waiting) < maxCandidates {
			p.waiting = append(p.waiting, c)
		}
		return nil
	}
	return p.AddICECandidate(c)
}

// described takes the server's description, and the candidates that were before it.
func (p *peer) described(kind webrtc.SDPType, sdp string) error {
	if err := p.SetRemoteDescription(webrtc.SessionDescription{Type: kind, SDP: sdp}); err != nil {
		return fmt.Errorf("bridge: the server's %s: %w", kind, err)
	}
	for _, c := range p.waiting {
		// One that cannot be used leaves the others.
		_ = p.AddICECandidate(c)
	}
	p.waiting = nil
	return nil
}

// offer is what a publisher sends first.
func (p *peer) offer() (*signal.SessionDescription, error) {
	d, err := p.CreateOffer(nil)
	if err == nil {
		err = p.SetLocalDescription(d)
	}
	if err != nil {
		return nil, fmt.Errorf("bridge: our offer: %w", err)
	}
	return &signal.SessionDescription{Type: "offer", Sdp: d.SDP}, nil
}

// answer is what a subscriber says to an offer of the server's.
func (p *peer) answer(o *signal.SessionDescription) (*signal.SessionDescription, error) {
	if err := p.described(webrtc.SDPTypeOffer, o.GetSdp()); err != nil {
		return nil, err
	}
	d, err := p.CreateAnswer(nil)
	if err == nil {
		err = p.SetLocalDescription(d)
	}
	if err != nil {
		return nil, fmt.Errorf("bridge: our answer: %w", err)
	}
	return &signal.SessionDescription{Type: "answer", Sdp: d.SDP, Id: o.GetId()}, nil
}

// publish adds a track whose id the server knows from our AddTrackRequest.
func (p *peer) publish(id string, codec webrtc.RTPCodecParameters) (*webrtc.TrackLocalStaticRTP, *webrtc.RTPSender, error) {
	t, err := webrtc.NewTrackLocalStaticRTP(codec.RTPCodecCapability, id, "call")
	if err != nil {
		return nil, nil, fmt.Errorf("bridge: %w", err)
	}
	sender, err := p.AddTransceiverFromTrack(t, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionSendonly})
	if err != nil {
		return nil, nil, fmt.Errorf("bridge: %w", err)
	}
	return t, sender.Sender(), nil
}

// takes tells whether the server's answer takes what has the given payload type.
func takes(answer string, payload webrtc.PayloadType) bool {
	d := webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: answer}
	parsed, err := d.Unmarshal()
	if err != nil {
		return true // it will be refused as such
	}
	for _, m := range parsed.MediaDescriptions {
		if m.MediaName.Media != "audio" {
			continue
		}
		if m.MediaName.Port.Value == 0 || !slices.Contains(m.MediaName.Formats, strconv.Itoa(int(payload))) {
			return false
		}
	}
	return true
}

// decoderOf returns what makes sound of a track, and nil for what we can't.
func decoderOf(c webrtc.RTPCodecParameters) (decoder, error) {
	switch {
	case strings.EqualFold(c.MimeType, webrtc.MimeTypePCMU):
		return ulaw{}, nil
	case strings.EqualFold(c.MimeType, webrtc.MimeTypeOpus):
		return newOpus()
	}
	return nil, fmt.Errorf("bridge: a track of %s", c.MimeType)
}

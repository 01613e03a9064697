package bridge

import (
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/pion/webrtc/v4"

	"github.com/hookswitch/hookswitch/cmd/hookswitch/livekit/bridge/signal"
)

// read does what the server says until the session is over.
func (s *session) read() {
	for {
		r, err := s.receive()
		if err == nil {
			err = s.handle(r)
		}
		if err != nil || r.GetLeave() != nil {
			s.end(err)
			return
		}
	}
}

// handle does what one message says. An error ends the session.
func (s *session) handle(r *signal.SignalResponse) error {
	switch m := r.GetMessage().(type) {
	case *signal.SignalResponse_Offer:
		answer, err := s.sub.answer(m.Offer)
		if err != nil {
			return fmt.Errorf("%w: %w", errLost, err)
		}
		return s.send(&signal.SignalRequest{Message: &signal.SignalRequest_Answer{Answer: answer}})
	case *signal.SignalResponse_Answer:
		if !takes(m.Answer.GetSdp(), s.codec.PayloadType) {
			return ErrCodec
		}
		if err := s.pub.described(webrtc.SDPTypeAnswer, m.Answer.GetSdp()); err != nil {
			return fmt.Errorf("%w: %w", errLost, err)
		}
	case *signal.SignalResponse_Trickle:
		s.address(m.Trickle)
	case *signal.SignalResponse_TrackPublished:
		return s.published(m.TrackPublished.GetCid())
	case *signal.SignalResponse_RequestResponse:
		return s.refused(m.RequestResponse)
	case *signal.SignalResponse_Update:
		people := m.Update.GetParticipants()
		for _, p := range people {
			s.people.update(p, s.us)
		}
		return s.subscribe(people)
	case *signal.SignalResponse_RefreshToken:
		s.mu.Lock()
		s.newer = m.RefreshToken
		s.mu.Unlock()
	case *signal.SignalResponse_Leave:
		return s.left(m.Leave)
	}
	return nil
}

// address takes a candidate of the server's; one that we can't use leaves others.
func (s *session) address(t *signal.TrickleRequest) {
	p := s.pub
	if t.GetTarget() == signal.SignalTarget_SUBSCRIBER {
		p = s.sub
	}
	if err := p.candidate(t); err != nil {
		s.log.Debug("an address of the LiveKit server is of no use", slog.Any("error", err))
	}
}

// trickle tells the server where we can be reached.
func (s *session) trickle(t *signal.TrickleRequest) {
	// A websocket that broke is found out by who reads it.
	_ = s.send(&signal.SignalRequest{Message: &signal.SignalRequest_Trickle{Trickle: t}})
}

// published sends our offer once the server expects all our tracks.
func (s *session) published(cid string) error {
	if !s.awaited[cid] {
		return nil
	}
	delete(s.awaited, cid)
	if len(s.awaited) > 0 {
		return nil
	}
	offer, err := s.pub.offer()
	if err != nil {
		return err
	}
	return s.send(&signal.SignalRequest{Message: &signal.SignalRequest_Offer{Offer: offer}})
}

// refused ends the session when the server does not let us publish.
func (s *session) refused(r *signal.RequestResponse) error {
	if r.GetReason() == signal.RequestResponse_OK || r.GetReason() == signal.RequestResponse_QUEUED || r.GetAddTrack() == nil {
		return nil
	}
	return fmt.Errorf("%w: the caller's track: %s", errRefused, strings.ToLower(r.GetReason().String()))
}

// subscribe asks for the sound of those who have some that we have not asked for,
// and forgets what they have no more.
func (s *session) subscribe(people []*signal.ParticipantInfo) error {
	var sids []string
	for _, p := range people {
		if p.GetIdentity() == s.us {
			continue
		}
		has := sounds(p)
		maps.DeleteFunc(s.asked, func(sid, of string) bool { return of == p.GetIdentity() && !slices.Contains(has, sid) })
		for _, sid := range has {
			if _, asked := s.asked[sid]; !asked && len(s.asked) < maxTracks {
				s.asked[sid] = p.GetIdentity()
				sids = append(sids, sid)
			}
		}
	}
	if len(sids) == 0 {
		return nil
	}
	return s.send(&signal.SignalRequest{Message: &signal.SignalRequest_Subscription{Subscription: &signal.UpdateSubscription{
		TrackSids: sids, Subscribe: true,
	}}})
}

// sounds are the tracks of one who is there that we can hear.
func sounds(p *signal.ParticipantInfo) (sids []string) {
	if p.GetState() == signal.ParticipantInfo_DISCONNECTED {
		return nil
	}
	for _, t := range p.GetTracks() {
		if t.GetType() == signal.TrackType_AUDIO && t.GetEncryption() == signal.Encryption_NONE {
			sids = append(sids, t.GetSid())
		}
	}
	return sids
}

// left is why the server wants us to leave, as an error: nil when somebody hung up.
// A room that is deleted before the agent came hangs up on nobody: it may be the
// last agent that tidies up behind itself.
func (s *session) left(l *signal.LeaveRequest) error {
	switch why := l.GetReason(); {
	case l.GetAction() != signal.LeaveRequest_DISCONNECT || l.GetCanReconnect():
		return fmt.Errorf("%w: it asks us to come back: %s", errLost, strings.ToLower(why.String()))
	case hungUp(why) && (why == signal.DisconnectReason_PARTICIPANT_REMOVED || s.people.came()):
		return nil
	default:
		return &Ended{Who: "we", Reason: why}
	}
}

// ping keeps the server from taking us for dead, and has it send something, so that
// we know that it is not.
func (s *session) ping() {
	every := time.NewTicker(s.alive / 3)
	defer every.Stop()
	for {
		select {
		case <-s.over:
			return
		case now := <-every.C:
			if err := s.send(&signal.SignalRequest{Message: &signal.SignalRequest_PingReq{PingReq: &signal.Ping{
				Timestamp: now.UnixMilli(),
			}}}); err != nil {
				s.end(err)
				return
			}
		}
	}
}

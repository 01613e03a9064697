package server

import (
	"strings"

	"github.com/hookswitch/hookswitch/telephony/twilio"
)

// count sorts what the trunk finds odd into the metrics that people look at.
func (s *Server) count(reason string) {
	switch reason {
	case twilio.ReasonBinary, twilio.ReasonMalformed, twilio.ReasonUnknownEvent, twilio.ReasonUnexpectedEvent,
		twilio.ReasonWrongStream, twilio.ReasonOtherTrack, twilio.ReasonBadBase64, twilio.ReasonMediaFirst,
		twilio.ReasonSecondStart, twilio.ReasonUnknownMark, twilio.ReasonMarkOverflow, twilio.ReasonTooFast:
		s.set.MessageIgnored(reason)
	case twilio.ReasonStop, twilio.ReasonSilent, twilio.ReasonTooBig, twilio.ReasonPeerClosed,
		twilio.ReasonViolation, twilio.ReasonBroken, twilio.ReasonSlowReader:
		s.set.StreamLost(reason)
	case twilio.ReasonNoStart, twilio.ReasonPendingFull, twilio.ReasonNoToken, twilio.ReasonBadToken, twilio.ReasonStillTalking,
		twilio.ReasonBadFormat, twilio.ReasonNotUpgrade, twilio.ReasonDeskFailed:
		s.set.SocketRefused(reason)
	case twilio.ReasonProbed: // by the operator, or by nobody who can sign
	case twilio.ReasonRepeated:
		s.set.RequestRepeated()
	default:
		if verdict, ok := strings.CutPrefix(reason, twilio.ReasonAnsweredBy); ok {
			s.set.AnsweredBy(verdict)
			return
		}
		s.set.RequestRefused(reason)
	}
}

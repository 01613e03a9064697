package twilio

// Reasons under which oddities are counted through Config.Count and
// LegConfig.Count. The set is closed, so it may label a metric.
const (
	// Messages that were ignored; the stream went on.
	ReasonBinary          = "binary_message"
	ReasonMalformed       = "malformed_message"
	ReasonUnknownEvent    = "unknown_event"
	ReasonUnexpectedEvent = "unexpected_event" // connected in mid-stream; mark, dtmf or stop before start
	ReasonWrongStream     = "wrong_stream_sid"
	ReasonOtherTrack      = "other_track"
	ReasonBadBase64       = "bad_encoding"
	ReasonTooFast         = "too_fast" // more audio than there was time for, of a stream that nobody signed for
	ReasonMediaFirst      = "media_before_start"
	ReasonSecondStart     = "second_start"
	ReasonUnknownMark     = "unknown_mark"
	ReasonMarkOverflow    = "mark_overflow" // more marks open than anyone asks for; the oldest was forgotten

	// Why a stream was lost, as the server counts it (cmd/hookswitch/server/count.go).
	ReasonStop       = "stream_stop"
	ReasonSilent     = "stream_silent" // no message for LegConfig.ReadTimeout
	ReasonTooBig     = "message_too_big"
	ReasonPeerClosed = "stream_closed"
	ReasonViolation  = "stream_violation" // the far end broke the rules of websockets
	ReasonBroken     = "stream_broken"
	ReasonSlowReader = "slow_reader" // a write took longer than LegConfig.WriteTimeout

	// Why a socket was never admitted.
	ReasonNoStart      = "no_start"
	ReasonPendingFull  = "pending_full"
	ReasonNoToken      = "no_token"
	ReasonBadToken     = "bad_token"
	ReasonStillTalking = "still_talking"
	ReasonBadFormat    = "bad_media_format"
	ReasonNotUpgrade   = "not_a_websocket"
	ReasonDeskFailed   = "desk_failed"

	// Why a request was refused, or something to know about it.
	ReasonMethod         = "method"
	ReasonBodyTooBig     = "body_too_big"
	ReasonBadForm        = "bad_form"
	ReasonUnsigned       = "unsigned"
	ReasonBadSignature   = "bad_signature"
	ReasonWrongAccount   = "wrong_account"   // it names an account that is not known here
	ReasonAccountsFailed = "accounts_failed" // whether it is known could not be found out
	ReasonClosed         = "trunk_closed"
	ReasonUnknownCall    = "unknown_call"
	ReasonNoChannel      = "no_channel"               // nobody here has the address that a text came to
	ReasonInboxFailed    = "inbox_failed"             // a text, or what became of one, could not be kept: Twilio asks again
	ReasonTokenReused    = "idempotency_token_reused" // with another body than before
	ReasonRepeated       = "repeated_request"         // answered again from memory
	ReasonAnsweredBy     = "answered_by_"             // followed by one of Twilio's verdicts, or "other"
	ReasonProbed         = "probed"                   // somebody with the token proved the road to us; no refusal
)

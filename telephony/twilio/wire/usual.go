package wire

// usual reads a media message that looks, byte for byte but for its values, as
// Twilio's have looked for years: nothing is searched that is known to be there,
// at a fraction of what [Parse] takes else. It reports false for any other
// message, which may be as good, and leaves m as it was.
func usual(msg []byte, m *Message) bool {
	rest := behind(msg, `{"event":"media","sequenceNumber":"`)
	rest = behind(rest[digitsRun(rest):], `","media":{"track":"`)
	track := rest[:wordRun(rest)]
	rest = behind(rest[len(track):], `","chunk":"`)
	rest = behind(rest[digitsRun(rest):], `","timestamp":"`)
	at := rest[:digitsRun(rest)]
	rest = behind(rest[len(at):], `","payload":"`)
	payload := rest[:plainRun(rest)]
	rest = behind(rest[len(payload):], `"},"streamSid":"`)
	stream := rest[:plainRun(rest)]
	if string(rest[len(stream):]) != `"}` { // also when something before it was missing
		return false
	}
	*m = Message{Kind: Media, StreamSID: stream, Track: track, Payload: payload}
	m.Time, m.Timed = millisOf(at)
	return true
}

// behind is what follows text, with which b begins; nil if it does not.
func behind(b []byte, text string) []byte {
	if len(b) < len(text) || string(b[:len(text)]) != text {
		return nil
	}
	return b[len(text):]
}

// digitsRun counts the digits that b begins with.
func digitsRun(b []byte) (n int) {
	for n < len(b) && '0' <= b[n] && b[n] <= '9' {
		n++
	}
	return n
}

// wordRun counts the small letters that b begins with.
func wordRun(b []byte) (n int) {
	for n < len(b) && 'a' <= b[n] && b[n] <= 'z' {
		n++
	}
	return n
}

package wire

import "encoding/json"

// StartInfo is what the start message tells of a stream.
type StartInfo struct {
	AccountSID string
	CallSID    string
	StreamSID  string
	Tracks     []string
	Encoding   string            // "audio/x-mulaw"
	SampleRate int               // Hz
	Channels   int               // 1
	Params     map[string]string // from the <Parameter> nouns of the TwiML; nil if none
}

// startMessage is the start message as it travels.
type startMessage struct {
	Start *struct {
		AccountSID  string   `json:"accountSid"`
		StreamSID   string   `json:"streamSid"`
		CallSID     string   `json:"callSid"`
		Tracks      []string `json:"tracks"`
		MediaFormat struct {
			Encoding   string `json:"encoding"`
			SampleRate int    `json:"sampleRate"`
			Channels   int    `json:"channels"`
		} `json:"mediaFormat"`
		CustomParameters map[string]string `json:"customParameters"`
	} `json:"start"`
}

// parseStart reads the one message of a stream that may cost an allocation.
func parseStart(msg []byte) (*StartInfo, bool) {
	var m startMessage
	if json.Unmarshal(msg, &m) != nil || m.Start == nil {
		return nil, false
	}
	return &StartInfo{
		AccountSID: m.Start.AccountSID,
		CallSID:    m.Start.CallSID,
		StreamSID:  m.Start.StreamSID,
		Tracks:     m.Start.Tracks,
		Encoding:   m.Start.MediaFormat.Encoding,
		SampleRate: m.Start.MediaFormat.SampleRate,
		Channels:   m.Start.MediaFormat.Channels,
		Params:     m.Start.CustomParameters,
	}, true
}

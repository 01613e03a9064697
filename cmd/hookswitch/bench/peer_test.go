package bench

import "encoding/json"

// understandByLibrary is a media message's audio, by encoding/json.
func understandByLibrary(text []byte) ([]byte, error) {
	var m struct {
		Event     string `json:"event"`
		StreamSid string `json:"streamSid"`
		Media     struct {
			Track   string `json:"track"`
			Payload []byte `json:"payload"`
		} `json:"media"`
	}
	err := json.Unmarshal(text, &m)
	return m.Media.Payload, err
}

// mediaByLibrary is the message that plays ulaw, by encoding/json.
func mediaByLibrary(stream string, ulaw []byte) ([]byte, error) {
	type media struct {
		Payload []byte `json:"payload"`
	}
	return json.Marshal(struct {
		Event     string `json:"event"`
		StreamSid string `json:"streamSid"`
		Media     media  `json:"media"`
	}{"media", stream, media{ulaw}})
}

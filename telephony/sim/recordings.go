package sim

import (
	"encoding/binary"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/hookswitch/hookswitch/media"
)

// recordings is what a carrier keeps of what was recorded. The zero recordings
// is empty.
type recordings struct {
	mu  sync.Mutex
	all []Recording
}

// maxRecordings is how many are kept; the oldest are forgotten.
const maxRecordings = 100

// keep keeps frames that c's phone said until now.
func (r *recordings) keep(c *Call, frames []media.Frame) Recording {
	rec := Recording{SID: newSID("RE"), Call: c.sid, Frames: frames, owner: c.owner}
	rec.Began = time.Now().Add(-rec.Duration())
	rec.URL = c.carrier.base() + "/" + apiVersion + "/Accounts/" + c.owner.SID + "/Recordings/" + rec.SID
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.all) >= maxRecordings {
		r.all = slices.Delete(r.all, 0, 1)
	}
	r.all = append(r.all, rec)
	return rec
}

// base is the address before every REST path.
func (c *Carrier) base() string {
	if c.cfg.Base == "" {
		return "https://api.twilio.com"
	}
	return strings.TrimRight(c.cfg.Base, "/")
}

// Recordings returns what Record verbs kept, the oldest first.
func (c *Carrier) Recordings() []Recording {
	c.recordings.mu.Lock()
	defer c.recordings.mu.Unlock()
	return slices.Clone(c.recordings.all)
}

// serveRecording sends a recording as WAV, to who has its account's credentials.
func (c *Carrier) serveRecording(w http.ResponseWriter, r *http.Request) {
	a, fail := c.authenticate(r)
	sid := strings.TrimSuffix(r.PathValue("recording"), ".wav")
	all := c.Recordings()
	i := slices.IndexFunc(all, func(rec Recording) bool { return rec.SID == sid && rec.owner == a })
	if fail == nil && i < 0 {
		fail = notFound(r)
	}
	if fail != nil {
		c.reportRefusal(r, fail)
		writeJSON(w, fail.Status, fail)
		return
	}
	w.Header().Set("Content-Type", "audio/x-wav")
	_, _ = w.Write(waveFile(all[i].Frames)) // a client that is gone needs no sound
}

// waveFile is frames as a WAV file: mono, 16 bits, 8 kHz.
func waveFile(frames []media.Frame) []byte {
	const width = 2
	size := uint32(len(frames) * media.FrameSamples * width)
	le := binary.LittleEndian
	b := make([]byte, 0, 44+size)
	b = le.AppendUint32(append(b, "RIFF"...), 36+size)
	b = le.AppendUint32(append(b, "WAVEfmt "...), 16)
	b = le.AppendUint16(b, 1) // PCM
	b = le.AppendUint16(b, 1) // channel
	b = le.AppendUint32(b, media.Rate)
	b = le.AppendUint32(b, media.Rate*width)
	b = le.AppendUint16(b, width)
	b = le.AppendUint16(b, width*8)
	b = le.AppendUint32(append(b, "data"...), size)
	for i := range frames {
		for _, s := range frames[i] {
			b = le.AppendUint16(b, uint16(s))
		}
	}
	return b
}

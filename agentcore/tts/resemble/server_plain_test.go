package resemble_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net/http"
	"strings"

	"github.com/hookswitch/hookswitch/agentcore/provider/providertest"
	"github.com/hookswitch/hookswitch/agentcore/tts/voicetest"
)

// wave is a WAV file's header, with the chunks before the sound that Resemble
// puts there.
func wave(tag, bits, size int) []byte {
	le := binary.LittleEndian
	b := []byte("RIFF\xff\xff\xff\xffWAVEfmt \x10\x00\x00\x00")
	b = le.AppendUint16(b, uint16(tag))
	b = le.AppendUint16(b, 1)
	b = le.AppendUint32(b, 8000)
	b = le.AppendUint32(b, uint32(8000*bits/8))
	b = le.AppendUint16(b, uint16(bits/8))
	b = le.AppendUint16(b, uint16(bits))
	b = append(b, "cue \x04\x00\x00\x00\x00\x00\x00\x00"...)
	b = append(b, "list\x05\x00\x00\x00adtlx\x00"...) // odd, and filled up
	b = append(b, "data"...)
	return le.AppendUint32(b, uint32(size))
}

func (s *server) stream(w http.ResponseWriter, r *http.Request) {
	if !s.enter(w, r) {
		return
	}
	var body bytes.Buffer
	if _, err := body.ReadFrom(r.Body); err != nil {
		s.t.Error(err)
	}
	q := s.read(body.Bytes())
	if q.Precision != "PCM_16" {
		s.t.Errorf("precision %q", q.Precision)
	}
	s.mu.Lock()
	s.posts = append(s.posts, q)
	s.mu.Unlock()
	switch s.Fault {
	case providertest.SaysError:
		w.WriteHeader(http.StatusInternalServerError)
		fmt.Fprintf(w, `{"success":false,"message":"not that phrase: %s"}`, q.Data)
		return
	case providertest.TalksRot:
		w.Header().Set("Content-Type", "audio/wav")
		fmt.Fprint(w, strings.Repeat("This is no sound. ", 100))
		return
	}
	w.Header().Set("Content-Type", "audio/wav")
	pcm := voicetest.Hum(len(voicetest.Words(q.Data)), 8000)
	sound := voicetest.Linear(pcm)
	if s.mulaw {
		sound = voicetest.Mulaw(pcm)
		sound = append(wave(7, 8, len(sound)), append(sound, "LIST\x04\x00\x00\x00none"...)...)
	} else {
		if s.Fault == providertest.TooLarge {
			sound = bytes.Repeat(sound, 1000)
		}
		sound = append(wave(1, 16, 0xFFFFFFFF), sound...)
	}
	piece := 1501
	if s.Fault == providertest.Fast {
		piece = len(sound)
	}
	for i := 0; len(sound) > 0; i++ {
		n := min(piece, len(sound))
		if _, err := w.Write(sound[:n]); err != nil {
			return
		}
		if f, ok := w.(http.Flusher); ok && s.Fault != providertest.TooLarge {
			f.Flush()
		}
		sound = sound[n:]
		if i == 3 && s.Fault == providertest.Closes {
			panic(http.ErrAbortHandler)
		}
	}
}

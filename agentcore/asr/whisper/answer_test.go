package whisper

import (
	"bytes"
	"encoding/binary"
	"errors"
	"strings"
	"testing"
	"unicode"

	"github.com/hookswitch/hookswitch/agentcore/asr/live"
	"github.com/hookswitch/hookswitch/agentcore/provider"
	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/media/wav"
)

// Whatever a server answers is either words, without a line's break, or an error
// that repeats none of it.
func FuzzAnswer(f *testing.F) {
	for _, seed := range []string{
		`{"text":" Hello,\n world."}`, `{"text":null}`, `{"text":7}`, `{"error":{"message":"no","code":"server_error"}}`,
		`{"error":null,"text":""}`, `{"error":"no"}`, `[]`, ``, `{"text":"` + strings.Repeat("a", 1000), "\xff\x00",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, answer []byte) {
		text, err := read(answer)
		var e *provider.Error
		switch {
		case err == nil:
			if strings.TrimSpace(text) != text || strings.ContainsFunc(text, func(r rune) bool { return r != ' ' && unicode.IsSpace(r) }) {
				t.Errorf("text = %q", text)
			}
		case text != "" || !errors.As(err, &e):
			t.Errorf("read() = %q, %v", text, err)
		}
	})
}

func TestAnAnswersErrorShowsItsCodeAndNoMore(t *testing.T) {
	_, err := read([]byte(`{"error":{"message":"sk-very-secret","code":"server_error"}}`))
	if provider.ClassOf(err) != provider.Unavailable || !strings.HasSuffix(err.Error(), "failed: server_error") {
		t.Errorf("err = %v", err)
	}
}

// Sizes are exact, though a reader could do without: not every server's can.
func TestRecordingsAreExactToTheByte(t *testing.T) {
	pcm := make([]int16, 3*media.FrameSamples)
	for i := range pcm {
		pcm[i] = int16(i%200-100) * 80
	}
	for _, format := range Formats {
		file, err := recording(format, pcm)
		if err != nil {
			t.Fatal(err)
		}
		if size := int(binary.LittleEndian.Uint32(file[4:])); size != len(file)-8 || len(file)%2 != 0 {
			t.Errorf("%s: says %d bytes, has %d", format, size, len(file)-8)
		}
		at := bytes.Index(file, []byte("data"))
		want := 3 * media.FrameSamples * format.Rate() / media.Rate * 2
		if format == live.Mulaw {
			want = 3 * media.FrameSamples
			if at != 50 || binary.LittleEndian.Uint32(file[at-4:]) != uint32(want) {
				t.Errorf("%s: the data begin at %d, fact says %d samples", format, at, binary.LittleEndian.Uint32(file[at-4:]))
			}
		} else if at != 36 {
			t.Errorf("%s: the data begin at %d", format, at)
		}
		if size := int(binary.LittleEndian.Uint32(file[at+4:])); size < want-2 || size > want+2 {
			t.Errorf("%s: %d bytes of sound, want %d", format, size, want)
		}
		a, err := wav.Parse(file)
		if err != nil || a.Rate != format.Rate() || a.Channels != 1 {
			t.Errorf("%s: %+v, %v", format, a.Format, err)
		}
		if format == live.PCM8k {
			for i := range pcm {
				if a.Samples[i] != pcm[i] {
					t.Fatalf("%s: sample %d is %d, want %d", format, i, a.Samples[i], pcm[i])
				}
			}
		}
	}
}

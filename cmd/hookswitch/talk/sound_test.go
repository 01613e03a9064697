package talk

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hookswitch/hookswitch/cmd/hookswitch/fault"
	"github.com/hookswitch/hookswitch/media/wav"
)

// write makes a WAV file of samples.
func write(t *testing.T, f wav.Format, samples []int16) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "caller.wav")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	w, err := wav.NewWriter(file, f)
	if err == nil {
		err = errors.Join(w.Write(samples), w.Close(), file.Close())
	}
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// buzz is a second of sound on the left channel.
func buzz(rate, channels int) []int16 {
	samples := make([]int16, rate*channels)
	for i := 0; i < rate; i++ {
		samples[i*channels] = int16(8000 * (i/(rate/200)%2*2 - 1))
	}
	return samples
}

func format(e wav.Encoding, rate, channels int) wav.Format {
	return wav.Format{Encoding: e, Rate: rate, Channels: channels}
}

func TestSoundIsReadAtEveryRate(t *testing.T) {
	for _, f := range []wav.Format{format(wav.PCM16, 8000, 1), format(wav.MuLaw, 8000, 1), format(wav.PCM16, 16000, 2), format(wav.PCM16, 24000, 1), format(wav.PCM16, 44100, 1), format(wav.PCM16, 48000, 2)} {
		frames, err := ReadSound(write(t, f, buzz(f.Rate, f.Channels)))
		if err != nil || len(frames) < 50 || len(frames) > 51 {
			t.Errorf("%+v: %d frames, %v; want a second", f, len(frames), err)
		}
	}
}

func TestSoundThatCannotBePlayedSaysWhy(t *testing.T) {
	text := filepath.Join(t.TempDir(), "notes.wav")
	if err := os.WriteFile(text, []byte("not a sound, but long enough to be read as one, if nobody looks"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ path, what, mend string }{
		{filepath.Join(t.TempDir(), "nowhere.wav"), "can't be read: no such file", "name a WAV file"},
		{t.TempDir(), "can't be read: is a directory", "name a WAV file"},
		{text, "does not begin with RIFF and WAVE", "ffmpeg -i FILE"},
		{write(t, format(wav.PCM16, 11025, 1), buzz(11025, 1)), "11025 Hz", "ffmpeg -i FILE"},
		{write(t, format(wav.PCM16, 8000, 1), make([]int16, 8000)), "nothing can be heard", "ffmpeg -i FILE"},
	} {
		_, err := ReadSound(tt.path)
		var b strings.Builder
		fault.Write(&b, err, fault.Plain)
		told := strings.Join(strings.Fields(b.String()), " ")
		if fault.Status(err) != fault.Wrong || !strings.Contains(told, tt.what) || !strings.Contains(told, tt.mend) || !strings.Contains(told, "--wav") {
			t.Errorf("%s: status %d\n%s", tt.path, fault.Status(err), b.String())
		}
	}
}

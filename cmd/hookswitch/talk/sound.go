package talk

import (
	"errors"
	"fmt"
	"os"

	"github.com/hookswitch/hookswitch/cmd/hookswitch/fault"
	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/media/wav"
	"github.com/hookswitch/hookswitch/telephony/sim/handset"
)

// ReadSound reads what a caller says from a WAV file: mono, or the left channel,
// at 8, 16, 22.05, 24, 44.1 or 48 kHz. What can't be played is a *[fault.Fault].
func ReadSound(path string) ([]media.Frame, error) {
	audio, err := wav.ReadFile(path)
	if err != nil {
		return nil, soundFault(path, err)
	}
	frames, err := audio.Frames(0)
	if err != nil {
		return nil, soundFault(path, fmt.Errorf("it has %d Hz: %w", audio.Rate, err))
	}
	if _, _, ok := handset.VoicedSpan(frames); !ok {
		return nil, soundFault(path, errSilent)
	}
	return frames, nil
}

var errSilent = errors.New("nothing can be heard in it")

func soundFault(path string, err error) error {
	f := &fault.Fault{Where: fault.Keep("--wav " + path), Code: "talk/wav", Exit: fault.Wrong, Err: err,
		Mend: "16-bit or mu-law WAV, the caller alone or on the left, at 8, 16, 22.05, 24, 44.1 or 48 kHz: " + fault.Keep("ffmpeg -i FILE -ac 1 -ar 16000 call.wav")}
	var pe *os.PathError
	switch {
	case errors.As(err, &pe):
		f.What, f.Mend = "the caller's sound can't be read: "+pe.Err.Error(), "name a WAV file that is there"
	default:
		f.What = "the caller's sound can't be played: " + err.Error()
	}
	return f
}

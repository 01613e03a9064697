package wav_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/media/g711"
	"github.com/hookswitch/hookswitch/media/wav"
)

func write(t testing.TB, f wav.Format, samples []int16) []byte {
	t.Helper()
	var d disk
	w, err := wav.NewWriter(&d, f)
	if err != nil {
		t.Fatal(err)
	}
	for len(samples) > 0 {
		n := min(len(samples), 3000*f.Channels)
		if err := w.Write(samples[:n]); err != nil {
			t.Fatal(err)
		}
		samples = samples[n:]
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return d.bytes
}

func TestWhatIsWrittenIsRead(t *testing.T) {
	for _, enc := range []wav.Encoding{wav.PCM16, wav.MuLaw} {
		for channels := 1; channels <= 3; channels++ {
			for _, n := range []int{0, 1, 2, 5001} {
				f := wav.Format{Encoding: enc, Rate: 8000, Channels: channels}
				t.Run(fmt.Sprintf("%v, %d channels, %d", enc, channels, n), func(t *testing.T) {
					samples := tone(n*channels, 8000, 300, 32000)
					a, err := wav.Parse(write(t, f, samples))
					if err != nil {
						t.Fatal(err)
					}
					want := slices.Clone(samples)
					if enc == wav.MuLaw {
						for i, s := range want {
							want[i] = g711.DecodeSample(g711.EncodeSample(s))
						}
					}
					if a.Format != f || !slices.Equal(a.Samples, want) {
						t.Errorf("read %+v and %d samples, want %+v and %d, the same ones", a.Format, len(a.Samples), f, len(want))
					}
					if got, want := a.Duration(), time.Duration(n)*time.Second/8000; got != want {
						t.Errorf("Duration() = %v, want %v", got, want)
					}
				})
			}
		}
	}
}

func TestHeaderOfMuLawIsByTheBook(t *testing.T) {
	got := write(t, wav.Format{Encoding: wav.MuLaw, Rate: 8000, Channels: 2}, make([]int16, 6))
	want := "RIFF\x38\x00\x00\x00WAVE" + // 56 = 4 + 26 + 12 + 8 + 6
		"fmt \x12\x00\x00\x00\x07\x00\x02\x00\x40\x1f\x00\x00\x80\x3e\x00\x00\x02\x00\x08\x00\x00\x00" +
		"fact\x04\x00\x00\x00\x03\x00\x00\x00" +
		"data\x06\x00\x00\x00\xff\xff\xff\xff\xff\xff"
	if string(got) != want {
		t.Errorf("got\n%q, want\n%q", got, want)
	}
}

func TestHeaderOfPCMIsByTheBook(t *testing.T) {
	got := write(t, wav.Format{Encoding: wav.PCM16, Rate: 16000, Channels: 1}, []int16{1, -2})
	want := "RIFF\x28\x00\x00\x00WAVE" +
		"fmt \x10\x00\x00\x00\x01\x00\x01\x00\x80\x3e\x00\x00\x00\x7d\x00\x00\x02\x00\x10\x00" +
		"data\x04\x00\x00\x00\x01\x00\xfe\xff"
	if string(got) != want {
		t.Errorf("got\n%q, want\n%q", got, want)
	}
}

func TestOddLengthIsPadded(t *testing.T) {
	got := write(t, wav.Format{Encoding: wav.MuLaw, Rate: 8000, Channels: 1}, make([]int16, 3))
	if len(got)%2 != 0 {
		t.Errorf("the file has %d bytes", len(got))
	}
	if riff := int(binary.LittleEndian.Uint32(got[4:])); riff != len(got)-8 {
		t.Errorf("the file says it has %d bytes, it has %d", riff, len(got)-8)
	}
	if data := binary.LittleEndian.Uint32(got[54:]); data != 3 {
		t.Errorf("the samples are said to have %d bytes, want 3", data)
	}
}

func TestFileNeverClosedIsReadToItsEnd(t *testing.T) {
	for _, enc := range []wav.Encoding{wav.PCM16, wav.MuLaw} {
		var d disk
		w, err := wav.NewWriter(&d, wav.Format{Encoding: enc, Rate: 8000, Channels: 2})
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Write(make([]int16, 1000)); err != nil {
			t.Fatal(err)
		}
		if a, err := wav.Parse(d.bytes); err != nil || len(a.Samples) != 1000 {
			t.Errorf("%v: read %d samples, error %v; want 1000", enc, len(a.Samples), err)
		}
		if err := w.Sync(); err != nil {
			t.Fatal(err)
		}
		if err := w.Write(make([]int16, 500)); err != nil {
			t.Fatal(err)
		}
		if a, err := wav.Parse(d.bytes); err != nil || len(a.Samples) != 1000 {
			t.Errorf("%v: after Sync and more, read %d samples, error %v; want the 1000 that were synced", enc, len(a.Samples), err)
		}
	}
}

func TestWriterRefuses(t *testing.T) {
	for _, f := range []wav.Format{
		{}, {wav.PCM16, 8000, 0}, {wav.PCM16, 8000, 9}, {wav.PCM16, 0, 1}, {wav.PCM16, -8000, 1}, {6, 8000, 1}, {wav.PCM16, 1e6, 1},
	} {
		if _, err := wav.NewWriter(new(disk), f); !errors.Is(err, wav.ErrFormat) {
			t.Errorf("NewWriter(%+v) = %v, want ErrFormat", f, err)
		}
	}
	w, err := wav.NewWriter(new(disk), wav.Format{Encoding: wav.PCM16, Rate: 8000, Channels: 2})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Write(make([]int16, 3)); err == nil {
		t.Error("three samples for two channels gave no error")
	}
	if err := w.Close(); err != nil {
		t.Errorf("Close() = %v", err)
	}
	if err := w.Write(make([]int16, 2)); err == nil {
		t.Error("Write after Close gave no error")
	}
}

func TestWriterKeepsTheFirstError(t *testing.T) {
	w, err := wav.NewWriter(&disk{full: 1000}, wav.Format{Encoding: wav.PCM16, Rate: 8000, Channels: 1})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Write(make([]int16, 1000)); !errors.Is(err, errFull) {
		t.Errorf("Write() = %v, want %v", err, errFull)
	}
	if err := w.Close(); !errors.Is(err, errFull) {
		t.Errorf("Close() = %v, want %v", err, errFull)
	}
	if _, err := wav.NewWriter(&disk{full: 1}, wav.Format{Encoding: wav.PCM16, Rate: 8000, Channels: 1}); !errors.Is(err, errFull) {
		t.Errorf("NewWriter() = %v, want %v", err, errFull)
	}
}

// Pieces to make odd files of.
const (
	riff    = "RIFF\x00\x00\x00\x00WAVE"
	mono    = "\x01\x00\x01\x00\x40\x1f\x00\x00\x80\x3e\x00\x00\x02\x00\x10\x00"
	format  = "fmt \x10\x00\x00\x00" + mono
	samples = "data\x04\x00\x00\x00\x01\x00\x02\x00"
)

func TestOddFilesAreRead(t *testing.T) {
	for _, c := range []struct {
		name, file string
		want       []int16
	}{
		{"as it should be", "RIFF\x28\x00\x00\x00WAVE" + format + samples, []int16{1, 2}},
		{"wrong size of the whole", "RIFF\x01\x00\x00\x00WAVE" + format + samples, []int16{1, 2}},
		{"unknown chunk first", riff + "LIST\x04\x00\x00\x00abcd" + format + samples, []int16{1, 2}},
		{"odd chunk, padded", riff + "LIST\x03\x00\x00\x00abc\x00" + format + samples, []int16{1, 2}},
		{"odd chunk, not padded", riff + "LIST\x03\x00\x00\x00abc" + format + samples, []int16{1, 2}},
		{"chunk after the samples", riff + format + samples + "LIST\x04\x00\x00\x00abcd", []int16{1, 2}},
		{"longer format", riff + "fmt \x12\x00\x00\x00" + mono + "\x00\x00" + samples, []int16{1, 2}},
		{"much longer format", riff + "fmt \x3c\x00\x00\x00" + mono + strings.Repeat("\x00", 44) + samples, []int16{1, 2}},
		{"extensible", riff + "fmt \x28\x00\x00\x00\xfe\xff" + mono[2:] + "\x16\x00\x10\x00\x04\x00\x00\x00" +
			"\x01\x00\x00\x00\x00\x00\x10\x00\x80\x00\x00\xaa\x00\x38\x9b\x71" + samples, []int16{1, 2}},
		{"samples stop early", riff + format + "data\x00\x01\x00\x00\x01\x00\x02\x00", []int16{1, 2}},
		{"half a sample at the end", riff + format + "data\x00\x01\x00\x00\x01\x00\x02\x00\x03", []int16{1, 2}},
		{"size left at zero", riff + format + "data\x00\x00\x00\x00\x01\x00\x02\x00", []int16{1, 2}},
		{"size left at all ones", riff + format + "data\xff\xff\xff\xff\x01\x00\x02\x00", []int16{1, 2}},
		{"really empty", "RIFF\x30\x00\x00\x00WAVE" + format + "data\x00\x00\x00\x00LIST\x04\x00\x00\x00abcd", nil},
		{"two formats: the last counts", riff + "fmt \x10\x00\x00\x00\x07\x00\x01\x00\x40\x1f\x00\x00\x40\x1f\x00\x00\x01\x00\x08\x00" + format + samples, []int16{1, 2}},
	} {
		t.Run(c.name, func(t *testing.T) {
			a, err := wav.Parse([]byte(c.file))
			if err != nil || !slices.Equal(a.Samples, c.want) {
				t.Errorf("got %v, error %v; want %v", a.Samples, err, c.want)
			}
			if a.Format != (wav.Format{Encoding: wav.PCM16, Rate: 8000, Channels: 1}) {
				t.Errorf("format %+v", a.Format)
			}
		})
	}
}

func TestBadFilesAreRefused(t *testing.T) {
	for _, c := range []struct{ name, file string }{
		{"empty", ""},
		{"another format", "ID3\x03 an mp3 file would begin like this"},
		{"big-endian", "RIFX\x00\x00\x00\x00WAVE" + format + samples},
		{"cut in the format", riff + format[:12]},
		{"no samples", riff + format},
		{"samples before the format", riff + samples + format},
		{"format too short", riff + "fmt \x04\x00\x00\x00\x01\x00\x01\x00" + samples},
		{"chunk that claims 4 GB", riff + "LIST\xfe\xff\xff\xffabcd" + format + samples},
		{"24 bit", riff + "fmt \x10\x00\x00\x00" + mono[:14] + "\x18\x00" + samples},
		{"A-law", riff + "fmt \x10\x00\x00\x00\x06\x00" + mono[2:14] + "\x08\x00" + samples},
		{"floating point", riff + "fmt \x10\x00\x00\x00\x03\x00" + mono[2:14] + "\x20\x00" + samples},
		{"no channel", riff + "fmt \x10\x00\x00\x00\x01\x00\x00\x00" + mono[4:] + samples},
		{"65535 channels", riff + "fmt \x10\x00\x00\x00\x01\x00\xff\xff" + mono[4:] + samples},
		{"0 Hz", riff + "fmt \x10\x00\x00\x00\x01\x00\x01\x00\x00\x00\x00\x00" + mono[8:] + samples},
	} {
		if a, err := wav.Parse([]byte(c.file)); !errors.Is(err, wav.ErrFormat) || a.Samples != nil {
			t.Errorf("%s: got %d samples, error %v; want ErrFormat", c.name, len(a.Samples), err)
		}
	}
}

// endless is a file whose samples never end.
type endless struct{ head string }

func (e *endless) Read(b []byte) (int, error) {
	n := copy(b, e.head)
	e.head = e.head[n:]
	return max(n, len(b)), nil
}

func TestEndlessFilesAreRefused(t *testing.T) {
	for _, head := range []string{riff + format + "data\xff\xff\xff\xff", riff + "LIST\xfe\xff\xff\xff"} {
		if _, err := wav.Read(&endless{head}); !errors.Is(err, wav.ErrTooLarge) {
			t.Errorf("Read() = %v, want ErrTooLarge", err)
		}
	}
}

func TestReaderThatFailsIsReported(t *testing.T) {
	broken := errors.New("cable out")
	for _, file := range []string{"", riff, riff + format, riff + format + "data\xff\xff\x00\x00\x01\x00"} {
		if _, err := wav.Read(&failing{file, broken}); !errors.Is(err, broken) {
			t.Errorf("after %d bytes: Read() = %v, want %v", len(file), err, broken)
		}
	}
}

type failing struct {
	rest string
	err  error
}

func (f *failing) Read(b []byte) (int, error) {
	if f.rest == "" {
		return 0, f.err
	}
	n := copy(b, f.rest)
	f.rest = f.rest[n:]
	return n, nil
}

func TestReadFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.wav")
	if err := os.WriteFile(path, []byte(riff+format+samples), 0o600); err != nil {
		t.Fatal(err)
	}
	if a, err := wav.ReadFile(path); err != nil || len(a.Samples) != 2 {
		t.Errorf("read %d samples, error %v", len(a.Samples), err)
	}
	if _, err := wav.ReadFile(path + "x"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("ReadFile of nothing = %v, want ErrNotExist", err)
	}
}

func TestFramesKeepTheirTimesAtEveryRate(t *testing.T) {
	for _, rate := range []int{8000, 16000, 24000, 48000} {
		// Left: silence but for a tone from 0.50 to 0.58 s. Right: a constant.
		left := make([]int16, rate)
		copy(left[rate/2:], tone(rate*8/100, rate, 1000, 20000))
		both := make([]int16, 0, 2*rate)
		for _, s := range left {
			both = append(both, s, 1000)
		}
		a := wav.Audio{Format: wav.Format{Encoding: wav.PCM16, Rate: rate, Channels: 2}, Samples: both}
		frames, err := a.Frames(0)
		if err != nil || len(frames) != 50 {
			t.Fatalf("%d Hz: %d frames, error %v; want 50", rate, len(frames), err)
		}
		for i, f := range frames {
			want := 0.0
			if i >= 25 && i < 29 {
				want = 20000 / math.Sqrt2
			}
			if got := rms(&f); math.Abs(got-want) > 1000 {
				t.Errorf("%d Hz: frame %d has level %.0f, want %.0f", rate, i, got, want)
			}
		}
		if frames, err = a.Frames(1); err != nil || frames[25][80] < 998 || frames[25][80] > 1002 {
			t.Errorf("%d Hz: the right channel's middle is %d, error %v; want 1000", rate, frames[25][80], err)
		}
	}
}

func rms(f *media.Frame) float64 {
	sum := 0.0
	for _, s := range f {
		sum += float64(s) * float64(s)
	}
	return math.Sqrt(sum / float64(len(f)))
}

func TestLastFrameIsFilledWithSilence(t *testing.T) {
	a := wav.Audio{Format: wav.Format{Encoding: wav.PCM16, Rate: 8000, Channels: 1}, Samples: slices.Repeat([]int16{7}, 161)}
	frames, err := a.Frames(0)
	if err != nil || len(frames) != 2 || frames[1][0] != 7 || frames[1][1] != 0 {
		t.Errorf("161 samples became %d frames, the second beginning %v; error %v", len(frames), frames[1][:2], err)
	}
}

func TestFramesOfWhatIsNotThere(t *testing.T) {
	a := wav.Audio{Format: wav.Format{Encoding: wav.PCM16, Rate: 8000, Channels: 1}}
	if frames, err := a.Frames(0); err != nil || len(frames) != 0 {
		t.Errorf("no samples became %d frames, error %v", len(frames), err)
	}
	for _, i := range []int{-1, 1} {
		if _, err := a.Frames(i); err == nil {
			t.Errorf("Frames(%d) of a mono file gave no error", i)
		}
		if got := a.Channel(i); got != nil {
			t.Errorf("Channel(%d) of a mono file = %v", i, got)
		}
	}
	a.Rate = 44100
	if _, err := a.Frames(0); err == nil {
		t.Error("Frames at 44.1 kHz gave no error")
	}
	if _, err := (wav.Audio{}).Frames(0); err == nil {
		t.Error("Frames of the zero Audio gave no error")
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(riff + format + samples))
	f.Add([]byte(riff + "LIST\x03\x00\x00\x00abc\x00" + format + "data\xff\xff\xff\xff\x01\x00\x02"))
	f.Add([]byte("RIFF\xff\xff\xff\xffWAVEfmt \x12\x00\x00\x00\x07\x00\x02\x00\x40\x1f\x00\x00\x80\x3e\x00\x00\x02\x00\x08\x00\x00\x00data\xff\xff\xff\xff\x01\x02"))
	f.Fuzz(func(t *testing.T, file []byte) {
		a, err := wav.Parse(file)
		if err != nil {
			if !errors.Is(err, wav.ErrFormat) || a.Samples != nil {
				t.Fatalf("%d samples and error %v", len(a.Samples), err)
			}
			return
		}
		if a.Channels < 1 || len(a.Samples)%a.Channels != 0 || len(a.Samples) > len(file) {
			t.Fatalf("%d samples of %d channels from %d bytes", len(a.Samples), a.Channels, len(file))
		}
		for i := range a.Channels {
			frames, err := a.Frames(i)
			if n := int((a.Duration() + media.FrameDuration - 1) / media.FrameDuration); err == nil && len(frames) != n && a.Rate%8000 == 0 {
				t.Fatalf("%v became %d frames", a.Duration(), len(frames))
			}
		}
		if again, err := wav.Parse(write(t, a.Format, a.Samples)); err != nil || !slices.Equal(again.Samples, a.Samples) {
			// µ-law's negative zero is written as the positive one; both read as 0.
			t.Fatalf("written and read again it differs, error %v", err)
		}
	})
}

package wav_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/media/wav"
)

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

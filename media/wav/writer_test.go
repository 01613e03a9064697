package wav_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

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

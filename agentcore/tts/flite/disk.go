package flite

import (
	"encoding/binary"
	"errors"
	"io/fs"

	exp "github.com/tetratelabs/wazero/experimental/sys"
	"github.com/tetratelabs/wazero/sys"
)

const (
	waveName = "o.wav"  // the one file that flite may write
	maxWave  = 32 << 20 // bytes; a clause of 160 digits takes 2 MB
)

// disk is the whole world that flite sees: an empty folder in memory, in which
// it can write one file.
type disk struct {
	exp.UnimplementedFS
	wave []byte
}

func (d *disk) reset() { d.wave = d.wave[:0] }

// OpenFile implements [exp.FS].
func (d *disk) OpenFile(path string, flag exp.Oflag, _ fs.FileMode) (exp.File, exp.Errno) {
	switch {
	case path == "." || path == "":
		return folder{}, 0
	case path != waveName:
		return nil, exp.ENOENT
	case flag&exp.O_TRUNC != 0:
		d.reset()
	}
	return &waveFile{disk: d}, 0
}

// Stat implements [exp.FS].
func (d *disk) Stat(path string) (sys.Stat_t, exp.Errno) {
	switch path {
	case ".", "":
		return sys.Stat_t{Mode: fs.ModeDir | 0o755, Nlink: 1}, 0
	case waveName:
		return sys.Stat_t{Mode: 0o644, Nlink: 1, Size: int64(len(d.wave))}, 0
	}
	return sys.Stat_t{}, exp.ENOENT
}

// Lstat implements [exp.FS].
func (d *disk) Lstat(path string) (sys.Stat_t, exp.Errno) { return d.Stat(path) }

// folder is the disk's root.
type folder struct{ exp.UnimplementedFile }

func (folder) IsDir() (bool, exp.Errno) { return true, 0 }
func (folder) Stat() (sys.Stat_t, exp.Errno) {
	return sys.Stat_t{Mode: fs.ModeDir | 0o755, Nlink: 1}, 0
}

// waveFile is the open file.
type waveFile struct {
	exp.UnimplementedFile
	disk *disk
	at   int64
}

func (f *waveFile) IsDir() (bool, exp.Errno)      { return false, 0 }
func (f *waveFile) Stat() (sys.Stat_t, exp.Errno) { return f.disk.Stat(waveName) }
func (f *waveFile) Ino() (sys.Inode, exp.Errno)   { return 1, 0 }
func (f *waveFile) Dev() (uint64, exp.Errno)      { return 1, 0 }
func (f *waveFile) Close() exp.Errno              { return 0 }
func (f *waveFile) Truncate(size int64) exp.Errno { return exp.ENOSYS }
func (f *waveFile) Write(b []byte) (int, exp.Errno) {
	n, errno := f.Pwrite(b, f.at)
	f.at += int64(n)
	return n, errno
}

// Pwrite implements [exp.File].
func (f *waveFile) Pwrite(b []byte, at int64) (int, exp.Errno) {
	d := f.disk
	if at < 0 || at > int64(len(d.wave)) || at+int64(len(b)) > maxWave {
		return 0, exp.EINVAL
	}
	n := copy(d.wave[at:], b)
	d.wave = append(d.wave, b[n:]...)
	return len(b), 0
}

// parse finds the rate and the samples in what flite wrote: a RIFF file of one
// 16-bit channel. A chunk that says it is longer than the file ends with it.
func parse(wave []byte) (rate int, pcm []byte, err error) {
	if len(wave) < 12 || string(wave[:4]) != "RIFF" || string(wave[8:12]) != "WAVE" {
		return 0, nil, errors.New("flite wrote no wave file")
	}
	for rest := wave[12:]; len(rest) >= 8; {
		name, size := string(rest[:4]), int(binary.LittleEndian.Uint32(rest[4:8]))
		body := rest[8:]
		body = body[:min(size, len(body))]
		switch {
		case name == "data":
			return rate, body, nil
		case name == "fmt " && len(body) >= 8:
			rate = int(binary.LittleEndian.Uint32(body[4:8]))
		}
		rest = rest[8+len(body):]
		rest = rest[min(size&1, len(rest)):]
	}
	return 0, nil, errors.New("flite wrote a wave file without samples")
}

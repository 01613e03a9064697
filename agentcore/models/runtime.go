//go:build cgo

package models

import (
	"errors"
	"sync"

	ort "github.com/yalue/onnxruntime_go"
)

// CanRun says whether this build can run models at all.
const CanRun = true

// The library is one per process, whatever we do: it holds global state and
// can't be loaded twice. So every Runtime shares it, and the last one to close
// unloads it.
var library struct {
	sync.Mutex
	path  string
	users int
}

// Runtime is the loaded ONNX Runtime library, with the models that it runs. It
// is used by many goroutines at once.
type Runtime struct {
	set   *Set
	close sync.Once
}

// Start loads the library of s. Without cgo it fails with [ErrNoRuntime]. The
// caller must Close the Runtime, after all that runs on it.
func Start(s *Set) (*Runtime, error) {
	library.Lock()
	defer library.Unlock()
	path := s.Path(Library())
	if library.users > 0 && library.path != path {
		return nil, &Error{Op: "start", Kind: ErrDisk, File: path, Err: errors.New("another ONNX Runtime is loaded already: " + library.path)}
	}
	if library.users == 0 {
		ort.SetSharedLibraryPath(path)
		if err := ort.InitializeEnvironment(ort.WithLogLevelError()); err != nil {
			return nil, &Error{Op: "start", Kind: ErrDigest, File: path, Label: "ONNX Runtime", Err: err}
		}
		library.path = path
	}
	library.users++
	return &Runtime{set: s}, nil
}

// Set is the folder that the Runtime reads its models from.
func (r *Runtime) Set() *Set { return r.set }

// Close lets the library go.
func (r *Runtime) Close() (err error) {
	r.close.Do(func() {
		library.Lock()
		defer library.Unlock()
		if library.users--; library.users == 0 {
			err = ort.DestroyEnvironment()
		}
	})
	return err
}

// Session loads a model, which many goroutines may then run at once. Each run
// uses only the thread that asks for it: how many run at once is the caller's
// business, and idle threads must not spin in a process full of calls. Plans of
// where to put what are not kept, since no two utterances are of one length.
func (r *Runtime) Session(name string, in, out []string) (*ort.DynamicAdvancedSession, error) {
	o, err := ort.NewSessionOptions()
	if err != nil {
		return nil, &Error{Op: "start", Kind: ErrDisk, File: name, Err: err}
	}
	defer o.Destroy()
	path := r.set.Path(name)
	s, err := func() (*ort.DynamicAdvancedSession, error) {
		if err := errors.Join(o.SetIntraOpNumThreads(1), o.SetInterOpNumThreads(1),
			o.AddSessionConfigEntry("session.intra_op.allow_spinning", "0"), o.SetMemPattern(false)); err != nil {
			return nil, err
		}
		return ort.NewDynamicAdvancedSession(path, in, out, o)
	}()
	if err != nil {
		return nil, &Error{Op: "start", Kind: ErrDigest, File: path, Label: name, Err: err}
	}
	return s, nil
}

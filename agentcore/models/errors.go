package models

import (
	"errors"
	"fmt"
	"strings"
)

// What can go wrong, for errors.Is. [Error] carries the details.
var (
	// ErrMissing: a model isn't in the folder. Pull brings it.
	ErrMissing = errors.New("is not in the cache folder")
	// ErrDigest: a file isn't the one that the manifest pins. Pull with Force
	// brings it again.
	ErrDigest = errors.New("is damaged (sha256 differs)")
	// ErrNoNPM: the npm client isn't installed, or can't be started.
	ErrNoNPM = errors.New("the npm client is missing")
	// ErrNetwork: the package registry can't be reached, or refused.
	ErrNetwork = errors.New("the package registry can't be reached")
	// ErrDisk: the cache folder can't be written or read.
	ErrDisk = errors.New("the cache folder can't be used")
	// ErrPlatform: the manifest has no library for this machine.
	ErrPlatform = errors.New("no ONNX Runtime is pinned for this platform")
	// ErrNoRuntime: this build can't run models, because it was made without
	// cgo. Energy detection, flite and keys still work; hearing words does not.
	ErrNoRuntime = errors.New("built without cgo, so no recogniser can run")
)

// Error says what failed, on which file, in a form that a caller can explain.
type Error struct {
	Op      string // "open", "pull", "verify", "start"
	Kind    error  // one of the Err values above
	Package string // the package, with its version; empty if it isn't about one
	File    string // path of the file, or the platform for ErrPlatform
	Label   string // what the file is: "moonshine encoder"
	Want    string // sha256 that the manifest pins, for ErrDigest
	Found   string // sha256 of what was found; empty when only the size was looked at
	Err     error  // the cause; nil if there is nothing more to say
}

func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString("models: " + e.Op + ": ")
	if subject := first(e.Label, e.Package); subject != "" {
		b.WriteString(subject + ": ")
	}
	b.WriteString(e.Kind.Error())
	if e.File != "" {
		b.WriteString(": " + e.File)
	}
	if e.Found != "" {
		fmt.Fprintf(&b, ": wanted %.6s..., found %.6s...", e.Want, e.Found)
	}
	if e.Err != nil {
		b.WriteString(": " + e.Err.Error())
	}
	return b.String()
}

// Unwrap gives the kind and the cause.
func (e *Error) Unwrap() []error {
	if e.Err == nil {
		return []error{e.Kind}
	}
	return []error{e.Kind, e.Err}
}

func first(s ...string) string {
	for _, v := range s {
		if v != "" {
			return v
		}
	}
	return ""
}

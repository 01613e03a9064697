//go:build !cgo

package models

// CanRun says whether this build can run models at all.
const CanRun = false

// Runtime runs no models in a build without cgo.
type Runtime struct{ set *Set }

// Start fails with [ErrNoRuntime].
func Start(*Set) (*Runtime, error) {
	return nil, &Error{Op: "start", Kind: ErrNoRuntime}
}

// Set is the folder that the Runtime reads its models from.
func (r *Runtime) Set() *Set { return r.set }

// Close does nothing.
func (r *Runtime) Close() error { return nil }

// Package roster says who may answer: workspaces and their keys, agents with
// every version of them, their tools and webhooks, and the phone numbers that
// lead to them. It holds the types, their rules and the port that a store
// implements; nothing of it runs in a call.
package roster

import (
	"errors"
	"time"
)

// Default is the workspace that every installation has.
const Default = "default"

// Errors of a [Store] that a caller acts on.
var (
	// ErrNotFound means that the workspace has no such thing.
	ErrNotFound = errors.New("roster: not found")
	// ErrConflict means that somebody else changed it since it was read.
	ErrConflict = errors.New("roster: changed by somebody else meanwhile")
	// ErrTaken means that a value that must be unique is in use.
	ErrTaken = errors.New("roster: already taken")
)

// Workspace owns everything else: no row is seen from another one.
type Workspace struct {
	ID      string // "default", "ws_..."
	Name    string
	Created time.Time
}

// Actor is who changes something, for versions and the audit: "key:ID" or
// "cli:USER".
type Actor string

// Change is one line of the audit.
type Change struct {
	Workspace string
	Who       Actor
	What      string // "agent.create", "number.delete"
	Target    string // id of what was changed
	Detail    string // a short sentence, without secrets, numbers or words that were spoken
	At        time.Time
}

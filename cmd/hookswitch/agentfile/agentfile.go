// Package agentfile reads the files that say which agents come to calls:
// OpenVidu's agent-NAME.yaml, with the same keys, and a few of our own.
//
// A file stands for one agent. With a live_captions block it is live captions,
// which this process makes itself. With an agent key it is an agent of the
// roster. With anything else it is a LiveKit agent that runs somewhere else and
// connects to us.
//
// These files hold no account of ours: api_key, api_secret, ws_url and redis,
// with which OpenVidu's agents find their server, are refused, for the gateway is
// the server. docker_image is read and not used: nothing is started here. There
// is no substitution of variables, in OpenVidu's neither.
package agentfile

import (
	"log/slog"

	"github.com/hookswitch/hookswitch/agentcore/room"
)

// Set is what a folder of files says, one agent each, sorted by name. Those that
// are not enabled are in it.
type Set struct{ Agents []Agent }

// Find returns the agent called name that a workspace may have.
func (s Set) Find(workspace, name string) (Agent, bool) {
	for _, a := range s.Agents {
		if a.Name == name && a.In(workspace) {
			return a, true
		}
	}
	return Agent{}, false
}

// Off reports whether a workspace would have the agent called name, were it
// enabled.
func (s Set) Off(workspace, name string) bool {
	for _, a := range s.Agents {
		if a.Name == name && !a.Enabled && (a.Workspace == "" || a.Workspace == workspace) {
			return true
		}
	}
	return false
}

// Automatic lists those that every new call of a workspace gets.
func (s Set) Automatic(workspace string) (all []Agent) {
	for _, a := range s.Agents {
		if a.Automatic && a.In(workspace) {
			all = append(all, a)
		}
	}
	return all
}

// Agent is what a file says.
type Agent struct {
	Name      string // the file's: agent-NAME.yaml
	File      string // its base name
	Kind      room.Kind
	Roster    string    // name or uuid of the roster's agent, of an Own one
	Workspace string    // that may have it; empty: all
	Enabled   bool      // false: it is not there, for calls and dispatches alike
	Automatic bool      // it comes to every new call; else only when it is sent
	Join      room.Join // how it comes in when the dispatch does not say

	// Threshold is the load from which it takes no more jobs: see [Meter]. From 0,
	// which takes none, to 1, which takes any; 0.7 when the file does not say.
	Threshold float64
	LogLevel  slog.Level // below which it logs nothing
	Captions  *Captions  // of a Service

	Notes []string // "agent-x.yaml:7:3: ...": what the file asks for and nobody here does
}

// In reports whether a workspace may have a.
func (a Agent) In(workspace string) bool {
	return a.Enabled && (a.Workspace == "" || a.Workspace == workspace)
}

// Takes reports whether a takes another job while the process has that load.
func (a Agent) Takes(load float64) bool { return load < a.Threshold || a.Threshold >= 1 }

// Dispatched is the name under which a is sent to calls by itself. LiveKit's
// agents that come to every room are those that registered without a name, and so
// do OpenVidu's.
func (a Agent) Dispatched() string {
	if a.Kind == room.Worker && a.Automatic {
		return ""
	}
	return a.Name
}

package roster

import (
	"context"
	"time"
)

// Store keeps the roster. Each method is one transaction, may be called from
// any goroutine, and is told what time it is. What belongs to another workspace
// is [ErrNotFound]. Changes to agents, numbers and keys of either kind are written to the audit
// in the same transaction, in the name of who.
type Store interface {
	Workspaces
	Keys
	Agents
	Numbers
	ProviderKeys
	Dialings
	Channels
	OptOuts

	// Changes lists the newest lines of the audit, at most limit, newest first.
	Changes(ctx context.Context, workspace string, limit int) ([]Change, error)
}

// Workspaces keeps the workspaces.
type Workspaces interface {
	// CreateWorkspace keeps w. An id in use is [ErrTaken].
	CreateWorkspace(ctx context.Context, w Workspace) error
	Workspace(ctx context.Context, id string) (Workspace, error)
	ListWorkspaces(ctx context.Context) ([]Workspace, error)
}

// Keys keeps the API keys.
type Keys interface {
	// CreateKey keeps k. A hash in use is [ErrTaken].
	CreateKey(ctx context.Context, k Key, who Actor) error
	// KeyByHash finds a key, revoked ones included, in any workspace.
	KeyByHash(ctx context.Context, hash string) (Key, error)
	ListKeys(ctx context.Context, workspace string) ([]Key, error)
	// UseKey notes that a key was used.
	UseKey(ctx context.Context, id string, now time.Time) error
	// RevokeKey ends a key. One that is revoked already is no error.
	RevokeKey(ctx context.Context, workspace, id string, who Actor, now time.Time) error
}

// AgentFilter chooses agents. Its zero value chooses all of the workspace.
type AgentFilter struct {
	Number string // E.164: those that answer it
	Name   string // exactly
}

// Activity is what an agent's calls say of it.
type Activity struct {
	Last  time.Time // its newest call began; zero: never
	Today int       // calls that began since the time that was asked for
	Live  int       // calls that have not ended
}

// Agents keeps agents and their versions. Ids of agents, tools, webhooks and
// system tools that are 0 are given by the store, unique in the installation.
type Agents interface {
	// CreateAgent keeps d as version 1. Of a, UUID and Workspace are taken. A
	// phone number may be linked in the same transaction: link is its id, 0 none;
	// one that is linked already is [ErrTaken].
	CreateAgent(ctx context.Context, a Agent, link int64, who Actor, now time.Time) (Agent, error)

	Agent(ctx context.Context, workspace, uuid string) (Agent, error)
	// ListAgents returns definitions that are shared: who changes one changes a
	// copy, see [Definition.Clone].
	ListAgents(ctx context.Context, workspace string, f AgentFilter) ([]Agent, error)

	// ChangeAgent makes d the agent's next version, if its version is still
	// from; else [ErrConflict]. When d says what the present version says,
	// nothing changes; secrets are compared as they are sealed, so that what is to
	// stay is given back as it was read. link: nil leaves the phone numbers as
	// they are, else as in CreateAgent, 0 taking none away.
	ChangeAgent(ctx context.Context, workspace, uuid string, from int, d Definition, link *int64, who Actor, now time.Time) (Agent, error)

	// DeleteAgent removes an agent from sight and lets go of its numbers. Its
	// versions stay for the calls that ran them.
	DeleteAgent(ctx context.Context, workspace, uuid string, who Actor, now time.Time) error

	// Version returns one version, also of an agent that was deleted.
	Version(ctx context.Context, workspace, uuid string, number int) (Version, error)
	// Versions lists an agent's versions, newest first, at most limit (0: all) of
	// those below before (0: all).
	Versions(ctx context.Context, workspace, uuid string, before, limit int) ([]Version, error)

	// Activities tells of the workspace's agents, by UUID. since gives, for an
	// agent, when its today began.
	Activities(ctx context.Context, workspace string, agents []Agent, since func(Agent) time.Time) (map[string]Activity, error)
}

// Numbers keeps the phone numbers.
type Numbers interface {
	// CreateNumber keeps n under a new id, answered by n.AgentUUID if that is
	// set, and not set up at its carrier. A number in use anywhere is [ErrTaken].
	CreateNumber(ctx context.Context, n Number, who Actor, now time.Time) (Number, error)
	Number(ctx context.Context, workspace string, id int64) (Number, error)
	ListNumbers(ctx context.Context, workspace string) ([]Number, error)
	// NumberOf finds a number in any workspace, and the agent that answers it;
	// the zero Agent when none does.
	NumberOf(ctx context.Context, number string) (Number, Agent, error)
	SetNumberStatus(ctx context.Context, workspace string, id int64, status string, who Actor, now time.Time) error
	// SetNumberCarrier notes that a number was set up at its carrier, which calls
	// it carrierID, and what it was set to before; both empty: that it no longer is.
	// The number's credentials stay.
	SetNumberCarrier(ctx context.Context, workspace string, id int64, carrierID, was string, who Actor, now time.Time) error
	// NumbersOfAccount lists the numbers of a carrier's account in all workspaces
	// that are set up there, oldest first. Others prove nothing: anybody can say
	// whose account they have.
	NumbersOfAccount(ctx context.Context, account string) ([]Number, error)
	DeleteNumber(ctx context.Context, workspace string, id int64, who Actor, now time.Time) error
	// LinkNumber says who answers it; agent empty: nobody. A number that another
	// agent answers is [ErrTaken].
	LinkNumber(ctx context.Context, workspace string, id int64, agent string, who Actor, now time.Time) (Number, error)
}

// ProviderKeys keeps the keys that workspaces have of outside services, sealed.
// The audit never tells them.
type ProviderKeys interface {
	// SetProviderKey keeps k in the place of the one before; its Who and Updated
	// are the audit's, too.
	SetProviderKey(ctx context.Context, k ProviderKey) error
	ProviderKey(ctx context.Context, workspace, provider string) (ProviderKey, error)
	// ListProviderKeys lists those of a workspace, by provider.
	ListProviderKeys(ctx context.Context, workspace string) ([]ProviderKey, error)
	// RemoveProviderKey forgets one. One that isn't there is [ErrNotFound].
	RemoveProviderKey(ctx context.Context, workspace, provider string, who Actor, now time.Time) error
}

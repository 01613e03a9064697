package server

import (
	"context"
	"errors"
	"fmt"
	"maps"

	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/providers"
)

// noKeyError says that a workspace has no way to a provider.
type noKeyError struct{ provider string }

func (e noKeyError) Error() string {
	return fmt.Sprintf("it has no key: hookswitch provider set %s --key-stdin", e.provider)
}

// provider finds one that the settings know a way to.
func (s *Server) provider(name string) (providers.Provider, bool) {
	for _, p := range s.table {
		if p.Name == name {
			return p, true
		}
	}
	return providers.Provider{}, false
}

// purse holds the keys of one workspace, still sealed. One is made for each
// request and each call, so that a key counts from the moment in which it is set.
type purse struct {
	s         *Server
	workspace string
	kept      map[string]roster.ProviderKey
}

// purse reads the keys of a workspace.
func (s *Server) purse(ctx context.Context, workspace string) (purse, error) {
	all, err := s.store.ListProviderKeys(ctx, workspace)
	if err != nil {
		return purse{}, fmt.Errorf("server: the providers' keys: %w", err)
	}
	p := purse{s, workspace, make(map[string]roster.ProviderKey, len(all))}
	for _, k := range all {
		p.kept[k.Provider] = k
	}
	return p, nil
}

// with is k, and an agent's own keys before the workspace's.
func (k purse) with(own map[string]roster.Secret) purse {
	if len(own) == 0 {
		return k
	}
	kept := make(map[string]roster.ProviderKey, len(k.kept)+len(own))
	maps.Copy(kept, k.kept)
	for name, key := range own {
		kept[name] = roster.ProviderKey{Workspace: k.workspace, Provider: name, Key: key}
	}
	return purse{k.s, k.workspace, kept}
}

// access is the way to p: with the workspace's own key or (the default
// workspace) with that of the settings. The address is the settings' in any
// case: who has a key must not choose what this machine connects to. It fails
// with a noKeyError.
func (k purse) access(p providers.Provider) (providers.Access, roster.KeySource, error) {
	settings := k.s.c.Provider(p.Name)
	a := providers.Access{BaseURL: settings.BaseURL, Model: settings.Model, OptOut: settings.OptOut, HTTP: k.s.web, Log: k.s.log}
	kept, own := k.kept[p.Name]
	switch {
	case own:
		var err error
		if a.Key, err = k.s.keyring.Open(kept.Key); err != nil {
			return a, "", fmt.Errorf("server: the key of %s: %w", p.Name, err)
		}
		return a, roster.FromWorkspace, nil
	case k.workspace == roster.Default && settings.Key != "":
		a.Key = settings.Key
		return a, roster.FromEnvironment, nil
	case p.Keyless && settings.BaseURL != "" && settings.Key == "": // a server that wants none
		return a, roster.FromEnvironment, nil
	}
	return a, roster.FromNobody, noKeyError{p.Name}
}

// why is whose key opens p, and what keeps the workspace from it, as something to
// do about it; empty: nothing. A key that can't be opened is logged.
func (k purse) why(ctx context.Context, p providers.Provider) (roster.KeySource, string) {
	_, source, err := k.access(p)
	var none noKeyError
	switch {
	case err == nil:
		return source, ""
	case errors.As(err, &none):
		return roster.FromNobody, none.Error()
	}
	k.s.log.ErrorContext(ctx, "a provider's key can't be had", "provider", p.Name, "workspace", k.workspace, "error", err)
	return roster.FromNobody, "its key can't be read, the gateway's log says why; set it again: hookswitch provider set " + p.Name + " --key-stdin"
}

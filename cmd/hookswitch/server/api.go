package server

import (
	"fmt"

	"github.com/hookswitch/hookswitch/cmd/hookswitch/rest"
	v2 "github.com/hookswitch/hookswitch/cmd/hookswitch/rest/v2"
)

// serveAPI makes the handler of the API.
func (s *Server) serveAPI() (err error) {
	s.api, err = rest.New(rest.Config{
		Config: v2.Config{
			Roster: s.store, Catalog: catalog{s.c}, Sealer: s.keyring, Log: s.log,
			AllowHTTP: s.c.Webhooks != "https",
		},
		RequestsPerMinute: s.c.APIRate, Version: s.o.Version,
	})
	if err != nil {
		return fmt.Errorf("server: the API: %w", err)
	}
	return nil
}

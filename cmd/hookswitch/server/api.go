package server

import (
	"fmt"

	"github.com/hookswitch/hookswitch/cmd/hookswitch/rest"
	v2 "github.com/hookswitch/hookswitch/cmd/hookswitch/rest/v2"
)

// serveAPI makes the handler of the API.
func (s *Server) serveAPI() (err error) {
	calls := v2.CallsConfig{
		Store: s.store, Desk: outgoing{s.desk, s}, Hub: s.hub, Deliveries: s.store, Sender: s.deliverer, Captions: s.store.Captions(),
	}
	if s.bucket != nil {
		calls.Recordings = s.bucket
	}
	s.api, err = rest.New(rest.Config{
		Config: v2.Config{
			Roster: s.store, Catalog: catalog{s: s}, Sealer: s.keyring, Log: s.log, Providers: accounts{s}, Trunk: lines{s}, Road: roads{s}, Pairs: s.store,
			AllowHTTP: s.c.Webhooks != "https", Calls: calls,
			Later: v2.LaterConfig{Errands: s.store.Agenda(), Clerk: s.clerk, Planner: s.gate, Batches: files{s},
				Channels: desks{s.store, s}, OptOuts: s.store, Chats: s.store, Writer: s.chats},
		},
		RequestsPerMinute: s.c.APIRate, Version: s.o.Version,
		Whippy: s.whippy(), Trillet: s.trillet(),
	})
	if err != nil {
		return fmt.Errorf("server: the API: %w", err)
	}
	return nil
}

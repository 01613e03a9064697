package server

import (
	"context"
	"strings"

	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/config"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/providers"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/rest/trillet"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/rest/whippy"
	"github.com/hookswitch/hookswitch/storage/blob"
	"github.com/hookswitch/hookswitch/telephony"
)

// whippy is what seed 002's API works on.
func (s *Server) whippy() *whippy.Config {
	return &whippy.Config{
		Roster: desks{s.store, s}, Catalog: catalog{s: s}, Sealer: s.keyring, Errands: s.store.Agenda(), Clerk: s.clerk, Chats: s.store,
		Planner: s.gate, Log: s.log, AllowHTTP: s.c.Webhooks != "https",
	}
}

// trillet is what seed 004's API works on.
func (s *Server) trillet() *trillet.Config {
	c := &trillet.Config{
		Roster: s.store, Catalog: catalog{s: s}, Sealer: s.keyring, Calls: s.store, Errands: s.store.Agenda(), Booking: s.clerk, Planner: s.gate,
		Batches: files{s}, Trunk: lines{s}, Table: words(s.c.Trillet), Log: s.log, AllowHTTP: s.c.Webhooks != "https",
	}
	if s.bucket != nil {
		c.Recording = s.recordingAt
	}
	return c
}

// recordingAt is where the sound of a call can be had, with the same key.
func (s *Server) recordingAt(ctx context.Context, id telephony.CallID) (string, error) {
	sound, err := s.bucket.Sound(ctx, id)
	switch {
	case err == blob.ErrNone: //nolint:errorlint // it is returned as it is
		return "", nil
	case err != nil:
		return "", err
	}
	return s.public + "/api/v2/calls/" + string(id) + "/recording", sound.Close()
}

// words are what the settings say that the dialect's mean: PROVIDER/*=OURS-* stands
// for all voices of a provider under their own ids, PROVIDER=UUID for those that
// are not to be had.
func words(c config.Trillet) trillet.Table {
	t := trillet.Table{
		Models: map[string]roster.Choice{}, Voices: map[string]string{}, Providers: map[string]string{}, Fallback: map[string]string{},
		UUID: voiceUUID, Of: voiceOf,
	}
	for _, pair := range config.Pairs(c.Models) {
		provider, model, _ := strings.Cut(pair[1], "/")
		t.Models[pair[0]] = roster.Choice{Provider: provider, Model: model}
	}
	for _, pair := range config.Pairs(c.Voices) {
		name, all := strings.CutSuffix(pair[0], "/*")
		ours, same := strings.CutSuffix(pair[1], "-*")
		switch {
		case all && same:
			t.Providers[name] = ours
		case !strings.Contains(pair[0], "/"):
			t.Fallback[pair[0]] = pair[1]
		default:
			t.Voices[pair[0]] = pair[1]
		}
	}
	return t
}

// voiceUUID is the voice of a provider that calls it id.
func voiceUUID(provider, id string) string {
	if provider == fliteProvider {
		return flitePrefix + id
	}
	return providers.VoiceUUID(provider, id)
}

// voiceOf is the other way round.
func voiceOf(uuid string) (provider, id string) {
	if id, ok := fliteVoice(uuid); ok {
		return fliteProvider, id
	}
	p, id := providers.OfVoice(uuid)
	return p.Name, id
}

package server

import (
	"context"
	"errors"
	"fmt"

	"github.com/hookswitch/hookswitch/agentcore/asr"
	"github.com/hookswitch/hookswitch/agentcore/captions"
	"github.com/hookswitch/hookswitch/agentcore/failover"
	"github.com/hookswitch/hookswitch/agentcore/provider"
	"github.com/hookswitch/hookswitch/agentcore/room"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/agentfile/hearing"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/providers"
	"github.com/hookswitch/hookswitch/media/vad"
)

// hearAlong is the [room.Config]'s Listen: a listener makes captions, or a LiveKit
// agent hears both sides in its room.
func (s *Server) hearAlong(ctx context.Context, l room.Listening) (err error) {
	defer func() { s.set.Unheard(l.Ear.Lost()) }()
	if l.Job.Kind == room.Worker {
		return s.overheard(ctx, l)
	}
	parts, err := s.patiently(ctx)
	if err != nil {
		return err
	}
	who, err := s.hearing(ctx, l.Job, parts)
	if err != nil {
		return err
	}
	defer who.release()
	past, err := s.store.Journal(ctx, l.Call.ID, 0)
	if err != nil {
		return fmt.Errorf("server: what was said before: %w", err)
	}
	c, err := captions.New(captions.Config{
		Call: l.Call.ID, Job: l.Job.ID, Agent: l.Job.Agent,
		Recognizer: who.hears, Options: who.options,
		Detector: func() (vad.Detector, error) { return listener(parts) }, Ear: l.Ear, Past: past, Entries: l.Entries,
		Store: s.store.Captions(), Kept: s.captioned, Interim: who.guesses(s.hub.Interim), Missed: s.set.CaptionMissed, Log: s.log,
	})
	if err != nil {
		return err
	}
	return c.Run(ctx)
}

// captioned is told of captions that are on record.
func (s *Server) captioned(all []captions.Caption) {
	for _, c := range all {
		s.set.Captioned(string(c.Side))
		s.hub.Poke(c.Call)
	}
}

// hearer is who hears for captions. Whoever is done with it calls release.
type hearer struct {
	hears   asr.Recognizer
	options asr.Options
	silent  bool // nothing is shown before it is final
	release func()
}

// guesses is show, unless nothing is to be shown.
func (h hearer) guesses(show func(captions.Interim)) func(captions.Interim) {
	if h.silent {
		return nil
	}
	return show
}

// hearing is who hears for the captions of j: as its file says, or whoever hears
// for the agent that was sent.
func (s *Server) hearing(ctx context.Context, j room.Job, parts *Speech) (hearer, error) {
	if j.Kind == room.Own {
		return s.hearingOf(ctx, j, parts)
	}
	f, ok := s.files.Load().Find(j.Workspace, j.Agent)
	if !ok || f.Captions == nil {
		return hearer{}, fmt.Errorf("server: there is no file any more of the agent %s", j.Agent)
	}
	if load := s.load.Load(); !f.Takes(load) {
		return hearer{}, fmt.Errorf("%w: %s: the load is %.2f, load_threshold is %.2f", room.ErrBusy, j.Agent, load, f.Threshold)
	}
	c := *f.Captions
	h := hearer{options: c.Options, silent: c.Silent, release: func() {}}
	if c.Embedded() {
		if h.hears = parts.Recognizer; h.hears == nil {
			return h, errors.Join(errors.New("server: this gateway is deaf"), parts.Deaf)
		}
		return h, nil
	}
	settings := s.c.Provider(c.Provider)
	r, err := hearing.New(c, providers.Access{Key: settings.Key, BaseURL: settings.BaseURL, OptOut: settings.OptOut, HTTP: s.web, Log: s.log})
	h.hears, h.release = r, func() { _ = closed(r) } // its streams are
	return h, err
}

// hearingOf is who hears for an agent of the API.
func (s *Server) hearingOf(ctx context.Context, j room.Job, parts *Speech) (hearer, error) {
	v, err := s.store.Version(ctx, j.Workspace, j.AgentUUID, j.Version)
	if err != nil {
		return hearer{}, fmt.Errorf("server: who listens: %w", err)
	}
	w := wishes(j.Workspace, v.Definition)
	k, err := s.casting(ctx, w, parts)
	if err != nil {
		return hearer{}, err
	}
	all := engage(k, provider.Recogniser, w.hears, k.recogniser)
	if len(all) == 0 {
		k.release()
		return hearer{}, errors.Join(append([]error{errors.New("server: nobody can hear for the captions")}, k.skips...)...)
	}
	return hearer{
		hears:   failover.Recognizer(failover.Config[asr.Recognizer]{Candidates: all}),
		options: asr.Options{Language: w.language, Keywords: v.ASR.Keywords}, release: k.release,
	}, nil
}

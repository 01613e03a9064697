package provider

import (
	"errors"
	"fmt"
)

// CheckAccount says everything that is wrong with where a provider is and with
// the key that it is given; required says that there must be one.
func CheckAccount(base, key string, required bool) error {
	var missing error
	if required && key == "" {
		missing = errors.New("Key is required")
	}
	return errors.Join(CheckBase(base), CheckKey(key), missing)
}

// Named is err with the provider's name before it; of several that were joined,
// before each. It is nil when err is.
func Named(name string, err error) error {
	several, ok := any(err).(interface{ Unwrap() []error })
	switch {
	case err == nil:
		return nil
	case !ok:
		return fmt.Errorf("%s: %w", name, err)
	}
	var all []error
	for _, one := range several.Unwrap() {
		all = append(all, Named(name, one))
	}
	return errors.Join(all...)
}

// Package providers_test measures what agents that hear, think and speak through
// others cost here: make bench, and docs/performance.md for what it said.
package providers_test

import (
	"fmt"
	"os"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	if os.Getenv(asSink) != "" {
		if err := sinkFor(os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(3)
		}
		return
	}
	goleak.VerifyTestMain(m)
}

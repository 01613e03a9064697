package bench

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"testing"

	"go.uber.org/goleak"
)

// asGateway makes this very binary a gateway instead of a test, asFloor the floor.
const (
	asGateway = "BENCH_TEST_GATEWAY"
	asFloor   = "BENCH_TEST_FLOOR"
)

func TestMain(m *testing.M) {
	if os.Getenv(asGateway) != "" {
		if err := Gateway(context.Background(), os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(3)
		}
		return
	}
	if os.Getenv(asFloor) != "" {
		if err := Floor(context.Background(), os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(3)
		}
		return
	}
	if dir := os.Getenv(asServer); dir != "" {
		if err := serveFor(dir, os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(3)
		}
		return
	}
	goleak.VerifyTestMain(m)
}

func floorCommand(ctx context.Context, _ string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, os.Args[0])
	cmd.Env = append(os.Environ(), asFloor+"=1")
	return cmd
}

func gatewayCommand(ctx context.Context) *exec.Cmd {
	cmd := exec.CommandContext(ctx, os.Args[0])
	cmd.Env = append(os.Environ(), asGateway+"=1")
	return cmd
}

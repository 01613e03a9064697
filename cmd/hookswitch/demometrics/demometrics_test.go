package demometrics

import (
	"context"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/models/modelstest"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/config"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/server"
)

// asGateway makes this very binary a gateway instead of a test.
const asGateway = "DEMOMETRICS_TEST_GATEWAY"

func TestMain(m *testing.M) {
	if os.Getenv(asGateway) == "" {
		os.Exit(m.Run())
	}
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, syscall.SIGTERM)
	l, err := config.Load(config.Input{Environ: os.Environ()})
	if err == nil {
		var s *server.Server
		if s, err = server.Build(context.Background(), server.Options{Config: l.Config}); err == nil {
			_, err = s.RunUntil(context.Background(), signals)
		}
	}
	if err != nil {
		os.Stderr.WriteString(err.Error() + "\n")
		os.Exit(3)
	}
}

const deploy = "../../../deploy"

// Every expression of every dashboard, rule and alert finds something in what a
// real Prometheus scrapes from a real gateway.
func TestEveryExpressionReturnsSeries(t *testing.T) {
	if testing.Short() {
		t.Skip("half a minute of calls")
	}
	set := modelstest.Set(t)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	f, err := Run(t.Context(), Options{
		Deploy: deploy, CacheDir: filepath.Dir(set.Dir()), Duration: 45 * time.Second, Out: t.Output(), Log: t.Output(),
		Gateway: func(context.Context) *exec.Cmd {
			cmd := exec.Command(self)
			cmd.Env = []string{asGateway + "=1"}
			return cmd
		},
	})
	if err != nil {
		t.Error(err)
	}
	if f.Asked < 150 || f.Series < f.Asked {
		t.Errorf("%d expressions were asked and returned %d series: is that all there is?", f.Asked, f.Series)
	}
}

//go:build !linux

package bench

import (
	"errors"
	"net"
)

// poller is there only where epoll is.
type poller struct{}

var errFloor = errors.New("bench: the floor is measured on Linux only")

func newPoller(int) (*poller, error)  { return nil, errFloor }
func (p *poller) take(net.Conn) error { return errFloor }
func (p *poller) talking() int        { return 0 }
func (p *poller) close() error        { return nil }

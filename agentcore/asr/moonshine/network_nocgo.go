//go:build !cgo

package moonshine

import "github.com/hookswitch/hookswitch/agentcore/models"

func load(*models.Runtime, int) ([]engine, func() error, error) {
	return nil, nil, models.ErrNoRuntime
}

package live

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/hookswitch/hookswitch/agentcore/provider"
)

// Bounds of a provider's list of voices.
const (
	MostVoices   = 1000
	mostListPage = 4 << 20 // bytes
)

// Fetch gets a page of a provider's list, JSON, into v. header has the key. name
// is the provider's; the error is a *[provider.Error].
func Fetch(ctx context.Context, name string, patience provider.Patience, url string, header http.Header, v any) error {
	patience = patience.OrDefault()
	ctx, cancel := context.WithTimeoutCause(ctx, patience.First, &provider.StallError{Waited: patience.First, First: true})
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return provider.New(name, "voices", provider.Refused, errors.New("the address of the list is none"))
	}
	req.Header = header
	client := provider.NewClient(patience.Connect)
	defer client.CloseIdleConnections()
	res, err := client.Do(req)
	if err != nil {
		return provider.Failure(ctx, name, "voices", err)
	}
	if res.StatusCode != http.StatusOK {
		return provider.Answer(name, "voices", res)
	}
	body, err := provider.ReadAll(name, "voices", res, mostListPage)
	if err != nil {
		return err
	}
	if json.Unmarshal(body, v) != nil {
		return provider.New(name, "voices", provider.Garbage, fmt.Errorf("its list of %d bytes can't be understood", len(body)))
	}
	return nil
}

package client

import (
	"context"
	"encoding/json"
	"iter"
	"net/url"
	"strconv"
)

// Item is the envelope of one thing.
type Item[T any] struct {
	Item    T      `json:"item"`
	Message string `json:"message"`
}

// page is the envelope of a list.
type page struct {
	Items []json.RawMessage `json:"items"`
	Next  json.RawMessage   `json:"next_cursor"` // a text or null; absent in lists without pages
}

func (p page) cursor() string {
	var s string
	if json.Unmarshal(p.Next, &s) != nil {
		return ""
	}
	return s
}

// pageSize is how many things are asked for at a time.
const pageSize = 100

// List goes through the list at path, page after page, as long as it is
// wanted, and at most limit things of it; 0 means all. Each thing is the API's
// own JSON. An error comes last.
func (c *Client) List(ctx context.Context, path string, query url.Values, limit int) iter.Seq2[json.RawMessage, error] {
	return func(yield func(json.RawMessage, error) bool) {
		q := url.Values{}
		for name, values := range query {
			q[name] = values
		}
		for seen := 0; ; {
			if limit > 0 {
				q.Set("limit", strconv.Itoa(min(pageSize, limit-seen)))
			}
			var p page
			if err := c.Get(ctx, path, q, &p); err != nil {
				yield(nil, err)
				return
			}
			for _, item := range p.Items {
				if seen++; !yield(item, nil) || seen == limit {
					return
				}
			}
			next := p.cursor()
			if next == "" || len(p.Items) == 0 {
				return
			}
			q.Set("cursor", next)
		}
	}
}

// All is the whole list at path, each thing decoded.
func All[T any](ctx context.Context, c *Client, path string, query url.Values) ([]T, error) {
	var all []T
	for raw, err := range c.List(ctx, path, query, 0) {
		if err != nil {
			return nil, err
		}
		var t T
		if err := json.Unmarshal(raw, &t); err != nil {
			return nil, c.strange(request{method: "GET", path: path}, nil, "no JSON that this build understands")
		}
		all = append(all, t)
	}
	return all, nil
}

package storage

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/roster"
)

// encodeDefinition returns d as it is kept.
func encodeDefinition(d roster.Definition) (string, error) {
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false) // keep what users wrote readable
	if err := e.Encode(d); err != nil {
		return "", fmt.Errorf("definition: %w", err)
	}
	// A raw message may hold bytes that no database takes.
	return text(strings.TrimSuffix(out.String(), "\n")), nil
}

// decodeDefinition reads what [encodeDefinition] wrote, the numbers of variables
// as they were written: an account number may have more digits than a float.
func decodeDefinition(kept string) (d roster.Definition, err error) {
	in := json.NewDecoder(strings.NewReader(kept))
	in.UseNumber()
	if err := in.Decode(&d); err != nil {
		return d, fmt.Errorf("definition: %w", err)
	}
	return d, nil
}

// canonical returns a copy of d that shares nothing with it, as it will be read
// again. Lists and maps that are nil become empty ones: they say the same.
func canonical(d roster.Definition) (roster.Definition, error) {
	kept, err := encodeDefinition(d)
	if err != nil {
		return d, err
	}
	d, err = decodeDefinition(kept)
	filled(&d.Languages)
	filledMap(&d.Variables)
	filledMap(&d.SystemTools)
	filled(&d.Tools)
	filled(&d.Webhooks)
	if d.ASR != nil {
		filled(&d.ASR.Keywords)
	}
	if d.LLM != nil {
		filledMap(&d.LLM.BuiltInTools)
	}
	for i := range d.Tools {
		filledMap(&d.Tools[i].Config.Parameters)
		filled(&d.Tools[i].Config.Assignments)
	}
	for i := range d.Webhooks {
		filled(&d.Webhooks[i].Config.Assignments)
	}
	return d, err
}

func filled[E any](list *[]E) {
	if *list == nil {
		*list = []E{}
	}
}

func filledMap[E any](m *map[string]E) {
	if *m == nil {
		*m = map[string]E{}
	}
}

// identify gives ids to what has none in d, which nobody else holds: the present
// one of a tool or webhook with the same UUID and of a system tool with the same
// name, else a new one.
func identify(ctx context.Context, tx Tx, d *roster.Definition, present roster.Definition) error {
	for _, name := range slices.Sorted(maps.Keys(d.SystemTools)) {
		s := d.SystemTools[name]
		if s.ID == 0 {
			s.ID = present.SystemTools[name].ID
		}
		if s.ID == 0 {
			if err := draw(ctx, tx, "tool", []*int64{&s.ID}); err != nil {
				return err
			}
		}
		d.SystemTools[name] = s
	}
	var tools, webhooks []*int64 // ids that are missing
	for i := range d.Tools {
		t := &d.Tools[i]
		if at := slices.IndexFunc(present.Tools, func(p roster.Tool) bool { return p.UUID == t.UUID }); t.ID == 0 && t.UUID != "" && at >= 0 {
			t.ID = present.Tools[at].ID
		}
		if t.ID == 0 {
			tools = append(tools, &t.ID)
		}
	}
	for i := range d.Webhooks {
		w := &d.Webhooks[i]
		if at := slices.IndexFunc(present.Webhooks, func(p roster.Webhook) bool { return p.UUID == w.UUID }); w.ID == 0 && w.UUID != "" && at >= 0 {
			w.ID = present.Webhooks[at].ID
		}
		if w.ID == 0 {
			webhooks = append(webhooks, &w.ID)
		}
	}
	if err := draw(ctx, tx, "tool", tools); err != nil {
		return err
	}
	return draw(ctx, tx, "webhook", webhooks)
}

// draw gives each of ids the next number of a counter.
func draw(ctx context.Context, tx Tx, counter string, ids []*int64) error {
	if len(ids) == 0 {
		return nil
	}
	last, err := take(ctx, tx, counter, len(ids))
	for i, id := range ids {
		*id = last - int64(len(ids)-1-i)
	}
	return err
}

// partsChanged names the parts in which two definitions differ, in alphabetical
// order. When a tool or a webhook was written is no difference; nor is the order
// of names in a JSON object, or its white space.
func partsChanged(before, after roster.Definition) ([]string, error) {
	b, err := definitionParts(before)
	if err != nil {
		return nil, err
	}
	a, err := definitionParts(after)
	if err != nil {
		return nil, err
	}
	var differ []string
	for name := range a {
		if !reflect.DeepEqual(a[name], b[name]) {
			differ = append(differ, name)
		}
	}
	for name := range b {
		if _, there := a[name]; !there {
			differ = append(differ, name)
		}
	}
	slices.Sort(differ)
	return differ, nil
}

func definitionParts(d roster.Definition) (map[string]any, error) {
	d.Tools, d.Webhooks = slices.Clone(d.Tools), slices.Clone(d.Webhooks)
	for i := range d.Tools {
		d.Tools[i].Created, d.Tools[i].Updated = time.Time{}, time.Time{}
	}
	for i := range d.Webhooks {
		d.Webhooks[i].Created, d.Webhooks[i].Updated = time.Time{}, time.Time{}
	}
	kept, err := encodeDefinition(d)
	if err != nil {
		return nil, err
	}
	var all map[string]any
	in := json.NewDecoder(strings.NewReader(kept))
	in.UseNumber() // large numbers differ in their last digit, too
	if err := in.Decode(&all); err != nil {
		return nil, fmt.Errorf("definition: %w", err)
	}
	return all, nil
}

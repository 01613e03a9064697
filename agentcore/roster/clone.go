package roster

import (
	"maps"
	"slices"
)

// Clone returns a copy that shares nothing with d that can be changed.
func (d Definition) Clone() Definition {
	d.Languages = slices.Clone(d.Languages)
	d.FallbackVoices = slices.Clone(d.FallbackVoices)
	d.Variables = cloneObject(d.Variables)
	d.Greeting = clonePointer(d.Greeting)
	if d.ASR = clonePointer(d.ASR); d.ASR != nil {
		d.ASR.Keywords, d.ASR.Fallbacks = slices.Clone(d.ASR.Keywords), slices.Clone(d.ASR.Fallbacks)
	}
	d.Turn = clonePointer(d.Turn)
	if d.LLM = clonePointer(d.LLM); d.LLM != nil {
		d.LLM.Prompt, d.LLM.Provider, d.LLM.Model = clonePointer(d.LLM.Prompt), clonePointer(d.LLM.Provider), clonePointer(d.LLM.Model)
		d.LLM.ReasoningEffort, d.LLM.Timezone = clonePointer(d.LLM.ReasoningEffort), clonePointer(d.LLM.Timezone)
		d.LLM.BuiltInTools, d.LLM.Fallbacks = cloneObject(d.LLM.BuiltInTools), slices.Clone(d.LLM.Fallbacks)
	}
	d.SystemTools = maps.Clone(d.SystemTools)
	for name, s := range d.SystemTools {
		s.Parameters = slices.Clone(s.Parameters)
		d.SystemTools[name] = s
	}
	d.Tools = slices.Clone(d.Tools)
	for i := range d.Tools {
		c := &d.Tools[i].Config
		c.Request = c.Request.clone()
		c.Assignments = slices.Clone(c.Assignments)
		c.Parameters = maps.Clone(c.Parameters)
		for name, p := range c.Parameters {
			p.Required = clonePointer(p.Required)
			c.Parameters[name] = p
		}
	}
	d.Webhooks = slices.Clone(d.Webhooks)
	for i := range d.Webhooks {
		c := &d.Webhooks[i].Config
		c.Request = c.Request.clone()
		c.Assignments = slices.Clone(c.Assignments)
	}
	if d.Callback = clonePointer(d.Callback); d.Callback != nil {
		d.Callback.Gaps = slices.Clone(d.Callback.Gaps)
	}
	d.Keys = maps.Clone(d.Keys)
	d.Dialects = cloneObject(d.Dialects)
	return d
}

func (r *Request) clone() *Request {
	if r = clonePointer(r); r != nil {
		r.Headers, r.Body = maps.Clone(r.Headers), slices.Clone(r.Body)
	}
	return r
}

func clonePointer[V any](p *V) *V {
	if p == nil {
		return nil
	}
	return new(*p)
}

// cloneObject copies what encoding/json makes of an object.
func cloneObject(o map[string]any) map[string]any {
	o = maps.Clone(o)
	for name, v := range o {
		o[name] = cloneValue(v)
	}
	return o
}

func cloneValue(v any) any {
	switch v := v.(type) {
	case map[string]any:
		return cloneObject(v)
	case []any:
		v = slices.Clone(v)
		for i := range v {
			v[i] = cloneValue(v[i])
		}
		return v
	}
	return v
}

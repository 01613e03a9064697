package board

import (
	"bytes"
	"encoding/json"
)

// Runbook is where panels and alerts say what to do.
const Runbook = "https://github.com/hookswitch/hookswitch/blob/main/docs/runbook.md"

// object is a JSON object; its keys are written in the order of the alphabet.
type object = map[string]any

// JSON is d as Grafana imports it (its dashboard model, schemaVersion 39: 10.4 and
// later).
func (d Dashboard) JSON() ([]byte, error) {
	out := object{
		"uid": d.UID, "title": "Hookswitch / " + d.Title, "description": d.About, "tags": []string{"hookswitch"},
		"schemaVersion": 39, "version": 1, "editable": true, "graphTooltip": 1, "timezone": "browser",
		"refresh": "30s", "time": object{"from": "now-3h", "to": "now"},
		"links": []object{
			{"type": "dashboards", "title": "Hookswitch", "tags": []string{"hookswitch"}, "asDropdown": true, "keepTime": true, "includeVars": true},
			{"type": "link", "title": "Runbook", "url": Runbook, "targetBlank": true, "icon": "doc"},
		},
		"templating": object{"list": []object{
			{"name": "datasource", "label": "Prometheus", "type": "datasource", "query": "prometheus"},
			variable("job", "Job", "label_values(hookswitch_build_info, job)"),
			variable("instance", "Node", `label_values(hookswitch_build_info{job=~"$job"}, instance)`),
		}},
		"panels": d.panels(),
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	err := enc.Encode(out)
	return b.Bytes(), err
}

var source = object{"type": "prometheus", "uid": "${datasource}"}

func variable(name, label, query string) object {
	return object{
		"name": name, "label": label, "type": "query", "datasource": source,
		"query": object{"query": query, "refId": name}, "definition": query,
		"refresh": 2, "multi": true, "includeAll": true, "allValue": ".+",
		"current": object{"text": "All", "value": "$__all"}, "sort": 1,
	}
}

// panels lays the rows out, one below the other.
func (d Dashboard) panels() (all []object) {
	id, y := 0, 0
	for _, r := range d.Rows {
		id++
		all = append(all, object{
			"id": id, "type": "row", "title": r.Title, "collapsed": false,
			"gridPos": object{"x": 0, "y": y, "w": 24, "h": 1}, "panels": []object{},
		})
		y++
		x := 0
		for i, w := range r.widths() {
			id++
			p := r.Panels[i].object()
			p["id"], p["gridPos"] = id, object{"x": x, "y": y, "w": w, "h": r.Height}
			all = append(all, p)
			x += w
		}
		y += r.Height
	}
	return all
}

// widths divides a row's 24 columns.
func (r Row) widths() []int {
	left, open := 24, 0
	for _, p := range r.Panels {
		if left -= p.Width; p.Width == 0 {
			open++
		}
	}
	var all []int
	for _, p := range r.Panels {
		w := p.Width
		if w == 0 {
			w = left / open
			left, open = left-w, open-1
		}
		all = append(all, w)
	}
	return all
}

func (p Panel) object() object {
	targets := []object{}
	for i, a := range p.Asks {
		targets = append(targets, object{
			"refId": string(rune('A' + i)), "datasource": source, "editorMode": "code", "expr": a.expr(), "legendFormat": a.Legend,
			"range": true, "instant": false,
		})
	}
	o := object{"title": p.Title, "description": p.About, "datasource": source, "targets": targets, "fieldConfig": p.fields(), "options": p.options(), "type": "timeseries"}
	if p.Kind == Stat {
		o["type"] = "stat"
	}
	if p.Help != "" {
		o["links"] = []object{{"title": "What to do", "url": Runbook + "#" + p.Help, "targetBlank": true}}
	}
	return o
}

func (p Panel) fields() object {
	steps := []object{}
	for i, l := range p.Limits {
		step := object{"color": l.Color, "value": l.At}
		if i == 0 {
			step["value"] = nil // from the very bottom
		}
		steps = append(steps, step)
	}
	if len(steps) == 0 {
		steps = []object{{"color": "green", "value": nil}}
	}
	defaults := object{"unit": p.Unit, "thresholds": object{"mode": "absolute", "steps": steps}, "noValue": "–"}
	if p.Kind == Stat {
		defaults["color"] = object{"mode": "thresholds"}
		return object{"defaults": defaults, "overrides": []object{}}
	}
	custom := object{"drawStyle": "line", "lineWidth": 1, "fillOpacity": 5, "showPoints": "never", "spanNulls": false, "stacking": object{"mode": "none", "group": "A"}, "thresholdsStyle": object{"mode": "off"}}
	if p.Kind == Stack {
		custom["fillOpacity"], custom["stacking"] = 60, object{"mode": "normal", "group": "A"}
	}
	if len(p.Limits) > 0 {
		custom["thresholdsStyle"] = object{"mode": "dashed"}
	}
	defaults["custom"], defaults["min"], defaults["color"] = custom, 0, object{"mode": "palette-classic"}
	return object{"defaults": defaults, "overrides": []object{}}
}

func (p Panel) options() object {
	if p.Kind == Stat {
		return object{"reduceOptions": object{"calcs": []string{"lastNotNull"}, "fields": "", "values": false}, "colorMode": "value", "graphMode": "area", "textMode": "auto", "justifyMode": "auto", "orientation": "auto"}
	}
	return object{
		"legend":  object{"displayMode": "table", "placement": "bottom", "showLegend": true, "calcs": []string{"mean", "max"}},
		"tooltip": object{"mode": "multi", "sort": "desc"},
	}
}

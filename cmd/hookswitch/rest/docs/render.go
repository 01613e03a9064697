package docs

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"maps"
	"regexp"
	"slices"
	"strings"
)

//go:embed page.html
var pageHTML string

//go:embed page.css
var pageCSS string

// view is the page's data.
type view struct {
	Title, Version string
	About          template.HTML
	CSS            template.CSS
	Chapters       []viewChapter
}

type viewChapter struct {
	Name       string
	ID         string
	About      template.HTML
	Operations []viewOperation
}

type viewOperation struct {
	ID, Method, Path, Summary string
	About                     template.HTML
	Parameters                []viewField
	Fields                    []viewField
	Curl                      string
	Answer                    string
	Answers                   []viewAnswer
}

type viewField struct {
	Name, Type string
	Required   bool
	About      template.HTML
}

type viewAnswer struct{ Status, About string }

func (d *document) render() ([]byte, error) {
	page, err := template.New("page").Parse(pageHTML)
	if err != nil {
		return nil, fmt.Errorf("docs: %w", err)
	}
	v := view{Title: d.Info.Title, Version: d.Info.Version, About: words(d.Info.Description), CSS: template.CSS(pageCSS)}
	for _, c := range d.chapters() {
		vc := viewChapter{Name: c.Name, ID: anchor(c.Name), About: words(c.About)}
		for _, op := range c.Operations {
			vc.Operations = append(vc.Operations, d.view(op))
		}
		v.Chapters = append(v.Chapters, vc)
	}
	var b bytes.Buffer
	if err := page.Execute(&b, v); err != nil {
		return nil, fmt.Errorf("docs: %w", err)
	}
	return b.Bytes(), nil
}

func (d *document) view(op *operation) viewOperation {
	v := viewOperation{ID: op.OperationID, Method: op.Method, Path: op.Path, Summary: op.Summary,
		About: words(op.Description), Curl: curl(op)}
	for _, p := range op.Parameters {
		about := p.Description
		if p.Schema != nil && about == "" {
			about = d.about(p.Schema)
		}
		v.Parameters = append(v.Parameters, viewField{Name: p.Name, Type: p.In, Required: p.Required, About: words(about)})
	}
	if op.RequestBody != nil {
		for _, f := range d.fields(op.RequestBody.Content["application/json"].Schema) {
			v.Fields = append(v.Fields, viewField{Name: f.Name, Type: f.Type, Required: f.Required, About: words(f.About)})
		}
	}
	for _, status := range slices.Sorted(maps.Keys(op.Responses)) {
		res := op.Responses[status]
		if res.Ref != "" {
			res = d.Components.Responses[res.Ref[strings.LastIndexByte(res.Ref, '/')+1:]]
		}
		v.Answers = append(v.Answers, viewAnswer{status, res.Description})
		if example := res.Content["application/json"].Example; strings.HasPrefix(status, "2") && example != nil {
			v.Answer = pretty(example)
		}
	}
	return v
}

// curl is a request as it may be pasted into a shell.
func curl(op *operation) string {
	var b strings.Builder
	b.WriteString("curl ")
	if op.Method != "GET" {
		b.WriteString("-X " + op.Method + " ")
	}
	path := placeholder.ReplaceAllStringFunc(op.Path, func(name string) string {
		return "$" + strings.ToUpper(strings.Trim(name, "{}"))
	})
	b.WriteString("\"$HOOKSWITCH_SERVER" + path + "\" \\\n  -H \"Authorization: Bearer $HOOKSWITCH_API_KEY\"")
	if op.RequestBody != nil {
		if example := op.RequestBody.Content["application/json"].Example; example != nil {
			body := strings.ReplaceAll(pretty(example), "'", `'\''`)
			b.WriteString(" \\\n  -H \"Content-Type: application/json\" \\\n  --data '" + body + "'")
		}
	}
	return b.String()
}

var (
	placeholder = regexp.MustCompile(`\{[a-z_]+\}`)
	code        = regexp.MustCompile("`([^`]+)`")
)

// words is the little Markdown that descriptions use: paragraphs, and `code`.
func words(text string) template.HTML {
	var b strings.Builder
	for p := range strings.SplitSeq(strings.TrimSpace(text), "\n\n") {
		if p == "" {
			continue
		}
		escaped := template.HTMLEscapeString(p)
		b.WriteString("<p>" + code.ReplaceAllString(escaped, "<code>$1</code>") + "</p>")
	}
	return template.HTML(b.String())
}

func anchor(name string) string { return strings.ReplaceAll(strings.ToLower(name), " ", "-") }

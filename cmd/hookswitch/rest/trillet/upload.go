package trillet

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"os"
	"path"
	"strings"
	"time"
	"unicode"

	"github.com/hookswitch/hookswitch/agentcore/agenda"
	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/rest/body"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/rest/gate"
)

// Bounds of an upload, besides that of its file.
const (
	maxField   = 16 << 10 // bytes of a field that is no file
	maxParts   = 20
	uploadTime = 2 * time.Minute
	loadTime   = 3 * time.Minute // to keep what was sent, and to answer
	maxTold    = 100             // problems in an answer
	maxName    = 255             // characters of a batch's name
)

// upload is a form that was sent: its fields, and its file in a temporary one,
// for the fields may come behind it.
type upload struct {
	fields map[string]string
	name   string   // of the file
	file   *os.File // nil: none was sent
}

// close takes the file away.
func (u *upload) close() {
	if u.file != nil {
		_ = u.file.Close()
		_ = os.Remove(u.file.Name()) // it is in the machine's directory for such
	}
}

// createBatch takes a file of calls.
func (a *api) createBatch(w http.ResponseWriter, r *http.Request) (any, error) {
	if !Dialect().Streams(r) {
		return nil, refuse(http.StatusBadRequest, "The request body must be a form with a file: Content-Type: multipart/form-data")
	}
	control := http.NewResponseController(w)
	_ = control.SetReadDeadline(time.Now().Add(uploadTime)) // tests' recorders have none
	u, err := a.receive(w, r)
	_ = control.SetReadDeadline(time.Time{})
	_ = control.SetWriteDeadline(time.Now().Add(loadTime)) // the server's own began with the request
	if u != nil {
		defer u.close()
	}
	if err != nil {
		return nil, err
	}
	b, err := a.batchOf(r, u)
	if err != nil {
		return nil, err
	}
	b, err = a.Batches.Load(r.Context(), b, u.file)
	if err != nil {
		return nil, err
	}
	answer := map[string]any{"batchId": b.ID, "totalCalls": b.Total, "status": batchStatus(b.Status), "message": loaded(b),
		"invalidRows": b.Wrong, "errors": problems(b.Problems)}
	if b.Total == 0 {
		return nil, &failure{status: http.StatusBadRequest, message: "No row of the file can be called.", more: answer}
	}
	return answer, nil
}

// loaded says what came of a file.
func loaded(b agenda.Batch) string {
	if b.Wrong == 0 {
		return fmt.Sprintf("Batch created successfully with %d calls", b.Total)
	}
	return fmt.Sprintf("Batch created successfully with %d calls; %d rows were left out", b.Total, b.Wrong)
}

// problems are the first of a file's, by line.
func problems(all []agenda.Problem) []map[string]any {
	out := []map[string]any{}
	for _, p := range all[:min(len(all), maxTold)] {
		one := map[string]any{"line": p.Line, "error": p.Text}
		if p.Field != "" {
			one["field"] = p.Field
		}
		out = append(out, one)
	}
	return out
}

// receive reads the form. What it returns is to be closed, also with an error.
func (a *api) receive(w http.ResponseWriter, r *http.Request) (*upload, error) {
	r.Body = http.MaxBytesReader(w, r.Body, a.MaxFile+maxParts*(maxField+4<<10))
	parts, err := r.MultipartReader()
	if err != nil {
		return nil, refuse(http.StatusBadRequest, "The form can't be read: "+unread(err))
	}
	u := &upload{fields: map[string]string{}}
	for n := 0; ; n++ {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			return u, nil
		}
		if err != nil {
			return u, a.broken(err)
		}
		if n == maxParts {
			return u, refuse(http.StatusBadRequest, fmt.Sprintf("The form has more than %d fields.", maxParts))
		}
		if err := a.part(u, part); err != nil {
			return u, err
		}
	}
}

// part reads one field of the form.
func (a *api) part(u *upload, part *multipart.Part) error {
	if part.FormName() == "file" {
		if u.file != nil {
			return refuse(http.StatusBadRequest, "The form has more than one file.")
		}
		u.name = part.FileName()
		return a.spool(u, part)
	}
	b, err := io.ReadAll(io.LimitReader(part, maxField+1))
	if err != nil {
		return a.broken(err)
	}
	if len(b) > maxField {
		return refuse(http.StatusBadRequest, fmt.Sprintf("A field of the form is longer than %d bytes.", maxField))
	}
	u.fields[part.FormName()] = string(b)
	return nil
}

// spool writes the file to a temporary one.
func (a *api) spool(u *upload, part io.Reader) error {
	f, err := os.CreateTemp("", "hookswitch-batch-*.csv")
	if err != nil {
		return fmt.Errorf("trillet: a place for a file: %w", err)
	}
	u.file = f
	n, err := io.Copy(f, io.LimitReader(part, a.MaxFile+1))
	if err != nil {
		return a.broken(err)
	}
	if n > a.MaxFile {
		return a.tooLarge()
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return fmt.Errorf("trillet: read a file again: %w", err)
	}
	return nil
}

func (a *api) tooLarge() error {
	return refuse(http.StatusRequestEntityTooLarge, fmt.Sprintf("The file is larger than %d bytes.", a.MaxFile))
}

// broken is the answer to a form that could not be read to its end.
func (a *api) broken(err error) error {
	var large *http.MaxBytesError
	var disk *os.PathError
	switch {
	case errors.As(err, &large):
		return a.tooLarge()
	case errors.As(err, &disk):
		return fmt.Errorf("trillet: keep a file: %w", err)
	}
	return refuse(http.StatusBadRequest, "The form can't be read: "+unread(err))
}

// unread says why, without what was sent.
func unread(err error) string {
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		return "it is cut off."
	case errors.Is(err, http.ErrMissingBoundary):
		return "its Content-Type has no boundary."
	case errors.Is(err, os.ErrDeadlineExceeded):
		return "it took too long."
	}
	return "it is not multipart/form-data."
}

// batchOf is what the form says of the batch, when nothing is wrong with it.
func (a *api) batchOf(r *http.Request, u *upload) (agenda.Batch, error) {
	ctx := r.Context()
	now := a.Now().Truncate(time.Microsecond)
	b := agenda.Batch{ID: "batch_" + strings.ToLower(rand.Text()), Workspace: gate.Workspace(ctx), Name: fileName(u.name),
		Source: agenda.FromTrillet, Status: agenda.BatchLoading, Created: now, Updated: now}
	var wrong roster.Problems
	if key := r.Header.Get("Idempotency-Key"); len(key) > maxIdemKey {
		wrong.Add("Idempotency-Key", "is longer than %d characters", maxIdemKey)
	} else if key != "" {
		b.ID = agenda.BatchID(b.Workspace, key)
	}
	if u.file == nil {
		wrong.Add("file", "can't be blank: a CSV file with a column phone_number")
	}
	if b.AgentUUID = strings.TrimSpace(u.fields["agentId"]); b.AgentUUID == "" {
		wrong.Add("agentId", "can't be blank")
	}
	if at := strings.TrimSpace(u.fields["scheduledAt"]); at != "" {
		var why string
		if b.At, why = body.Moment(at, now); why != "" {
			wrong.Add("scheduledAt", "%s", why)
		}
	}
	b.Options.Retry = retry(u.fields["smartCallbackConfig"], &wrong)
	if len(wrong) > 0 {
		return b, wrong
	}
	agent, _, err := a.caller(ctx, b.AgentUUID)
	if err != nil {
		return b, err
	}
	b.Agent = agent.Name
	return b, nil
}

// fileName is what a batch is called: its file, without a path.
func fileName(s string) string {
	s = strings.ToValidUTF8(path.Base(strings.ReplaceAll(s, `\`, "/")), "")
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return -1
		}
		return r
	}, s)
	if s == "." || s == "/" {
		return ""
	}
	return string([]rune(s)[:min(len([]rune(s)), maxName)])
}

// retry reads smartCallbackConfig, which is JSON in a text. Nothing leaves it to
// the agent.
func retry(text string, wrong *roster.Problems) *agenda.Retry {
	const field = "smartCallbackConfig"
	if strings.TrimSpace(text) == "" {
		return nil
	}
	in, err := body.Object([]byte(text))
	var mistake body.Mistake
	if errors.As(err, &mistake) {
		wrong.Add(field, "%s", strings.Replace(string(mistake), "The request body", "The text", 1))
		return nil
	}
	c := map[string]any{"enabled": false}
	for name, ours := range map[string]string{"enabled": "enabled", "maxAttempts": "max_attempts", "gaps": "gaps"} {
		if v, there := in[name]; there {
			c[ours] = v
		}
	}
	if gaps, ok := c["gaps"].([]any); ok {
		c["gaps"] = withDays(gaps)
	}
	d, err := (roster.Terms{}).Change(roster.Definition{}, map[string]any{"smart_callback": c})
	var all roster.Problems
	if errors.As(err, &all) {
		for _, p := range all {
			name := strings.Replace(strings.Replace(p.Field, "smart_callback", field, 1), "max_attempts", "maxAttempts", 1)
			for _, m := range p.Messages {
				wrong.Add(name, "%s", m)
			}
		}
		return nil
	}
	out := &agenda.Retry{Gaps: []agenda.Gap{}}
	if !d.Callback.Enabled {
		return out // none, whatever the agent says
	}
	out.Max = d.Callback.MaxAttempts
	for _, g := range d.Callback.Gaps {
		out.Gaps = append(out.Gaps, agenda.Gap(g))
	}
	return out
}

// decode is a JSON object that was kept, its numbers as they were written.
func decode(text string) map[string]any {
	out := map[string]any{}
	dec := json.NewDecoder(strings.NewReader(text))
	dec.UseNumber()
	if err := dec.Decode(&out); err != nil || out == nil {
		return map[string]any{} // what is no object is shown as an empty one
	}
	return out
}

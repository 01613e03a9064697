package v2

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"os"
	"path"
	"strings"
	"time"
	"unicode"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/hookswitch/hookswitch/agentcore/agenda"
	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/rest/body"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/rest/gate"
)

// Bounds of an upload, besides that of its file.
const (
	formSlack    = 64 << 10 // bytes of a form beside its file
	formMemory   = 1 << 20  // bytes of a form that are not on disk
	maxFormValue = 16 << 10
	maxBatchName = 255 // characters
	uploadTime   = 2 * time.Minute
	loadTime     = 3 * time.Minute // to keep what was sent, and to answer
)

const uploadPath = Base + "/batches"

// Dialect is how the API's requests pass the gate: with a bearer token, and a
// batch's file unread.
func Dialect() gate.Dialect {
	return gate.Dialect{Challenge: `Bearer realm="hookswitch"`, Streams: func(r *http.Request) bool {
		return r.Method == http.MethodPost && r.URL.Path == uploadPath && uploadKind(r) != ""
	}}
}

// uploadKind is the type of a batch's file, or of the form that has it; empty: it
// is neither.
func uploadKind(r *http.Request) string {
	switch kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); {
	case err != nil:
	case kind == "multipart/form-data", kind == "text/csv":
		return kind
	}
	return ""
}

// Upload is a request whose body its operation reads.
type Upload struct {
	r *http.Request
	w http.ResponseWriter
}

// Resolve implements [huma.Resolver].
func (u *Upload) Resolve(c huma.Context) []error {
	u.r, u.w = humago.Unwrap(c)
	return nil
}

// batchInput is what a batch is made of; a form's fields have the same names.
type batchInput struct {
	Agent    string `query:"agent_uuid" maxLength:"64" doc:"Who calls. Required, here or in the form."`
	Name     string `query:"name" maxLength:"255" doc:"Empty: the file's."`
	At       string `query:"schedule_at" maxLength:"96" doc:"Not before; as of a dispatch."`
	Callback string `query:"smart_callback" maxLength:"4096" doc:"As of a dispatch: a JSON object, or false."`
	Bypass   string `query:"bypass_quiet_hours" enum:"true,false"`
	Consent  string `query:"consent" maxLength:"255" doc:"How those in the file agreed to be called; a column consent goes before it."`
	Key      string `header:"Idempotency-Key" maxLength:"255" doc:"A name for this upload: sent again, it makes no second batch and is answered with the first."`
	Upload
}

// batchForm describes the form.
type batchForm struct {
	File     string  `json:"file" format:"binary" doc:"CSV, UTF-8, at most 20 MiB: a header, with phone_number in it, and a row for each call."`
	Agent    *string `json:"agent_uuid" required:"false"`
	Name     *string `json:"name" required:"false"`
	At       *string `json:"schedule_at" required:"false"`
	Callback *string `json:"smart_callback" required:"false" doc:"A JSON object, or false."`
	Bypass   *string `json:"bypass_quiet_hours" required:"false" enum:"true,false"`
	Consent  *string `json:"consent" required:"false"`
}

const aboutUpload = "Reads a CSV file as it comes, and begins to call, or does so at `schedule_at`. The file is the request's body (`text/csv`, with the query's parameters) or a form's `file` (`multipart/form-data`, with its fields). " +
	"A line that can't be called is left out and told under `errors`, and so is a number that the file has already; when no line is good, or the file as a whole is wrong, nobody is called. " +
	"The numbers are placed at the pace that the carrier's account allows, and within the calling hours of each."

// batchUpload registers how a batch is made.
func (a *API) batchUpload() {
	handle(a, operation{
		ID: "create-batch", Method: http.MethodPost, Path: "/batches", Tag: tagBatches, Thing: "Agent",
		Summary: "Create a batch", Scope: roster.CallsWrite, Fail: "Failed to create the batch", About: aboutUpload, Answer: exampleBatch,
		Errors: []int{http.StatusBadRequest, http.StatusNotFound, http.StatusRequestEntityTooLarge, http.StatusUnprocessableEntity},
	}, a.createBatch)
	r := a.huma.OpenAPI().Components.Schemas
	a.huma.OpenAPI().Paths[uploadPath].Post.RequestBody = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{
		"text/csv":            {Schema: &huma.Schema{Type: "string"}, Example: "phone_number,name\n+14155550177,Ada\n"},
		"multipart/form-data": {Schema: schemaOf[batchForm](r)},
	}}
}

func (a *API) createBatch(ctx context.Context, in *batchInput) (*reply[batchAnswer], error) {
	kind := uploadKind(in.r)
	if kind == "" {
		return nil, Fail(http.StatusBadRequest, "The request body must be the file, Content-Type: text/csv, or a form with it, multipart/form-data.")
	}
	most := a.Later.MaxFile
	if in.r.ContentLength > most+formSlack {
		return nil, tooLarge(most)
	}
	control := http.NewResponseController(in.w)
	_ = control.SetReadDeadline(time.Now().Add(uploadTime)) // tests' recorders have none
	defer func() { _ = control.SetReadDeadline(time.Time{}) }()
	_ = control.SetWriteDeadline(time.Now().Add(uploadTime + loadTime)) // the server's own began with the request: who waits for an answer in vain sends the file again
	_ = control.SetWriteDeadline(time.Now().Add(uploadTime + loadTime)) // the server's own is for answers that come at once
	if kind == "text/csv" {
		return a.loadBatch(ctx, in, in.r.Body)
	}
	in.r.Body = http.MaxBytesReader(in.w, in.r.Body, most+formSlack)
	if err := in.r.ParseMultipartForm(formMemory); err != nil {
		return nil, badForm(err, most)
	}
	defer func() { _ = in.r.MultipartForm.RemoveAll() }() // the machine's own directory for such
	file, err := in.form(in.r.MultipartForm)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return a.loadBatch(ctx, in, file)
}

// form takes over the form's fields, and opens its file.
func (in *batchInput) form(f *multipart.Form) (multipart.File, error) {
	var wrong roster.Problems
	for name, into := range map[string]*string{"agent_uuid": &in.Agent, "name": &in.Name, "schedule_at": &in.At,
		"smart_callback": &in.Callback, "bypass_quiet_hours": &in.Bypass, "consent": &in.Consent} {
		switch values := f.Value[name]; {
		case len(values) == 0:
		case len(values) > 1:
			wrong.Add(name, "is there more than once")
		case len(values[0]) > maxFormValue:
			wrong.Add(name, "is too long")
		default:
			*into = values[0]
		}
	}
	files := f.File["file"]
	if len(files) != 1 {
		wrong.Add("file", "must be one CSV file with a column phone_number")
	}
	if len(wrong) > 0 {
		return nil, wrong
	}
	in.Name = cmp.Or(in.Name, batchName(files[0].Filename))
	file, err := files[0].Open()
	if err != nil {
		return nil, fmt.Errorf("v2: read a form's file: %w", err)
	}
	return file, nil
}

func tooLarge(most int64) error {
	return Fail(http.StatusRequestEntityTooLarge, fmt.Sprintf("The file is larger than %d bytes.", most))
}

// badForm says why a form can't be read, without what was sent.
func badForm(err error, most int64) error {
	var large *http.MaxBytesError
	var disk *os.PathError
	why := "it is not multipart/form-data."
	switch {
	case errors.As(err, &large):
		return tooLarge(most)
	case errors.As(err, &disk):
		return fmt.Errorf("v2: keep a form's file: %w", err)
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		why = "it is cut off."
	case errors.Is(err, http.ErrMissingBoundary):
		why = "its Content-Type has no boundary."
	case errors.Is(err, os.ErrDeadlineExceeded):
		why = "it took too long."
	}
	return Fail(http.StatusBadRequest, "The form can't be read: "+why)
}

// loadBatch makes a batch of file.
func (a *API) loadBatch(ctx context.Context, in *batchInput, file io.Reader) (*reply[batchAnswer], error) {
	b, err := a.batchFrom(ctx, in)
	if err != nil {
		return nil, err
	}
	bounded := &bounded{r: file, left: a.Later.MaxFile}
	b, err = a.Later.Batches.Load(ctx, b, bounded)
	var bad *agenda.FileError
	switch {
	case bounded.over:
		return nil, tooLarge(a.Later.MaxFile)
	case errors.As(err, &bad):
		return nil, roster.Problems{{Field: "file", Messages: []string{bad.Why}}}
	case errors.Is(err, agenda.ErrTooManyRows):
		return nil, roster.Problems{{Field: "file", Messages: []string{"has too many rows"}}}
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, io.ErrUnexpectedEOF):
		return nil, Fail(http.StatusBadRequest, "The file did not come to its end.")
	case err != nil:
		return nil, err
	}
	if b.Total == 0 {
		return nil, noRow(b)
	}
	return a.showBatch(ctx, b, fmt.Sprintf("Batch created successfully with %d calls", b.Total))
}

// bounded reads at most so many bytes, and says when there were more.
type bounded struct {
	r    io.Reader
	left int64
	over bool
}

// Read implements [io.Reader].
func (b *bounded) Read(p []byte) (int, error) {
	if int64(len(p)) > b.left+1 {
		p = p[:b.left+1]
	}
	n, err := b.r.Read(p)
	if int64(n) > b.left {
		b.over = true
		return 0, errors.New("v2: the file is too large")
	}
	b.left -= int64(n)
	return n, err
}

// noRow tells what is wrong with a file of which no line is good.
func noRow(b agenda.Batch) error {
	f := &Failure{status: http.StatusUnprocessableEntity}
	f.Errors.Add("file", "has no row that can be called")
	for _, p := range b.Problems[:min(len(b.Problems), firstProblems)] {
		f.Errors.Add("file", "line %d: %s %s", p.Line, p.Field, p.Text)
	}
	return f
}

// batchFrom is what the request says of the batch, when nothing is wrong with it.
func (a *API) batchFrom(ctx context.Context, in *batchInput) (agenda.Batch, error) {
	var wrong roster.Problems
	now := a.Now().Truncate(time.Microsecond)
	b := agenda.Batch{Workspace: gate.Workspace(ctx), Name: batchName(in.Name), Source: agenda.FromBatch, Status: agenda.BatchLoading, Created: now, Updated: now}
	if in.Key != "" {
		b.ID = agenda.BatchID(b.Workspace, in.Key)
	}
	b.Options.BypassQuietHours = in.Bypass == "true"
	b.Options.Consent = consentOf(strings.TrimSpace(in.Consent), &wrong)
	if in.Bypass != "" && in.Bypass != "true" && in.Bypass != "false" {
		wrong.Add("bypass_quiet_hours", "must be true or false")
	}
	if at := strings.TrimSpace(in.At); at != "" {
		b.At = momentOf(at, now, &wrong)
	}
	if text := strings.TrimSpace(in.Callback); text != "" {
		b.Options.Retry = retryText(text, &wrong)
	}
	if in.Agent == "" {
		wrong.Add("agent_uuid", "can't be blank")
	}
	if len(wrong) > 0 {
		return b, wrong
	}
	agent, err := a.Roster.Agent(ctx, b.Workspace, in.Agent)
	if err != nil {
		return b, err
	}
	b.AgentUUID, b.Agent = agent.UUID, agent.Name
	if err := a.fit(ctx, agent, &wrong); err != nil {
		return b, err
	}
	if _, err := a.callerOf(ctx, agent, "", &wrong); err != nil {
		return b, err
	}
	if len(wrong) > 0 {
		return b, &Failure{Errors: wrong, status: http.StatusUnprocessableEntity}
	}
	return b, nil
}

// retryText reads a smart_callback that is JSON in a text.
func retryText(text string, wrong *roster.Problems) *agenda.Retry {
	if text == "false" || text == "null" {
		return retryFrom(nil, wrong)
	}
	in, err := body.Object(json.RawMessage(text))
	if err != nil {
		wrong.Add("smart_callback", "must be a JSON object, or false")
		return nil
	}
	return retryFrom(in, wrong)
}

// batchName is what a batch is called: its file, without a path.
func batchName(s string) string {
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
	return string([]rune(s)[:min(len([]rune(s)), maxBatchName)])
}

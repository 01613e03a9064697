package sheet_test

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/hookswitch/hookswitch/agentcore/agenda/sheet"
	"github.com/hookswitch/hookswitch/agentcore/vars"
)

// read reads a whole file: its rows, what is wrong with others, and what ended it.
func read(file string, l sheet.Limits) (columns []string, rows []sheet.Row, wrong []sheet.Wrong, err error) {
	s, err := sheet.Open(strings.NewReader(file), l)
	if err != nil {
		return nil, nil, nil, err
	}
	for {
		row, err := s.Next()
		var w *sheet.Wrong
		switch {
		case errors.Is(err, io.EOF):
			return s.Columns(), rows, wrong, nil
		case errors.As(err, &w):
			wrong = append(wrong, *w)
		case err != nil:
			return s.Columns(), rows, wrong, err
		default:
			rows = append(rows, row)
		}
	}
}

const ada, bob = "+14155550100", "+442079460958"

func TestRows(t *testing.T) {
	one := []sheet.Row{{Line: 2, Phone: ada, Values: map[string]string{"name": "Ada"}}}
	for claim, c := range map[string]struct {
		file string
		want []sheet.Row
	}{
		"plain":                      {"phone_number,name\n+14155550100,Ada\n", one},
		"no last line break":         {"phone_number,name\n+14155550100,Ada", one},
		"a byte order mark and CRLF": {"\ufeffphone_number,name\r\n+14155550100,Ada\r\n", one},
		"semicolons":                 {"phone_number;name\n+14155550100;Ada\n", one},
		"tabs":                       {"phone_number\tname\n+14155550100\tAda\n", one},
		"declared":                   {"sep=;\r\nphone_number;name\r\n+14155550100;Ada\r\n", []sheet.Row{{Line: 3, Phone: ada, Values: map[string]string{"name": "Ada"}}}},
		"separators in quotes":       {"\"phone_number\",\"name\"\n+14155550100,\"Ada\"\n", one},
		"a column's name in quotes with semicolons": {"phone_number,\"a;b;c\"\n" + ada + ",x\n", []sheet.Row{{Line: 2, Phone: ada, Values: map[string]string{"a;b;c": "x"}}}},
		"the header as people write":                {" Phone Number , name \n+14155550100,Ada\n", one},
		"columns that nobody filled":                {"phone_number,name,,\n+14155550100,Ada,,\n", one},
		"empty rows":                                {"phone_number,name\n\n,\n+14155550100,Ada\n , \n", []sheet.Row{{Line: 4, Phone: ada, Values: map[string]string{"name": "Ada"}}}},
		"the number last":                           {"name,PHONE-NUMBER\nAda,+14155550100\n", one},
		"no variables":                              {"phone_number\n+1 (415) 555-0100\n", []sheet.Row{{Line: 2, Phone: ada, Values: map[string]string{}}}},
		"line breaks in quotes": {"phone_number,name\n+14155550100,\"A\r\nB\n\"\n" + bob + ",Bob\n", []sheet.Row{
			{Line: 2, Phone: ada, Values: map[string]string{"name": "A\nB\n"}}, {Line: 5, Phone: bob, Values: map[string]string{"name": "Bob"}},
		}},
		"consent": {"phone_number,Consent\n+14155550100, written \n", []sheet.Row{
			{Line: 2, Phone: ada, Consent: "written", Values: map[string]string{"Consent": " written "}},
		}},
	} {
		_, rows, _, err := read(c.file, sheet.Limits{})
		if err != nil || !reflect.DeepEqual(rows, c.want) {
			t.Errorf("%s: %+v, %v, want %+v", claim, rows, err, c.want)
		}
	}
}

func TestRowsThatAreWrong(t *testing.T) {
	long := strings.Repeat("ä", 2049)
	for claim, c := range map[string]struct {
		row  string
		want string // %!: nothing is wrong
	}{
		"no number":                 {",x", "line 2, phone_number: is empty"},
		"no plus":                   {"14155550100,x", "line 2, phone_number: must begin with + and the country code"},
		"two zeros":                 {"0014155550100,x", "line 2, phone_number: must begin with + and the country code, not with 00"},
		"rounded":                   {"1.41556E+10,x", "line 2, phone_number: was rounded by a spreadsheet: format the column as text"},
		"a trunk's zero":            {"+44 (0)20 7946 0958,x", "line 2, phone_number: has (0): leave it out after a country code"},
		"a trunk's zero, bare":      {"+33 06 12 34 56 78,x", "line 2, phone_number: has a 0, or another prefix of calls at home, behind the country code: leave it out"},
		"a trunk's one":             {"+1 1 415 555 0100,x", "line 2, phone_number: has a 0, or another prefix of calls at home, behind the country code: leave it out"},
		"letters":                   {"+1415CALLNOW,x", "line 2, phone_number: must be a phone number in E.164 form, such as +14155550100"},
		"too short for its country": {"+1415555,x", "line 2, phone_number: must be a phone number in E.164 form, such as +14155550100"},
		"two numbers":               {"+14155550100 +14155550101,x", "line 2, phone_number: must be a phone number in E.164 form, such as +14155550100"},
		"too few columns":           {ada, "line 2: it has 1 columns, and the header 2"},
		"too many columns":          {ada + ",x,y", "line 2: it has 3 columns, and the header 2"},
		"a bare quote":              {ada + `,x"y`, "line 2: a quote is where none may be, or is not closed"},
		"invalid UTF-8":             {ada + ",\xff", "line 2, name: is not UTF-8"},
		"a value that is long":      {ada + "," + long, "line 2, name: is longer than 2048 characters"},
		"a control character":       {ada + ",\x00", "line 2, name: has control characters"},
		"the longest value":         {ada + "," + long[2:], ""},
	} {
		_, rows, wrong, err := read("phone_number,name\n"+c.row+"\n"+bob+",Bob\n", sheet.Limits{})
		got := ""
		if len(wrong) > 0 {
			got = wrong[0].Error()
		}
		if err != nil || got != c.want || len(wrong) > 1 || len(rows) == 0 || rows[len(rows)-1].Phone != bob {
			t.Errorf("%s: %q, %d rows, %v, want %q and the next row", claim, got, len(rows), err, c.want)
		}
	}
}

func TestANumberIsCalledOnce(t *testing.T) {
	_, rows, wrong, err := read("phone_number\n"+ada+"\n"+bob+"\n+1 415 555 0100\n", sheet.Limits{})
	if err != nil || len(rows) != 2 || len(wrong) != 1 || wrong[0].Error() != "line 4, phone_number: the number is on line 2 already" {
		t.Errorf("%d rows, %v, %v", len(rows), wrong, err)
	}
}

func TestFilesThatCannotBeRead(t *testing.T) {
	for claim, c := range map[string]struct{ file, want string }{
		"empty":                     {"", "line 1: the file is empty"},
		"a mark and nothing":        {"\ufeff", "line 1: the file is empty"},
		"line breaks":               {"\n\n", "line 1: the file is empty"},
		"UTF-16":                    {"\xff\xfep\x00h\x00", "line 1: the file is UTF-16: save it as CSV in UTF-8"},
		"UTF-16, the other way":     {"\xfe\xff\x00p", "line 1: the file is UTF-16: save it as CSV in UTF-8"},
		"a workbook":                {"PK\x03\x04xx", "line 1: the file is a spreadsheet: save it as CSV in UTF-8"},
		"no column of numbers":      {"phone,name\n", "line 1: there is no column phone_number among: phone, name"},
		"no header":                 {ada + ",Ada\n", "line 1: there is no column phone_number: the first line must name the columns"},
		"nothing that can be shown": {"1,2\n", "line 1: there is no column phone_number"},
		"two of numbers":            {"phone_number,Phone Number\n", "line 1: two columns are named phone_number"},
		"a name twice":              {"phone_number,a, a\n", "line 1: column 3 has a name that another one has: a"},
		"a column without a name":   {"phone_number,,a\n", "line 1: the name of column 2 is empty"},
		"a name that is long":       {"phone_number," + strings.Repeat("a", 65) + "\n", "line 1: the name of column 2 is longer than 64 characters"},
		"a reserved name":           {"phone_number,__proto__\n", "line 1: the name of column 2 is a reserved word"},
		"a name with braces":        {"phone_number,{{a}}\n", "line 1: the name of column 2 has braces, quotes or control characters"},
		"a name that is not UTF-8":  {"phone_number,\xff\n", "line 1: the name of column 2 is not UTF-8"},
		"a header with bad quotes":  {"phone_number,a\"b\n", "line 1: a quote is where none may be, or is not closed"},
		"a quote never closed":      {"phone_number,name\n" + ada + ",\"" + strings.Repeat("x\n", 1<<20), "line 1: what follows has a row of more than 1 MiB: is a quote not closed?"},
	} {
		_, _, _, err := read(c.file, sheet.Limits{})
		var broken *sheet.Broken
		if !errors.As(err, &broken) || err.Error() != c.want {
			t.Errorf("%s: %v, want %s", claim, err, c.want)
		}
	}
}

func header(columns int) string {
	var b strings.Builder
	b.WriteString("phone_number")
	for i := 1; i < columns; i++ {
		fmt.Fprintf(&b, ",c%d", i)
	}
	return b.String() + "\n"
}

func TestLimits(t *testing.T) {
	columns, _, _, err := read(header(200), sheet.Limits{})
	if err != nil || len(columns) != 199 || columns[0] != "c1" {
		t.Errorf("200 columns: %v, %v", columns, err)
	}
	var rows strings.Builder
	for i := range 4 {
		fmt.Fprintf(&rows, "+1415555010%d\n", i)
	}
	for claim, c := range map[string]struct {
		file string
		l    sheet.Limits
		want string
		rows int
	}{
		"columns":             {header(257), sheet.Limits{}, "the file has more than 201 columns", 0},
		"rows":                {"phone_number\n" + rows.String(), sheet.Limits{Rows: 3}, "the file has more than 3 rows", 3},
		"as many rows":        {"phone_number\n" + rows.String(), sheet.Limits{Rows: 4}, "<nil>", 4},
		"rows that are wrong": {"phone_number\nx\nx\nx\nx\n", sheet.Limits{Rows: 3}, "the file has more than 3 rows", 0},
		"as many bytes":       {"phone_number\n" + ada + "\n", sheet.Limits{Bytes: 26}, "<nil>", 1},
		"bytes":               {"phone_number\n" + ada + "\n", sheet.Limits{Bytes: 25}, "the file has more than 25 bytes", 0},
	} {
		_, rows, _, err := read(c.file, c.l)
		var large *sheet.TooLarge
		if fmt.Sprint(err) != c.want || err != nil && !errors.As(err, &large) || len(rows) != c.rows {
			t.Errorf("%s: %d rows, %v, want %d, %s", claim, len(rows), err, c.rows, c.want)
		}
	}
}

// repeated is a file of 25 MB that nobody keeps in memory.
type repeated struct{ left int }

func (r *repeated) Read(p []byte) (int, error) {
	if r.left == 0 {
		return 0, io.EOF
	}
	n := min(len(p), r.left)
	for i := range p[:n] {
		if p[i] = 'x'; i%1000 == 999 {
			p[i] = '\n'
		}
	}
	r.left -= n
	return n, nil
}

func TestAFileOf25MBIsRefused(t *testing.T) {
	file := io.MultiReader(strings.NewReader("phone_number,a\n"), &repeated{25 << 20})
	s, err := sheet.Open(file, sheet.Limits{Rows: 1 << 30})
	if err != nil {
		t.Fatal(err)
	}
	for {
		_, err := s.Next()
		var w *sheet.Wrong
		if errors.As(err, &w) {
			continue
		}
		var large *sheet.TooLarge
		if !errors.As(err, &large) || large.What != "bytes" {
			t.Errorf("Next() = %v, want too many bytes", err)
		}
		return
	}
}

// What the reader of a network says is told as it is.
func TestABrokenConnection(t *testing.T) {
	gone := errors.New("gone")
	s, err := sheet.Open(io.MultiReader(strings.NewReader("phone_number\n"+strings.Repeat("x\n", 1<<16)), errReader{gone}), sheet.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	for {
		_, err := s.Next()
		var w *sheet.Wrong
		if !errors.As(err, &w) {
			if !errors.Is(err, gone) {
				t.Errorf("Next() = %v", err)
			}
			return
		}
	}
}

type errReader struct{ err error }

func (e errReader) Read([]byte) (int, error) { return 0, e.err }

// The rules of names and values are those of package vars, which may not be
// imported here.
func TestVariablesAreThoseOfPackageVars(t *testing.T) {
	l := fmt.Sprintf("phone_number,%s\n%s,%s\n", strings.Repeat("n", vars.MaxKey), ada, strings.Repeat("v", vars.MaxValue))
	_, rows, _, err := read(l, sheet.Limits{})
	if err != nil || len(rows) != 1 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	columns, _, _, err := read(header(vars.MaxCount+1), sheet.Limits{})
	if err != nil || len(columns) != vars.MaxCount {
		t.Errorf("%d columns, %v", len(columns), err)
	}
	for _, name := range []string{"__proto__", "proto", "constructor", "prototype", strings.Repeat("n", vars.MaxKey+1)} {
		_, _, _, err := read("phone_number,"+name+"\n", sheet.Limits{})
		if wrong := vars.Check(map[string]any{name: ""}); len(wrong) == 0 || err == nil {
			t.Errorf("%.20s: %v, %v", name, wrong, err)
		}
	}
}

func FuzzRead(f *testing.F) {
	for _, seed := range []string{
		"phone_number,name\n+14155550100,Ada\n", "\ufeffphone_number;a\r\n+14155550100;\"x\r\ny\"\r\n", "sep=\t\nphone_number\ta\n", "phone_number,,\n\"",
		"phone_number\r+1", "a,b\n", "\xff\xfe", "phone_number,a\n\"\xff\",\"\"\"\"\n\n,,\n",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, file string) {
		columns, rows, wrong, _ := read(file, sheet.Limits{})
		lines := strings.Count(file, "\n") + 1
		last := 0
		for _, r := range rows {
			if r.Line <= last || r.Line > lines || !strings.HasPrefix(r.Phone, "+") || len(r.Values) != len(columns) {
				t.Errorf("row %+v of %d lines, after line %d", r, lines, last)
			}
			last = r.Line
			for name, value := range r.Values {
				if !slices.Contains(columns, name) || !utf8.ValidString(name) || !utf8.ValidString(value) {
					t.Errorf("%q has %q", name, value)
				}
			}
			if wrong := vars.Check(anyOf(r.Values)); len(wrong) > 0 {
				t.Errorf("row %d: %v", r.Line, wrong)
			}
		}
		for _, w := range wrong {
			if w.Line < 1 || w.Line > lines || w.Text == "" {
				t.Errorf("%+v of %d lines", w, lines)
			}
		}
	})
}

func anyOf(values map[string]string) map[string]any {
	all := map[string]any{}
	for k, v := range maps.All(values) {
		all[k] = v
	}
	return all
}

func BenchmarkRead10000Rows(b *testing.B) {
	var file strings.Builder
	file.WriteString("phone_number,name,city,amount\n")
	for i := range 10_000 {
		fmt.Fprintf(&file, "+1415%07d,Ada,\"San\nFrancisco\",%d\n", 2000000+i, i)
	}
	b.SetBytes(int64(file.Len()))
	b.ReportAllocs()
	for b.Loop() {
		if _, rows, wrong, err := read(file.String(), sheet.Limits{}); err != nil || len(rows) != 10_000 {
			b.Fatal(len(rows), wrong, err)
		}
	}
}

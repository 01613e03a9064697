package show

import "fmt"

// checkColumns are where a finding and its limit stand.
func (p *printer) checkColumns() (value, limit int) {
	if p.cols < 90 {
		return 40, 62
	}
	return 50, 75
}

func (p *printer) checks(r Result, f Files) {
	if len(r.Checks) == 0 {
		return
	}
	p.newline()
	p.styled(bold, " CHECKS")
	for _, c := range r.Checks {
		p.check(c, r, f)
	}
	p.newline()
}

func (p *printer) check(c Check, r Result, f Files) {
	p.spaces(3)
	if c.OK {
		p.put("ok  ", green)
	} else {
		p.put("FAIL", badly)
	}
	p.spaces(2)
	name, value, limit := Clean(c.Name), Clean(c.Value), Clean(c.Limit)
	valueAt, limitAt := p.checkColumns()
	line := fmt.Sprintf("%-*s%s", valueAt-nameAt, name, value)
	if columns(name) > valueAt-nameAt-2 {
		line = name + "  " + value
	}
	if limit != "" {
		line = fmt.Sprintf("%-*s  %s", limitAt-nameAt-2, line, limit)
	}
	if nameAt+columns(line) > p.cols {
		p.narrowCheck(name, value, limit)
	} else {
		p.b.WriteString(line + "\n")
	}
	if c.OK {
		return
	}
	if c.Detail != "" {
		p.under(nameAt+2, Clean(c.Detail), none)
	}
	for _, fault := range c.Faults {
		p.fault(fault, r, f)
	}
}

// narrowCheck puts the finding under the name.
func (p *printer) narrowCheck(name, value, limit string) {
	for n, l := range wrap(p.cols-nameAt, span{name, none}) {
		if n > 0 {
			p.spaces(nameAt)
		}
		p.spans(l)
		p.newline()
	}
	if limit != "" {
		value += ", " + limit
	}
	p.under(nameAt+2, value, none)
}

// fault names call, turn and times, and where to listen and look.
func (p *printer) fault(at Fault, r Result, f Files) {
	where := fmt.Sprintf("call %d", at.Call)
	if at.Turn > 0 {
		where += fmt.Sprintf(", turn %d", at.Turn)
	}
	p.under(nameAt+2, where+": "+Clean(at.Detail), none)
	var see []string
	if at.Call >= 1 && at.Call <= len(r.Calls) && r.Calls[at.Call-1].Recording != "" {
		see = append(see, fmt.Sprintf("hear  %s at %s", Clean(r.Calls[at.Call-1].Recording), clock(at.AtMS)))
	}
	if f.Page != "" {
		see = append(see, "see  "+Clean(f.Page)+"#"+Anchor(at.Call, at.Turn))
	}
	p.words(nameAt+2, "      ", see)
}

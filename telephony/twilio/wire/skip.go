package wire

// skip steps over one value of any type, checking that it is JSON.
func (s *scanner) skip() { s.skipValue(0) }

func (s *scanner) skipValue(depth int) {
	if s.bad || depth > MaxDepth {
		s.fail()
		return
	}
	switch s.peek() {
	case '{':
		for more := s.enter(); more; more = s.more() {
			s.skipKey()
			s.skipValue(depth + 1)
		}
	case '[':
		s.skipArray(depth)
	case '"':
		s.skipString()
	case 't':
		s.literal("true")
	case 'f':
		s.literal("false")
	case 'n':
		s.literal("null")
	default:
		s.number()
	}
}

func (s *scanner) skipKey() {
	if s.peek() != '"' {
		s.fail()
		return
	}
	s.skipString()
	if !s.take(':') {
		s.fail()
	}
}

func (s *scanner) skipArray(depth int) {
	s.take('[')
	if s.take(']') {
		return
	}
	for !s.bad {
		s.skipValue(depth + 1)
		if s.take(']') {
			return
		}
		if !s.take(',') {
			s.fail()
		}
	}
}

func (s *scanner) literal(word string) {
	end := s.at + len(word)
	if end > len(s.text) || string(s.text[s.at:end]) != word {
		s.fail()
		return
	}
	s.at = end
}

// number steps over a number in the grammar of RFC 8259, section 6.
func (s *scanner) number() {
	s.char('-')
	if !s.char('0') && s.digits() == 0 {
		s.fail()
		return
	}
	if s.char('.') && s.digits() == 0 {
		s.fail()
		return
	}
	if s.char('e') || s.char('E') {
		if !s.char('+') {
			s.char('-')
		}
		if s.digits() == 0 {
			s.fail()
		}
	}
}

// char consumes c if it is the very next byte.
func (s *scanner) char(c byte) bool {
	if s.at == len(s.text) || s.text[s.at] != c {
		return false
	}
	s.at++
	return true
}

func (s *scanner) digits() (n int) {
	for s.at < len(s.text) && '0' <= s.text[s.at] && s.text[s.at] <= '9' {
		s.at++
		n++
	}
	return n
}

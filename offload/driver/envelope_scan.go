package driver

import "bytes"

// scanner walks over the members of one JSON object without building anything. It
// finds where values begin and end; it does not check what is inside them.
type scanner struct {
	text []byte
	at   int
}

func (s *scanner) skipSpace() {
	for s.at < len(s.text) {
		switch s.text[s.at] {
		case ' ', '\t', '\r', '\n':
			s.at++
		default:
			return
		}
	}
}

// accept skips white space and, if it comes next, c.
func (s *scanner) accept(c byte) bool {
	s.skipSpace()
	if s.at < len(s.text) && s.text[s.at] == c {
		s.at++
		return true
	}
	return false
}

// atEnd reports that only white space is left.
func (s *scanner) atEnd() bool {
	s.skipSpace()
	return s.at == len(s.text)
}

// member returns the name of the next member, without its quotes and as it is
// written, and stands at its value. first tells that no comma comes before it.
func (s *scanner) member(first bool) (name []byte, ok bool) {
	if !first && !s.accept(',') {
		return nil, false
	}
	s.skipSpace()
	name, ok = s.rawString()
	if !ok || !s.accept(':') {
		return nil, false
	}
	s.skipSpace()
	return name, true
}

// rawString returns the contents of the string that comes next as they are
// written, escapes included.
func (s *scanner) rawString() ([]byte, bool) {
	if s.at >= len(s.text) || s.text[s.at] != '"' {
		return nil, false
	}
	start := s.at + 1
	for from := start; ; {
		quote := bytes.IndexByte(s.text[from:], '"')
		if quote < 0 {
			return nil, false
		}
		end := from + quote
		backslashes := 0
		for end-backslashes > from && s.text[end-backslashes-1] == '\\' {
			backslashes++
		}
		if backslashes%2 == 0 {
			s.at = end + 1
			return s.text[start:end], true
		}
		from = end + 1
	}
}

// value returns the value that comes next as it is written. It may be nonsense:
// brackets are counted, not matched.
func (s *scanner) value() ([]byte, bool) {
	start, depth := s.at, 0
	for s.at < len(s.text) {
		switch s.text[s.at] {
		case '"':
			if _, ok := s.rawString(); !ok {
				return nil, false
			}
			if depth == 0 {
				return s.text[start:s.at], true
			}
			continue
		case '{', '[':
			depth++
		case '}', ']':
			if depth == 0 {
				return s.text[start:s.at], s.at > start
			}
			depth--
			if depth == 0 {
				s.at++
				return s.text[start:s.at], true
			}
		case ',', ' ', '\t', '\r', '\n':
			if depth == 0 {
				return s.text[start:s.at], s.at > start
			}
		}
		s.at++
	}
	return nil, false
}

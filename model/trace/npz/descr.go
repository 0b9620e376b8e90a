package npz

import (
	"errors"
	"fmt"
	"strconv"
)

// parseDescr reads the Python dictionary of an .npy header. Of Python's literals
// it knows what NumPy writes there: strings without escapes, whole numbers,
// True and False, tuples and lists.
func parseDescr(text []byte) (d Dtype, shape []int, err error) {
	p := &literal{b: text}
	defer func() {
		// The parser gives up by panic: it has no other way out of its depth.
		v := recover()
		if e, ok := v.(parseError); ok {
			d, shape, err = Dtype{}, nil, fmt.Errorf("npz: .npy header: %s at byte %d", string(e), p.at)
		} else if v != nil {
			panic(v)
		}
	}()
	var descr, order bool
	p.want('{')
	for !p.take('}') {
		key := p.text()
		p.want(':')
		switch key {
		case "descr":
			descr = true
			if d, err = NewDtype(p.fields()...); err != nil {
				return Dtype{}, nil, err
			}
		case "fortran_order":
			order = true
			if p.word() != "False" {
				return Dtype{}, nil, errors.New("npz: .npy header: fortran_order is not False: only row-major arrays are read")
			}
		case "shape":
			shape = p.shape()
		default:
			return Dtype{}, nil, fmt.Errorf("npz: .npy header: unknown key %q", clip(key))
		}
		if !p.take(',') {
			p.want('}')
			break
		}
	}
	p.space()
	if p.at != len(p.b) {
		p.fail("something follows the dictionary")
	}
	if !descr || !order || shape == nil {
		p.fail("descr, fortran_order or shape is missing")
	}
	return d, shape, nil
}

type parseError string

// literal reads Python literals.
type literal struct {
	b  []byte
	at int
}

func (p *literal) fail(what string) { panic(parseError(what)) }

func (p *literal) space() {
	for p.at < len(p.b) && (p.b[p.at] == ' ' || p.b[p.at] == '\n') {
		p.at++
	}
}

// take skips c if it comes next.
func (p *literal) take(c byte) bool {
	p.space()
	if p.at < len(p.b) && p.b[p.at] == c {
		p.at++
		return true
	}
	return false
}

func (p *literal) want(c byte) {
	if !p.take(c) {
		p.fail(fmt.Sprintf("no %q", c))
	}
}

// text is a string in single quotes.
func (p *literal) text() string {
	p.want('\'')
	from := p.at
	for p.at < len(p.b) && p.b[p.at] != '\'' {
		if c := p.b[p.at]; c < ' ' || c > '~' || c == '\\' {
			p.fail("a character that is not plain")
		}
		p.at++
	}
	s := string(p.b[from:p.at])
	p.want('\'')
	return s
}

// word is a name such as False.
func (p *literal) word() string {
	p.space()
	from := p.at
	for p.at < len(p.b) && (p.b[p.at]|0x20 >= 'a' && p.b[p.at]|0x20 <= 'z') {
		p.at++
	}
	return string(p.b[from:p.at])
}

// number is a whole number of at most 18 digits.
func (p *literal) number() int {
	p.space()
	from := p.at
	for p.at < len(p.b) && p.b[p.at] >= '0' && p.b[p.at] <= '9' {
		p.at++
	}
	n, err := strconv.ParseInt(string(p.b[from:p.at]), 10, 0)
	if err != nil || p.at-from > 18 {
		p.fail("no number that fits")
	}
	return int(n)
}

// shape is a tuple of numbers; it is not nil.
func (p *literal) shape() []int {
	const maxDims = 32 // NumPy's
	shape := []int{}
	p.want('(')
	for !p.take(')') {
		if len(shape) == maxDims {
			p.fail("too many dimensions")
		}
		shape = append(shape, p.number())
		if !p.take(',') {
			p.want(')')
			break
		}
	}
	return shape
}

// fields are those of a dtype: one without a name for a plain one.
func (p *literal) fields() []Field {
	p.space()
	if p.at < len(p.b) && p.b[p.at] == '\'' {
		return []Field{{Type: Type(p.text())}}
	}
	var list []Field
	p.want('[')
	for !p.take(']') {
		p.want('(')
		f := Field{Name: p.text()}
		p.want(',')
		f.Type = Type(p.text())
		if p.take(',') {
			f.Shape = p.shape()
		}
		p.want(')')
		if f.Name == "" {
			p.fail("a field without a name")
		}
		list = append(list, f)
		if !p.take(',') {
			p.want(']')
			break
		}
	}
	if len(list) == 0 {
		p.fail("no fields")
	}
	return list
}

package checkpoint

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"mamba-tui/model/tokenizer"
)

// maxDepth bounds how deep JSON may nest; a header has three levels and a
// config.json five.
const maxDepth = 32

// checkJSON makes sure that data is one JSON object in UTF-8 in which no
// object, at any depth, has the same key twice. encoding/json would keep the
// last of two, other readers the first: a file that two programs read
// differently is refused.
func checkJSON(data []byte) error {
	if !utf8.Valid(data) {
		return errors.New("is not UTF-8")
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	type level struct {
		keys map[string]bool // nil in an array
		key  bool            // the next token of this object is a key
	}
	var open []level
	for first := true; ; first = false {
		tok, err := dec.Token()
		if err != nil {
			return describe(err)
		}
		if delim, ok := tok.(json.Delim); ok {
			switch delim {
			case '{':
				if len(open) == maxDepth {
					return fmt.Errorf("nests deeper than %d levels", maxDepth)
				}
				open = append(open, level{keys: map[string]bool{}, key: true})
				continue
			case '[':
				if first {
					return errors.New("is not a JSON object")
				}
				if len(open) == maxDepth {
					return fmt.Errorf("nests deeper than %d levels", maxDepth)
				}
				open = append(open, level{})
				continue
			default: // a closing one; the decoder has checked that it fits
				open = open[:len(open)-1]
			}
		} else if first {
			return errors.New("is not a JSON object")
		}
		if len(open) == 0 {
			break
		}
		top := &open[len(open)-1]
		if top.keys == nil {
			continue
		}
		name, isString := tok.(string)
		if top.key && isString {
			if top.keys[name] {
				return fmt.Errorf("has the key %s twice", quote(name))
			}
			top.keys[name] = true
			top.key = false
			continue
		}
		top.key = true // a value ended here, plain or closed by a bracket
	}
	if _, err := dec.Token(); err != io.EOF {
		return errors.New("goes on after the end of its JSON object")
	}
	return nil
}

// describe turns an error of encoding/json into the end of a sentence that
// begins with the name of a file.
func describe(err error) error {
	var syntax *json.SyntaxError
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return errors.New("ends in the middle of its JSON")
	case errors.As(err, &syntax):
		return fmt.Errorf("is not JSON: %s at byte %d", syntax, syntax.Offset)
	}
	return fmt.Errorf("is not JSON: %w", err)
}

// object is a JSON object whose members are taken out one by one, by their
// exact names. encoding/json would also accept names in other letter case.
type object map[string]json.RawMessage

func parseObject(data []byte) (object, error) {
	var o object
	if err := json.Unmarshal(data, &o); err != nil || o == nil {
		return nil, errors.New("is not a JSON object")
	}
	return o, nil
}

// has says that a member is there and not null.
func (o object) has(name string) bool {
	raw, ok := o[name]
	return ok && string(raw) != "null"
}

// get decodes member name into dst and says whether it was there. A null
// counts as absent, as it does in transformers.
func (o object) get(name string, dst any) (bool, error) {
	if !o.has(name) {
		return false, nil
	}
	if err := json.Unmarshal(o[name], dst); err != nil {
		return true, fmt.Errorf("%s is %s, want %s", name, short(o[name]), kindOf(dst))
	}
	return true, nil
}

func kindOf(dst any) string {
	switch dst.(type) {
	case *bool:
		return "true or false"
	case *int64:
		return "a whole number"
	case *float64:
		return "a number"
	case *string:
		return "a string"
	case *[]string:
		return "a list of strings"
	case *object:
		return "an object"
	}
	return fmt.Sprintf("%T", dst)[1:]
}

// short shows raw JSON in an error message.
func short(raw []byte) string {
	const most = 40
	text := string(bytes.TrimSpace(raw))
	if len(text) > most {
		n := most
		for n > 0 && !utf8.RuneStart(text[n]) {
			n--
		}
		text = text[:n] + "…"
	}
	return tokenizer.Visible(text)
}

func quote(s string) string { return `"` + shortName(s) + `"` }

// shortName shows a name from a file in an error message.
func shortName(s string) string {
	const most = 120
	if len(s) > most {
		n := most
		for n > 0 && !utf8.RuneStart(s[n]) {
			n--
		}
		s = s[:n] + "…"
	}
	return tokenizer.Visible(s)
}

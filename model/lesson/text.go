package lesson

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"mamba-tui/assets"
)

// Language is a language that the lessons are written in.
type Language string

// The languages.
const (
	English  Language = "en"
	Japanese Language = "ja"
)

// Languages lists them, the one that is always complete first.
func Languages() []Language { return []Language{English, Japanese} }

// ParseLanguage is the language with the given code.
func ParseLanguage(code string) (Language, error) {
	if l := Language(code); slices.Contains(Languages(), l) {
		return l, nil
	}
	return "", fmt.Errorf("lesson: there is no text in %q: the languages are en and ja", code)
}

// LanguageOf is the language that a locale such as ja_JP.UTF-8 asks for:
// English unless there is another.
func LanguageOf(locale string) Language {
	code, _, _ := strings.Cut(locale, ".")
	code, _, _ = strings.Cut(code, "_")
	if l, err := ParseLanguage(code); err == nil {
		return l
	}
	return English
}

// Text is what a lesson says in one language. Its parts have places for values,
// {name}, and keys and commands between back quotes.
type Text struct {
	Title    string
	Question string
	Setup    string // what is on the screen
	parts    map[string]string
}

// Words are what is written around lessons, by their names.
type Words map[string]string

// Text is the lesson's in a language.
func (l *Lesson) Text(lang Language) (*Text, error) {
	parts, err := read(lang, l.Name)
	if err != nil {
		return nil, err
	}
	return &Text{Title: parts["title"], Question: parts["question"], Setup: parts["setup"], parts: parts}, nil
}

// WordsIn are the words around lessons in a language.
func WordsIn(lang Language) (Words, error) {
	parts, err := read(lang, "words")
	return Words(parts), err
}

// read takes a file of texts apart: a line "## name" begins a part, and what
// follows up to the next is its text, one line.
func read(lang Language, name string) (map[string]string, error) {
	path := "lessons/" + string(lang) + "/" + name + ".md"
	data, err := fs.ReadFile(assets.FS, path)
	if err != nil {
		return nil, fmt.Errorf("lesson: %w", err)
	}
	parts, err := parse(string(data))
	if err != nil {
		return nil, fmt.Errorf("lesson: %s: %w", path, err)
	}
	return parts, nil
}

func parse(text string) (map[string]string, error) {
	parts := map[string]string{}
	name := ""
	for i, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		head, is := strings.CutPrefix(line, "## ")
		switch {
		case is:
			if _, twice := parts[head]; twice {
				return nil, fmt.Errorf("line %d: %q is there twice", i+1, head)
			}
			name = head
			parts[name] = ""
		case line == "":
		case name == "":
			return nil, fmt.Errorf("line %d: a text before the first ## name", i+1)
		default:
			parts[name] = join(parts[name], line)
		}
	}
	for name, text := range parts {
		if text == "" {
			return nil, fmt.Errorf("%q has no text", name)
		}
	}
	return parts, nil
}

// join puts a line behind a text, with a space unless both sides are characters
// of a script that is written without, or the text ends in its comma or stop.
func join(text, line string) string {
	if text == "" {
		return line
	}
	before, after := []rune(text), []rune(line)
	last := before[len(before)-1]
	if spaceless(last) && spaceless(after[0]) || last == '、' || last == '。' {
		return text + line
	}
	return text + " " + line
}

// spaceless says that r is of a script that has no spaces between words: kana,
// Chinese characters and their punctuation.
func spaceless(r rune) bool { return r >= 0x3000 && r < 0xa000 || r >= 0xff00 && r < 0xffef }

// Begin is the question and the set-up in one paragraph.
func (t *Text) Begin() string { return join(t.Question, t.Setup) }

// Press is what a step tells to do, See what is to be seen.
func (t *Text) Press(step Step) string { return t.parts[step.Name+": press"] }

// See is what there is to see after a step, with its values.
func (t *Text) See(step Step, values []Value) string {
	return fill(t.parts[step.Name+": see"], values)
}

// Claim is the sentence of a claim, with its values.
func (t *Text) Claim(name string, values []Value) string {
	return fill(t.parts["claim: "+name], values)
}

// fill puts values in their places. A place without a value, of a claim that
// was not measured yet, is an ellipsis.
func fill(text string, values []Value) string {
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(text, "{")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		name, after, closed := strings.Cut(rest, "}")
		if !closed {
			b.WriteString("{" + rest)
			return b.String()
		}
		at := slices.IndexFunc(values, func(v Value) bool { return v.Name == name })
		if at >= 0 {
			b.WriteString(values[at].Text)
		} else {
			b.WriteString("…")
		}
		text = after
	}
}

// places are the names of the places in a text.
func places(text string) []string {
	var names []string
	for {
		_, rest, found := strings.Cut(text, "{")
		name, after, closed := strings.Cut(rest, "}")
		if !found || !closed {
			return names
		}
		names = append(names, name)
		text = after
	}
}

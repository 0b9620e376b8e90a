package panel

import (
	"strconv"
	"strings"

	"mamba-tui/tui/theme"
)

// Lesson is what the strip of a lesson shows. Its texts may hold keys between
// back quotes.
type Lesson struct {
	Title string
	Step  int // number of the step to do, from 1; above Steps all are done
	Steps int
	Done  bool // the step is done: See says what there is to see

	// Question is what the lesson begins with; "" once the steps have begun.
	Question, QuestionWord string

	Press, See, Finished     string
	PressWord, SeeWord, Next string // headings, and what the key behind does
	Key, Page                string // keys: the next step, the lesson's page

	Held, Failed, Claims int // how many claims were found to hold, and not to
}

// LessonStrip are exactly h lines of w cells: a title with the state of the
// claims, then what to press, or what to see once it was pressed.
func LessonStrip(t *theme.Theme, l Lesson, w, h int) []string {
	lines := []string{stripTitle(t, l, w)}
	word, text, role := l.PressWord, l.Press, theme.Accent
	goes := l.Done && l.Step <= l.Steps // a key goes on
	switch {
	case l.Question != "":
		word, text, role, goes = l.QuestionWord, l.Question, theme.Title, true
	case l.Step > l.Steps:
		word, text, role = "", l.Finished, theme.Text
	case l.Done:
		word, text, role = l.SeeWord, l.See, theme.Good
	}
	head := ""
	if word != "" {
		head = word + " "
	}
	room := w - 2 - width(head)
	wrapped := Prose(t, text, room)
	if goes {
		// The key that goes on stands behind the text, or where it is cut.
		wrapped = append(wrapped[:min(len(wrapped), max(h-1, 1))], nil)
		last := len(wrapped) - 2
		next := []piece{{theme.Key, l.Key + " "}, {theme.Dim, l.Next}}
		if breadth(wrapped[last])+3+breadth(next) <= room {
			wrapped[last] = append(append(wrapped[last], piece{theme.Text, "   "}), next...)
			wrapped = wrapped[:last+1]
		} else {
			wrapped[last+1] = next
		}
	}
	for i, part := range wrapped {
		if len(lines) == h {
			break
		}
		r := &row{t: t, left: w}
		r.pad(1)
		if i == 0 {
			r.put(role, head)
		} else {
			r.pad(width(head))
		}
		for _, p := range part {
			r.put(p.role, p.text)
		}
		lines = append(lines, r.String())
	}
	for len(lines) < h {
		lines = append(lines, (&row{t: t, left: w}).String())
	}
	return lines[:h]
}

// stripTitle is a rule with the lesson's name, the step, and the claims.
func stripTitle(t *theme.Theme, l Lesson, w int) string {
	r := &row{t: t, left: w}
	step := ""
	if l.Step <= l.Steps && l.Question == "" {
		step = " · " + strconv.Itoa(l.Step) + "/" + strconv.Itoa(l.Steps)
	}
	right := []piece{{theme.Good, "✔ " + strconv.Itoa(l.Held)}}
	if l.Failed > 0 {
		right = append(right, piece{theme.Bad, " ✘ " + strconv.Itoa(l.Failed)})
	}
	right = append(right, piece{theme.Dim, " / " + strconv.Itoa(l.Claims) + " "}, piece{theme.Key, l.Page}, piece{theme.Dim, " ─"})
	title := "─ " + clip(l.Title+step, max(w-6-breadth(right), 8)) + " "
	r.put(theme.Title, title)
	r.put(theme.Dim, strings.Repeat("─", max(w-width(title)-breadth(right)-1, 0))+" ")
	for _, p := range right {
		r.put(p.role, p.text)
	}
	return r.String()
}

// piece is text of one role.
type piece struct {
	role theme.Role
	text string
}

// breadth is the width of pieces.
func breadth(pieces []piece) int {
	n := 0
	for _, p := range pieces {
		n += width(p.text)
	}
	return n
}

// Paragraph is Prose as painted lines, each beginning with an indent.
func Paragraph(t *theme.Theme, text string, w, indent int) []string {
	var lines []string
	for _, part := range Prose(t, text, w-indent) {
		var b strings.Builder
		b.WriteString(spaces(indent))
		for _, p := range part {
			b.WriteString(t.Paint(p.role, p.text))
		}
		lines = append(lines, b.String())
	}
	return lines
}

// Prose wraps a text to lines of at most w cells. What stands between back
// quotes is painted as a key; where roles cannot be told apart the quotes stay.
// Scripts without spaces break between any two characters, but not before a
// closing mark or after an opening one.
func Prose(t *theme.Theme, text string, w int) [][]piece {
	plain := t.Paint(theme.Key, "x") == "x"
	var lines [][]piece
	var line []piece
	used := 0
	for _, u := range proseWords(text, plain) {
		n := breadth(u.pieces)
		gap := 0
		if u.spaced && used > 0 {
			gap = 1
		}
		if used > 0 && used+gap+n > w {
			lines, line, used, gap = append(lines, line), nil, 0, 0
		}
		if gap > 0 {
			line = append(line, piece{theme.Text, " "})
		}
		line = append(line, u.pieces...)
		used += gap + n
	}
	return append(lines, line)
}

// proseWord is what is never broken: a word, or a character of a script without
// spaces, with the marks that belong to it.
type proseWord struct {
	pieces []piece
	spaced bool // a space stands before it
}

func proseWords(text string, plain bool) []proseWord {
	var all []proseWord
	key, spaced := false, true
	var before rune
	for _, r := range text {
		switch {
		case r == '`' && !plain:
			key = !key
			continue
		case r == ' ' && !key:
			spaced, before = true, ' '
			continue
		case r == '`':
			key = !key
		}
		role := theme.Text
		if key && r != '`' {
			role = theme.Key
		}
		switch {
		case r == '%' && spaced && len(all) > 0: // belongs to its number
			u := &all[len(all)-1]
			u.pieces = append(u.pieces, piece{role, " %"})
			spaced, before = false, r
			continue
		case spaced || breaks(before, r):
			all = append(all, proseWord{spaced: spaced})
		}
		u := &all[len(all)-1]
		if n := len(u.pieces); n > 0 && u.pieces[n-1].role == role {
			u.pieces[n-1].text += string(r)
		} else {
			u.pieces = append(u.pieces, piece{role, string(r)})
		}
		spaced, before = false, r
	}
	return all
}

// breaks says that a line may end between two characters without a space.
func breaks(before, r rune) bool {
	if strings.ContainsRune(closing, r) || strings.ContainsRune(opening, before) {
		return false
	}
	return wideScript(r) || wideScript(before)
}

// Marks that never begin a line, and that never end one.
const (
	closing = "、。，．,.;:!?)」』）？！ー〜…%"
	opening = "(「『（"
)

// wideScript says that r is kana, a Chinese character or their punctuation.
func wideScript(r rune) bool { return r >= 0x3000 && r < 0xa000 || r >= 0xff00 && r < 0xffef }

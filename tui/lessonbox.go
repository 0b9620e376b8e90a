package tui

import (
	"fmt"
	"strings"

	"mamba-tui/tui/panel"
	"mamba-tui/tui/theme"
)

// lessonHeight is how many lines the lesson takes from the picture: fewer where
// lines are wider. On a screen without a line to spare it takes none, and the
// strip covers the end of the picture instead.
func (m *Model) lessonHeight() int {
	if m.tutor.way == nil {
		return 0
	}
	return min(m.lessonWants(), max(m.h-MinHeight, 0))
}

// lessonWants is the height in which every step of every lesson can be read.
func (m *Model) lessonWants() int {
	switch {
	case m.w < 72:
		return 7
	case m.w < 108:
		return 5
	case m.w < 160:
		return 4
	}
	return 3
}

// drawLesson puts the strip above the caption: between picture and caption, in
// lines that the layout left free, or over the last lines of the picture.
func (m *Model) drawLesson(lines []string) []string {
	if m.tutor.way == nil {
		return lines
	}
	strip := panel.LessonStrip(m.theme, m.lessonView(), m.w, m.lessonWants())
	at := m.layout.Caption.Min.Y
	free := m.lessonHeight()
	covered := min(len(strip)-free, at-1)
	copy(lines[at-covered:at], strip[:covered])
	out := make([]string, 0, len(lines)+free)
	out = append(append(out, lines[:at]...), strip[covered:]...)
	return append(out, lines[at:]...)
}

// lessonBox is the page of the lesson: its question, its steps, and every claim
// with what was measured.
func (m *Model) lessonBox(w, h int) (box, int) {
	t := &m.tutor
	inner := min(w-8, 110)
	var page []string
	add := func(text string, indent int) { page = append(page, panel.Paragraph(m.theme, text, inner, indent)...) }
	head := func(word string) { page = append(page, "", m.theme.Paint(theme.Title, t.words[word])) }
	add(t.text.Begin(), 0)
	head("steps")
	for i, s := range t.way.Lesson.Steps {
		mark := m.theme.Paint(theme.Dim, "· ")
		switch {
		case t.way.Done(i):
			mark = m.theme.Paint(theme.Good, "✔ ")
		case i == t.way.At():
			mark = m.theme.Paint(theme.Key, "▸ ")
		}
		page = append(page, marked(mark, panel.Paragraph(m.theme, t.text.Press(s), inner, 2))...)
	}
	head("claims")
	for _, c := range t.way.Lesson.Claims {
		v, measured := t.verdict(c.Name)
		mark, text := m.theme.Paint(theme.Dim, "… "), t.words["measuring"]
		if measured {
			text = t.text.Claim(c.Name, v.Values)
			mark = m.theme.Paint(theme.Good, "✔ ")
			if !v.Holds {
				mark = m.theme.Paint(theme.Bad, "✘ ")
			}
			if v.Err != nil {
				text += " (" + oneLine(v.Err.Error()) + ")"
			}
		}
		page = append(page, marked(mark, panel.Paragraph(m.theme, text, inner, 2))...)
	}
	visible := max(h-4, 1)
	m.over.rows = len(page)
	m.over.at = clamp(m.over.at, 0, max(len(page)-visible, 0))
	end := min(m.over.at+visible, len(page))
	b := box{title: t.text.Title, foot: "L " + t.words["title"] + " · esc", lines: page[m.over.at:end]}
	if len(page) > visible {
		b.foot = fmt.Sprintf("↑↓ %d–%d/%d · ", m.over.at+1, end, len(page)) + b.foot
	}
	return b, inner
}

// marked puts a mark of two cells in front of the first of indented lines.
func marked(mark string, lines []string) []string {
	if len(lines) > 0 {
		lines[0] = mark + strings.TrimPrefix(lines[0], "  ")
	}
	return lines
}

package tui

import (
	"fmt"
	"image"
	"slices"
	"strconv"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"mamba-tui/model/tokenizer"
	"mamba-tui/tui/heat"
	"mamba-tui/tui/panel"
	"mamba-tui/tui/theme"
)

// screen holds the panels and puts their lines together.
type screen struct {
	panels map[string]panel.Panel
	detail panel.Panel // the inspector of the arithmetic box: its size differs
	rows   [][]segment // for every body line, what stands in it, from the left
	lines  []string    // the finished lines
}

// newScreen makes every panel once.
func newScreen() *screen {
	s := &screen{panels: map[string]panel.Panel{}, detail: panel.NewInspector()}
	for _, p := range []panel.Panel{
		panel.NewTokens(), panel.NewKept(), panel.NewDelta(), panel.NewWrite(), panel.NewB(), panel.NewC(),
		panel.NewHTime(), panel.NewState(), panel.NewAnswer(), panel.NewInspector(), panel.NewCaption(),
		panel.NewXray(), panel.NewDiverge(), panel.NewTweaks(), panel.NewInForce(), panel.NewTimeline(),
		panel.NewParity(), panel.NewTiming(), panel.NewMemory(), panel.NewBackend(), panel.NewDevice(),
	} {
		s.panels[p.ID()] = p
	}
	return s
}

// segment is a piece of a line: one line of a panel, or a rule.
type segment struct {
	panel panel.Panel // nil: a rule
	line  int
	x, w  int
}

// hints are the facts the layout depends on.
func (m *Model) layoutHints() Hints {
	c := m.frame.Info.Config
	d := c.DInner
	if only := panel.OnlyGroup(&m.ctx, d); only != nil {
		d = len(only)
	}
	h := Hints{D: d, N: c.DState, Layers: c.NLayer, PerLine: heat.RowsPerLine(depth(m.opt.Profile)),
		Long: m.long(), Changed: len(m.frame.Tweaks) > 0, Against: m.compared() != 0, Turning: m.turning(), Device: m.hasDevice()}
	h.SameB, h.SameC = m.sameBC()
	_, h.Second = panel.Second(m.frame)
	if p, ok := m.screen.panels["xray"].(interface {
		Wants(*panel.Context) (least, best int)
	}); ok && m.frame.Clean.At != nil {
		_, h.XRay = p.Wants(&m.ctx)
	}
	return h
}

// fillContext brings what panels draw from up to date.
func (m *Model) fillContext() {
	c := &m.ctx
	c.Frame, c.Cursor, c.Theme, c.Stale, c.Typing = m.frame, m.cursor, m.theme, m.stale, m.insert
	c.Focus = m.focused()
	c.Opt.Compare, c.Opt.Difference = m.view == WhatIf, m.view == WhatIf && m.difference
	if m.view == WhatIf {
		m.fillKnobs()
	}
}

// focused is the panel that has the focus in this view: the one that was
// chosen, or what the view is about.
func (m *Model) focused() string {
	first := ""
	for _, p := range m.layout.Places {
		if p.ID == m.focus {
			return m.focus
		}
		if first == "" || p.ID == "xray" {
			first = p.ID
		}
	}
	return first
}

// arrange brings layout and time axis up to date.
func (m *Model) arrange() {
	if !m.relay {
		return
	}
	m.relay = false
	m.fillContext()
	l := Arrange(m.w, m.h-m.lessonHeight(), m.view, m.zoom, m.layoutHints())
	if !sameLayout(l, m.layout) {
		m.layout = l
		m.screen.build(l)
	}
	if l.TooSmall {
		return
	}
	long := m.long()
	m.arrangeTime()
	if m.long() != long { // the timeline comes, or goes
		if l = Arrange(m.w, m.h-m.lessonHeight(), m.view, m.zoom, m.layoutHints()); !sameLayout(l, m.layout) {
			m.layout = l
			m.screen.build(l)
		}
		m.arrangeTime()
	}
}

// arrangeTime brings the time axis up to date.
func (m *Model) arrangeTime() {
	l := m.layout
	n := m.length()
	cellW := cellWidth(cellWidths[m.timeZm], l.Cols, n+len(m.play.queue), m.tokenWidth())
	if m.moving() {
		m.ctx.Axis = liveAxis(l.Gutter, l.Cols, cellW, n)
	} else {
		if m.follow {
			m.from = n
		}
		m.ctx.Axis = stillAxis(l.Gutter, l.Cols, cellW, n, m.from, m.cursor.T)
		if m.play.what == history && m.ctx.Axis.From != m.from {
			// A page at a time: a picture that scrolls is sent whole with every token.
			m.ctx.Axis = stillAxis(l.Gutter, l.Cols, cellW, n, m.cursor.T-m.ctx.Axis.Slots()/8, m.cursor.T)
		}
		m.from = m.ctx.Axis.From
	}
}

// tokenWidth is how many cells the text of a token takes at most, so far. It
// never shrinks, or columns would change their width while one watches. Every
// id is measured once, however long the history.
func (m *Model) tokenWidth() int {
	tokens, texts := m.frame.Tokens, m.frame.Info.Texts
	if m.known == nil {
		m.known = make([]bool, m.vocabulary())
	}
	for ; m.measured < tokens.Len(); m.measured++ {
		id := int(tokens.At(m.measured).ID)
		if id < 0 || id >= len(m.known) || m.known[id] {
			continue
		}
		m.known[id] = true
		if texts == nil {
			m.widest = max(m.widest, len(strconv.Itoa(id)))
			continue
		}
		m.widest = max(m.widest, ansi.StringWidth(tokenizer.Visible(texts[id])))
	}
	m.measured = min(m.measured, tokens.Len())
	return m.widest
}

// moving says that tokens arrive: the picture then sweeps instead of scrolling,
// because a scrolled picture is sent to the terminal whole with every token.
func (m *Model) moving() bool {
	return m.follow && (m.insert || m.play.what == queued || m.play.what == generating)
}

func sameLayout(a, b Layout) bool {
	return a.W == b.W && a.H == b.H && a.TooSmall == b.TooSmall && slices.Equal(a.Places, b.Places) && slices.Equal(a.Rules, b.Rules)
}

// build prepares which piece of which panel stands where in every line.
func (s *screen) build(l Layout) {
	s.rows = make([][]segment, l.H)
	add := func(r image.Rectangle, p panel.Panel) {
		for y := r.Min.Y; y < r.Max.Y; y++ {
			s.rows[y] = append(s.rows[y], segment{panel: p, line: y - r.Min.Y, x: r.Min.X, w: r.Dx()})
		}
	}
	for _, p := range l.Places {
		add(p.Rect, s.panels[p.ID])
		s.panels[p.ID].SetSize(p.Rect.Dx(), p.Rect.Dy())
	}
	for _, r := range l.Rules {
		add(r, nil)
	}
	for _, row := range s.rows {
		slices.SortFunc(row, func(a, b segment) int { return a.x - b.x })
	}
}

// draw assembles the screen: exactly h lines of exactly w cells.
func (m *Model) draw() string {
	m.renders++
	m.arrange()
	if m.w <= 0 || m.h <= 0 {
		return ""
	}
	if m.layout.TooSmall {
		return tooSmall(m.w, m.h)
	}
	m.fillContext()
	c, s := &m.ctx, m.screen
	s.lines = s.lines[:0]
	s.lines = append(s.lines, m.statusLine())
	rule := m.theme.Paint(theme.Dim, "│")
	var b strings.Builder
	for y := m.layout.Status.Max.Y; y < m.layout.Caption.Min.Y; y++ {
		b.Reset()
		x := 0
		for _, seg := range s.rows[y] {
			pad(&b, seg.x-x)
			if seg.panel == nil {
				b.WriteString(rule)
			} else {
				b.WriteString(seg.panel.Lines(c)[seg.line])
			}
			x = seg.x + seg.w
		}
		pad(&b, m.w-x)
		s.lines = append(s.lines, b.String())
	}
	caption := s.panels["caption"]
	caption.SetSize(m.w, m.layout.Caption.Dy())
	s.lines = append(append(s.lines, caption.Lines(c)...), m.footerLine())
	s.lines = m.drawLesson(s.lines)
	m.drawOver(s.lines)
	m.drawToast(s.lines)
	return strings.Join(s.lines, "\n")
}

// pad writes n spaces.
func pad(b *strings.Builder, n int) {
	for ; n > 0; n-- {
		b.WriteByte(' ')
	}
}

// drawOver splices what is open over the finished lines.
func (m *Model) drawOver(lines []string) {
	top := m.layout.Status.Max.Y
	body := lines[top:m.layout.Caption.Min.Y]
	var b box
	var inner int
	switch m.over.kind {
	case overHelp:
		b, inner = m.helpBox(m.w, len(body))
	case overLesson:
		b, inner = m.lessonBox(m.w, len(body))
	case overBranches:
		b, inner = m.branchBox(m.w, len(body))
	case overPalette, overPrompts, overMarks, overLessons:
		b, inner = m.listBox(m.w, len(body))
	case overArithmetic:
		b, inner = m.arithmeticBox(m.w, len(body))
	default:
		return
	}
	r := b.splice(m.theme, body, m.w, inner)
	m.over.box = r.Add(image.Pt(0, top))
}

// arithmeticBox shows the cell's equation with all its numbers.
func (m *Model) arithmeticBox(w, h int) (box, int) {
	inner := min(w-12, 96)
	m.screen.detail.SetSize(inner, min(h-4, 24))
	lines := m.screen.detail.Lines(&m.ctx)
	for len(lines) > 1 && strings.TrimSpace(ansi.Strip(lines[len(lines)-1])) == "" {
		lines = lines[:len(lines)-1]
	}
	return box{
		title: fmt.Sprintf("h[%d,%d] after token %d", m.cursor.D, m.cursor.N, m.cursor.T),
		foot:  "←→ token · ↑↓ channel · , . state · esc closes",
		lines: lines,
		low:   true,
	}, inner
}

// drawToast puts the toast above the caption, at the right.
func (m *Model) drawToast(lines []string) {
	if m.toast.text != "" {
		Toast(m.theme, lines, m.w, m.layout.Caption.Min.Y, m.toast.tone, m.toast.text)
	}
}

// tooSmall says what the terminal has and what the screen needs.
func tooSmall(w, h int) string {
	lines := make([]string, h)
	text := []string{
		"too small",
		fmt.Sprintf("have %d×%d", w, h),
		fmt.Sprintf("need %d×%d", MinWidth, MinHeight),
		"q quits",
	}
	if h < len(text) {
		text = []string{fmt.Sprintf("%d×%d < %d×%d, q", w, h, MinWidth, MinHeight)}
	}
	top := (h - len(text)) / 2
	for y := range lines {
		s := ""
		if i := y - top; i >= 0 && i < len(text) {
			s = text[i]
			s = strings.Repeat(" ", max((w-ansi.StringWidth(s))/2, 0)) + s
		}
		lines[y] = fill(s, w)
	}
	return strings.Join(lines, "\n")
}

package tui

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	tea "charm.land/bubbletea/v2"

	"mamba-tui/model"
	"mamba-tui/model/lesson"
	"mamba-tui/model/session"
	"mamba-tui/model/tokenizer"
	"mamba-tui/tui/theme"
)

// item is a line of a list.
type item struct {
	text   string // what the filter looks at
	detail string // shown dim beside it
	index  int    // in what the list lists
}

// openPalette lists the commands.
func (m *Model) openPalette() tea.Cmd {
	if m.over.kind == overPalette {
		return m.closeOver()
	}
	m.over = overlay{kind: overPalette}
	m.touch()
	return nil
}

// openPrompts lists the bundled prompts.
func (m *Model) openPrompts() tea.Cmd {
	if len(m.prompts()) == 0 {
		return m.say(note, "this model brings no prompts: i types, or paste a text")
	}
	m.over = overlay{kind: overPrompts}
	m.touch()
	return nil
}

// items are the lines of the list that is open, filtered, best first.
func (m *Model) items() []item {
	var all []item
	switch m.over.kind {
	case overPalette:
		for i, c := range m.table.all {
			if c.scope != inNormal && c.scope != everywhere || c.id == "palette" {
				continue
			}
			all = append(all, item{text: c.title, detail: keyNames(c.keys), index: i})
		}
	case overMarks:
		all = m.markItems()
	case overLessons:
		all = m.lessonItems()
	default:
		for i, p := range m.prompts() {
			text := p.Title
			if text == "" {
				text = p.Text
			}
			all = append(all, item{text: oneLine(text), detail: count(m.tokensIn(p.Text), "token"), index: i})
		}
	}
	return filterItems(all, m.over.filter)
}

// filterItems keeps what matches, best first; equal ones keep their order.
func filterItems(all []item, filter string) []item {
	if strings.TrimSpace(filter) == "" {
		return all
	}
	type scored struct {
		item
		score int
	}
	var hits []scored
	for _, it := range all {
		if s, ok := fuzzy(filter, it.text); ok {
			hits = append(hits, scored{it, s})
		}
	}
	slices.SortStableFunc(hits, func(a, b scored) int { return b.score - a.score })
	out := make([]item, len(hits))
	for i, h := range hits {
		out[i] = h.item
	}
	return out
}

// fuzzy says whether the letters of pattern occur in text in order, and how
// well at best: neighbours and beginnings of words count more, length counts
// against.
func fuzzy(pattern, text string) (score int, ok bool) {
	const none = -1 << 30
	t := []rune(strings.ToLower(text))
	// best[i] is the best score of the letters so far with the last one at i.
	var best []int
	for _, r := range strings.ToLower(pattern) {
		if unicode.IsSpace(r) {
			continue
		}
		next := make([]int, len(t))
		before := none // best of any earlier place, not adjacent
		ok = false
		for i := range t {
			next[i] = none
			if t[i] == r {
				s := 1
				if i == 0 || !unicode.IsLetter(t[i-1]) {
					s += 3
				}
				switch {
				case best == nil:
					next[i] = s
				case i > 0 && best[i-1] > none:
					next[i] = max(best[i-1]+s+4, before+s)
				case before > none:
					next[i] = before + s
				}
				ok = ok || next[i] > none
			}
			if best != nil && i > 0 {
				before = max(before, best[i-1])
			}
		}
		if !ok {
			return 0, false
		}
		best = next
	}
	if best == nil {
		return 0, true
	}
	return slices.Max(best)*64 - len(t), true
}

// listBox draws the palette or the prompts.
func (m *Model) listBox(w, h int) (box, int) {
	items := m.items()
	inner := min(64, w-8)
	visible := max(min(len(items), h-8), 1)
	m.over.rows = len(items)
	m.over.at = clamp(m.over.at, 0, max(len(items)-1, 0))
	m.over.top = clamp(m.over.top, m.over.at-visible+1, m.over.at)
	b := box{title: "commands", foot: "type to filter · enter runs · esc closes"}
	switch m.over.kind {
	case overMarks:
		b.title, b.foot = "marks", "enter goes there · esc closes"
	case overLessons:
		b.title, b.foot = "lessons", "enter opens · esc closes"
	case overPrompts:
		b.title, b.foot = "prompts", "enter loads · tab plays it · esc closes"
	}
	b.lines = append(b.lines, m.theme.Paint(theme.Key, "› ")+oneLine(m.over.filter)+m.theme.Paint(theme.Cursor, " "), "")
	if len(items) == 0 {
		b.lines = append(b.lines, m.theme.Paint(theme.Dim, "nothing matches: backspace erases"))
	}
	for i := m.over.top; i < min(m.over.top+visible, len(items)); i++ {
		it := items[i]
		detail := it.detail
		left := fill(it.text, max(inner-len([]rune(detail))-3, 1))
		if i == m.over.at {
			b.lines = append(b.lines, m.theme.Paint(theme.Focus, "▸ "+left+" ")+m.theme.Paint(theme.Key, detail))
			continue
		}
		b.lines = append(b.lines, "  "+m.theme.Paint(theme.Text, left)+" "+m.theme.Paint(theme.Dim, detail))
	}
	if m.over.kind == overPrompts && len(items) > 0 {
		b.lines = append(b.lines, "", m.theme.Paint(theme.Dim, preview(m.prompts()[items[m.over.at].index])))
	}
	return b, inner
}

// preview is the beginning of a prompt.
func preview(p model.Example) string {
	text := p.Text
	if len(text) > 200 {
		text = text[:200]
	}
	return tokenizer.Visible(strings.ToValidUTF8(text, ""))
}

// listChoose takes the marked line.
func (m *Model) listChoose() tea.Cmd {
	items := m.items()
	if len(items) == 0 {
		return m.say(note, "nothing matches: backspace erases")
	}
	it := items[clamp(m.over.at, 0, len(items)-1)]
	kind := m.over.kind
	m.over = overlay{}
	m.touch()
	if kind == overLessons {
		return m.openLesson(lesson.Names()[it.index])
	}
	if kind == overPalette {
		if m.insert {
			m.leaveInsert()
		}
		return m.run(&m.table.all[it.index])
	}
	if kind == overMarks {
		return tea.Batch(m.seek(m.frame.Marks[it.index].T), m.say(note, it.text+": "+it.detail))
	}
	return m.load(m.prompts()[it.index], false)
}

// listPlay plays the marked prompt a token at a time.
func (m *Model) listPlay() tea.Cmd {
	items := m.items()
	if m.over.kind != overPrompts || len(items) == 0 {
		return m.say(note, "tab plays a prompt; here enter runs the command")
	}
	it := items[clamp(m.over.at, 0, len(items)-1)]
	m.over = overlay{}
	return m.load(m.prompts()[it.index], true)
}

// load replaces the history by a prompt; the engine keeps the old one as a
// branch.
func (m *Model) load(p model.Example, play bool) tea.Cmd {
	m.stop("")
	m.intro.on = false
	if m.frame.Tokens.Len() > 0 || m.sent > 0 {
		m.do(session.Clear{})
		m.sent = 0
	}
	title := p.Title
	if title == "" {
		title = preview(p)
	}
	if play {
		return tea.Batch(m.queuePrompt(p.Text), m.say(note, "playing: "+title))
	}
	m.play.queue = nil
	m.typeAt(session.End, p.Text, session.FromPrompt)
	return m.say(good, fmt.Sprintf("%s · home, then space, plays it", title))
}

// listClick marks the line that was clicked, and takes it when it was marked.
func (m *Model) listClick(y int) tea.Cmd {
	if m.scope() != inList {
		return nil
	}
	at := y - m.over.box.Min.Y - 3 + m.over.top
	if at < 0 || at >= m.over.rows {
		return nil
	}
	if at == m.over.at {
		return m.listChoose()
	}
	m.over.at = at
	m.touch()
	return nil
}

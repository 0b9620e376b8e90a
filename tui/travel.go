package tui

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	tea "charm.land/bubbletea/v2"

	"mamba-tui/model/session"
)

// askSeek asks for a place in the history.
func (m *Model) askSeek() tea.Cmd {
	return m.question(question{
		badge: "GO TO", hint: "120  a token · 50%  · +100 −100 · a mark's name · enter goes",
		done: (*Model).seekText,
	}, "")
}

// seekText goes to the place that a text names.
func (m *Model) seekText(text string) tea.Cmd {
	t, err := m.placeOf(text)
	if err != nil {
		return m.say(bad, err.Error())
	}
	return tea.Batch(m.seek(t), m.say(note, m.position(t)))
}

// position is where a token stands: "token 35 of 120, 29.4 %".
func (m *Model) position(t int) string {
	n := m.length()
	if n < 2 {
		return fmt.Sprintf("token %d", t)
	}
	return fmt.Sprintf("token %d of %d, %.1f %%", t, n-1, 100*float64(t)/float64(n-1))
}

// placeOf reads a place: a token's number, a step forwards or back, a share of
// the history, or a mark's name.
func (m *Model) placeOf(text string) (int, error) {
	n := m.length()
	text = strings.TrimSpace(text)
	if text == "" {
		return 0, fmt.Errorf("give a token's number, a percentage such as 50%%, a step such as +10, or a mark's name")
	}
	if share, ok := strings.CutSuffix(text, "%"); ok {
		v, err := strconv.ParseFloat(strings.TrimSpace(share), 64)
		if err != nil || !(v >= 0 && v <= 100) {
			return 0, fmt.Errorf("%s is no percentage from 0%% to 100%%", text)
		}
		return int(math.Round(v / 100 * float64(n-1))), nil
	}
	if v, err := strconv.Atoi(strings.Replace(text, "−", "-", 1)); err == nil {
		t := v
		if strings.ContainsAny(text[:1], "+-") || strings.HasPrefix(text, "−") {
			t = m.cursor.T + v
		}
		if t < 0 || t >= n {
			return 0, fmt.Errorf("token %d does not exist: the history has tokens 0 to %d", t, n-1)
		}
		return t, nil
	}
	var found []session.Mark
	for _, k := range m.frame.Marks {
		if k.Name == text {
			return k.T, nil
		}
		if k.Name != "" && strings.HasPrefix(strings.ToLower(k.Name), strings.ToLower(text)) {
			found = append(found, k)
		}
	}
	switch len(found) {
	case 0:
		return 0, fmt.Errorf("%s is neither a token's number, a percentage, a step, nor the name of a mark", text)
	case 1:
		return found[0].T, nil
	}
	return 0, fmt.Errorf("%d marks begin with %s: write more of the name", len(found), text)
}

// search is what was looked for last.
type search struct{ text string }

// askSearch asks what to look for, and shows the first place as it is typed.
func (m *Model) askSearch() tea.Cmd {
	from, follow, first := m.cursor.T, m.follow, m.from
	back := func(m *Model) tea.Cmd {
		if follow {
			m.goLive()
			return m.ask()
		}
		m.from, m.cursor.T = first, from
		m.relay = true
		m.touch()
		return m.ask()
	}
	hint := "text in the tokens · enter stays there · ↑↓ other places · esc goes back"
	if m.search.text != "" {
		hint = "enter: “" + oneLine(m.search.text) + "” again · ↑↓ other places · esc goes back"
	}
	return m.question(question{
		badge: "SEARCH", hint: hint,
		changed: func(m *Model, text string) tea.Cmd {
			if text == "" {
				return back(m)
			}
			t, ok := m.findAround(text, from, 1, true)
			if !ok {
				return tea.Batch(back(m), m.say(note, "“"+text+"” is nowhere in this history"))
			}
			m.hush()
			return m.seek(t)
		},
		step: func(m *Model, by int) tea.Cmd {
			text := m.over.filter
			if text == "" {
				text = m.search.text
			}
			return m.searchOn(text, by)
		},
		done: func(m *Model, text string) tea.Cmd {
			if text == "" {
				return m.searchOn(m.search.text, 1)
			}
			m.search.text = text
			if _, ok := m.findAround(text, m.cursor.T, 1, true); !ok {
				return m.say(note, "“"+text+"” is nowhere in this history")
			}
			return m.say(note, m.position(m.cursor.T)+": “"+text+"” · } next · { previous")
		},
		left: back,
	}, "")
}

// searchNext goes to the next place of the last search.
func (m *Model) searchNext(by int) tea.Cmd {
	if m.search.text == "" {
		return m.say(note, "nothing was searched for yet: / asks what for")
	}
	return m.searchOn(m.search.text, by)
}

// searchOn goes to the next place of a text, past the end to the beginning.
func (m *Model) searchOn(text string, by int) tea.Cmd {
	if text == "" {
		return m.say(note, "type what to search for")
	}
	t, ok := m.findAround(text, m.cursor.T+by, by, false)
	if !ok {
		return m.say(note, "“"+text+"” is nowhere in this history")
	}
	where := m.position(t)
	switch {
	case t == m.cursor.T:
		where += ", the only place"
	case by > 0 && t < m.cursor.T:
		where += ", from the beginning again"
	case by < 0 && t > m.cursor.T:
		where += ", from the end again"
	}
	return tea.Batch(m.seek(t), m.say(note, "“"+text+"”: "+where))
}

// findAround looks from a token on and then round the end of the history.
func (m *Model) findAround(text string, from, by int, here bool) (int, bool) {
	n := m.length()
	if n == 0 {
		return 0, false
	}
	if from >= 0 && from < n {
		if t, ok := m.frame.Find(text, from, by); ok {
			return t, true
		}
	}
	if by > 0 {
		return m.frame.Find(text, 0, 1)
	}
	return m.frame.Find(text, n-1, -1)
}

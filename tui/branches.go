package tui

import (
	"fmt"
	"strconv"
	"strings"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"mamba-tui/model/session"
	"mamba-tui/tui/theme"
)

// openBranches lists the branches of the history.
func (m *Model) openBranches() tea.Cmd {
	m.stop("")
	m.over = overlay{kind: overBranches}
	for i, b := range m.branchTree() {
		if b.Current {
			m.over.at = i
		}
	}
	m.touch()
	return nil
}

// twig is a branch and how deep it stands under those it came from.
type twig struct {
	session.BranchInfo
	depth int
}

// branchTree is the branches with each below the one it left.
func (m *Model) branchTree() []twig {
	list := m.frame.Branches
	below := map[int][]session.BranchInfo{}
	known := map[int]bool{}
	for _, b := range list {
		known[b.ID] = true
	}
	for _, b := range list {
		parent := b.Parent
		if !known[parent] || parent == b.ID {
			parent = 0
		}
		below[parent] = append(below[parent], b)
	}
	var out []twig
	var walk func(parent, depth int)
	walk = func(parent, depth int) {
		for _, b := range below[parent] {
			out = append(out, twig{b, depth})
			if len(out) <= len(list) { // a parent is older than its branches: no loops
				walk(b.ID, depth+1)
			}
		}
	}
	walk(0, 0)
	return out
}

// branchTitle is a branch's name, or its number.
func branchTitle(b session.BranchInfo) string {
	if b.Name != "" {
		return strconv.Itoa(b.ID) + " “" + oneLine(b.Name) + "”"
	}
	return strconv.Itoa(b.ID)
}

// branchBox draws the list.
func (m *Model) branchBox(w, h int) (box, int) {
	inner := min(76, w-8)
	tree := m.branchTree()
	m.over.rows = len(tree)
	m.over.at = clamp(m.over.at, 0, max(len(tree)-1, 0))
	visible := max(min(len(tree), h-8), 1)
	m.over.top = clamp(m.over.top, m.over.at-visible+1, m.over.at)
	b := box{title: "branches", foot: "enter switch · c compare · n name · esc"}
	b.lines = append(b.lines, m.theme.Paint(theme.Dim, fill("Typing in the past opens a branch; nothing is deleted.", inner)), "")
	for i := m.over.top; i < min(m.over.top+visible, len(tree)); i++ {
		t := tree[i]
		role, mark := theme.Text, "  "
		if i == m.over.at {
			role, mark = theme.Focus, "▸ "
		}
		indent := ""
		if t.depth > 0 {
			indent = strings.Repeat("  ", min(t.depth, 8)-1) + "└ "
		}
		left := mark + indent + branchTitle(t.BranchInfo)
		detail := count(t.Len, "token")
		if t.Parent != 0 {
			at := fmt.Sprintf("after token %d of %d", t.At, t.Parent)
			if t.At < 0 {
				at = "from the start"
			}
			detail = at + " · " + detail
		}
		if n := len(t.Tweaks); n > 0 {
			detail += " · " + count(n, "change")
		}
		state, stateRole := "", theme.Good
		switch {
		case t.Current:
			state = " ● here"
		case t.ID == m.compared():
			state, stateRole = " ≠ compared", theme.Changed
		}
		room := inner - ansi.StringWidth(detail) - ansi.StringWidth(state) - 1
		b.lines = append(b.lines, m.theme.Paint(role, fill(left, max(room, 8)))+" "+m.theme.Paint(theme.Dim, detail)+m.theme.Paint(stateRole, state))
	}
	return b, inner
}

// compared is the branch beside the current one; 0: none.
func (m *Model) compared() int {
	if m.frame.Versus.Kind == session.VersusBranch {
		return m.frame.Versus.Branch
	}
	return 0
}

// markedBranch is the marked line of the list.
func (m *Model) markedBranch() (session.BranchInfo, bool) {
	tree := m.branchTree()
	if m.over.at < 0 || m.over.at >= len(tree) {
		return session.BranchInfo{}, false
	}
	return tree[m.over.at].BranchInfo, true
}

// branchSwitch goes on from the marked branch.
func (m *Model) branchSwitch() tea.Cmd {
	b, ok := m.markedBranch()
	if !ok {
		return m.closeOver()
	}
	if b.Current {
		return m.say(note, "this is the branch you are on: c compares another with it")
	}
	m.closeOver()
	m.play.queue = nil
	m.do(session.SwitchBranch{ID: b.ID})
	m.sent = b.Len
	m.goLive()
	return m.ask()
}

// branchCompare shows the marked branch beside the current one, or ends that.
func (m *Model) branchCompare() tea.Cmd {
	b, ok := m.markedBranch()
	if !ok {
		return m.closeOver()
	}
	if b.ID == m.compared() {
		m.closeOver()
		m.do(session.CompareBranch{})
		return m.say(note, "no longer compared with branch "+branchTitle(b))
	}
	if b.Current {
		return m.say(note, "a branch is the same as itself: mark another one to compare")
	}
	m.closeOver()
	m.do(session.CompareBranch{ID: b.ID})
	m.difference = true
	m.ctx.Opt.Changed = false // the tokens above are those of the branch one is on
	m.askNo++
	m.turn()
	return m.seeTweak(m.after(lateAfter, staleMsg{m.askNo}))
}

// branchName asks for the marked branch's name.
func (m *Model) branchName() tea.Cmd {
	b, ok := m.markedBranch()
	if !ok {
		return m.closeOver()
	}
	reopen := func(m *Model) tea.Cmd { return m.openBranches() }
	return m.question(question{
		badge: "NAME", hint: fmt.Sprintf("of branch %d · enter sets it", b.ID),
		done: func(m *Model, name string) tea.Cmd {
			m.do(session.NameBranch{ID: b.ID, Name: name})
			return tea.Batch(m.openBranches(), m.say(good, fmt.Sprintf("branch %d is “%s”", b.ID, name)))
		},
		left: reopen,
	}, b.Name)
}

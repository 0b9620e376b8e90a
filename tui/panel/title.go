package panel

import "mamba-tui/tui/theme"

// part is one field of a title or of the status line. Fields are shortened and
// then dropped from the lowest keep upwards until the line fits.
type part struct {
	long  string
	short string // "" = the same as long
	keep  int
	role  theme.Role
}

// fit chooses, for each part, its long text, its short one or "" so that the
// parts, separated by gap cells, take at most w cells. The part that is kept
// longest is clipped at last.
func fit(parts []part, gap, w int) []string {
	out := make([]string, len(parts))
	for i, p := range parts {
		out[i] = p.long
	}
	total := func() int {
		n := 0
		for _, s := range out {
			if s == "" {
				continue
			}
			if n > 0 {
				n += gap
			}
			n += width(s)
		}
		return n
	}
	// lowest returns the least important part that change can still act on.
	lowest := func(can func(i int) bool) int {
		best := -1
		for i := range parts {
			if out[i] != "" && can(i) && (best < 0 || parts[i].keep <= parts[best].keep) {
				best = i
			}
		}
		return best
	}
	for total() > w {
		shorten := lowest(func(i int) bool { return parts[i].short != "" && out[i] != parts[i].short })
		last := lowest(func(int) bool { return true })
		if last < 0 {
			break
		}
		if shorten >= 0 && parts[shorten].keep <= parts[last].keep+1 {
			out[shorten] = parts[shorten].short
			continue
		}
		more := 0
		for _, s := range out {
			if s != "" {
				more++
			}
		}
		if more == 1 {
			if shorten >= 0 {
				out[shorten] = parts[shorten].short
				continue
			}
			out[last] = clip(out[last], w)
			break
		}
		out[last] = ""
	}
	return out
}

// title writes the panel's title line: a focus mark, its name, and the parts
// of its description separated by dots.
func (p *page) title(focused bool, name string, parts ...part) {
	r := p.row()
	role := theme.Title
	if focused {
		role = theme.Focus
		r.put(theme.Focus, "▸")
	} else {
		r.pad(1)
	}
	all := append([]part{{long: name, keep: 100, role: role}}, parts...)
	texts := fit(all, 3, r.left)
	first := true
	for i, s := range texts {
		if s == "" {
			continue
		}
		switch {
		case i == 0:
		case first:
		case i == firstShown(texts, 1):
			r.pad(2)
		default:
			r.put(theme.Dim, " · ")
		}
		first = false
		role := all[i].role
		if i > 0 && role == theme.Text {
			role = theme.Dim
		}
		r.put(role, s)
	}
}

// firstShown is the index of the first non-empty text from i on, or −1.
func firstShown(texts []string, i int) int {
	for ; i < len(texts); i++ {
		if texts[i] != "" {
			return i
		}
	}
	return -1
}

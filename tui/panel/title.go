package panel

import (
	"slices"

	"mamba-tui/tui/theme"
)

// part is one field of a title or of the status line.
type part struct {
	long  string
	short string // "" = the same as long
	keep  int    // the higher, the longer it stays
	role  theme.Role
}

// fit chooses, for each part, its long text, its short one or "" so that the
// parts, gap cells apart, take at most w cells: all are shortened before any is
// dropped, the least important first, and what then fits again comes back, the
// most important first. The last one left is clipped.
func fit(parts []part, gap, w int) []string {
	out := make([]string, len(parts))
	order := make([]int, len(parts)) // by importance, descending
	total := -gap
	set := func(i int, s string) {
		if out[i] != "" {
			total -= width(out[i]) + gap
		}
		if s != "" {
			total += width(s) + gap
		}
		out[i] = s
	}
	for i, p := range parts {
		order[i] = i
		set(i, p.long)
	}
	slices.SortStableFunc(order, func(a, b int) int { return parts[b].keep - parts[a].keep })
	for k := len(order) - 1; k >= 0 && total > w; k-- {
		if p := parts[order[k]]; p.short != "" && p.long != "" {
			set(order[k], p.short)
		}
	}
	for k := len(order) - 1; k > 0 && total > w; k-- {
		set(order[k], "")
	}
	if len(order) > 0 && total > w {
		set(order[0], clip(out[order[0]], w))
	}
	for _, i := range order {
		for _, s := range []string{parts[i].short, parts[i].long} {
			was := out[i]
			if width(s) <= width(was) {
				continue
			}
			if set(i, s); total > w {
				set(i, was)
			}
		}
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
	shown := 0
	for i, s := range texts {
		if s == "" {
			continue
		}
		switch shown {
		case 0:
		case 1:
			r.pad(2)
		default:
			r.put(theme.Dim, " · ")
		}
		shown++
		role := all[i].role
		if i > 0 && role == theme.Text {
			role = theme.Dim
		}
		r.put(role, s)
	}
}

package panel

import (
	"math"
	"strconv"

	"mamba-tui/model/session"
	"mamba-tui/tui/theme"
)

// names are what the two runs of a frame are called: the one that is compared
// with comes first. A branch is called by its name where it has one.
func names(f *session.Frame) (clean, changed string) {
	if f.Versus.Kind != session.VersusBranch {
		return "clean", "changed"
	}
	return branchName(f, f.Branch.ID), branchName(f, f.Versus.Branch)
}

// branchName is "branch 2", or its name in quotation marks.
func branchName(f *session.Frame, id int) string {
	for _, b := range f.Branches {
		if b.ID == id && b.Name != "" {
			return "“" + clip(phrase(b.Name), 16) + "”"
		}
	}
	return "branch " + strconv.Itoa(id)
}

// minus names a difference: "changed − clean".
func minusNames(f *session.Frame) string {
	a, b := names(f)
	return b + " − " + a
}

// both are the two runs of a frame where they can be compared, or why not.
func both(c *Context) (clean, changed *session.Window, why string) {
	clean, changed = c.Frame.Clean, c.Frame.Changed
	switch {
	case clean == nil || clean.To <= clean.From:
		return nil, nil, "no tokens yet"
	case changed == nil && c.Frame.Versus.Kind == session.VersusNothing:
		return nil, nil, "nothing to compare: t changes, b compares branches"
	case changed == nil:
		return nil, nil, "computing …"
	case clean.Layer != changed.Layer || clean.D != changed.D || clean.N != changed.N:
		return nil, nil, "the two runs do not show the same layer yet: computing …"
	case overlap(clean, changed) == 0:
		return nil, nil, minusNames(c.Frame) + ": no token here belongs to both"
	}
	return clean, changed, ""
}

// overlap is how many tokens two windows share.
func overlap(a, b *session.Window) int { return max(0, min(a.To, b.To)-max(a.From, b.From)) }

// rounding is how far two computations of the same number in float32 may be apart
// for no other reason, relative to the largest of its array.
const rounding = 1e-6

// difference is b − a of two series over the tokens of a's window, zero-centred.
// Where b has no token there is no data. A difference of rounding alone must not be
// bright: the range of the colours is at least eight times that.
func difference(a, b series, wa, wb *session.Window) series {
	d := a
	d.signed, d.log, d.most = true, false, 0
	if len(a.data) == 0 || len(b.data) == 0 || a.rows != b.rows {
		d.data = nil
		return d
	}
	d.data = make([]float32, len(a.data))
	nan := float32(math.NaN())
	for t := wa.From; t < wa.To; t++ {
		row := d.data[(t-wa.From)*a.rows : (t-wa.From+1)*a.rows]
		x, y := at(wa, a.data, t, a.rows), at(wb, b.data, t, b.rows)
		for i := range row {
			if y == nil {
				row[i] = nan
				continue
			}
			row[i] = y[i] - x[i]
		}
	}
	if !alike(d.data) {
		d.most = 8 * rounding * largest(a.data)
	}
	return d
}

// largest is the largest magnitude of finite values.
func largest(data []float32) (most float32) {
	for _, v := range data {
		if v = float32(math.Abs(float64(v))); v <= math.MaxFloat32 {
			most = max(most, v)
		}
	}
	return most
}

// alike says that a difference is exactly zero wherever there is one.
func alike(data []float32) bool {
	for _, v := range data {
		if v != 0 && v == v {
			return false
		}
	}
	return true
}

// runPart names the run that is shown where there are two.
func runPart(c *Context, w *session.Window) []part {
	if c.Frame.Changed == nil || w != c.Frame.Changed {
		return nil
	}
	_, name := names(c.Frame)
	if c.Frame.Versus.Kind != session.VersusBranch {
		return []part{{long: "changed run", short: "changed", keep: 10, role: theme.Changed}}
	}
	return []part{{long: name, keep: 10, role: theme.Changed}}
}

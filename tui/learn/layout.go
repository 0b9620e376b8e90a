package learn

import (
	"image"

	"mamba-tui/tui"
)

// Names of the panels, in reading order.
const (
	panelLoss     = "loss"
	panelAccuracy = "accuracy"
	panelClasses  = "classes" // Δ by class over the steps
	panelNorm     = "norm"
	panelTokens   = "tokens"
	panelKept     = "kept"
	panelDelta    = "delta"
	panelB        = "b"
	panelC        = "c"
	panelBars     = "bars" // Δ by class at the step that is shown
	panelAUC      = "auc"
	panelFresh    = "fresh" // the last evaluation
)

// panelNames lists all of them.
var panelNames = []string{panelLoss, panelAccuracy, panelClasses, panelNorm, panelTokens, panelKept,
	panelDelta, panelB, panelC, panelBars, panelAUC, panelFresh}

// onTokens are those that share the axis of the probe's tokens.
var onTokens = map[string]bool{panelTokens: true, panelKept: true, panelDelta: true, panelB: true, panelC: true}

// place is where a panel stands.
type place struct {
	id   string
	rect image.Rectangle
}

// layout says where everything stands.
type layout struct {
	w, h     int
	tooSmall bool
	status   image.Rectangle
	caption  image.Rectangle
	footer   image.Rectangle
	places   []place
	rules    []image.Rectangle // vertical lines, one column wide
	gutter   int               // label columns of the token panels
	cellW    int               // columns a token takes
}

// facts are what heights and widths depend on.
type facts struct {
	T, D, N int // of the probe
	perLine int // rows of data that one line of cells shows
	classes int // classes with tokens
	runs    int // lines of an evaluation
}

// arrange lays the screen out; zoom names the panel that fills it, or is empty.
// The curves stand in a row at the top, because they share the steps; below are
// the token panels, which share the tokens, and what is counted beside them.
func arrange(w, h int, zoom string, f facts) layout {
	l := layout{w: max(w, 0), h: max(h, 0)}
	if w < tui.MinWidth || h < tui.MinHeight {
		l.tooSmall = true
		return l
	}
	captionH := 2
	if w >= 140 {
		captionH = 1
	}
	l.status = image.Rect(0, 0, w, 1)
	l.caption = image.Rect(0, h-1-captionH, w, h-1)
	l.footer = image.Rect(0, h-1, w, h)
	body := image.Rect(0, 1, w, l.caption.Min.Y)
	f.T, f.D, f.N, f.perLine = max(f.T, 1), max(f.D, 1), max(f.N, 1), max(f.perLine, 1)
	l.gutter = 6
	if w >= 100 {
		l.gutter = 8
	}
	if zoom != "" {
		l.zoomed(body, zoom, f)
		return l
	}

	top, rest := cutTop(body, max(5, min(body.Dy()*3/10, 15)))
	curves := []string{panelLoss, panelAccuracy, panelClasses, panelNorm}
	switch {
	case w < 76:
		curves = curves[:2]
	case w < 132:
		curves = curves[:3]
	}
	l.sideBySide(top, curves)

	// A token takes as many columns as leave a fifth of the screen to what is
	// counted, but the map is never cut for that.
	side := 0
	if left := rest.Dx() - l.gutter - f.T - 1; left >= 20 {
		side = max(20, rest.Dx()/3)
	}
	l.cellW = clamp((rest.Dx()-l.gutter-side-1)/f.T, 1, 6)
	wide := min(l.gutter+f.T*l.cellW+1, rest.Dx())
	if rest.Dx()-wide < 20 {
		l.tokenStack(rest, f)
		return l
	}
	left, rule, right := cutLeft(rest, wide)
	l.rules = append(l.rules, rule)
	l.tokenStack(left, f)
	l.counted(right, f, len(curves) < 4)
	return l
}

// counted are the panels beside the maps.
func (l *layout) counted(area image.Rectangle, f facts, norm bool) {
	rows := []row{{panelBars, 1 + f.classes, 2 + f.classes}, {panelAUC, 4, 16}}
	if norm {
		rows = append(rows, row{panelNorm, 4, 10})
	}
	if area.Dy() >= 24 {
		rows = append(rows, row{panelFresh, 1 + f.runs, 1 + f.runs})
	}
	l.stack(area, rows)
}

// row is a panel of a column: the least and the most lines it takes.
type row struct {
	id        string
	min, most int
}

// stack gives the panels of a column their least height, from the top as long
// as there is room, and then what is left, a line each in turn.
func (l *layout) stack(area image.Rectangle, rows []row) {
	free := area.Dy()
	kept := rows[:0:0]
	for _, r := range rows {
		if r.min <= free {
			kept = append(kept, r)
			free -= r.min
		}
	}
	for grew := true; free > 0 && grew; {
		grew = false
		for i := range kept {
			if free > 0 && kept[i].min < kept[i].most {
				kept[i].min++
				free--
				grew = true
			}
		}
	}
	for _, r := range kept {
		var top image.Rectangle
		top, area = cutTop(area, r.min)
		l.place(r.id, top)
	}
}

// tokenStack is the ribbon and the maps under it.
func (l *layout) tokenStack(area image.Rectangle, f facts) {
	lines := func(n int) int { return (n + f.perLine - 1) / f.perLine }
	n := area.Dy()
	ribbon, kept := 3, 2
	switch {
	case n < 14:
		ribbon = 2
	case n >= 28:
		kept = 3
	}
	bc := clamp((n-ribbon-kept)/5, 2, 1+2*lines(f.N))
	if n-ribbon-kept-2*bc < 3 { // B and C would push Δ out
		bc = 0
	}
	if bc > 1+lines(f.N) && (n-ribbon-kept-2*bc) < 1+lines(f.D) { // stretched only when Δ has its rows
		bc = 1 + lines(f.N)
	}
	top, area := cutTop(area, ribbon)
	l.place(panelTokens, top)
	top, area = cutTop(area, kept)
	l.place(panelKept, top)
	delta := max(area.Dy()-2*bc, 3)
	delta = min(delta, 1+2*lines(f.D))
	top, area = cutTop(area, delta)
	l.place(panelDelta, top)
	half := area.Dy() / 2
	most := 1 + 3*lines(f.N)
	top, area = cutTop(area, min(area.Dy()-half, most))
	l.place(panelB, top)
	top, _ = cutTop(area, min(area.Dy(), most))
	l.place(panelC, top)
}

// zoomed gives one panel the body; a token panel keeps the ribbon above it.
func (l *layout) zoomed(body image.Rectangle, id string, f facts) {
	l.cellW = clamp((body.Dx()-l.gutter)/f.T, 1, 8)
	if onTokens[id] && id != panelTokens {
		var top image.Rectangle
		top, body = cutTop(body, 3)
		l.place(panelTokens, top)
	}
	if right := body.Dx() - (l.gutter + f.T*l.cellW + 1); onTokens[id] && right >= 30 {
		var rule image.Rectangle
		body, rule, area := cutLeft(body, body.Dx()-right)
		l.rules = append(l.rules, rule)
		l.place(id, body)
		l.counted(area, f, true)
		return
	}
	l.place(id, body)
}

// sideBySide shares an area out among panels, a rule between two.
func (l *layout) sideBySide(area image.Rectangle, ids []string) {
	for i, id := range ids {
		n := len(ids) - i
		w := (area.Dx() - (n - 1)) / n
		if n == 1 {
			l.place(id, area)
			return
		}
		var one, rule image.Rectangle
		one, rule, area = cutLeft(area, w)
		l.place(id, one)
		l.rules = append(l.rules, rule)
	}
}

func (l *layout) place(id string, r image.Rectangle) {
	if !r.Empty() {
		l.places = append(l.places, place{id, r})
	}
}

func cutTop(r image.Rectangle, n int) (top, rest image.Rectangle) {
	n = clamp(n, 0, r.Dy())
	top, rest = r, r
	top.Max.Y = r.Min.Y + n
	rest.Min.Y = top.Max.Y
	return top, rest
}

func cutLeft(r image.Rectangle, n int) (left, rule, rest image.Rectangle) {
	left, rule, rest = r, r, r
	left.Max.X = r.Min.X + n
	rule.Min.X, rule.Max.X = left.Max.X, left.Max.X+1
	rest.Min.X = rule.Max.X
	return left, rule, rest
}

func clamp(v, lo, hi int) int { return max(lo, min(v, hi)) }

package tui

import (
	"image"
	"slices"
)

// The smallest terminal that is laid out; below it the screen says what it has
// and what it needs.
const (
	MinWidth  = 60
	MinHeight = 18
)

// View is one of the numbered views.
type View uint8

// The views that exist.
const (
	Watch       View = iota // what the model does over time
	Block                   // one token through one block
	WhatIf                  // the clean run beside the changed one
	Instruments             // the timeline, and what was measured
)

// views lists them in the order of their keys.
var views = []View{Watch, Block, WhatIf, Instruments}

// String is the view's name as the status line shows it.
func (v View) String() string {
	switch v {
	case Block:
		return "BLOCK"
	case WhatIf:
		return "WHAT-IF"
	case Instruments:
		return "INSTRUMENTS"
	}
	return "WATCH"
}

// Hints are the few facts about what is shown that heights depend on.
type Hints struct {
	D, N    int  // channels and states of a layer
	Layers  int  // of the model
	PerLine int  // rows of data that one line of cells shows: 2 in colour, 1 with glyphs
	XRay    int  // lines that show the whole block; 0: as many as there are
	Long    bool // the history is longer than the maps: the timeline is needed
	Changed bool // something is changed: a line says what
	Against bool // another branch is compared: a line says so
	Second  bool // the second run reads other tokens: they have a line
	Turning bool // keys go to the tweak panel: on a narrow screen it gets more lines
	Device  bool // there is a GPU to show
	SameB   bool // the difference of B is shown and there is none: its title says all
	SameC   bool // and of C
}

// Place is where a panel stands.
type Place struct {
	ID   string
	Rect image.Rectangle
}

// Layout says where everything stands. The three lines span the width; places
// and rules lie between them and never overlap.
type Layout struct {
	W, H     int
	TooSmall bool
	Status   image.Rectangle
	Caption  image.Rectangle
	Footer   image.Rectangle
	Places   []Place
	Rules    []image.Rectangle // vertical lines, one column wide
	Gutter   int               // label columns of every time panel
	Cols     int               // data columns of every time panel
}

// timePanels are those that share the token axis.
var timePanels = map[string]bool{
	"tokens": true, "kept": true, "delta": true, "write": true,
	"b": true, "c": true, "htime": true, "diverge": true, "timeline": true,
}

// Arrange lays out a view of a w×h terminal; zoom names the panel that fills
// the screen, or is empty. It has no state: the same arguments give the same
// rectangles.
func Arrange(w, h int, v View, zoom string, hints Hints) Layout {
	l := Layout{W: max(w, 0), H: max(h, 0)}
	if w < MinWidth || h < MinHeight {
		l.TooSmall = true
		return l
	}
	l.Status = image.Rect(0, 0, w, 1)
	l.Caption = image.Rect(0, h-1-captionHeight(w, v), w, h-1)
	l.Footer = image.Rect(0, h-1, w, h)
	l.Gutter = gutter(w)
	body := image.Rect(0, 1, w, l.Caption.Min.Y)
	hints.D, hints.N, hints.PerLine = max(hints.D, 1), max(hints.N, 1), max(hints.PerLine, 1)
	if (hints.Against || hints.Changed) && (v != WhatIf || zoom != "") {
		var line image.Rectangle
		body, line = cutTop(body, body.Dy()-1)
		l.place("inforce", line)
	}

	time := body
	switch {
	case zoom != "":
		l.zoomed(body, zoom)
	case v == Block:
		l.block(body, hints)
	case v == WhatIf:
		time = l.whatIf(body, hints)
	case v == Instruments:
		l.instruments(body, hints)
	default:
		time = l.watch(body, hints)
	}
	l.Cols = max(time.Dx()-l.Gutter, 1)
	return l
}

// gutter is how many columns the labels of time panels take.
func gutter(w int) int {
	if w < 100 {
		return 7
	}
	return 9
}

// captionHeight is how many lines the sentence gets: it has 80 to 140 cells. In
// What-if a second one comes before it.
func captionHeight(w int, v View) int {
	switch {
	case v == WhatIf && w >= 100 && w < 140:
		return 3
	case v == WhatIf || w < 140:
		return 2
	}
	return 1
}

// sideWidth is the width of the right column: enough for an equation with its
// numbers, never more than a third of a wide screen.
func sideWidth(w int) int {
	switch {
	case w < 72:
		return 22
	case w < 100:
		return 26
	case w < 140:
		return 40
	}
	return min(w*3/10, 76)
}

func (l *Layout) place(id string, r image.Rectangle) {
	if !r.Empty() {
		l.Places = append(l.Places, Place{id, r})
	}
}

// zoomed gives one panel the body. A time panel keeps the ribbon above it, for
// without it a column has no name.
func (l *Layout) zoomed(body image.Rectangle, id string) {
	if timePanels[id] && id != "tokens" {
		var top image.Rectangle
		top, body = cutTop(body, 2)
		l.place("tokens", top)
	}
	l.place(id, body)
}

// watch stacks the time panels at the left, so that a token stands in one
// column from the ribbon down to h, and puts what belongs to the cursor at the
// right.
func (l *Layout) watch(body image.Rectangle, hn Hints) (time image.Rectangle) {
	side := sideWidth(body.Dx())
	time, rule, right := cutRight(body, side)
	l.Rules = append(l.Rules, rule)
	all := lines(hn.D, hn) // lines in which every channel has a row of its own
	rows := l.ribbon(body, hn)
	rows = append(rows,
		row{id: "kept", min: 2, want: keptHeight(body.Dy())},
		row{id: "delta", min: 3, want: 1 + all, weight: 3, unit: all},
		row{id: "write", min: 4, want: 1 + all, weight: 1, unit: all, optional: 44},
		row{id: "b", min: 2, want: 1 + lines(hn.N, hn), first: true},
		row{id: "c", min: 2, want: 1 + lines(hn.N, hn), first: true},
		row{id: "htime", min: 3, want: 1 + all, weight: 2, unit: all},
	)
	write := &rows[len(rows)-4]
	if spare := time.Dy() - wanted(rows); all >= 3 && spare < 0 {
		// What is written gets what the others leave: a row a channel, or one
		// for two, never something between.
		half := 1 + (all+1)/2
		if spare+write.want >= half {
			write.min, write.want, write.unit, write.optional = half, half, 0, 0
		}
	} else if spare >= 0 {
		write.optional = 0
	}
	l.stack(time, rows)
	n := right.Dy()
	inspector := clamp(n*2/5, 5, 18)
	answer := clamp(n/3, 4, 19)
	state := n - inspector - answer
	if most := 2 + lines(hn.D, hn); state > most { // h needs no more: the rest explains
		inspector += state - most
		state = most
	}
	l.column(right, []row{{id: "answer", want: answer}, {id: "h", want: state}, {id: "inspector", want: inspector}})
	return time
}

// block gives the X-ray what it can use, under the ribbon; where lines are
// left, the cell's arithmetic and the answer stand below.
func (l *Layout) block(body image.Rectangle, hn Hints) {
	top, rest := cutTop(body, 2)
	l.place("tokens", top)
	if hn.XRay > 0 && rest.Dy() >= hn.XRay+6 {
		var xray image.Rectangle
		xray, rest = cutTop(rest, max(hn.XRay+1, rest.Dy()-24))
		l.place("xray", xray)
		l.halves(rest, "inspector", "answer")
		return
	}
	l.place("xray", rest)
}

// halves puts two panels side by side.
func (l *Layout) halves(area image.Rectangle, left, right string) {
	a, rule, b := cutRight(area, area.Dx()-(area.Dx()-1)/2-1)
	l.place(left, a)
	l.Rules = append(l.Rules, rule)
	l.place(right, b)
}

// whatIf shows how two runs differ over time and, beside it or below, both
// answers and what is changed.
func (l *Layout) whatIf(body image.Rectangle, hn Hints) (time image.Rectangle) {
	time = body
	var side image.Rectangle
	if body.Dx() >= 100 {
		var rule image.Rectangle
		time, rule, side = cutRight(body, clamp(body.Dx()*2/5, 44, 76))
		l.Rules = append(l.Rules, rule)
		answers := clamp(side.Dy()*3/10, 5, 14)
		l.column(side, []row{{id: "answer", want: answers}, {id: "tweaks", want: side.Dy() - answers}})
	} else {
		below := clamp(body.Dy()*2/5, 5, 12)
		if hn.Turning {
			below = clamp(body.Dy()/2, 7, 14)
		}
		time, side = cutTop(body, body.Dy()-below)
		l.halves(side, "answer", "tweaks")
	}
	all := lines(hn.D, hn)
	states := 1 + lines(hn.N, hn)
	layers := lines(max(hn.Layers, 1), hn)
	ribbon := l.ribbon(body, hn)
	if hn.Second {
		ribbon[0].min, ribbon[0].want = 3, ribbon[0].want+1
	}
	rows := append(ribbon,
		row{id: "kept", min: 2, want: keptHeight(body.Dy()), optional: 18},
		row{id: "delta", min: 2, want: 2 + all, weight: 1, unit: all},
		stateRow("b", states, hn.SameB),
		stateRow("c", states, hn.SameC),
		row{id: "htime", min: 2, want: 2 + all, weight: 1, unit: all},
		row{id: "diverge", min: 2, want: 2 + min(layers, 8)},
	)
	l.stack(time, rows)
	return time
}

// stateRow asks for a map of states in What-if; where there is no difference to
// show, for two lines.
func stateRow(id string, want int, same bool) row {
	if same {
		want = 2
	}
	return row{id: id, min: 2, want: want, first: true, optional: 14}
}

// ribbon asks for the tokens and, where they are more than the maps show, the
// timeline.
func (l *Layout) ribbon(body image.Rectangle, hn Hints) []row {
	rows := []row{{id: "tokens", min: 2, want: ribbonHeight(body.Dy())}}
	if hn.Long {
		rows = append(rows, row{id: "timeline", min: 1, want: timelineHeight(body.Dy())})
	}
	return rows
}

// timelineHeight is the strip alone, with its marks, or with a title too.
func timelineHeight(h int) int { return clamp(1+(h-18)/6, 1, 3) }

// instruments shows the whole history and what was measured: of how the numbers
// come out, how fast, at what cost and where.
func (l *Layout) instruments(body image.Rectangle, hn Hints) {
	top, rest := cutTop(body, clamp(body.Dy()/5, 4, 6))
	l.place("timeline", top)
	upper, lower := cutTop(rest, (rest.Dy()+1)/2)
	l.halves(upper, "parity", "timing")
	if !hn.Device {
		l.halves(lower, "memory", "backend")
		return
	}
	a, rule, b := cutRight(lower, lower.Dx()-(lower.Dx()-1)/2-1)
	l.Rules = append(l.Rules, rule)
	memory, backend := cutTop(a, a.Dy()/2)
	l.place("memory", memory)
	l.place("backend", backend)
	l.place("device", b)
}

// row asks for a height in a column of panels.
type row struct {
	id       string
	min      int  // lines it cannot do without
	want     int  // lines it can use
	weight   int  // share of what is left once all have their minimum
	first    bool // gets what it wants before others get a share
	optional int  // left out in a column lower than this
	unit     int  // lines that make every row of data one pixel taller; 0: it cannot use more than it wants
}

// stack gives every row its minimum, then what the small ones want, then the
// rest by weight up to what each can use.
func (l *Layout) stack(area image.Rectangle, rows []row) {
	free := area.Dy()
	kept := rows[:0:0]
	for _, r := range rows {
		if area.Dy() >= r.optional {
			kept = append(kept, r)
			free -= r.min
		}
	}
	heights := make([]int, len(kept))
	for i, r := range kept {
		heights[i] = r.min
	}
	give := func(i, n int) {
		n = min(n, free, max(kept[i].want-heights[i], 0))
		heights[i] += n
		free -= n
	}
	for i, r := range kept { // those without weight are small: a lane, N states
		if r.weight == 0 && !r.first {
			give(i, r.want)
		}
	}
	for i, r := range kept { // but never so much that Δ and h are left with nothing
		if r.first {
			give(i, min(r.want, area.Dy()/5)-heights[i])
		}
	}
	for free > 0 {
		before := free
		for i, r := range kept {
			give(i, r.weight)
		}
		if free == before { // nobody can use more by weight: the states may
			for i, r := range kept {
				if r.first {
					give(i, 1)
				}
			}
		}
		if free == before {
			break
		}
	}
	// Lines to spare make whole maps taller, the weightiest first, with one more
	// for the colours' scale.
	tall := make([]int, len(kept))
	for i := range tall {
		tall[i] = i
	}
	slices.SortStableFunc(tall, func(a, b int) int { return kept[b].weight - kept[a].weight })
	for _, i := range tall {
		if r := kept[i]; r.unit > 0 && heights[i] == r.want && free > r.unit {
			heights[i] += r.unit + 1
			free -= r.unit + 1
		}
	}
	for i := range kept {
		kept[i].want = heights[i]
	}
	l.column(area, kept)
}

// wanted is the height in which every row has what it can use.
func wanted(rows []row) int {
	sum := 0
	for _, r := range rows {
		sum += r.want
	}
	return sum
}

// column places rows of fixed height from the top; what does not fit is cut.
func (l *Layout) column(area image.Rectangle, rows []row) {
	for _, r := range rows {
		var top image.Rectangle
		top, area = cutTop(area, r.want)
		l.place(r.id, top)
	}
}

// ribbonHeight is a title and the tokens; on high screens also their Δ as bars
// and their numbers.
func ribbonHeight(h int) int { return clamp(2+(h-30)/10, 2, 4) }

// keptHeight is the lane's: a title and one line, more where there is room.
func keptHeight(h int) int { return clamp(2+(h-20)/10, 2, 4) }

// lines is how many lines of cells n rows of data take.
func lines(n int, hn Hints) int { return (n + hn.PerLine - 1) / hn.PerLine }

func cutTop(r image.Rectangle, n int) (top, rest image.Rectangle) {
	n = clamp(n, 0, r.Dy())
	top, rest = r, r
	top.Max.Y = r.Min.Y + n
	rest.Min.Y = top.Max.Y
	return top, rest
}

func cutRight(r image.Rectangle, n int) (rest, rule, right image.Rectangle) {
	rest, rule, right = r, r, r
	right.Min.X = r.Max.X - n
	rule.Max.X, rule.Min.X = right.Min.X, right.Min.X-1
	rest.Max.X = rule.Min.X
	return rest, rule, right
}

func clamp(v, lo, hi int) int { return max(lo, min(v, hi)) }

package panel

import (
	"fmt"
	"strconv"
	"strings"

	"mamba-tui/tui/heat"
	"mamba-tui/tui/theme"
)

// grid lays a D × N matrix out in a rectangle of cells.
//
//   - N = 1: channels in reading order, cols to a row;
//   - else channels down and states across, or the other way round where that
//     hides less.
type grid struct {
	D, N   int
	flat   bool // N = 1: channels in reading order
	across bool // channels across, states down
	chans  heat.Rows
	states heat.Rows
	cols   int // pixel columns
	rows   int // pixel rows, before repetition
	rep    int // lines·pixels a row takes
	cellW  int
	lines  int
	per    int // pixel rows a line
	gutter int
	red    heat.Reduction
	title  string // names what was reduced; "" when all is shown
	few    string // the same where there is little room
}

// layGrid fits D × N into w × h cells.
func layGrid(D, N, w, h int, depth heat.Depth, reduction string) grid {
	g := grid{D: D, N: N, per: heat.RowsPerLine(depth), red: reductionOf(reduction)}
	if g.red == heat.TopK { // there is no time here to have a variance over
		g.red = heat.Max
	}
	if w >= 24 {
		g.gutter = len(strconv.Itoa(D)) + 3
	}
	w -= g.gutter
	if N == 1 {
		return g.layFlat(w, h)
	}
	down, side := g, g
	down.layMatrix(D, N, w, h, [2]string{"channels", "states"})
	side.layMatrix(N, D, w, h, [2]string{"states", "channels"})
	side.across = true
	side.swap()
	if side.shown() > down.shown() {
		return side
	}
	return down
}

// layFlat chooses how many channels stand in a row: as square and as large as
// fits, and all of them if at all possible.
func (g grid) layFlat(w, h int) grid {
	g.flat = true
	g.states = heat.Reduce(g.red, 1, 1, nil)
	best := 0
	for _, cols := range []int{64, 32, 16, 8, 4, 2, 1} {
		if cols > w || cols > 2*g.D {
			continue
		}
		for _, rep := range []int{g.per, 1} {
			rows := (g.D + cols - 1) / cols
			if (rows*rep+g.per-1)/g.per > h {
				continue
			}
			cw := min(w/cols, 4)
			score := min(cw, rep+1)*16 + min(cw, 3)*2
			if rep == g.per {
				score += 24
			}
			if cols >= 8 {
				score++
			}
			if score > best {
				best = score
				g.cols, g.rows, g.rep, g.cellW = cols, rows, rep, cw
			}
		}
	}
	n := g.D
	if best == 0 { // more channels than pixels
		g.cols, g.rows, g.rep, g.cellW = max(w, 1), max(h*g.per, 1), 1, 1
		n = min(g.cols*g.rows, g.D)
		g.rows = (n + g.cols - 1) / g.cols
	}
	g.chans = heat.Reduce(g.red, g.D, n, nil)
	if n < g.D {
		g.title, g.few = g.chans.Title, few(g.chans, strconv.Itoa(g.D))
	}
	g.lines = (g.rows*g.rep + g.per - 1) / g.per
	return g
}

// layMatrix puts R rows and C columns into w × h cells; chans are the rows.
func (g *grid) layMatrix(R, C, w, h int, nouns [2]string) {
	pix := max(h*g.per, 1)
	g.rows, g.rep = min(R, pix), 1
	if R*g.per <= pix {
		g.rep = g.per
	}
	g.cols = max(min(C, w), 1)
	g.cellW = max(1, min(w/g.cols, 4))
	g.chans = heat.ReduceNamed(g.red, R, g.rows, nil, nouns[0])
	g.rows = len(g.chans.Of)
	g.states = heat.ReduceNamed(g.red, C, g.cols, nil, nouns[1])
	g.cols = len(g.states.Of)
	g.lines = (g.rows*g.rep + g.per - 1) / g.per
	if g.rows < R {
		g.title = g.chans.Title
	}
	if g.cols < C {
		if g.title != "" {
			g.title += "; "
		}
		g.title += strings.Replace(g.states.Title, "rows", "columns", 1)
	}
	if g.title != "" {
		g.few = fmt.Sprintf("%d×%d → %d×%d, %s", R, C, g.rows, g.cols, g.how())
	}
}

// swap makes a grid that was laid with states as rows say so.
func (g *grid) swap() {
	g.chans, g.states = g.states, g.chans
	if g.title != "" {
		g.title += "; "
	}
	g.title += "channels across"
	if g.few == "" {
		g.few = "channels across"
		return
	}
	g.few = fmt.Sprintf("%d×%d → %d×%d, %s", g.D, g.N, g.cols, g.rows, g.how())
}

// how names the reduction.
func (g *grid) how() string {
	if g.red == heat.Max {
		return "max|·|"
	}
	return g.red.String()
}

// shown is how many of the D × N values have a pixel of their own.
func (g grid) shown() int {
	if g.flat {
		return len(g.chans.Of)
	}
	return len(g.chans.Of) * len(g.states.Of)
}

// area is how large a value is drawn.
func (g grid) area() int { return min(g.cellW, 2*g.rep) * g.rep }

// width is the number of cells without the gutter.
func (g grid) width() int { return g.cols * g.cellW }

// cell is the pixel (before repetition) that shows channel d and state n.
func (g grid) cell(d, n int) (x, y int) {
	i, j := g.chans.Row(d), g.states.Row(n)
	if i < 0 || j < 0 {
		return -1, -1
	}
	return g.place(i, j)
}

// draw turns the values (D, N) into lines.
func (g grid) draw(c *Context, v []float32, rng heat.Range) []string {
	var values, ras heat.Raster
	nd, ns := len(g.chans.Of), len(g.states.Of)
	values.Resize(nd, ns)
	values.FillMatrix(v, g.N, 1, g.chans, g.states, rng)
	ras.Resize(g.cols, g.rows*g.rep)
	for i := range nd {
		for j := range ns {
			x, y := g.place(i, j)
			for k := range g.rep {
				ras.Pix[(y*g.rep+k)*g.cols+x] = values.Pix[j*nd+i]
			}
		}
	}
	x, y := g.cell(c.Cursor.D, c.Cursor.N)
	if g.per == 2 && g.rep == 2 && g.cellW >= 2 {
		return g.tiles(c, &ras, x, y)
	}
	opt := heat.Plain(g.cellW)
	if x >= 0 {
		opt.CursorX, opt.CursorY = x, y*g.rep
	}
	return ras.Lines(nil, c.Theme.Div, opt)
}

// tiles draws whole cells, so that the cursor can be a mark on its value's
// colour instead of hiding it.
func (g grid) tiles(c *Context, ras *heat.Raster, cx, cy int) []string {
	lines := make([]string, 0, g.rows)
	for y := range g.rows {
		var b strings.Builder
		for x := 0; x < g.cols; {
			px := ras.Pix[y*g.rep*g.cols+x]
			if x == cx && y == cy {
				b.WriteString(c.Theme.Level(false, px, "["+spaces(g.cellW-2)+"]"))
				x++
				continue
			}
			n := 1
			for x+n < g.cols && ras.Pix[y*g.rep*g.cols+x+n] == px && !(x+n == cx && y == cy) {
				n++
			}
			b.WriteString(c.Theme.Level(false, px, spaces(n*g.cellW)))
			x += n
		}
		lines = append(lines, b.String()+reset)
	}
	return lines
}

// place is the pixel (before repetition) of the i-th channel row and the j-th
// state row.
func (g grid) place(i, j int) (x, y int) {
	switch {
	case g.flat:
		return i % g.cols, i / g.cols
	case g.across:
		return i, j
	}
	return j, i
}

// label writes the gutter of line y.
func (g grid) label(r *row, c *Context, y int) {
	if g.gutter == 0 {
		return
	}
	i := y * g.per / g.rep
	name, role := "", theme.Dim
	_, cy := g.cell(c.Cursor.D, c.Cursor.N)
	here := cy >= 0 && cy*g.rep/g.per == y
	switch {
	case g.flat && i*g.cols < len(g.chans.Of):
		name = "d" + strconv.Itoa(g.chans.Of[i*g.cols][0])
	case g.flat:
	case g.across && i < len(g.states.Of):
		name = "n" + strconv.Itoa(g.states.Of[i][0])
		if here {
			name = "n" + strconv.Itoa(c.Cursor.N)
		}
	case !g.across && i < len(g.chans.Of):
		name = "d" + strconv.Itoa(g.chans.Of[i][0])
		if here {
			name = "d" + strconv.Itoa(c.Cursor.D)
		}
	}
	if here {
		role = theme.Accent
	}
	r.put(role, right(name, g.gutter-1)).pad(1)
}

// at is the channel and state drawn at cell (x, y) of the grid, gutter
// included.
func (g grid) at(x, y int) (d, n int, ok bool) {
	x -= g.gutter
	if x < 0 || y < 0 || x >= g.width() || y >= g.lines {
		return 0, 0, false
	}
	i, j := y*g.per/g.rep, x/g.cellW // pixel row and column
	switch {
	case g.flat:
		i, j = i*g.cols+j, 0
	case g.across:
		i, j = j, i
	}
	if i >= len(g.chans.Of) || j >= len(g.states.Of) {
		return 0, 0, false
	}
	return g.chans.Of[i][0], g.states.Of[j][0], true
}

package heat

// CONTRACT (to be replaced by the implementation; signatures are fixed):
//
//	type Depth uint8  // Mono (glyph ramps), ANSI16 (glyph ramps + 16 colours), ANSI256, TrueColor
//	type Map struct{...}                       // a colour map prepared for one Depth: 64+ levels, SGR fragments precomputed
//	func NewMap(name string, d Depth, dark bool) (*Map, error) // sequential: "viridis" "cividis" "magma" "grey"; diverging: "blue-red" (blue–black–orange on dark)
//	func Names() []string
//	type Scale uint8  // Linear, Log, Symmetric (zero-centred; diverging), SymLog
//	type Range struct { Min, Max float64; Scale Scale }      // Level(v) (0..1, NaN → -1)
//	// Slow ranges: grows at once, shrinks slowly; can be frozen.
//	type AutoRange struct{...}; func (a *AutoRange) Observe(values []float32); func (a *AutoRange) Range() Range; Frozen bool
//
//	// Raster is W columns × H pixel rows of levels; two pixel rows make one line of ▀ cells in colour,
//	// one pixel row makes one line of ramp glyphs in Mono/ANSI16 (Lines reports how many).
//	type Raster struct { W, H int; Pix []uint8 }  // 0 = no data (NaN), 1..255 = level
//	func (r *Raster) Lines(dst []string, m *Map, opt LineOptions) []string // exact width r.W·CellW, each ends with reset
//	type LineOptions struct { CellW int; CursorX, CursorY int (−1 none); NowX int (sweep column, −1) ; Rows int }
//	func RowsPerLine(d Depth) int   // 2 or 1
//	func Colourbar(width int, m *Map, r Range) string // one line: gradient with min / 0 / max printed and the scale's name
//	// Reduce: D source channels → H rows, by Mean, Max (of |v|, keeping the sign), RMS, TopK (by variance over time).
//	type Reduction uint8; func (r Reduction) String() string
//	type Rows struct { Of [][]int ... ; Title string }  // which channels each pixel row shows; Title such as "64 channels → 24 rows, max|·|" or "24 of 64 channels, largest variance"
//	func Reduce(red Reduction, D, rows int, variance []float64) Rows

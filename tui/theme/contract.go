package theme

// CONTRACT (to be replaced by the implementation; signatures are fixed):
//
//	type Role uint8
//	const ( Text Role = iota; Dim; Title; Focus; Accent; Key; Good; Warn; Bad; Bar; BarDim; Cursor; Half; Wipe; Changed; Clean )
//	type Theme struct {
//		Dark  bool
//		Depth heat.Depth
//		Seq   *heat.Map // sequential
//		Div   *heat.Map // zero-centred
//	}
//	func New(depth heat.Depth, dark bool, seq, div string) (*Theme, error)
//	func (t *Theme) Paint(r Role, s string) string // SGR + s + reset; "" stays ""; in Mono only bold/reverse/underline
//	func (t *Theme) Level(seq bool, level uint8, s string) string // s on the map's background with a readable foreground (ribbon cells)

package tui

import "mamba-tui/tui/panel"

// cellWidths are the steps of the time zoom; 0 chooses by what fits.
var cellWidths = []int{0, 1, 2, 3, 4, 6, 8}

// cellWidth is how many columns a token takes: the zoom, or 2 to 4 so that the
// expected history just fits, and 2 when it does not. Texts of more than one
// cell get as much and a space, up to 8.
func cellWidth(zoom, cols, expected, text int) int {
	if zoom > 0 {
		return min(zoom, cols)
	}
	least := clamp(text+1, 2, 8)
	for w := max(4, least); w > least; w-- {
		if expected*w <= cols {
			return w
		}
	}
	return min(least, cols)
}

// liveAxis is an oscilloscope: tokens keep their column and the write position
// moves. One slot stays empty ahead of it, so that the newest column can be
// told from the oldest.
func liveAxis(gutter, cols, cellW, n int) panel.Axis {
	a := panel.Axis{Gutter: gutter, Cols: cols, CellW: cellW, To: n, Sweep: true}
	a.From = max(0, n-max(a.Slots()-1, 1))
	return a
}

// stillAxis shows tokens in their order from the given one on; it moves only
// as far as is needed to keep the cursor in sight.
func stillAxis(gutter, cols, cellW, n, from, cursor int) panel.Axis {
	a := panel.Axis{Gutter: gutter, Cols: cols, CellW: cellW}
	slots := max(a.Slots(), 1)
	if cursor >= 0 {
		from = clamp(from, cursor-slots+1, cursor)
	}
	a.From = clamp(from, 0, max(n-slots, 0))
	a.To = min(n, a.From+slots)
	return a
}

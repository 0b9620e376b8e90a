// Package heat turns matrices into terminal cells. It knows nothing of Bubble
// Tea and nothing of Mamba.
//
// The way of a number to the screen:
//
//	float32 ──Range.Level──▶ 0..1 ──Raster──▶ pixel 0..255 ──Map──▶ SGR + glyph
//
// A [Range] places a value between a minimum and a maximum on one of four
// scales. A [Raster] holds one byte a pixel: 0 is "no data" (NaN), 1..255 are
// levels. A [Map] is a colour map prepared for one [Depth] of terminal: every
// escape fragment stands in a table, so that drawing a frame of 200×60 cells is
// table look-ups and one allocation. [Reduce] says which channels a pixel row
// stands for when there are more channels than rows, and [Rows.Title] says it
// to the reader. [Colourbar] prints the legend.
//
// In colour one cell is ▀ and shows two pixels, one above the other. Terminals
// with 16 colours or none show one pixel a cell, as a glyph of a ramp.
package heat

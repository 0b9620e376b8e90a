// Package snapshot makes pictures of terminal screens: PNG, SVG and text with
// escape codes, in pure Go. Its input is cells ([Screen]), which [Parse] makes
// from a screen as text.
//
// Text is set in Go Mono. Blocks, shades, braille, lines and the symbols that
// Go Mono lacks are drawn here, so that they join without gaps and none turns
// into an empty box; what no one can draw shows its code point.
package snapshot

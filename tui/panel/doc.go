// Package panel holds every panel of the explorer as a plain struct: what a
// session.Frame says, drawn into a rectangle of cells. Panels read no keys and
// compute no model; they are told a size and a Context and answer with lines.
//
// The panels over time (tokens, kept, delta, write, b, c, htime, diff) are made
// to be stacked and share one Axis: a token stands in the same column in all
// of them, so that one can look straight down from the token that opened Δ to
// what it wiped and what it wrote.
//
// Every panel starts with one title line that names what is drawn, every
// reduction and the range of its colours. Lines are exact: as many as the
// height, each as wide as the width, whatever the size and whatever text a
// model or a person brought in; text that is not the program's own passes
// through tokenizer.Visible.
package panel

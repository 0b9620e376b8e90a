// Package learn is the screen on which one watches a model learn: the curves
// of the training, and above all what Δ, B, C and the state do on one fixed
// sequence while the weights change.
//
// Run trains and shows it, Replay shows a run from its log. Both draw a
// history.History: the training publishes immutable ones, one waiting command
// listens for them, nothing is sent per step. Scrubbing back shows an older
// probe of the same history; the training goes on meanwhile.
//
// The package draws with the pieces of the explorer: heat for maps, theme for
// roles, panel.Page for lines, tui.Host for the terminal.
package learn

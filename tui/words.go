package tui

// What the newcomer's line says. Each names one key; a number is one that was
// computed.
//
// The key stands between backquotes and comes first: a narrow screen cuts the
// end.
const (
	introPlay       = "A Mamba reads: see what h keeps and what it drops. `esc` skips the tour"
	introTypeWipe   = "Press `i` and type. Token %d opened Δ and wiped h: that is selection"
	introType       = "Press `i` and type a token: the model steps with every key"
	introWalkTyping = "Type any of %s; then `esc` and `←` walk back"
	introWalk       = "Press `←` to walk back: nothing is lost, everything follows the cursor"
	introCell       = "Press `enter`: one cell of h, computed from its numbers (↑↓ channel)"
	introFreezeOpen = "Press `f`: freeze Δ and see the answer go wrong. These numbers give h"
	introFreeze     = "Press `f`: freeze Δ at its mean and see the answer go wrong"
	introDone       = "Δ is frozen: compare the answers. c clean/changed · f undo · 1 back · ? keys"
	introSkipped    = "tour skipped: ? lists every key, ctrl+p finds it by name"
)

package tui

// What the newcomer's line says. Each names one key; nothing here states a
// number that was not computed.
const (
	introPlay       = "A Mamba reads a prompt. Watch Δ and h: what it keeps, what it throws away.  esc skips this"
	introTypeWipe   = "Token %d opened Δ and wiped h: selection. Now you: press  i  and type a token.  space plays on"
	introType       = "Now you: press  i  and type a token; the model steps with every key"
	introWalkTyping = "Type any of %s. Then  esc  and  ←  walk back"
	introWalk       = "Every token is kept. Press  ←  to walk back in time; everything follows the cursor"
	introCell       = "Press  enter  to see one cell of h computed from its numbers; ↑ ↓ choose the channel"
	introFreezeOpen = "The numbers recompute to h. Now press  f  to freeze Δ and watch the answer go wrong"
	introFreeze     = "Press  f  to freeze Δ at its mean and watch the answer go wrong"
	introDone       = "Without selection nothing is wiped in time. c: clean or changed run · f: undo · 1: back · ?: every key"
	introSkipped    = "tour skipped: ? lists every key, ctrl+p finds it by name"
)

// Answers of keys whose function does not exist yet.
const (
	laterReset       = "forcing a reset comes in a later version; f freezes Δ already"
	laterTweaks      = "the list of tweaks comes in a later version; f freezes Δ already"
	laterBranches    = "the list of branches comes in a later version; typing in the past opens one already"
	laterUndo        = "undo comes in a later version; f takes the freeze back, backspace a token"
	laterRedo        = "redo comes in a later version"
	laterLessons     = "lessons come in a later version; ctrl+p → tour plays the first minute again"
	laterSearch      = "search comes in a later version; [ and ] jump between events"
	laterInstruments = "Instruments come in a later version; 1 Watch, 2 Block and 3 What-if are here"
)

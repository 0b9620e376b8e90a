package session

import (
	"strconv"

	"mamba-tui/model"
	"mamba-tui/scan"
)

// A Frame is an immutable picture of a session: everything the screen shows.
// The engine publishes a new one when something was computed; a reader may keep
// it as long as it likes.
type Frame struct {
	Seq  uint64 // grows with every frame
	Done uint64 // mutations applied so far: Engine.Do gives their numbers

	Info    Info
	Tokens  History // the whole history of the current branch
	Others  int     // tokens of the history typed outside the alphabet
	Pending int     // tokens of the mutation under way that are not yet computed

	Asked   Look    // the request that the frame answers, as it was made
	Look    Look    // what that came to: clipped, and following the end if asked to
	Clean   *Window // the run without tweaks: the visible tokens of Look's layer
	Changed *Window // what Versus says, clipped to the tokens it has; nil without, or while it is on its way
	Versus  Versus  // what the changed run is
	// TweakPending is how many tokens the changed run has still to do.
	TweakPending int
	// Other holds the tokens of the changed run where it is another branch's.
	Other        History
	Divergence   *Divergence // of Clean and Changed; nil without Changed
	Tweaks       []Tweak     // the list of the branch
	TweaksHidden bool        // the list is kept and nothing of it is in force
	// CanUndo and CanRedo name the change of the list that Undo and Redo would
	// take back and make again; "" is none.
	CanUndo, CanRedo string
	Branch           Branch
	// Branches lists every branch, the first first.
	Branches []BranchInfo
	Marks    []Mark // of the current branch, ascending by T
	Group    Group  // the channels that ribbon and lanes show

	Overview *Overview // what Look.Overview asks for, of the clean run; nil if nothing
	Events   []Event   // every reset tick of the clean run's Look layer, ascending by T

	Recording bool      // an Observer is told what happens
	RecordErr error     // what ended it; nil: nothing, or the person
	Keyframes Keyframes // what is kept of the clean run
	Timing    Timing
	Parity    Parity
	Err       error  // what failed last, one sentence; nil
	Notice    string // what a mutation wants to tell, e.g. "branch 2 opened at token 14"
	NoticeSeq uint64 // grows with every notice
}

// Info describes the model and where it computes; fixed for a session.
type Info struct {
	Card        model.Card
	Config      model.Config
	Parameters  int
	Backend     string // e.g. "cpu generic f32"
	BackendNote string // why not another, e.g. "no CUDA driver"; may be empty
	Alphabet    []string
	OtherID     int32    // −1: none
	Missing     Missing  // what the machine cannot give
	Oracle      bool     // Parity is measured when there is time
	Texts       []string // token id → text (untrusted), nil for numeric tokenizers
}

// Token is one token of the history.
type Token struct {
	ID    int32
	Flags Flags
	Typed string // what was typed when it differs from the symbol, else ""
}

// Flags of a token.
type Flags uint8

// Where a token came from, and what is special about it.
const (
	FromPrompt Flags = 1 << iota
	FromKeys
	Generated
	Other // typed outside the alphabet
)

// Look is what the screen wants to see. A newer Look replaces an older one.
//
// Everything is clipped to what exists: T to [−1, length), Layer to the model's
// layers, [From, To) to the history and to the session's bound on a window
// (64 MiB of arrays, at least 512 tokens; the part around T is kept).
type Look struct {
	T        int // cursor token, or −1 before the first token
	Layer    int
	From, To int // visible tokens [From, To)

	// Overview asks for a stretch of the timeline beside the window.
	Overview Span

	// Follow ties the cursor to the end: T is then the newest token, and the
	// visible tokens are the newest To−From, whatever T, From and To say. The
	// engine keeps the width that was asked for, also while the history is
	// shorter. Frame.Look holds what it came to.
	Follow bool
}

// Window holds arrays for tokens [From, To) of one layer and, at the cursor,
// everything of one token. T = To − From.
type Window struct {
	From, To int
	Layer    int
	D, N     int

	Delta []float32 // (T, D) after softplus and tweaks
	U     []float32 // (T, D)
	B, C  []float32 // (T, N)
	Z     []float32 // (T, D)
	Write []float32 // (T, D): ‖B̄·u‖ over n, which is ‖Δ·B·u‖ under the released rule
	H     []float32 // (T, D, N) after each token, or nil when larger than the session's bound

	A    []float32 // (D, N), in force at the cursor
	Skip []float32 // (D)

	Lanes []Lane // one a layer, over [From, To)
	// Largest is over the whole history, so that a picture of a few tokens can
	// be drawn on the scale of all; of a changed run, over the clean history and
	// what was looked at.
	Largest Largest
	Top     []Guess // most probable next token after each token of the window; nil if not computed

	At *Moment // the cursor token; nil when the history is empty
}

// Largest holds the largest finite magnitude that each array of a layer has
// reached in the run so far. Rolling back does not lower it.
type Largest struct{ Delta, Write, B, C, H float32 }

// Lane holds per-token summaries of one layer.
type Lane struct {
	Kept      []float32 // ρ = ‖Ā⊙h‖/‖h‖ of h before the token; NaN when h was 0
	Retention []float32 // mean over (d,n) of Ā
	HalfLife  []float32 // ln2 / mean(Δ|A|), in tokens
	DeltaMean []float32 // over the group's channels
	DeltaMax  []float32 // over all channels
	Write     []float32 // ‖B̄·u‖ over (d,n), ‖Δ·B·u‖ under the released rule
	HNorm     []float32 // ‖h‖ after the token
}

// Tick marks in the kept lane.
type Tick uint8

// Ticks by kept share.
const (
	TickNone Tick = iota
	TickHalf      // ┆ ρ < 0.5
	TickWipe      // ┃ ρ < 0.05
)

// Thresholds of the ticks.
const (
	HalfBelow = 0.5
	WipeBelow = 0.05
)

// TickOf classifies a kept share; NaN is TickNone.
func TickOf(rho float32) Tick {
	switch {
	case rho < WipeBelow:
		return TickWipe
	case rho < HalfBelow:
		return TickHalf
	}
	return TickNone
}

// Moment is everything about one token in one layer.
type Moment struct {
	T, Layer                 int
	H, HPrev                 []float32 // (D, N) after and before
	Window                   []float32 // (K, D): the convolution's inputs, last row the token's
	In, Norm                 []float32 // (M)
	X, U, Delta, Z, Y, Gated []float32 // (D)
	B, C                     []float32 // (N)
	Out                      []float32 // (M)
	Top                      []Guess   // next-token probabilities, best first, up to 16
	Rule                     scan.Rule
}

// Guess is a next-token probability. P is NaN when a logit was.
type Guess struct {
	ID int32
	P  float32
}

// Group is a named set of channels.
type Group struct {
	Name     string // e.g. "16 of 64 channels, Δ varies most"
	Channels []int  // ascending
}

// Branch names the current branch of the history.
type Branch struct {
	ID     int // 1 is the first
	Parent int // 0: none
	At     int // last token it shares with its parent; −1: none
	Count  int // branches of the session
}

// Event is a reset tick.
type Event struct {
	T    int
	Tick Tick
}

// Timing of the newest work, measured.
type Timing struct {
	StepMicros   float64 // per token, the last append
	RescanMicros float64 // the last rebuild of the window
	RescanTokens int
}

// Parity is the distance of the run to the float64 oracle over the tokens it
// was last computed for.
type Parity struct {
	Known    bool
	Rel      float64 // max|a−b|/max|b| over h and logits
	From, To int
}

// TextOf is what token i of the history stands for, as it is: untrusted text
// that the screen must escape. A token outside the alphabet is what was typed.
// Without a symbol table it is the id in decimal.
func (f *Frame) TextOf(i int) string {
	t := f.Tokens.At(i)
	if t.Flags&Other != 0 && t.Typed != "" {
		return t.Typed
	}
	return f.Text(t.ID)
}

// Text is what the token id stands for: untrusted text, or the id in decimal
// without a symbol table.
func (f *Frame) Text(id int32) string {
	if id >= 0 && int(id) < len(f.Info.Texts) {
		return f.Info.Texts[id]
	}
	return strconv.Itoa(int(id))
}

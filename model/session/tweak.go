package session

import (
	"fmt"
	"strconv"
	"strings"

	"mamba-tui/scan"
)

// TweakKind is what a Tweak changes. Its text is in traces and never changes.
type TweakKind string

// The kinds of tweaks.
const (
	DeltaGain    TweakKind = "delta-gain"    // Δ times Value, outside the softplus
	DeltaBias    TweakKind = "delta-bias"    // Value added inside the softplus
	FreezeDelta  TweakKind = "freeze-delta"  // Δ at a constant: the clean run's mean
	FreezeB      TweakKind = "freeze-b"      // B at a constant
	FreezeC      TweakKind = "freeze-c"      // C at a constant
	GateOff      TweakKind = "gate-off"      // y as it is, not times SiLU(z)
	ConvTaps     TweakKind = "conv-taps"     // the newest Value taps of the convolution; 1: it is off
	AScale       TweakKind = "a-scale"       // A times Value
	UseRule      TweakKind = "rule"          // another discretisation
	FirstStates  TweakKind = "states"        // the first Value states of a channel
	KnockChannel TweakKind = "knock-channel" // a channel that gives nothing
	KnockState   TweakKind = "knock-state"   // a state that stays 0
	ResetAt      TweakKind = "reset"         // the state forgotten at a token
	Ignore       TweakKind = "ignore"        // Δ = 0 at a token
	SetToken     TweakKind = "token"         // another token
	SetH         TweakKind = "set-h"         // a cell of h after a token
	SetDelta     TweakKind = "set-delta"     // Δ of a channel at a token
)

var kinds = [...]TweakKind{
	DeltaGain, DeltaBias, FreezeDelta, FreezeB, FreezeC, GateOff, ConvTaps, AScale, UseRule,
	FirstStates, KnockChannel, KnockState, ResetAt, Ignore, SetToken, SetH, SetDelta,
}

// Kinds are all kinds of tweaks.
func Kinds() []TweakKind { return kinds[:] }

// ResetMode is how a token forgets the state.
type ResetMode string

// The ways to forget. A large Δ drives exp(ΔA) to nothing but makes the same
// token's write ΔB·u as large under the released rule. Ā = 0 forgets exactly
// and leaves the write alone. The convolution still carries the last tokens
// over unless its window is cleared too.
const (
	ResetDelta     ResetMode = "delta-inf"  // Δ = Value, or 1000
	ResetState     ResetMode = "state"      // Ā = 0
	ResetStateConv ResetMode = "state+conv" // Ā = 0 and the window cleared: a new document
)

// Tweak is a change of the model's run, as data.
type Tweak struct {
	ID   int // assigned by the session; 0 before
	Kind TweakKind
	// Layer, Channel and State say where; −1 is all of them.
	Layer, Channel, State int
	// It acts on tokens [From, To); with To = End on all from From on. Reset,
	// ignore, token and the set kinds act on From alone.
	From, To int
	Value    float64
	Rule     scan.Rule
	Reset    ResetMode
	Token    int32
	Text     string // what Token stands for, from the session: untrusted
	// Vector is the constant of a freeze, one a layer: Δ (D), B or C (N). The
	// session fills it with the mean of the clean run so far, over MeanTokens
	// tokens of branch MeanBranch, where it is nil.
	Vector                 [][]float32
	MeanTokens, MeanBranch int
	Off                    bool // kept in the list, not in force
}

// atToken says that the kind acts on one token.
func (k TweakKind) atToken() bool {
	switch k {
	case ResetAt, Ignore, SetToken, SetH, SetDelta:
		return true
	}
	return false
}

// perChannel says that the kind can be narrowed to a channel.
func (k TweakKind) perChannel() bool {
	switch k {
	case DeltaGain, DeltaBias, FreezeDelta, KnockChannel, Ignore, SetH, SetDelta:
		return true
	}
	return false
}

// perState says that the kind can be narrowed to a state.
func (k TweakKind) perState() bool { return k == KnockState || k == SetH }

// Name says what the tweak does: "Δ×2.0".
func (t Tweak) Name() string {
	mean := ""
	if t.MeanTokens > 0 {
		mean = " at its clean mean"
	}
	switch t.Kind {
	case DeltaGain:
		return "Δ×" + number(t.Value)
	case DeltaBias:
		return "Δ bias " + signed(t.Value)
	case FreezeDelta:
		return "freeze Δ" + mean
	case FreezeB:
		return "freeze B" + mean
	case FreezeC:
		return "freeze C" + mean
	case GateOff:
		return "gate off"
	case ConvTaps:
		if t.Value == 1 {
			return "convolution off"
		}
		return fmt.Sprintf("convolution: newest %s", count(int(t.Value), "tap"))
	case AScale:
		return "A×" + number(t.Value)
	case UseRule:
		return "rule " + t.Rule.String()
	case FirstStates:
		return fmt.Sprintf("first %s only", count(int(t.Value), "state"))
	case KnockChannel:
		return "knocked out"
	case KnockState:
		return "knocked out"
	case ResetAt:
		switch t.Reset {
		case ResetDelta:
			return "reset by Δ = " + number(t.Value)
		case ResetStateConv:
			return "reset: Ā = 0, convolution cleared"
		}
		return "reset: Ā = 0"
	case Ignore:
		return "ignored: Δ = 0"
	case SetToken:
		if t.Text != "" {
			return "token replaced by " + t.Text
		}
		return fmt.Sprintf("token replaced by id %d", t.Token)
	case SetH:
		return "h set to " + number(t.Value)
	case SetDelta:
		return "Δ set to " + number(t.Value)
	}
	return string(t.Kind)
}

// Scope says where the tweak acts: "layer 1 · all channels · from t=14".
func (t Tweak) Scope() string {
	var parts []string
	if t.Kind != SetToken {
		parts = append(parts, which("layer", t.Layer))
	}
	if t.Kind.perChannel() || t.Channel >= 0 {
		parts = append(parts, which("channel", t.Channel))
	}
	if t.Kind.perState() {
		parts = append(parts, which("state", t.State))
	}
	parts = append(parts, t.when())
	if t.MeanTokens > 0 {
		parts = append(parts, fmt.Sprintf("mean of %s of branch %d", count(t.MeanTokens, "token"), t.MeanBranch))
	}
	return strings.Join(parts, " · ")
}

// when says on which tokens t acts.
func (t Tweak) when() string {
	switch {
	case t.Kind.atToken():
		return fmt.Sprintf("at t=%d", t.From)
	case t.To == End:
		return fmt.Sprintf("from t=%d", t.From)
	}
	return fmt.Sprintf("t=%d to %d", t.From, t.To-1)
}

// which names one of a kind, or all.
func which(noun string, i int) string {
	if i < 0 {
		return "all " + noun + "s"
	}
	return fmt.Sprintf("%s %d", noun, i)
}

// number is x with at least one digit after the point and no more than needed
// to tell values that a key steps through apart.
func number(x float64) string {
	s := strconv.FormatFloat(x, 'g', 4, 64)
	if !strings.ContainsAny(s, ".eInN") {
		s += ".0"
	}
	return s
}

func signed(x float64) string {
	if x < 0 {
		return number(x)
	}
	return "+" + number(x)
}

// count is n with a noun in the right number.
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

package session

import (
	"math"
	"slices"
	"testing"

	"mamba-tui/scan"
)

// What a reset and an ignored token promise, on the screen: with Ā = 0 and the
// convolution's window cleared the rest is a document of its own, bit for bit;
// with Ā = 0 alone it is not, because the convolution carries three tokens over;
// Δ = 0 leaves h as it was, bit for bit.
func TestResetsAndIgnoredTokens(t *testing.T) {
	const at, n = 40, 60
	m := newModel(t, small, scan.Float32)
	tokens := ids(n, 11)
	alone := newSession(t, m, Options{})
	mustAppend(t, alone, tokens[at:])
	s := newSession(t, m, Options{KeyframeEvery: 16})
	mustAppend(t, s, tokens)
	DN := small.DInner * small.DState
	for layer := range small.NLayer {
		document := mustFrame(t, alone, Look{T: n - at - 1, Layer: layer, To: n - at}).Clean
		look := Look{T: n - 1, Layer: layer, From: at, To: n}
		for mode, same := range map[ResetMode]bool{ResetStateConv: true, ResetState: false, ResetDelta: false} {
			do(t, s, SetTweaks{[]Tweak{{Kind: ResetAt, Layer: -1, From: at, Reset: mode}}})
			f := mustFrame(t, s, look)
			if equal := slices.Equal(f.Changed.H, document.H); equal != same {
				t.Errorf("layer %d, %s: h is that of a document of its own: %v, want %v", layer, mode, equal, same)
			}
			if same {
				bits(t, "h", f.Changed.H, document.H)
				bits(t, "Δ", f.Changed.Delta, document.Delta)
				if !slices.Equal(f.Changed.Top, document.Top) || !slices.Equal(f.Changed.At.Top, document.At.Top) {
					t.Errorf("layer %d, %s: other guesses than a document of its own", layer, mode)
				}
			}
			if kept := f.Changed.Lanes[layer].Kept[0]; mode != ResetDelta && kept != 0 {
				t.Errorf("layer %d, %s keeps %v", layer, mode, kept)
			}
		}
		do(t, s, SetTweaks{[]Tweak{{Kind: Ignore, Layer: -1, Channel: -1, From: at}}})
		f := mustFrame(t, s, Look{T: at, Layer: layer, From: at - 1, To: n})
		bits(t, "h after an ignored token", f.Changed.H[DN:2*DN], f.Changed.H[:DN])
		bits(t, "h before it", f.Changed.H[:DN], f.Clean.H[:DN])
		if f.Changed.Lanes[layer].Write[1] != 0 || f.Changed.Lanes[layer].Kept[1] != 1 {
			t.Errorf("an ignored token writes %v and keeps %v", f.Changed.Lanes[layer].Write[1], f.Changed.Lanes[layer].Kept[1])
		}
		if d := f.Divergence; d.From != at-1 || d.H[layer][0] != 0 || !(d.H[layer][1] > 0) || math.IsNaN(float64(d.Output[1])) {
			t.Errorf("divergence %+v", d)
		}
	}
}

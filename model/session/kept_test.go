package session

import (
	"strings"
	"testing"

	"mamba-tui/scan"
)

// A frame says how many states are kept, how dense and how large.
func TestFrameSaysWhatIsKept(t *testing.T) {
	s := newSession(t, newModel(t, lettered, scan.Float32), Options{Card: letters, KeyframeEvery: 4})
	if k := mustFrame(t, s, Look{T: -1}).Keyframes; k.Count != 0 || k.Bytes != 0 || k.Every != 4 {
		t.Errorf("an empty history keeps %+v", k)
	}
	do(t, s, Type{At: End, Text: strings.Repeat("ab", 20)})
	k := mustFrame(t, s, Look{T: 39, To: 40}).Keyframes
	c := lettered
	state := 4 * c.NLayer * (c.DInner*c.DState + c.DInner*(c.DConv-1))
	if k.Count != 10 || k.Every != 4 || k.Oldest != 4 || k.Bytes != 10*state {
		t.Errorf("40 tokens keep %+v, want a state of %d bytes every 4", k, state)
	}
	s.clean.keys.max = 4
	do(t, s, Type{At: End, Text: strings.Repeat("ab", 20)})
	if k := mustFrame(t, s, Look{T: 79, To: 80}).Keyframes; k.Count > 4 || k.Oldest <= k.Every {
		t.Errorf("bounded to 4, 80 tokens keep %+v", k)
	}
}

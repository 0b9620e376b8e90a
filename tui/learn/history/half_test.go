package history

import (
	"encoding/json"
	"math"
	"testing"
)

// The table is of IEEE 754's binary16: computed by hand from its definition.
func TestHalf(t *testing.T) {
	inf := float32(math.Inf(1))
	for _, c := range []struct {
		x    float32
		half uint16
	}{
		{0, 0x0000}, {float32(math.Copysign(0, -1)), 0x8000}, {1, 0x3c00}, {-2, 0xc000}, {0.5, 0x3800}, {1.0 / 3, 0x3555},
		{65504, 0x7bff}, {65519, 0x7bff}, {65520, 0x7c00}, {1e30, 0x7c00}, {inf, 0x7c00}, {-inf, 0xfc00},
		{1.0 / (1 << 24), 0x0001}, {1.0 / (1 << 25), 0x0000}, {1.5 / (1 << 25), 0x0001}, {3.0 / (1 << 25), 0x0002},
		{1.0 / (1 << 14), 0x0400}, {1023.0 / (1 << 24), 0x03ff}, {1023.5 / (1 << 24), 0x0400}, {1e-30, 0x0000},
		{1 + 1.0/2048, 0x3c00}, {1 + 3.0/2048, 0x3c02}, {1 + 1.01/2048, 0x3c01}, // ties go to even
	} {
		if got := toHalf(c.x); got != c.half {
			t.Errorf("toHalf(%g) = %#04x, want %#04x", c.x, got, c.half)
		}
	}
	if h := toHalf(float32(math.NaN())); fromHalf(h) == fromHalf(h) {
		t.Errorf("NaN became %g", fromHalf(h))
	}
}

// Every half comes back as itself, and no half is nearer to a value than the
// one it was rounded to.
func TestHalfIsNearest(t *testing.T) {
	for i := range 1 << 16 {
		h := uint16(i)
		x := fromHalf(h)
		if x != x {
			continue
		}
		if back := toHalf(x); back != h {
			t.Fatalf("%#04x is %g, which becomes %#04x", h, x, back)
		}
		if h&0x7fff >= 0x7bff {
			continue
		}
		next := fromHalf(h + 1)
		for _, share := range []float32{0.1, 0.3, 0.49, 0.51, 0.9} {
			v := x + share*(next-x)
			want := h
			if math.Abs(float64(next)-float64(v)) < math.Abs(float64(v)-float64(x)) {
				want = h + 1
			}
			if got := toHalf(v); got != want {
				t.Fatalf("%g between %g and %g became %g", v, x, next, fromHalf(got))
			}
		}
	}
}

// In a log a matrix is base64 of little-endian halves; NaN is among them.
func TestHalvesInJSON(t *testing.T) {
	in := halves{1, -2, float32(math.NaN()), 0.5}
	b, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	if want := `"ADwAwAB+ADg="`; string(b) != want {
		t.Errorf("%s, want %s", b, want)
	}
	var out halves
	if err := json.Unmarshal(b, &out); err != nil {
		t.Fatal(err)
	}
	if len(out) != 4 || out[0] != 1 || out[1] != -2 || out[2] == out[2] || out[3] != 0.5 {
		t.Errorf("%v came back", out)
	}
	for _, bad := range []string{`"AAA"`, `"AA=="`, `"?"`, `3`} {
		if err := json.Unmarshal([]byte(bad), &out); err == nil {
			t.Errorf("%s was taken", bad)
		}
	}
}

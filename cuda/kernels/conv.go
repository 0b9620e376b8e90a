package kernels

// ConvArgs is scan.ConvArgs on the device. Window must not be absent unless K
// is 1.
type ConvArgs struct {
	Y, X         View
	W            View   // (D, K)
	Bias, Resets uint64 // (D), int32 (L); may be absent
	Window       View   // (K−1, D)
	L, D, K      int
	SiLU         bool
}

type convParams struct {
	y, x, w, window View
	bias, resets    uint64
	l, d, k         int64
	steps           int64 // that one block takes
	silu            int32
	carry           int32 // one block has all steps and writes the window itself
}

const (
	convBlock = 128
	convSteps = 32
)

// Conv plans the short convolution. Time is cut into pieces, each of which
// reads the K−1 inputs before it; the window is then written by a second
// launch, after all have read it.
func (p *Planner) Conv(a ConvArgs) {
	if a.L == 0 || a.D == 0 {
		return
	}
	pieces := ceil(a.L, convSteps)
	c := convParams{y: a.Y, x: a.X, w: a.W, window: a.Window, bias: a.Bias, resets: a.Resets,
		l: int64(a.L), d: int64(a.D), k: int64(a.K), steps: convSteps, silu: mark(a.SiLU), carry: mark(pieces == 1)}
	channels := ceil(a.D, convBlock)
	e := ConvAny
	if a.K == 4 {
		e = Conv4
	}
	add(p, e, [3]int{pieces, channels, 1}, convBlock, 0, &c)
	if pieces > 1 && a.K > 1 {
		add(p, ConvWindow, [3]int{channels, 1, 1}, convBlock, 0, &c)
	}
}

package bench

import "fmt"

// Row is one measurement, or one that was left out.
type Row struct {
	Suite   string `json:"suite"`   // limits, scan, sweep, model or screen
	Name    string `json:"name"`    // what was done
	Shape   string `json:"shape"`   // L=2048 D=1536 N=16
	Backend string `json:"backend"` // where
	Threads int    `json:"threads"`
	Length  int    `json:"length,omitempty"` // L, in a sweep

	NS           float64 `json:"ns,omitempty"`      // the best repetition
	Clock        string  `json:"clock,omitempty"`   // cpu or wall: see ClockCPU
	Repetitions  int     `json:"repetitions"`       // 0: left out
	Element      string  `json:"element,omitempty"` // what is counted: state, token, multiply-add …
	NSPerElement float64 `json:"ns_per_element,omitempty"`
	PerSecond    float64 `json:"elements_per_s,omitempty"`
	FLOP         float64 `json:"flop,omitempty"`  // by formula
	Bytes        float64 `json:"bytes,omitempty"` // by formula
	GFLOPS       float64 `json:"gflops,omitempty"`
	GBytes       float64 `json:"gbytes_per_s,omitempty"`

	// Limit is what bounds this at most, "fma" or "memory", and Share how much
	// of the measured limit was reached; 0 where no limit is known.
	Limit string  `json:"limit,omitempty"`
	Share float64 `json:"share_of_limit,omitempty"`

	// Error is max|a−b|/max|b| against float64, where it was asked for.
	Error   float64 `json:"error_to_float64,omitempty"`
	Note    string  `json:"note,omitempty"`
	LeftOut string  `json:"left_out,omitempty"` // why there is no time
}

// Work is what one repetition does.
type Work struct {
	Elements    float64
	Element     string
	FLOP, Bytes float64
	Limit       string
}

// Kinds of limits.
const (
	LimitFMA    = "fma"
	LimitMemory = "memory"
)

// fill derives the rates of a row from its time.
func (r *Row) fill(w Work, ns float64, repetitions int, l Limits) {
	r.NS, r.Repetitions, r.Element, r.FLOP, r.Bytes, r.Limit = ns, repetitions, w.Element, w.FLOP, w.Bytes, w.Limit
	if ns <= 0 {
		return
	}
	if w.Elements > 0 {
		r.NSPerElement, r.PerSecond = ns/w.Elements, w.Elements/ns*1e9
	}
	r.GFLOPS, r.GBytes = w.FLOP/ns, w.Bytes/ns
	switch {
	case w.Limit == LimitFMA && l.GFLOPS > 0:
		r.Share = r.GFLOPS / l.GFLOPS
	case w.Limit == LimitMemory && l.GBytes > 0:
		r.Share = r.GBytes / l.GBytes
	}
}

// ScanWork is one scan of L steps with softplus, D and gate; see the package's
// documentation for the counts. writeStates adds the traffic of every h.
func ScanWork(L, D, N int, writeStates bool) Work {
	l, d, n := float64(L), float64(D), float64(N)
	w := Work{Elements: l * d * n, Element: "state", Limit: LimitFMA,
		FLOP: l * d * (17*n + 3), Bytes: 4 * (4*l*d + 2*l*n + 3*d*n)}
	if writeStates {
		w.Bytes += 4 * l * d * n
	}
	return w
}

// LinearWork is y = x·Wᵀ for L rows, with weights of the given size in bytes.
// One row is bounded by the memory that holds W, many by arithmetic.
func LinearWork(L, out, in, weightSize int) Work {
	l, o, i := float64(L), float64(out), float64(in)
	w := Work{Elements: l * o * i, Element: "multiply-add", Limit: LimitFMA,
		FLOP: 2 * l * o * i, Bytes: float64(weightSize)*o*i + 4*l*(o+i)}
	if L == 1 {
		w.Limit = LimitMemory
	}
	return w
}

// sizeText is a number of bytes for people.
func sizeText(bytes float64) string {
	if bytes >= 1<<30 {
		return fmt.Sprintf("%.1f GiB", bytes/(1<<30))
	}
	return fmt.Sprintf("%.0f MiB", bytes/(1<<20))
}

package scan

// DType is the element type of a Buffer.
type DType uint8

// Element types. Activations and weights of a backend have one of the two
// floating-point types; token ids and reset marks are Int32.
const (
	Float32 DType = iota
	Float64
	Int32
)

// Buffer is a run of elements in the memory of a backend.
type Buffer interface {
	Len() int
	DType() DType
	// Free gives the memory back. Using the buffer afterwards is an error of
	// the caller's.
	Free()
}

// View is a row-major matrix inside a Buffer: element (r, c) is element
// Off + r·Stride + c of Buf. The zero View is "absent" where an operation says
// that an argument is optional.
type View struct {
	Buf    Buffer
	Off    int
	Stride int
}

// Dense is the View of a whole buffer whose rows are cols wide.
func Dense(b Buffer, cols int) View { return View{Buf: b, Stride: cols} }

// Row is v without its first r rows.
func (v View) Row(r int) View { v.Off += r * v.Stride; return v }

// Col is v without its first c columns; rows keep their distance.
func (v View) Col(c int) View { v.Off += c; return v }

// Absent says that v is the zero View.
func (v View) Absent() bool { return v.Buf == nil }

// Weight is a matrix (Out, In) that a backend keeps in the layout, and
// possibly the precision, that its Linear is fastest with.
type Weight interface {
	Shape() (out, in int)
	Free()
}

// Backend is the short list of operations a Mamba block is made of, over
// buffers that live where the backend computes. package model is written once
// on top of it.
//
// An operation only enqueues; what it computed is on the host after Read,
// which waits. A sequence is one row a step; several independent sequences are
// one longer sequence with reset marks (the stitching of §3.5.2: a reset makes
// them equal separate sequences bit for bit on serial paths).
//
// Wrong shapes are programming errors and panic with a constant string before
// anything is written. Failures of the device are returned by Read and Sync.
// L = 0 is allowed everywhere and changes nothing.
//
// A Backend is not safe for concurrent use: it belongs to one goroutine at a
// time.
type Backend interface {
	// Name names the backend and its kernel set, such as "cpu generic f32".
	Name() string
	// DType is Float32 or Float64: the type of every activation and weight.
	DType() DType

	// Alloc returns n zeroed elements.
	Alloc(t DType, n int) (Buffer, error)
	// LoadWeight keeps the row-major matrix w of shape (out, in).
	LoadWeight(out, in int, w []float32) (Weight, error)

	// Write copies src to dst[off:], converted to dst's type.
	Write(dst Buffer, off int, src []float32)
	// WriteInts copies src to the Int32 buffer dst[off:].
	WriteInts(dst Buffer, off int, src []int32)
	// Read waits for what was enqueued and copies src[off:off+len(dst)] to dst.
	Read(dst []float32, src Buffer, off int) error
	// ReadFloat64 is Read without loss for Float64 buffers.
	ReadFloat64(dst []float64, src Buffer, off int) error
	// Sync waits for everything enqueued.
	Sync() error
	// Close frees what the backend itself holds.
	Close() error

	// Copy is dst[r][c] = src[r][c] for rows × cols elements.
	Copy(dst, src View, rows, cols int)
	// Broadcast is dst[r][c] = row[c] for rows × cols elements.
	Broadcast(dst View, row Buffer, rows, cols int)
	// Embed is dst[t] = table[ids[t]] for L rows of width cols.
	Embed(dst, table View, ids Buffer, L, cols int)
	// RMSNorm is dst[t] = x[t] / sqrt(mean(x[t]²) + eps) · w for L rows.
	RMSNorm(dst, x View, w Buffer, L, cols int, eps float64)
	// Linear is y[t] = x[t]·Wᵀ (+ Bias) (+ y[t] if Accumulate).
	Linear(LinearArgs)
	// Conv is the short causal depthwise convolution with its window carried
	// from call to call.
	Conv(ConvArgs)
	// Softplus is dst[t][d] = softplus(x[t][d] + bias[d]); bias may be nil. It
	// gives bit for bit the Δ that Scan computes with Softplus set.
	Softplus(dst, x View, bias Buffer, L, D int)
	// Scan is the fused selective scan.
	Scan(ScanArgs)
}

// LinearArgs is y[t][o] = Σ_i x[t][i]·W[o][i]. A CPU sums in an order that does not
// depend on L, so that one step and a chunk agree bit for bit; a GPU sums few rows
// and many in different orders, and rounds differently.
type LinearArgs struct {
	Y, X       View // (L, Out), (L, In)
	W          Weight
	Bias       Buffer // (Out) or nil, added after the sum
	L          int
	Accumulate bool // add to Y: y = y + (sum + bias)
}

// ConvArgs is
//
//	y[t][d] = act(Bias[d] + Σ_k W[d][k]·x[t-K+1+k][d])
//
// where tap K-1 is the current token and rows before the call come from
// Window, which holds the last K-1 inputs, oldest first, and is updated.
type ConvArgs struct {
	Y, X    View   // (L, D); they must not overlap
	W       View   // (D, K)
	Bias    Buffer // (D) or nil
	Window  View   // (K-1, D): inputs before the call in, after it out
	Resets  Buffer // Int32 (L) or nil: bit ResetConv clears the window before the step
	L, D, K int
	SiLU    bool
}

// Bits of a reset mark.
const (
	// ResetState makes h exactly +0 before the step's own update: Ā = 0 by
	// selection, never by multiplication.
	ResetState int32 = 1 << iota
	// ResetConv clears the convolution window before the step.
	ResetConv
)

// ScanArgs is the selective scan of one sequence; see doc.go for the
// equations. Rows are steps.
type ScanArgs struct {
	L, D, N int
	Rule    Rule

	U     View   // (L, D) input
	Delta View   // (L, D) step size, before softplus if Softplus is set
	Bias  Buffer // (D) added to Delta before softplus, or nil; needs Softplus
	// Softplus computes Δ = softplus(Delta + Bias), linear above 20.
	Softplus bool

	A    View   // (D, N), negative
	B, C View   // (L, N)
	Skip Buffer // (D) the D of the paper, or nil
	Z    View   // (L, D) gate: y·SiLU(z), or absent

	H      View   // (D, N) initial state in, final state out
	Resets Buffer // Int32 (L) or nil: bit ResetState resets before the step
	Y      View   // (L, D) output; may be the same view as U

	Tap *ScanTap // nil: nothing of size L·D·N is written
}

// ScanTap asks for h after chosen steps.
type ScanTap struct {
	Steps []int  // ascending, each in [0, L)
	H     Buffer // (len(Steps), D, N)
}

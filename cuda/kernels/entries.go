package kernels

// Entry names a kernel.
type Entry int

// The kernels. Neighbours are chosen by arithmetic: keep their order.
const (
	CopyRows Entry = iota
	EmbedRows
	SoftplusRows
	RMSNormRows
	TapMap

	Gemv1
	Gemv2
	Gemv4
	Gemv8
	GemmNT64
	GemmNN64
	GemmTN64
	GemmNT128
	GemmNN128
	GemmTN128
	TensorNT64x64 // 3×TF32, capability 8.0
	TensorNN64x64
	TensorTN64x64
	TensorNT128x64
	TensorNN128x64
	TensorTN128x64
	GemmSum

	Conv4
	ConvAny
	ConvWindow

	ScanSerialAny // any rule and N
	ScanSerial16  // released, 8 < N ≤ 16
	ScanSumAny
	ScanSum16
	ScanOutAny
	ScanOut16
	ScanCombine
	ScanStep     // released, 8 < N ≤ 16, a single step
	ScanLanes512 // released, N ≤ 16
	StreamWide   // released, 8 < N ≤ 16, capability 8.0: wide or narrow; whole, sum or out
	StreamWideSum
	StreamWideOut
	StreamNarrow
	StreamNarrowSum
	StreamNarrowOut
	StreamCombine
	StreamSplit // released, 8 < N ≤ 16, capability 8.0: pieces of a tile at once

	CrossEntropyRows
	EmbedGrad
	RMSNormGrad
	ColumnSums
	ColumnAdd
	ConvGradPre
	ConvGradTaps
	ConvGradAdd
	ScanGrad256 // released, 256 steps a tile
	ScanGrad128 // released, 128
	ScanGradAny // any rule
	ScanGradGather
	StreamGradSum // released, 8 < N ≤ 16, capability 8.0
	StreamGradCombine
	StreamGradWide
	StreamGradNarrow
	StreamGradGather

	numEntries
)

// entries are the modules and names of the kernels.
var entries = [numEntries]struct{ module, name string }{
	CopyRows:      {"rows", "copy_rows"},
	EmbedRows:     {"rows", "embed_rows"},
	SoftplusRows:  {"rows", "softplus_rows"},
	RMSNormRows:   {"rows", "rmsnorm_rows"},
	TapMap:        {"rows", "tap_map"},
	Gemv1:         {"linear", "gemv_1"},
	Gemv2:         {"linear", "gemv_2"},
	Gemv4:         {"linear", "gemv_4"},
	Gemv8:         {"linear", "gemv_8"},
	GemmNT64:      {"linear", "gemm_nt_64"},
	GemmNN64:      {"linear", "gemm_nn_64"},
	GemmTN64:      {"linear", "gemm_tn_64"},
	GemmNT128:     {"linear", "gemm_nt_128"},
	GemmNN128:     {"linear", "gemm_nn_128"},
	GemmTN128:     {"linear", "gemm_tn_128"},
	GemmSum:       {"linear", "gemm_sum"},
	Conv4:         {"conv", "conv_4"},
	ConvAny:       {"conv", "conv_any"},
	ConvWindow:    {"conv", "conv_window"},
	ScanSerialAny: {"scan", "scan_serial_any"},
	ScanSerial16:  {"scan", "scan_serial_16"},
	ScanSumAny:    {"scan", "scan_sum_any"},
	ScanSum16:     {"scan", "scan_sum_16"},
	ScanOutAny:    {"scan", "scan_out_any"},
	ScanOut16:     {"scan", "scan_out_16"},
	ScanCombine:   {"scan", "scan_combine"},
	ScanStep:      {"scan", "scan_step"},
	ScanLanes512:  {"lanes", "scan_lanes_512"},

	TensorNT64x64:  {"tensor", "tensor_nt_64x64"},
	TensorNN64x64:  {"tensor", "tensor_nn_64x64"},
	TensorTN64x64:  {"tensor", "tensor_tn_64x64"},
	TensorNT128x64: {"tensor", "tensor_nt_128x64"},
	TensorNN128x64: {"tensor", "tensor_nn_128x64"},
	TensorTN128x64: {"tensor", "tensor_tn_128x64"},

	StreamWide:      {"stream", "stream_wide"},
	StreamWideSum:   {"stream", "stream_wide_sum"},
	StreamWideOut:   {"stream", "stream_wide_out"},
	StreamNarrow:    {"stream", "stream_narrow"},
	StreamNarrowSum: {"stream", "stream_narrow_sum"},
	StreamNarrowOut: {"stream", "stream_narrow_out"},
	StreamCombine:   {"stream", "stream_combine"},
	StreamSplit:     {"stream_split", "stream_split"},

	CrossEntropyRows: {"grad", "cross_entropy"},
	EmbedGrad:        {"grad", "embed_grad"},
	RMSNormGrad:      {"grad", "rmsnorm_grad"},
	ColumnSums:       {"grad", "column_sums"},
	ColumnAdd:        {"grad", "column_add"},
	ConvGradPre:      {"grad", "conv_grad_pre"},
	ConvGradTaps:     {"grad", "conv_grad"},
	ConvGradAdd:      {"grad", "conv_grad_add"},
	ScanGrad256:      {"scan_grad", "scan_grad_256"},
	ScanGrad128:      {"scan_grad", "scan_grad_128"},
	ScanGradAny:      {"scan_grad", "scan_grad_any"},
	ScanGradGather:   {"scan_grad", "scan_grad_gather"},

	StreamGradSum:     {"stream_grad_sum", "stream_grad_sum"},
	StreamGradCombine: {"stream_grad_sum", "stream_grad_combine"},
	StreamGradWide:    {"stream_grad", "stream_grad_wide"},
	StreamGradNarrow:  {"stream_grad", "stream_grad_narrow"},
	StreamGradGather:  {"stream_grad", "stream_grad_gather"},
}

// Name is the kernel's name in its module.
func (e Entry) Name() string { return entries[e].name }

// Module is the name of the module that holds the kernel.
func (e Entry) Module() string { return entries[e].module }

// Entries lists every kernel.
func Entries() []Entry {
	all := make([]Entry, numEntries)
	for i := range all {
		all[i] = Entry(i)
	}
	return all
}

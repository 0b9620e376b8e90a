//go:build !noasm

package scan

import (
	"strings"

	features "golang.org/x/sys/cpu"

	"mamba-tui/scan/internal/asm"
)

// lacking names the features of the processor that the set needs and the
// machine lacks; the operating system must save the registers too.
func lacking(k KernelSet) string {
	x := &features.X86
	var lacks []string
	need := func(have bool, name string) {
		if !have {
			lacks = append(lacks, name)
		}
	}
	need(x.HasAVX2, "AVX2")
	need(x.HasFMA, "FMA")
	if k == AVX512 {
		need(x.HasAVX512F, "AVX512F")
		need(x.HasAVX512DQ, "AVX512DQ")
		need(x.HasAVX512BW, "AVX512BW")
		need(x.HasAVX512VL, "AVX512VL")
	}
	if lacks == nil {
		return ""
	}
	return "a processor with " + strings.Join(lacks, ", ")
}

// kernels32 is the kernel set k, which the machine has.
func kernels32(k KernelSet) kernels[float32] {
	switch k {
	case AVX512:
		return avx512Kernels()
	case AVX2:
		return avx2Kernels()
	}
	return generic32()
}

// gradKernels32 are the backward kernels of set k.
func gradKernels32(k KernelSet) gradKernels[float32] {
	g := generic32Grad()
	switch k {
	case AVX512:
		g.sigmoid, g.norm = elementwise2(asm.Sigmoid512), rmsNormGrad(asm.RMSNormGrad512)
		g.conv4, g.fused = &convGrad512, &fusedGrad512
	case AVX2:
		g.sigmoid, g.norm = elementwise2(asm.Sigmoid256), rmsNormGrad(asm.RMSNormGrad256)
		g.conv4, g.fused = &convGrad256, &fusedGrad256
	}
	return g
}

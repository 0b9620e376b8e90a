package scan

import (
	"slices"
	"strings"
	"testing"
)

func TestKernelSets(t *testing.T) {
	for id, want := range map[string]KernelSet{"": BestKernels, "best": BestKernels, "generic": Generic, "avx2": AVX2, "avx512": AVX512} {
		got, err := ParseKernelSet(id)
		if err != nil || got != want {
			t.Errorf("ParseKernelSet(%q) is %v, %v, want %v", id, got, err, want)
		}
		if id != "" && got.String() != id {
			t.Errorf("%q is shown as %q", id, got)
		}
	}
	if _, err := ParseKernelSet("sse"); err == nil || !strings.Contains(err.Error(), `"sse"`) || !strings.Contains(err.Error(), "generic") {
		t.Errorf("ParseKernelSet(sse): %v, want an error that names it and what there is", err)
	}
	if err := KernelSet(9).Check(); err == nil || KernelSet(9).String() != "kernelset(9)" {
		t.Errorf("kernel set 9 is %v: %v", KernelSet(9), err)
	}
	have := KernelSets()
	if have[0] != Generic || !slices.IsSorted(have) {
		t.Errorf("this machine has %v, want generic first and the fastest last", have)
	}
	if best := NewCPU(Options{}); best.Name() != "cpu "+have[len(have)-1].String()+" f32" {
		t.Errorf("the best of %v is %q", have, best.Name())
	}
	for _, k := range []KernelSet{BestKernels, Generic, AVX2, AVX512} {
		if k == BestKernels || slices.Contains(have, k) {
			if err := k.Check(); err != nil {
				t.Errorf("%v can be had, Check says %v", k, err)
			}
			if c := NewCPU(Options{Kernels: k}); k != BestKernels && c.Name() != "cpu "+k.String()+" f32" {
				t.Errorf("kernel set %v calls itself %q", k, c.Name())
			}
			if c := NewCPU(Options{DType: Float64, Kernels: k}); c.Name() != "cpu generic f64" {
				t.Errorf("float64 with %v calls itself %q", k, c.Name())
			}
			continue
		}
		if err := k.Check(); err == nil || !strings.Contains(err.Error(), k.String()) {
			t.Errorf("%v cannot be had, Check says %v", k, err)
		}
		mustPanic(t, "NewCPU with kernels that are missing", func() { NewCPU(Options{Kernels: k}) })
	}
}

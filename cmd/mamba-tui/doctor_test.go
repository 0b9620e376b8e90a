package main

import (
	"strings"
	"testing"
)

// TestDoctorWeights: the error of every format is measured, in its order; a
// model that is not there leaves a reason.
func TestDoctorWeights(t *testing.T) {
	list := checkWeights(weightsModel)
	if len(list) != 3 {
		t.Fatalf("%+v", list)
	}
	f32, bf16, f16 := list[0].Error, list[1].Error, list[2].Error
	if !(0 < f32 && f32 < 1e-5 && f32 < f16 && f16 < bf16 && bf16 < 0.1) {
		t.Errorf("errors are %g (f32), %g (bf16), %g (f16)", f32, bf16, f16)
	}
	if d := list[1].detail(); !strings.Contains(d, "bf16: half the memory; the logits of chars are") {
		t.Errorf("%q", d)
	}
	for _, s := range checkWeights("nobody") {
		if !strings.Contains(s.detail(), "not tried: no built-in model") {
			t.Errorf("%q", s.detail())
		}
	}
}

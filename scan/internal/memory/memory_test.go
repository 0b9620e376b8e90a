package memory

import (
	"testing"
	"unsafe"
)

// TestAligned: sizes small and large, zeros to the last element, and a capacity
// that ends with them.
func TestAligned(t *testing.T) {
	for _, n := range []int{0, 1, 15, 16, 17, 1000, hugeFrom/4 + 3} {
		check(t, Aligned[float32](n), n)
		check(t, Aligned[float64](n), n)
		check(t, Aligned[uint16](n), n)
	}
}

func check[E float32 | float64 | uint16](t *testing.T, x []E, n int) {
	t.Helper()
	if len(x) != n || cap(x) != n {
		t.Fatalf("%d elements with room for %d, want %d", len(x), cap(x), n)
	}
	if n == 0 {
		return
	}
	if at := uintptr(unsafe.Pointer(&x[0])); at%cacheLine != 0 {
		t.Errorf("%d elements begin at %#x", n, at)
	}
	for i, v := range x {
		if v != 0 {
			t.Fatalf("element %d is %v", i, v)
		}
		x[i] = 1 // it is there to be written
	}
}

package cuda

import (
	"errors"
	"testing"

	"mamba-tui/cuda/internal/driver"
	"mamba-tui/cuda/internal/simdriver"
	"mamba-tui/scan"
)

// TestLargeCopies: more than the pinned memory holds arrives whole and in
// order, in both directions and in every type.
func TestLargeCopies(t *testing.T) {
	b, err := open(simdriver.New(t), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	const n = ringBytes/4*2 + 12345
	src := make([]float32, n)
	for i := range src {
		src[i] = float32(i % (1 << 20))
	}
	for _, dtype := range []scan.DType{scan.Float32, scan.Float64, scan.Int32} {
		x, err := b.Alloc(dtype, n+2)
		if err != nil {
			t.Fatal(err)
		}
		b.Write(x, 1, src)
		got := make([]float64, n+2)
		if err := b.ReadFloat64(got, x, 0); err != nil {
			t.Fatal(err)
		}
		for i, v := range got {
			want := 0.0
			if i > 0 && i <= n {
				want = float64(src[i-1])
			}
			if v != want {
				t.Fatalf("%v: element %d is %v, want %v", dtype, i, v, want)
			}
		}
		x.Free()
	}
}

// TestCallerKeepsItsMemory: what was handed to Write may be changed at once.
func TestCallerKeepsItsMemory(t *testing.T) {
	b, err := open(simdriver.New(t), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	x, err := b.Alloc(scan.Float32, 1000)
	if err != nil {
		t.Fatal(err)
	}
	one := make([]float32, 1)
	for i := range 1000 {
		one[0] = float32(i)
		b.Write(x, i, one)
	}
	got := make([]float32, 1000)
	if err := b.Read(got, x, 0); err != nil {
		t.Fatal(err)
	}
	for i, v := range got {
		if v != float32(i) {
			t.Fatalf("element %d is %v", i, v)
		}
	}
}

// TestOtherBackend: buffers and weights of another backend are refused.
func TestOtherBackend(t *testing.T) {
	one, err := open(simdriver.New(t), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer one.Close()
	two, err := open(simdriver.New(t), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer two.Close()
	x, err := one.Alloc(scan.Float32, 8)
	if err != nil {
		t.Fatal(err)
	}
	for what, f := range map[string]func(){
		"Write": func() { two.Write(x, 0, []float32{1}) },
		"Read":  func() { _ = two.Read(make([]float32, 1), x, 0) },
		"Copy":  func() { add(two, x) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s took another backend's buffer", what)
				}
			}()
			f()
		}()
	}
}

// TestReadLater: values are those of their place in the order, arrive with the
// next wait, however many there are, and not at all when something failed.
func TestReadLater(t *testing.T) {
	f := simdriver.New(t)
	b, err := open(f, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	const n = readBytes/4/3 + 7 // three do not fit
	x, err := b.Alloc(scan.Float32, n)
	if err != nil {
		t.Fatal(err)
	}
	var got [5][]float32
	src := make([]float32, n)
	for turn := range got {
		for i := range src {
			src[i] = float32(turn*n + i)
		}
		b.Write(x, 0, src)
		got[turn] = make([]float32, n)
		b.ReadLater(got[turn], x, 0)
	}
	if got[4][n-1] != 0 {
		t.Error("the last one came without a wait")
	}
	if err := b.Sync(); err != nil {
		t.Fatal(err)
	}
	for turn := range got {
		for i, v := range got[turn] {
			if v != float32(turn*n+i) {
				t.Fatalf("read %d: element %d is %v, want %d", turn, i, v, turn*n+i)
			}
		}
	}
	f.Fail("CopyToHost", 0, driver.OutOfResources)
	clear(got[0])
	b.ReadLater(got[0], x, 0)
	if err := b.Sync(); err == nil || errors.Is(err, scan.ErrLost) || got[0][1] != 0 {
		t.Errorf("a failed read gave %v and %v", err, got[0][:3])
	}
	b.ReadLater(got[0], x, 0)
	if err := b.Sync(); err != nil || got[0][1] != src[1] {
		t.Errorf("the read after it gave %v and %v", err, got[0][:3])
	}
}

package heat

import "testing"

// frame is a worst case: 200×120 pixels, every cell different from its
// neighbour.
func frame() *Raster {
	r := &Raster{}
	r.Resize(200, 120)
	x := uint32(1)
	for i := range r.Pix {
		x = x*1664525 + 1013904223
		r.Pix[i] = uint8(1 + (x>>24)%255)
	}
	return r
}

// A frame of 200×60 cells may allocate four times at most, with lines kept from
// the frame before.
func TestLinesAllocations(t *testing.T) {
	for _, d := range depths {
		m := mustMap(t, "viridis", d, true)
		r := frame()
		lines := r.Lines(nil, m, Plain(1))
		if n := testing.AllocsPerRun(10, func() { lines = r.Lines(lines[:0], m, Plain(1)) }); n > 4 {
			t.Errorf("%v: %v allocations a frame, at most 4 are allowed", d, n)
		}
	}
}

func BenchmarkHeatLines(b *testing.B) {
	for _, d := range depths {
		b.Run(d.String(), func(b *testing.B) {
			m := mustMap(b, "viridis", d, true)
			r := frame()
			lines := r.Lines(nil, m, Plain(1))
			n := 0
			for _, l := range lines {
				n += len(l)
			}
			b.SetBytes(int64(n))
			b.ReportAllocs()
			for b.Loop() {
				lines = r.Lines(lines[:0], m, Plain(1))
			}
		})
	}
}

func BenchmarkFill(b *testing.B) {
	const T, D = 200, 1536
	data := make([]float32, T*D)
	for i := range data {
		data[i] = float32(i%997) / 997
	}
	r := &Raster{}
	r.Resize(T, 120)
	rows := Reduce(Max, D, 120, nil)
	b.SetBytes(int64(4 * len(data)))
	b.ReportAllocs()
	for b.Loop() {
		r.Fill(data, T, D, rows, Range{Max: 1}, nil)
	}
}

package trace

import (
	"bytes"
	"context"
	"encoding/binary"
	"hash/crc32"
	"math"
	"testing"

	"mamba-tui/model/trace/npz"
	"mamba-tui/scan"
)

func verify(t *testing.T, r *rig, b []byte, d scan.DType) *Report {
	t.Helper()
	m := r.m
	if d == scan.Float64 {
		m = newModel(t, r.file, d)
	}
	report, err := Verify(context.Background(), openBytes(t, b), m, nil)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// The same kernels give the same bits: every branch, and what was rolled back.
func TestVerifyExact(t *testing.T) {
	for _, level := range []Level{Script, Drive, Full} {
		r, b := recordedStory(t, func(o *Options) { o.Level = level })
		report := verify(t, r, b, scan.Float32)
		if !report.Exact() || !report.Within(0) || len(report.Worst) != 0 {
			t.Errorf("%s: %v, %v", level, report.First, report.Worst)
		}
		tr := openBytes(t, b)
		steps, keys := tr.Counts()
		if report.Steps != steps || report.Keyframes != keys || keys == 0 {
			t.Errorf("%s: compared %d of %d steps, %d of %d keyframes", level, report.Steps, steps, report.Keyframes, keys)
		}
	}
}

// Another backend is told from the first bit on, and is within a tolerance.
func TestVerifyAcross(t *testing.T) {
	r, b := recordedStory(t, nil)
	report := verify(t, r, b, scan.Float64)
	if report.Exact() || report.First.Step > 3 || report.Within(1e-12) || !report.Within(1e-5) {
		t.Errorf("first %v, worst %v", report.First, report.Worst)
	}
	if w, ok := report.Largest(); !ok || w.Rel <= 0 || w.Abs <= 0 {
		t.Errorf("largest %+v", w)
	}
	_, b = recordedStory(t, func(o *Options) { o.Level = Script; o.KeyframeEvery = 1000 })
	if report := verify(t, r, b, scan.Float64); report.Exact() || report.Within(1) || report.First.Array != fieldHCRC {
		t.Errorf("checksums alone say how much differs: %v", report.First)
	}
}

// forged is b with a number of a field of the rows changed, and every checksum
// right again: what another program might have computed.
func forged(t *testing.T, b []byte, block, row int, field string, index int, f func(float32) float32) []byte {
	t.Helper()
	tr := openBytes(t, b)
	var out bytes.Buffer
	w := npz.NewWriter(&out)
	n := 0
	for _, e := range tr.file.Entries() {
		data, err := tr.file.Bytes(e, 1<<30)
		if err != nil {
			t.Fatal(err)
		}
		if len(e.Name) > 5 && e.Name[:5] == "step/" {
			if n == block {
				blk := tr.x.blocks[n]
				at, ok := blk.dtype.Field(field)
				if !ok {
					t.Fatal(field)
				}
				p := data[blk.header+row*blk.dtype.Size+at.Offset+4*index:]
				x := math.Float32frombits(binary.LittleEndian.Uint32(p))
				binary.LittleEndian.PutUint32(p, math.Float32bits(f(x)))
			}
			n++
		}
		if err := w.Write(e.Name, data); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// One changed number is found, and named.
func TestVerifyFindsTheStep(t *testing.T) {
	r, b := recordedStory(t, nil)
	next := func(x float32) float32 { return math.Nextafter32(x, 100) }
	tr := openBytes(t, b)
	for _, c := range []struct {
		branch, step int
		field        string
		index        int
		layer        int
	}{
		{1, 0, fieldDelta, 0, 0}, {1, 17, fieldDelta, 12 + 3, 1}, {1, 30, fieldU, 23, 1}, {2, 11, fieldB, 4, 0}, {1, 36, fieldC, 5, 1},
	} {
		p := tr.x.lines[c.branch].find(c.step)
		blk, row := tr.x.blocks[p.block], p.row+c.step-p.from
		report := verify(t, r, forged(t, b, p.block, row, c.field, c.index, next), scan.Float32)
		d := report.First
		if d == nil || d.Branch != blk.branch || d.Step != c.step || d.Array != c.field || d.Layer != c.layer {
			t.Errorf("step %d of branch %d, %s: found %v", c.step, c.branch, c.field, d)
			continue
		}
		if d.Got == d.Want || len(report.Worst) != 1 || report.Worst[0].Step != d.Step || report.Worst[0].Layer != c.layer {
			t.Errorf("%v, worst %+v", d, report.Worst)
		}
	}
	// A changed checksum of h, which nothing else tells of.
	p := tr.x.lines[1].find(5)
	report := verify(t, r, forged(t, b, p.block, 5-p.from, fieldHCRC, 0, func(x float32) float32 {
		return math.Float32frombits(math.Float32bits(x) ^ 1)
	}), scan.Float32)
	if report.First == nil || report.First.Array != fieldHCRC || report.First.Step != 5 {
		t.Errorf("found %v", report.First)
	}
}

// h_crc is CRC-32C over h of all layers as little-endian float32.
func TestHCRC(t *testing.T) {
	var buf []byte
	sum := hCRC(hCRC(0, []float32{1, -2}, &buf), []float32{0.5}, &buf)
	want := crc32.Checksum([]byte{0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0, 0, 0, 0, 0x3f}, crc32.MakeTable(crc32.Castagnoli))
	if sum != want {
		t.Errorf("%08x, want %08x", sum, want)
	}
}

func TestVerifyRefusesAnotherShape(t *testing.T) {
	_, b := recordedStory(t, nil)
	cfg := rigConfig
	cfg.DState = 4
	m := newModel(t, newFile(t, cfg, rigCard, 1), scan.Float32)
	if _, err := Verify(context.Background(), openBytes(t, b), m, nil); err == nil {
		t.Error("a model of another shape was compared")
	}
}

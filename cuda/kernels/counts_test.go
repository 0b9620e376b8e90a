package kernels

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"mamba-tui/scan"
)

// TestCounts records what each kernel executes per element, so that a change of
// its cost is seen without a GPU: testdata/counts.txt, rewritten by -update. An
// element is a (step, channel, state) of a scan and a multiply-add of a product.
func TestCounts(t *testing.T) {
	var b strings.Builder
	line := func(what string, r *rig, elements int) {
		fmt.Fprintf(&b, "%-28s %s\n", what, r.counts.Per(float64(elements)))
	}
	scans := func(what string, kind ScanKind, L, D int, marked bool) {
		r := newRig(t)
		r.p.Device.SMs = 1 // blocks as full as on a busy device
		p := r.random(scan.Released, L, D, 16)
		p.gap = 0
		if marked {
			p.mark(r, 100)
		}
		r.scan(p, kind)
		line(what, r, L*D*16)
	}
	scans("scan serial", ScanSerial, 128, 128, false)
	scans("scan serial, marked", ScanSerial, 128, 128, true)
	scans("scan serial, one step", ScanSerial, 1, 128, false)
	scans("scan, one step", ScanOne, 1, 128, false)
	scans("scan chunked", ScanChunked, 128, 128, false)
	scans("scan lanes", ScanLanes, 512, 8, false)
	scans("scan lanes, marked", ScanLanes, 512, 8, true)
	for i, shape := range []streamShape{{block: streamWide}, {block: streamNarrow}, {channels: 16, pieces: 6}} {
		r := newRig(t)
		r.p.streamWith = func(L int) streamShape {
			shape.chunk = L
			return shape
		}
		p := r.random(scan.Released, 144, 64, 16)
		p.gap = 0
		r.scan(p, ScanStream)
		line("scan stream, "+[]string{"wide", "narrow", "split"}[i], r, 144*64*16)
	}
	for _, L := range []int{128, 512} {
		r := newRig(t)
		r.p.Device.SMs, r.p.Device.CC = 1, 75
		D := map[int]int{128: 8, 512: 12}[L] // a block full of warps
		r.p.Device.CC = 75                   // no stream
		r.gradient("gradient", r.random(scan.Released, L, D, 16), true)
		line(fmt.Sprintf("scan gradient, %d steps", L), r, L*D*16)
	}
	for _, x := range []struct {
		what  string
		block streamGradBlock
		chunk int
	}{{"wide", streamGradWide, 512}, {"wide, chunks", streamGradWide, 128}, {"narrow, chunks", streamGradNarrow, 32}} {
		r := newRig(t)
		r.p.streamGradWith = func(int) (streamGradBlock, int) { return x.block, x.chunk }
		p := r.random(scan.Released, 512, 64, 16)
		p.gap = 0
		r.gradient("gradient", p, true)
		line("scan gradient, "+x.what, r, 512*64*16)
	}
	linears := func(what string, L, in, out int, with *gemmTile) {
		r := newRig(t)
		r.p.Device.SMs = 1
		if with != nil {
			r.p.gemmWith = func(k int) (gemmTile, int) { return *with, k }
		}
		r.p.Linear(LinearArgs{Y: r.out(L, out, 0).View, X: r.in(L, in, 0, r.uniform(L*in, -1, 1)).View,
			W: r.in(out, in, 0, r.uniform(out*in, -1, 1)).Ptr, L: L, In: in, Out: out})
		r.run()
		line(what, r, L*in*out)
	}
	linears("linear, one row", 1, 512, 64, nil)
	linears("linear, eight rows", 8, 512, 64, nil)
	for _, tile := range append(gemmTiles, tensorTiles...) {
		linears("linear, "+tile.entry.Name(), 128, 128, 128, &tile)
	}
	const golden = "testdata/counts.txt"
	if *update {
		if err := os.MkdirAll("testdata", 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(golden, []byte(b.String()), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if w := strings.ReplaceAll(string(want), "\r\n", "\n"); b.String() != w {
		t.Errorf("the counts have changed; go test -run TestCounts -update . records them:\n%s", difference(b.String(), w))
	}
}

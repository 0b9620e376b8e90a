package ptxsim

import (
	"fmt"
	"math"
	"math/bits"
)

// member demands the membermask of all lanes, which is the only one known.
func member(s string) error {
	if s != "-1" && s != "4294967295" && s != "0xffffffff" {
		return fmt.Errorf("only the mask of all lanes is known, not %s", s)
	}
	return nil
}

// shuffle decodes shfl.sync d|p, a, b, c, membermask: lane l reads a of a lane
// that b and the clamp in c name, and its own where there is none.
func (d *decoder) shuffle(in *inst, mods, ops []string) error {
	in.kind, in.class = warpOp, Shuffle
	if len(ops) != 5 || mods[0] != "sync" {
		return fmt.Errorf("want shfl.sync with five operands")
	}
	if err := member(ops[4]); err != nil {
		return err
	}
	for i, c := range ops[0] {
		if c == '|' {
			at, err := d.destination(ops[0][i+1:], bankP)
			if err != nil {
				return err
			}
			in.d2, ops[0] = at, ops[0][:i]
			break
		}
	}
	mode := mods[1]
	var from func(l, b, c int) int // −1: nobody
	switch mode {
	case "up":
		from = func(l, b, c int) int {
			if j := l - b; j >= c&31 {
				return j
			}
			return -1
		}
	case "down":
		from = func(l, b, c int) int {
			if j := l + b; j <= c&31 {
				return j
			}
			return -1
		}
	case "bfly":
		from = func(l, b, c int) int {
			if j := l ^ b; j <= c&31 {
				return j
			}
			return -1
		}
	case "idx":
		from = func(l, b, c int) int {
			if j := b & 31; j <= c&31 {
				return j
			}
			return -1
		}
	default:
		return fmt.Errorf("shuffle %s is not known", mode)
	}
	in.exec = func(w *warp, in *inst, _ uint32) error {
		a := w.r32[in.s[0]]
		var p uint32
		for l := range 32 {
			c := int(w.r32[in.s[2]][l])
			if c>>8&31 != 0 {
				return fmt.Errorf("segments of a warp are not known")
			}
			j := from(l, int(w.r32[in.s[1]][l]), c)
			if j >= 0 {
				p |= 1 << l
			} else {
				j = l
			}
			w.r32[in.d][l] = a[j]
		}
		if in.d2 >= 0 {
			w.p[in.d2] = p
		}
		return nil
	}
	return d.place(in, ops[:4], bank32, bank32, bank32, bank32)
}

// vote decodes vote.sync.ballot.b32 and .any, .all.
func (d *decoder) vote(in *inst, mods, ops []string) error {
	in.kind, in.class = warpOp, Shuffle
	if len(ops) != 3 || mods[0] != "sync" {
		return fmt.Errorf("want vote.sync with three operands")
	}
	if err := member(ops[2]); err != nil {
		return err
	}
	switch mods[1] {
	case "ballot":
		in.exec = func(w *warp, in *inst, _ uint32) error {
			for l := range 32 {
				w.r32[in.d][l] = w.p[in.s[0]]
			}
			return nil
		}
		return d.place(in, ops[:2], bank32, bankP)
	case "any", "all":
		all := mods[1] == "all"
		in.exec = func(w *warp, in *inst, _ uint32) error {
			n := bits.OnesCount32(w.p[in.s[0]])
			if n == 32 || n > 0 && !all {
				w.p[in.d] = allLanes
			} else {
				w.p[in.d] = 0
			}
			return nil
		}
		return d.place(in, ops[:2], bankP, bankP)
	}
	return fmt.Errorf("vote %s is not known", mods[1])
}

// roundTF32 rounds to 10 bits of mantissa, ties away from zero (cvt.rna).
func roundTF32(b uint32) uint32 {
	if b&0x7f800000 == 0x7f800000 {
		return b
	}
	return (b + 0x1000) &^ 0x1fff
}

// matrix decodes the product of a warp's matrices, of which one is known:
// mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32. The low 13 bits of its
// factors are ignored, as on the hardware.
func (d *decoder) matrix(in *inst, mods, ops []string) error {
	want := []string{"sync", "aligned", "m16n8k8", "row", "col", "f32", "tf32", "tf32", "f32"}
	for i, m := range want {
		if i >= len(mods) || mods[i] != m {
			return fmt.Errorf("matrix shape is not known")
		}
	}
	in.kind, in.class = warpOp, Tensor
	if len(ops) != 4 {
		return fmt.Errorf("want four operands")
	}
	var all []int
	for i, o := range ops {
		look := d.source
		if i == 0 {
			look = d.destination
		}
		v, err := d.vector(o, look, bank32)
		if err != nil {
			return err
		}
		if len(v) != []int{4, 4, 2, 4}[i] {
			return fmt.Errorf("operand %d has %d elements", i, len(v))
		}
		all = append(all, v...)
	}
	in.v = all
	in.exec = func(w *warp, in *inst, _ uint32) error {
		var a [16][8]float64
		var b [8][8]float64
		value := func(reg, l int) float64 {
			return float64(math.Float32frombits(w.r32[reg][l] &^ 0x1fff))
		}
		for l := range 32 {
			g, t := l>>2, l&3
			a[g][t], a[g+8][t] = value(in.v[4], l), value(in.v[5], l)
			a[g][t+4], a[g+8][t+4] = value(in.v[6], l), value(in.v[7], l)
			b[t][g], b[t+4][g] = value(in.v[8], l), value(in.v[9], l)
		}
		var out [4][32]uint32
		for l := range 32 {
			g, t := l>>2, l&3
			for i := range 4 {
				row, col := g+8*(i>>1), 2*t+i&1
				sum := float64(math.Float32frombits(w.r32[in.v[10+i]][l]))
				for k := range 8 {
					sum += a[row][k] * b[k][col]
				}
				out[i][l] = math.Float32bits(float32(sum))
			}
		}
		for i := range 4 {
			w.r32[in.v[i]] = out[i]
		}
		return nil
	}
	return nil
}

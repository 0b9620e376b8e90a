package trace

import (
	"encoding/binary"
	"fmt"
	"slices"

	"mamba-tui/model"
	"mamba-tui/model/session"
	"mamba-tui/model/trace/npz"
)

// Rows are steps [From, From+T) of a branch. Arrays that were not asked for, or
// not recorded, are nil.
type Rows struct {
	Branch, From, T int

	Time  []int64         // (T) nanoseconds since 1970
	Token []int32         // (T)
	Flags []session.Flags // (T)
	HCRC  []uint32        // (T) CRC-32C of h of all layers after the step
	TopID []int32         // (T, Top) best first; −1 where there are fewer
	TopP  []float32       // (T, Top)
	Reset [][]byte        // a layer: (T) reset marks
	Rule  [][]byte        // a layer: (T) scan.Rule
	Lane  [][]float32     // a layer: (T, len(Meta.Lanes))

	Delta, U, Z [][]float32 // a layer: (T, D)
	B, C        [][]float32 // a layer: (T, N)
	H           [][]float32 // a layer: (T, D, N)
}

// Rows reads steps [from, to) of a branch with the arrays in what, of those that
// were recorded: TapDelta, TapU, TapB, TapC, TapZ, TapH.
func (t *Trace) Rows(branch, from, to int, what model.What) (*Rows, error) {
	b, err := t.Branch(branch)
	if err != nil {
		return nil, err
	}
	if from < 0 || to < from || to > b.Len {
		return nil, fmt.Errorf("trace: steps %d to %d of branch %d, which has %d steps", from, to, b.ID, b.Len)
	}
	d := t.Meta.Dims
	r := &Rows{
		Branch: b.ID, From: from, T: to - from,
		Reset: make([][]byte, d.L), Rule: make([][]byte, d.L), Lane: make([][]float32, d.L),
	}
	arrays := r.arrays(t.Meta, what)
	for _, a := range arrays {
		*a.dst = make([][]float32, d.L)
	}
	l := t.x.lines[b.ID]
	for at := from; at < to; {
		p := l.find(at)
		n := min(p.from+p.n, to) - at
		blk := &t.x.blocks[p.block]
		raw, err := t.block(p.block)
		if err != nil {
			return nil, err
		}
		if err := r.add(t.Meta, blk, raw, p.row+at-p.from, n, arrays); err != nil {
			return nil, fmt.Errorf("%w: %s", err, blk.entry.Name)
		}
		at += n
	}
	return r, nil
}

// column is an array of Rows with one part a layer.
type column struct {
	name string
	dst  *[][]float32
	cols int // of one layer and step
}

// arrays are those of what that the trace has.
func (r *Rows) arrays(m *Meta, what model.What) []column {
	d := m.Dims
	list := []column{{fieldLane, &r.Lane, numLanes}}
	for _, a := range []struct {
		what model.What
		column
	}{
		{model.TapDelta, column{fieldDelta, &r.Delta, d.D}}, {model.TapU, column{fieldU, &r.U, d.D}},
		{model.TapB, column{fieldB, &r.B, d.N}}, {model.TapC, column{fieldC, &r.C, d.N}},
		{model.TapZ, column{fieldZ, &r.Z, d.D}}, {model.TapH, column{fieldH, &r.H, d.D * d.N}},
	} {
		if what&a.what != 0 && m.has(a.name) {
			list = append(list, a.column)
		}
	}
	return list
}

// add decodes rows [row, row+n) of a block.
func (r *Rows) add(m *Meta, blk *block, raw []byte, row, n int, arrays []column) error {
	fields := map[string]npz.Field{}
	for _, want := range stepFields(m) {
		f, err := matches(blk.dtype, want)
		if err != nil {
			return err
		}
		fields[f.Name] = f
	}
	le := binary.LittleEndian
	L := m.Dims.L
	for i := row; i < row+n; i++ {
		b := raw[i*blk.dtype.Size:][:blk.dtype.Size]
		at := func(name string) []byte {
			f := fields[name]
			return b[f.Offset:][:f.Bytes]
		}
		// The index has read the first row only.
		if step, branch := le.Uint64(at(fieldStep)), le.Uint32(at(fieldBranch)); step != uint64(blk.from+i) || branch != uint32(blk.branch) {
			return fmt.Errorf("trace: row %d is step %d of branch %d, want step %d of branch %d", i, step, branch, blk.from+i, blk.branch)
		}
		token := int32(le.Uint32(at(fieldToken)))
		if token < 0 || int(token) >= m.Dims.V {
			return fmt.Errorf("trace: row %d has token %d, the model has 0 to %d", i, token, m.Dims.V-1)
		}
		r.Time = append(r.Time, int64(le.Uint64(at(fieldTime))))
		r.Token = append(r.Token, token)
		r.Flags = append(r.Flags, session.Flags(le.Uint32(at(fieldFlags))))
		r.HCRC = append(r.HCRC, le.Uint32(at(fieldHCRC)))
		for _, id := range slices.Collect(slices.Chunk(at(fieldTopID), 4)) {
			r.TopID = append(r.TopID, int32(le.Uint32(id)))
		}
		r.TopP = npz.GetFloat32s(r.TopP, at(fieldTopP))
		reset, rule := at(fieldReset), at(fieldRule)
		for l := range L {
			r.Reset[l] = append(r.Reset[l], reset[l])
			r.Rule[l] = append(r.Rule[l], rule[l])
		}
		for _, a := range arrays {
			data, dst := at(a.name), *a.dst
			for l := range L {
				dst[l] = npz.GetFloat32s(dst[l], data[4*l*a.cols:][:4*a.cols])
			}
		}
	}
	return nil
}

// cache keeps the newest blocks that were read: a window moves by a step at a
// time.
type cache struct {
	blocks [4]struct {
		n    int // block number + 1; 0: none
		rows []byte
	}
	next int
}

// block is the rows of block n, checked.
func (t *Trace) block(n int) ([]byte, error) {
	for _, c := range t.cache.blocks {
		if c.n == n+1 {
			return c.rows, nil
		}
	}
	blk := &t.x.blocks[n]
	b, err := t.file.Bytes(blk.entry, 1<<32)
	if err != nil {
		return nil, err
	}
	c := &t.cache.blocks[t.cache.next]
	t.cache.next = (t.cache.next + 1) % len(t.cache.blocks)
	c.n, c.rows = n+1, b[blk.header:]
	return c.rows, nil
}

// Guesses are the most probable tokens after step i of the rows, best first.
func (r *Rows) Guesses(i, top int) []session.Guess {
	var list []session.Guess
	for k := range top {
		if id := r.TopID[i*top+k]; id >= 0 {
			list = append(list, session.Guess{ID: id, P: r.TopP[i*top+k]})
		}
	}
	return list
}

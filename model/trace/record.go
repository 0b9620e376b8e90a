package trace

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"math"

	"mamba-tui/model"
	"mamba-tui/model/checkpoint"
	"mamba-tui/model/session"
	"mamba-tui/model/trace/npz"
	"mamba-tui/scan"
)

// castagnoli is the table of h_crc.
var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// hCRC continues the CRC-32C of a state by h of another layer, as little-endian
// bytes. buf is scratch.
func hCRC(sum uint32, h []float32, buf *[]byte) uint32 {
	*buf = npz.AppendFloat32s((*buf)[:0], h)
	return crc32.Update(sum, castagnoli, *buf)
}

// embed writes the weights as a checkpoint's two files.
func (r *Recorder) embed(f *checkpoint.File) error {
	config, err := checkpoint.MarshalConfig(f.Config, f.Weights, f.Card)
	if err != nil {
		return err
	}
	var weights bytes.Buffer
	if err := checkpoint.WriteWeights(&weights, f.Config, f.Weights, nil); err != nil {
		return err
	}
	if err := r.w.Write(weightsDir+"/config.json", config); err != nil {
		return err
	}
	return r.w.Write(weightsDir+"/model.safetensors", weights.Bytes())
}

// Act records an operation before it acts (session.Observer).
func (r *Recorder) Act(op session.Op, at session.Place) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	name, ok := nameOf(op)
	if !ok {
		name = fmt.Sprintf("%T", op)
	}
	return r.event(name, op, at.ID, at.T)
}

// event writes an event, after what was recorded before it.
func (r *Recorder) event(op string, args any, branch, step int) error {
	if err := r.flush(); err != nil {
		return err
	}
	text, err := json.Marshal(args)
	if err != nil {
		return fmt.Errorf("trace: event %s: %w", op, err)
	}
	e := Event{Seq: r.seq, TimeNS: r.now().UnixNano(), Branch: branch, Step: step, Op: op, Args: text}
	if text, err = json.Marshal(e); err != nil {
		return fmt.Errorf("trace: event %s: %w", op, err)
	}
	r.err = r.w.Write(r.name("event", "json"), append(text, '\n'))
	r.events++
	return r.err
}

// Steps records steps (session.Observer).
func (r *Recorder) Steps(s *session.Steps) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.err != nil || len(s.Tokens) == 0 {
		return r.err
	}
	b, err := r.open(s)
	if err != nil {
		return err
	}
	if err := r.typed(s); err != nil {
		return err
	}
	if r.n > 0 && (r.branch != s.Branch.ID || r.next != s.From) {
		if err := r.flush(); err != nil {
			return err
		}
	}
	byHand := false
	for i := range s.Tokens {
		byHand = byHand || s.Tokens[i].Flags&session.FromKeys != 0
		r.row(s, i)
		if len(r.rows) >= flushBytes {
			if err := r.flush(); err != nil {
				return err
			}
		}
	}
	b.n = s.From + len(s.Tokens)
	b.lastKey = min(b.lastKey, s.From)
	r.branch, r.next = b.ID, b.n
	if b.n-b.lastKey >= r.meta.KeyframeEvery {
		return r.keyframe(s, b)
	}
	if byHand {
		return r.flush()
	}
	r.later()
	return nil
}

// open announces the branch of s if it is new.
func (r *Recorder) open(s *session.Steps) (*recorded, error) {
	b, err := r.announce(s.Branch)
	if err == nil && s.From > b.n {
		err = fmt.Errorf("trace: step %d of branch %d comes after %d steps: a recording needs all of the past", s.From, b.ID, b.n)
	}
	return b, err
}

// announce makes a branch known that is not yet: what it shares with its parent
// is then its own.
func (r *Recorder) announce(info session.BranchInfo) (*recorded, error) {
	if b := r.branches[info.ID]; b != nil {
		return b, nil
	}
	b := &recorded{branchEvent: branchEvent{ID: info.ID, Parent: info.Parent, At: -1, Name: info.Name}}
	if p := r.branches[info.Parent]; p != nil {
		b.At = info.At
		if b.At >= p.n {
			return nil, fmt.Errorf("trace: branch %d leaves branch %d after step %d, which has %d steps", b.ID, p.ID, b.At, p.n)
		}
	} else if info.Parent != 0 {
		return nil, fmt.Errorf("trace: branch %d leaves branch %d, which was not recorded: a recording needs all of the past", b.ID, info.Parent)
	}
	b.n = b.At + 1
	b.lastKey = b.n
	r.branches[b.ID] = b
	r.order = append(r.order, b.ID)
	if b.ID == 1 && b.Name == "" {
		return b, nil
	}
	return b, r.event(opBranch, b.branchEvent, b.ID, b.n)
}

// Beside records what stands beside a branch's tokens (session.Observer).
func (r *Recorder) Beside(s *session.Beside) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.err != nil {
		return r.err
	}
	b, err := r.announce(s.Branch)
	if err != nil {
		return err
	}
	b.Name = s.Branch.Name
	return r.event(opBeside, besideEvent{b.branchEvent, s.Branch.Current, s.Marks, s.Tweaks, s.Hidden, s.Kept}, b.ID, b.n)
}

// typed keeps what was typed for tokens whose symbol is another.
func (r *Recorder) typed(s *session.Steps) error {
	var e typedEvent
	for i, t := range s.Tokens {
		if t.Typed != "" {
			e.Texts = append(e.Texts, typedText{s.From + i, t.Typed})
		}
	}
	if e.Texts == nil {
		return nil
	}
	return r.event(opTyped, e, s.Branch.ID, s.From)
}

// row appends step i of s to the rows.
func (r *Recorder) row(s *session.Steps, i int) {
	le, d := binary.LittleEndian, r.meta.Dims
	b := r.rows
	b = le.AppendUint64(b, uint64(s.From+i))
	b = le.AppendUint64(b, uint64(r.now().UnixNano()))
	b = le.AppendUint32(b, uint32(s.Tokens[i].ID))
	b = le.AppendUint32(b, uint32(s.Branch.ID))
	b = le.AppendUint32(b, uint32(s.Tokens[i].Flags))
	var sum uint32
	for _, rec := range s.Records {
		sum = hCRC(sum, rec.H[i*d.D*d.N:][:d.D*d.N], &r.buf)
	}
	b = le.AppendUint32(b, sum)
	var top []session.Guess
	if s.Top != nil {
		top = s.Top[i][:min(len(s.Top[i]), r.meta.Top)]
	}
	for k := range r.meta.Top {
		id := int32(-1)
		if k < len(top) {
			id = top[k].ID
		}
		b = le.AppendUint32(b, uint32(id))
	}
	for k := range r.meta.Top {
		p := float32(math.NaN())
		if k < len(top) {
			p = top[k].P
		}
		b = le.AppendUint32(b, math.Float32bits(p))
	}
	b = append(b, make([]byte, 2*d.L)...) // the clean run: no resets, the released rule
	for l, rec := range s.Records {
		x := session.MeasureToken(rec, i, r.a[l], scan.Released)
		lanes := [numLanes]float32{laneDelta: x.DeltaMean, laneKept: x.Kept, laneRetention: x.Retention, laneWrite: x.Write, laneHNorm: x.HNorm}
		for k, v := range lanes {
			r.ranges[l*numLanes+k].add(v)
		}
		b = npz.AppendFloat32s(b, lanes[:])
	}
	for _, a := range []struct {
		name string
		cols int
		of   func(*model.Record) []float32
	}{
		{fieldDelta, d.D, func(r *model.Record) []float32 { return r.Delta }},
		{fieldU, d.D, func(r *model.Record) []float32 { return r.U }},
		{fieldB, d.N, func(r *model.Record) []float32 { return r.B }},
		{fieldC, d.N, func(r *model.Record) []float32 { return r.C }},
		{fieldZ, d.D, func(r *model.Record) []float32 { return r.Z }},
		{fieldH, d.D * d.N, func(r *model.Record) []float32 { return r.H }},
	} {
		if !r.meta.has(a.name) {
			continue
		}
		for _, rec := range s.Records {
			b = npz.AppendFloat32s(b, a.of(rec)[i*a.cols:][:a.cols])
		}
	}
	r.rows = b
	r.n++
	r.total++
}

// keyframe writes the state after the newest step.
func (r *Recorder) keyframe(s *session.Steps, b *recorded) error {
	if err := r.flush(); err != nil {
		return err
	}
	if err := s.State(&r.snap); err != nil {
		return fmt.Errorf("trace: the state after step %d: %w", b.n-1, err)
	}
	le := binary.LittleEndian
	data := npz.AppendHeader(nil, r.key, 1)
	data = le.AppendUint32(data, uint32(b.ID))
	data = le.AppendUint64(data, uint64(b.n))
	for _, h := range r.snap.H {
		data = npz.AppendFloat32s(data, h)
	}
	for _, c := range r.snap.Conv {
		data = npz.AppendFloat32s(data, c)
	}
	if r.err = r.w.Write(r.name("key", "npy"), data); r.err != nil {
		return r.err
	}
	b.lastKey = b.n
	r.keys++
	if r.now().Sub(r.synced) >= syncAfter {
		return r.sync()
	}
	return nil
}

// laneRange is the smallest and the largest finite value of a lane.
type laneRange struct {
	Min, Max float64
	any      bool
}

func (r *laneRange) add(v float32) {
	x := float64(v)
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return
	}
	if !r.any {
		*r = laneRange{x, x, true}
	}
	r.Min, r.Max = min(r.Min, x), max(r.Max, x)
}

// indexFile is index.json.
type indexFile struct {
	Steps     int                    `json:"steps"` // rows, those rolled back included
	Keyframes int                    `json:"keyframes"`
	Events    int                    `json:"events"`
	Branches  []branchIndex          `json:"branches"`
	Ranges    []map[string][]float64 `json:"lane_ranges"` // a layer: lane → [min, max]
}

type branchIndex struct {
	branchEvent
	Len int `json:"len"`
}

func (r *Recorder) writeIndex() error {
	x := indexFile{Steps: r.total, Keyframes: r.keys, Events: r.events, Branches: []branchIndex{}}
	for _, id := range r.order {
		x.Branches = append(x.Branches, branchIndex{r.branches[id].branchEvent, r.branches[id].n})
	}
	for l := range r.meta.Dims.L {
		ranges := map[string][]float64{}
		for k, name := range laneNames {
			if v := r.ranges[l*numLanes+k]; v.any {
				ranges[name] = []float64{v.Min, v.Max}
			}
		}
		x.Ranges = append(x.Ranges, ranges)
	}
	text, err := json.Marshal(x)
	if err != nil {
		return fmt.Errorf("trace: index.json: %w", err)
	}
	return r.w.Write("index.json", append(text, '\n'))
}

package model_test

import (
	"errors"
	"math/rand/v2"
	"slices"
	"testing"

	"mamba-tui/model"
	"mamba-tui/scan"
)

// taping is a backend that records by keeping the calls, as a CUDA graph keeps
// launches: buffers and shapes, not contents.
type taping struct {
	scan.Backend
	t        *testing.T
	on       bool
	tape     []func()
	refuses  error
	captures int
	launches int
	freed    int
}

func (c *taping) do(f func()) {
	if c.on {
		c.tape = append(c.tape, f)
		return
	}
	f()
}

func (c *taping) outside(what string) {
	if c.on {
		c.t.Errorf("%s during a recording", what)
	}
}

func (c *taping) Copy(dst, src scan.View, rows, cols int) {
	c.do(func() { c.Backend.Copy(dst, src, rows, cols) })
}
func (c *taping) Embed(dst, table scan.View, ids scan.Buffer, L, cols int) {
	c.do(func() { c.Backend.Embed(dst, table, ids, L, cols) })
}
func (c *taping) RMSNorm(dst, x scan.View, w scan.Buffer, L, cols int, eps float64) {
	c.do(func() { c.Backend.RMSNorm(dst, x, w, L, cols, eps) })
}
func (c *taping) Linear(a scan.LinearArgs) { c.do(func() { c.Backend.Linear(a) }) }
func (c *taping) Conv(a scan.ConvArgs)     { c.do(func() { c.Backend.Conv(a) }) }
func (c *taping) Scan(a scan.ScanArgs)     { c.do(func() { c.Backend.Scan(a) }) }
func (c *taping) WriteInts(dst scan.Buffer, off int, src []int32) {
	c.outside("WriteInts")
	c.Backend.WriteInts(dst, off, src)
}
func (c *taping) Read(dst []float32, src scan.Buffer, off int) error {
	c.outside("Read")
	return c.Backend.Read(dst, src, off)
}
func (c *taping) Alloc(t scan.DType, n int) (scan.Buffer, error) {
	c.outside("Alloc")
	return c.Backend.Alloc(t, n)
}

func (c *taping) Capture(f func()) (scan.Graph, error) {
	if c.refuses != nil {
		return nil, c.refuses
	}
	c.captures++
	c.on, c.tape = true, nil
	f()
	c.on = false
	return &tape{c, c.tape}, nil
}

type tape struct {
	c     *taping
	calls []func()
}

func (g *tape) Launch() {
	g.c.launches++
	for _, f := range g.calls {
		f()
	}
}
func (g *tape) Free() { g.c.freed++ }

// TestRecordedSteps: steps on a backend that records are one recording for
// those with logits and one for those without, launched at every token after
// the second, and give the bits of the same operations one by one, also between
// chunks, taps, marks and tweaks, which are never recorded.
func TestRecordedSteps(t *testing.T) {
	for shape, cfg := range oddShapes() {
		w := livelyWeights(cfg, 3)
		plain, want := open(t, scan.Float32, cfg, w)
		c := &taping{Backend: scan.NewCPU(scan.Options{}), t: t}
		m, err := model.New(c, cfg, w)
		if err != nil {
			t.Fatal(err)
		}
		s, err := m.NewState()
		if err != nil {
			t.Fatal(err)
		}
		tokens := randomTokens(rand.New(rand.NewPCG(1, 2)), cfg, 60)
		a, b := make([]float32, cfg.VocabSize), make([]float32, cfg.VocabSize)
		both := func(i int, f func(m *model.Model, s *model.State, logits []float32) error) {
			t.Helper()
			if err := errors.Join(f(plain, want, a), f(m, s, b)); err != nil {
				t.Fatal(err)
			}
			if at := identical(b, a); at >= 0 {
				t.Fatalf("shape %d, token %d: logit %d differs", shape, i, at)
			}
		}
		for i, id := range tokens {
			both(i, func(m *model.Model, s *model.State, logits []float32) error {
				one := []int32{id}
				switch i % 7 {
				case 3:
					return m.Step(s, id, nil)
				case 4:
					return m.Forward(s, one, model.Options{Logits: logits, Resets: []int32{scan.ResetState}})
				case 5:
					return m.Forward(s, one, model.Options{Logits: logits, Tweaks: model.Everywhere(cfg, model.LayerTweaks{GateOff: true})})
				case 6:
					o := model.Options{Logits: logits, Tap: &model.Tap{What: model.TapDrive, Func: func(*model.Record) {}}}
					return m.Forward(s, []int32{id, id}, o)
				}
				return m.Step(s, id, logits)
			})
		}
		sameState(t, "recorded", save(t, s), save(t, want))
		// Of 60 tokens 27 are steps with logits and 9 without; the first of each
		// runs as it is.
		if c.captures != 2 || c.launches != 26+8 {
			t.Errorf("shape %d: %d recordings launched %d times, want 2 and 34", shape, c.captures, c.launches)
		}
		s.Free()
		if c.freed != 2 {
			t.Errorf("shape %d: %d recordings were freed with the state, want 2", shape, c.freed)
		}
		m.Close()
	}
}

// TestNoRecording: what the backend does not record runs as it is.
func TestNoRecording(t *testing.T) {
	cfg := oddShapes()[0]
	w := livelyWeights(cfg, 3)
	plain, want := open(t, scan.Float32, cfg, w)
	c := &taping{Backend: scan.NewCPU(scan.Options{}), t: t, refuses: errors.New("no graphs")}
	m, err := model.New(c, cfg, w)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	s, err := m.NewState()
	if err != nil {
		t.Fatal(err)
	}
	defer s.Free()
	for range 5 {
		if err := errors.Join(plain.Step(want, 1, nil), m.Step(s, 1, nil)); err != nil {
			t.Fatal(err)
		}
	}
	sameState(t, "not recorded", save(t, s), save(t, want))
}

// cramped is a backend with room for so many elements in one buffer.
type cramped struct {
	scan.Backend
	most int
}

func (c *cramped) Alloc(t scan.DType, n int) (scan.Buffer, error) {
	if n > c.most {
		return nil, scan.ErrNoMemory
	}
	return c.Backend.Alloc(t, n)
}

// TestSmallerChunks: with too little memory for a chunk of 256 tokens the
// chunks are shorter and give the same bits; with too little for one token, New
// says so.
func TestSmallerChunks(t *testing.T) {
	cfg := oddShapes()[1]
	w := livelyWeights(cfg, 4)
	plain, want := open(t, scan.Float32, cfg, w)
	tokens := randomTokens(rand.New(rand.NewPCG(3, 2)), cfg, 70)
	if err := plain.Forward(want, tokens, model.Options{}); err != nil {
		t.Fatal(err)
	}
	least := max(cfg.VocabSize*cfg.DModel, cfg.DInner*max(cfg.DState, cfg.DConv))
	for _, rows := range []int{1, 16, 40} {
		most := max(least, 2*cfg.DInner*rows)
		m, err := model.New(&cramped{scan.NewCPU(scan.Options{}), most}, cfg, w)
		if err != nil {
			t.Fatalf("room for %d elements: %v", most, err)
		}
		s, err := m.NewState()
		if err != nil {
			t.Fatal(err)
		}
		if err := m.Forward(s, tokens, model.Options{}); err != nil {
			t.Fatal(err)
		}
		sameState(t, "in shorter chunks", save(t, s), save(t, want))
		m.Close()
	}
	if _, err := model.New(&cramped{scan.NewCPU(scan.Options{}), 1}, cfg, w); !errors.Is(err, scan.ErrNoMemory) {
		t.Errorf("room for one element: %v", err)
	}
}

// chunky wants chunks of three rows, and counts them.
type chunky struct {
	scan.Backend
	chunks []int
}

func (c *chunky) Chunk() int { return 3 }
func (c *chunky) Embed(dst, table scan.View, ids scan.Buffer, L, cols int) {
	c.chunks = append(c.chunks, L)
	c.Backend.Embed(dst, table, ids, L, cols)
}

// TestChunks: a backend says how many tokens it wants at a time.
func TestChunks(t *testing.T) {
	cfg := oddShapes()[0]
	c := &chunky{Backend: scan.NewCPU(scan.Options{})}
	m, err := model.New(c, cfg, livelyWeights(cfg, 3))
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	s, err := m.NewState()
	if err != nil {
		t.Fatal(err)
	}
	defer s.Free()
	if err := m.Forward(s, []int32{1, 2, 3, 4, 5, 6, 7}, model.Options{}); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(c.chunks, []int{3, 3, 1}) {
		t.Errorf("chunks of %v, want 3, 3 and 1", c.chunks)
	}
}

// TestCPURecords: steps on a CPU backend, which records them, have the bits of
// one that is kept from recording, with every kernel set.
func TestCPURecords(t *testing.T) {
	for _, set := range scan.KernelSets() {
		for shape, cfg := range oddShapes() {
			w := livelyWeights(cfg, 5)
			var logits [2][]float32
			var snaps [2]model.Snapshot
			for i, b := range []scan.Backend{scan.NewCPU(scan.Options{Kernels: set}), struct{ scan.Backend }{scan.NewCPU(scan.Options{Kernels: set})}} {
				m, err := model.New(b, cfg, w)
				if err != nil {
					t.Fatal(err)
				}
				s, err := m.NewState()
				if err != nil {
					t.Fatal(err)
				}
				logits[i] = make([]float32, 24*cfg.VocabSize)
				for n, id := range randomTokens(rand.New(rand.NewPCG(5, 1)), cfg, 24) {
					var out []float32
					if n%3 != 1 {
						out = logits[i][n*cfg.VocabSize:][:cfg.VocabSize]
					}
					if n == 9 {
						s.Reset()
					}
					if err := m.Step(s, id, out); err != nil {
						t.Fatal(err)
					}
				}
				if err := s.Save(&snaps[i]); err != nil {
					t.Fatal(err)
				}
				s.Free()
				m.Close()
			}
			if at := identical(logits[0], logits[1]); at >= 0 {
				t.Fatalf("%v, shape %d: logit %d differs", set, shape, at)
			}
			for l := range snaps[0].H {
				if identical(snaps[0].H[l], snaps[1].H[l]) >= 0 || identical(snaps[0].Conv[l], snaps[1].Conv[l]) >= 0 {
					t.Fatalf("%v, shape %d: the state of layer %d differs", set, shape, l)
				}
			}
		}
	}
}

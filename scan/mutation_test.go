package scan_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"mamba-tui/scan"
	"mamba-tui/scan/scantest"
)

// probe is a testing.TB that only remembers whether it failed.
type probe struct {
	testing.TB
	failed bool
	said   string
}

func (p *probe) Helper()                   {}
func (p *probe) Log(...any)                {}
func (p *probe) Logf(string, ...any)       {}
func (p *probe) Failed() bool              { return p.failed }
func (p *probe) Fail()                     { p.failed = true }
func (p *probe) FailNow()                  { p.failed = true; runtime.Goexit() }
func (p *probe) Error(a ...any)            { p.failed, p.said = true, fmt.Sprint(a...) }
func (p *probe) Errorf(f string, a ...any) { p.failed, p.said = true, fmt.Sprintf(f, a...) }
func (p *probe) Fatal(a ...any)            { p.Error(a...); runtime.Goexit() }
func (p *probe) Fatalf(f string, a ...any) { p.Errorf(f, a...); runtime.Goexit() }

// fails runs a case of the suite on b and says whether it failed. A panic is a
// failure too.
func fails(c scantest.Case, b scan.Backend) (failed bool, said string) {
	p := &probe{}
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() {
			if v := recover(); v != nil {
				p.failed, p.said = true, fmt.Sprint(v)
			}
		}()
		c.Run(p, b)
	}()
	<-done
	return p.failed, p.said
}

// mutant is a CPU backend with one thing wrong.
type mutant struct {
	*scan.CPU
	copies    func(m *mutant, dst, src scan.View, rows, cols int)
	broadcast func(m *mutant, dst scan.View, row scan.Buffer, rows, cols int)
	embed     func(m *mutant, dst, table scan.View, ids scan.Buffer, L, cols int)
	norm      func(m *mutant, dst, x scan.View, w scan.Buffer, L, cols int, eps float64)
	linear    func(m *mutant, a scan.LinearArgs)
	load      func(m *mutant, out, in int, w []float32) (scan.Weight, error)
	conv      func(m *mutant, a scan.ConvArgs)
	softplus  func(m *mutant, dst, x scan.View, bias scan.Buffer, L, D int)
	scan      func(m *mutant, a scan.ScanArgs)
}

func (m *mutant) Copy(dst, src scan.View, rows, cols int) {
	if m.copies != nil {
		m.copies(m, dst, src, rows, cols)
		return
	}
	m.CPU.Copy(dst, src, rows, cols)
}

func (m *mutant) Broadcast(dst scan.View, row scan.Buffer, rows, cols int) {
	if m.broadcast != nil {
		m.broadcast(m, dst, row, rows, cols)
		return
	}
	m.CPU.Broadcast(dst, row, rows, cols)
}

func (m *mutant) Embed(dst, table scan.View, ids scan.Buffer, L, cols int) {
	if m.embed != nil {
		m.embed(m, dst, table, ids, L, cols)
		return
	}
	m.CPU.Embed(dst, table, ids, L, cols)
}

func (m *mutant) RMSNorm(dst, x scan.View, w scan.Buffer, L, cols int, eps float64) {
	if m.norm != nil {
		m.norm(m, dst, x, w, L, cols, eps)
		return
	}
	m.CPU.RMSNorm(dst, x, w, L, cols, eps)
}

func (m *mutant) LoadWeight(out, in int, w []float32) (scan.Weight, error) {
	if m.load != nil {
		return m.load(m, out, in, w)
	}
	return m.CPU.LoadWeight(out, in, w)
}

func (m *mutant) Linear(a scan.LinearArgs) {
	if m.linear != nil {
		m.linear(m, a)
		return
	}
	m.CPU.Linear(a)
}

func (m *mutant) Conv(a scan.ConvArgs) {
	if m.conv != nil {
		m.conv(m, a)
		return
	}
	m.CPU.Conv(a)
}

func (m *mutant) Softplus(dst, x scan.View, bias scan.Buffer, L, D int) {
	if m.softplus != nil {
		m.softplus(m, dst, x, bias, L, D)
		return
	}
	m.CPU.Softplus(dst, x, bias, L, D)
}

func (m *mutant) Scan(a scan.ScanArgs) {
	if m.scan != nil {
		m.scan(m, a)
		return
	}
	m.CPU.Scan(a)
}

// values reads n elements of a view's first row.
func (m *mutant) values(v scan.View, n int) []float32 {
	x := make([]float32, n)
	if err := m.Read(x, v.Buf, v.Off); err != nil {
		panic(err)
	}
	return x
}

// marks reads reset marks.
func (m *mutant) marks(b scan.Buffer, n int) []int32 {
	x := make([]float32, n)
	if err := m.Read(x, b, 0); err != nil {
		panic(err)
	}
	marks := make([]int32, n)
	for i, v := range x {
		marks[i] = int32(v)
	}
	return marks
}

// withMarks runs f with a buffer of other marks.
func (m *mutant) withMarks(marks []int32, f func(scan.Buffer)) {
	b, err := m.Alloc(scan.Int32, len(marks))
	if err != nil {
		panic(err)
	}
	defer b.Free()
	m.WriteInts(b, 0, marks)
	f(b)
}

// kept is a weight that remembers its matrix.
type kept struct {
	scan.Weight
	w []float32
}

// keep loads a weight and remembers its matrix.
func keep(m *mutant, out, in int, w []float32) (scan.Weight, error) {
	x, err := m.CPU.LoadWeight(out, in, w)
	return &kept{x, w}, err
}

// TestSuiteNoticesFaults: the conformance suite is able to fail. Each fault is
// noticed by the case that is there for it, and the same case passes without
// the fault.
func TestSuiteNoticesFaults(t *testing.T) {
	cases := map[string]scantest.Case{}
	for _, c := range scantest.Cases() {
		cases[c.Name] = c
	}
	for _, f := range mutants {
		t.Run(strings.ReplaceAll(f.fault, " ", "-"), func(t *testing.T) {
			c, ok := cases[f.noticed]
			if !ok {
				t.Fatalf("the suite has no case %q", f.noticed)
			}
			sound := &mutant{CPU: scan.NewCPU(scan.Options{Threads: 1})}
			if failed, said := fails(c, sound); failed {
				t.Fatalf("case %s fails without the fault: %s", f.noticed, said)
			}
			broken := f.m
			broken.CPU = scan.NewCPU(scan.Options{Threads: 1})
			failed, said := fails(c, &broken)
			if !failed {
				t.Fatalf("case %s does not notice: %s", f.noticed, f.fault)
			}
			t.Logf("%s: %s", f.noticed, said)
		})
	}
}

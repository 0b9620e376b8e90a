package ptxsim

import (
	"encoding/binary"
	"strings"
	"testing"
)

// kernel wraps a body that may use %t (the thread), %base (32 words that are
// written), %fresh (32 words that are not) and shared memory s of 256 bytes.
func kernel(body string) string {
	return `.version 6.3
.target sm_75
.visible .entry k(
	.param .u64 k_param_0,
	.param .u64 k_param_1
)
{
	.reg .b32 %t, %x, %y, %s4;
	.reg .b64 %base, %fresh, %at, %off;
	.reg .pred %p, %q;
	.shared .align 16 .b8 s[256];
	ld.param.u64 %base, [k_param_0];
	ld.param.u64 %fresh, [k_param_1];
	mov.u32 %t, %tid.x;
	shl.b32 %s4, %t, 2;
	mul.wide.u32 %off, %t, 4;
	add.s64 %at, %base, %off;
` + body + `
	ret;
}
`
}

// run launches a kernel of two warps and gives its error.
func run(t *testing.T, body string, blocks uint32) error {
	t.Helper()
	m, err := Load(kernel(body))
	if err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	d := New()
	base, _ := d.Alloc(256)
	fresh, _ := d.Alloc(256)
	if err := d.Fill(base, 7, 256); err != nil {
		t.Fatal(err)
	}
	args := binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint64(nil, base), fresh)
	_, err = d.Launch(m.Kernels["k"], Grid{blocks, 1, 1}, 64, 0, args)
	return err
}

// TestStrict: everything that must be refused is, with a word that says why, and
// its lawful neighbour is not.
func TestStrict(t *testing.T) {
	for _, k := range []struct{ name, bad, why, good string }{
		{"out of range", "ld.global.u32 %x, [%at+4];", "allocation", "ld.global.u32 %x, [%at];"},
		{"before the front", "ld.global.u32 %x, [%at+-4];", "allocation", "ld.global.u32 %x, [%at+0];"},
		{"a null pointer", "mov.u64 %at, 0; ld.global.u32 %x, [%at];", "no allocation", ""},
		{"misaligned", "ld.global.u32 %x, [%base+2];", "misaligned", "ld.global.u32 %x, [%base+4];"},
		{"misaligned vector", "ld.global.v2.u32 {%x, %y}, [%base+4];", "misaligned", "ld.global.v2.u32 {%x, %y}, [%base+8];"},
		{"poisoned global memory", "ld.global.u32 %x, [%fresh];", "nothing has written",
			"add.s64 %at, %fresh, %off; st.global.u32 [%at], %t; ld.global.u32 %x, [%at];"},
		{"poisoned shared memory", "ld.shared.u32 %x, [%s4];", "nothing has written",
			"st.shared.u32 [%s4], %t; ld.shared.u32 %x, [%s4];"},
		{"past shared memory", "st.shared.u32 [%s4+4], %t;", "shared memory", ""},
		{"misaligned shared memory", "st.shared.u32 [%s4+2], %t;", "misaligned", ""},
		{"a race of a reader", "st.shared.u32 [%s4], %t; xor.b32 %s4, %s4, 4; ld.shared.u32 %x, [%s4];", "race",
			"st.shared.u32 [%s4], %t; bar.sync 0; xor.b32 %s4, %s4, 4; ld.shared.u32 %x, [%s4];"},
		{"a race of a writer", "st.shared.u32 [%s4], %t; bar.sync 0; xor.b32 %y, %s4, 4; ld.shared.u32 %x, [%y]; st.shared.u32 [%s4], %t;", "race",
			"st.shared.u32 [%s4], %t; bar.sync 0; xor.b32 %y, %s4, 4; ld.shared.u32 %x, [%y]; bar.sync 0; st.shared.u32 [%s4], %t;"},
		{"a race within a warp", "st.shared.u32 [%s4], %t; xor.b32 %y, %s4, 4; ld.shared.u32 %x, [%y];", "race",
			"st.shared.u32 [%s4], %t; bar.warp.sync -1; xor.b32 %y, %s4, 4; ld.shared.u32 %x, [%y];"},
		{"a race with readers of the warp", "st.shared.u32 [%s4], %t; bar.sync 0; xor.b32 %y, %s4, 4; ld.shared.u32 %x, [%y]; st.shared.u32 [%y], %x; st.shared.u32 [%s4], %t;", "race",
			"st.shared.u32 [%s4], %t; bar.sync 0; xor.b32 %y, %s4, 4; ld.shared.u32 %x, [%y]; bar.warp.sync -1; st.shared.u32 [%s4], %t;"},
		{"readers of another warp", "st.shared.u32 [%s4], %t; bar.sync 0; xor.b32 %y, %s4, 128; ld.shared.u32 %x, [%y]; bar.warp.sync -1; st.shared.u32 [%s4], %t;", "race",
			"st.shared.u32 [%s4], %t; bar.sync 0; xor.b32 %y, %s4, 128; ld.shared.u32 %x, [%y]; bar.sync 0; st.shared.u32 [%s4], %t;"},
		{"a copy that was not waited for", "cp.async.ca.shared.global [%s4], [%at], 4; cp.async.commit_group; ld.shared.u32 %x, [%s4];", "on its way",
			"cp.async.ca.shared.global [%s4], [%at], 4; cp.async.commit_group; cp.async.wait_group 0; ld.shared.u32 %x, [%s4];"},
		{"a copy that races with a reader", "st.shared.u32 [%s4], %t; bar.sync 0; xor.b32 %y, %s4, 4; ld.shared.u32 %x, [%y]; cp.async.ca.shared.global [%s4], [%at], 4;", "race",
			"st.shared.u32 [%s4], %t; bar.sync 0; xor.b32 %y, %s4, 4; ld.shared.u32 %x, [%y]; bar.sync 0; cp.async.ca.shared.global [%s4], [%at], 4;"},
		{"a copy of more than there is room for", "cp.async.ca.shared.global [%s4], [%at], 4, 8;", "reads 8", "cp.async.ca.shared.global [%s4], [%at], 4, 4;"},
		{"a copy of zeros that was not waited for", "cp.async.ca.shared.global [%s4], [%at], 4, 0; cp.async.commit_group; ld.shared.u32 %x, [%s4];", "on its way",
			"mov.u64 %at, 0; cp.async.ca.shared.global [%s4], [%at], 4, 0; cp.async.commit_group; cp.async.wait_group 0; ld.shared.u32 %x, [%s4];"},
		{"a write before the wait", "st.global.u32 [%at], %t; griddepcontrol.wait;", "before waiting", "griddepcontrol.wait; st.global.u32 [%at], %t;"},
		{"the next kernel before the wait", "griddepcontrol.launch_dependents; griddepcontrol.wait;", "before this one has waited",
			"griddepcontrol.wait; griddepcontrol.launch_dependents;"},
		{"two writers", "st.shared.u32 [s], %t;", "race", "setp.eq.s32 %p, %t, 0; @%p st.shared.u32 [s], %t;"},
		{"absent lanes", "setp.lt.s32 %p, %t, 5; @%p bra L; shfl.sync.bfly.b32 %x, %t, 1, 31, -1; L: mov.u32 %y, 0;", "wait at", ""},
		{"lanes that left", "setp.lt.s32 %p, %t, 5; @%p ret; shfl.sync.bfly.b32 %x, %t, 1, 31, -1;", "absent", ""},
		{"a predicated shuffle", "setp.lt.s32 %p, %t, 5; @%p shfl.sync.bfly.b32 %x, %t, 1, 31, -1;", "absent", ""},
		{"a divergent barrier", "setp.lt.s32 %p, %t, 5; @%p bra L; bar.sync 0; L: mov.u32 %y, 0;", "wait at", "bar.sync 0;"},
		{"a barrier after a warp left", "setp.lt.s32 %p, %t, 32; @%p ret; bar.sync 0;", "left", ""},
	} {
		err := run(t, k.bad, 1)
		if err == nil || !strings.Contains(err.Error(), k.why) {
			// A shuffle that some lanes skip ends with those lanes gone.
			if err == nil || k.why != "wait at" || !strings.Contains(err.Error(), "absent") {
				t.Errorf("%s: error is %v, want one that says %q", k.name, err, k.why)
			}
		}
		if k.good != "" {
			if err := run(t, k.good, 1); err != nil {
				t.Errorf("beside %s: %v", k.name, err)
			}
		}
	}
}

// TestBlocks: blocks of one launch may not depend on each other.
func TestBlocks(t *testing.T) {
	for name, body := range map[string]string{
		"both write":              "st.global.u32 [%at], %t;",
		"one writes, one reads":   "mov.u32 %x, %ctaid.x; setp.eq.s32 %p, %x, 0; @%p st.global.u32 [%at], %t; @!%p ld.global.u32 %y, [%at];",
		"one reads, one writes":   "mov.u32 %x, %ctaid.x; setp.eq.s32 %p, %x, 1; @%p st.global.u32 [%at], %t; @!%p ld.global.u32 %y, [%at];",
		"all read, one writes it": "ld.global.u32 %y, [%at]; mov.u32 %x, %ctaid.x; setp.eq.s32 %p, %x, 2; @%p st.global.u32 [%at], %t;",
	} {
		if err := run(t, body, 3); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if err := run(t, "ld.global.u32 %x, [%at];", 3); err != nil {
		t.Errorf("blocks that only read: %v", err)
	}
}

// TestDivergence: lanes that loop for different times come together again.
func TestDivergence(t *testing.T) {
	err := run(t, `mov.u32 %x, %t;
L0:
	setp.eq.s32 %p, %x, 0;
	@%p bra L1;
	add.s32 %x, %x, -1;
	bra L0;
L1:
	shfl.sync.bfly.b32 %y, %t, 1, 31, -1;
	bar.sync 0;
	st.global.u32 [%at], %y;`, 1)
	if err != nil {
		t.Error(err)
	}
	// The join may stand before the loop.
	err = run(t, `mov.u32 %x, %t;
	bra L0;
L1:
	vote.sync.ballot.b32 %y, %q, -1;
	bar.sync 0;
	ret;
L0:
	setp.eq.s32 %p, %x, 0;
	@%p bra L1;
	add.s32 %x, %x, -1;
	bra L0;`, 1)
	if err != nil {
		t.Error(err)
	}
}

// TestRefused: what is not known is an error when it is loaded.
func TestRefused(t *testing.T) {
	for _, body := range []string{"sin.approx.f32 %x, %y;", "atom.global.add.u32 %x, [%at], 1;", "bar.sync 1;", "bar.warp.sync 65535;", "griddepcontrol.other;",
		"ld.u32 %x, [%at];", "add.s32 %x, %y, %nothing;", "bra nowhere;", "add.f64 %at, %at, %at;",
		"shfl.sync.bfly.b32 %x, %y, 1, 31, 255;", "ld.local.u32 %x, [%at];"} {
		if _, err := Load(kernel(body)); err == nil {
			t.Errorf("%q is loaded", body)
		}
	}
}

// TestLaunchChecks: wrong sizes of a launch, and the memory's own errors.
func TestLaunchChecks(t *testing.T) {
	m, err := Load(kernel(""))
	if err != nil {
		t.Fatal(err)
	}
	d, k := New(), m.Kernels["k"]
	args := make([]byte, 16)
	for name, f := range map[string]func() error{
		"short parameters":  func() error { _, err := d.Launch(k, Grid{1, 1, 1}, 32, 0, args[:8]); return err },
		"part of a warp":    func() error { _, err := d.Launch(k, Grid{1, 1, 1}, 33, 0, args); return err },
		"no blocks":         func() error { _, err := d.Launch(k, Grid{1, 0, 1}, 32, 0, args); return err },
		"too high a grid":   func() error { _, err := d.Launch(k, Grid{1, 65536, 1}, 32, 0, args); return err },
		"a free of nothing": func() error { return d.Free(12) },
		"memory":            func() error { x := &Device{Limit: 100, allocs: make([]*alloc, 1)}; _, err := x.Alloc(101); return err },
	} {
		if f() == nil {
			t.Errorf("%s: no error", name)
		}
	}
	at, _ := d.Alloc(8)
	if err := d.Read(make([]byte, 8), at); err == nil {
		t.Error("reading what nobody has written gives no error")
	}
	if err := d.Free(at); err != nil {
		t.Error(err)
	}
	if err := d.Write(at, make([]byte, 8)); err == nil {
		t.Error("writing freed memory gives no error")
	}
	if d.Used() != 0 {
		t.Errorf("%d bytes are in use, want 0", d.Used())
	}
}

// TestCounts: an instruction of a warp counts 32, whatever its lanes do.
func TestCounts(t *testing.T) {
	m, err := Load(kernel("setp.eq.s32 %p, %t, 3; @%p add.s32 %x, %t, 1; st.shared.u32 [%s4], %t; bar.sync 0;"))
	if err != nil {
		t.Fatal(err)
	}
	c, err := New().Launch(m.Kernels["k"], Grid{2, 1, 1}, 64, 0, make([]byte, 16))
	if err != nil {
		t.Fatal(err)
	}
	// 2 blocks × 64 threads: setp, add and shl; one store; one barrier; one ret.
	for class, want := range map[Class]int64{ALU: 3 * 128, Shared: 128, Barrier: 128, Control: 128, FMA: 0} {
		if got := c.Issued[class]; got != want {
			t.Errorf("%v counts %d, want %d", class, got, want)
		}
	}
	if c.SharedBytes != 4*128 {
		t.Errorf("%d bytes of shared memory, want %d", c.SharedBytes, 4*128)
	}
}

// TestEarlyReads: before a kernel has waited for those ahead of it, it may read what
// the host wrote, and nothing that a kernel wrote.
func TestEarlyReads(t *testing.T) {
	m, err := Load(kernel("add.s64 %at, %fresh, %off; st.global.u32 [%at], %t;"))
	if err != nil {
		t.Fatal(err)
	}
	reads := func(from string) *Kernel {
		x, err := Load(kernel("add.s64 %at, " + from + ", %off; ld.global.u32 %x, [%at]; griddepcontrol.wait; ld.global.u32 %x, [%at];"))
		if err != nil {
			t.Fatal(err)
		}
		return x.Kernels["k"]
	}
	d := New()
	base, _ := d.Alloc(256)
	fresh, _ := d.Alloc(256)
	if err := d.Fill(base, 7, 256); err != nil {
		t.Fatal(err)
	}
	args := binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint64(nil, base), fresh)
	for _, x := range []struct {
		k   *Kernel
		bad bool
	}{{m.Kernels["k"], false}, {reads("%base"), false}, {reads("%fresh"), true}} {
		if _, err := d.Launch(x.k, Grid{1, 1, 1}, 64, 0, args); (err != nil) != x.bad {
			t.Errorf("error is %v, want one: %v", err, x.bad)
		}
	}
}

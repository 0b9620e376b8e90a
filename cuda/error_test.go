package cuda

import (
	"errors"
	"strings"
	"testing"

	"mamba-tui/cuda/internal/driver"
	"mamba-tui/cuda/internal/simdriver"
	"mamba-tui/model"
	"mamba-tui/model/session"
	"mamba-tui/scan"
)

// TestOpenFails: whatever fails while a backend is opened, the error is a
// sentence with CUDA's number and nothing is left behind.
func TestOpenFails(t *testing.T) {
	for _, c := range []struct {
		call   string
		after  int
		result driver.Result
		want   string
	}{
		{"Init", 0, driver.NoDevice, "no NVIDIA device is visible; check nvidia-smi and CUDA_VISIBLE_DEVICES (CUDA error 100)"},
		{"Init", 0, driver.DriverMismatch, "(CUDA error 803)"},
		{"DeviceCount", 0, driver.Unknown, "the driver gives no reason (CUDA error 999)"},
		{"Device", 0, driver.InvalidDevice, "opening device 0: "},
		{"Name", 0, driver.Unknown, "asking about device 0: "},
		{"Attribute", 4, driver.InvalidValue, "asking for the shared memory: "},
		{"RetainContext", 0, driver.DeviceUnavailable, "taking Simulated: the device is busy"},
		{"SetCurrent", 0, driver.InvalidContext, "taking Simulated: "},
		{"NewStream", 0, driver.OutOfMemory, "making a stream: the device has too little free memory"},
		{"LoadModule", 0, driver.InvalidPTX, "the driver rejects the kernels' PTX (CUDA error 218)\nthe driver's compiler says:\nptxas error: line 7"},
		{"LoadModule", 2, driver.UnsupportedPTX, "the driver is older than the kernels' PTX version; update it (CUDA error 222)"},
		{"LoadModule", 0, driver.JITMissing, "libnvidia-ptxjitcompiler is missing"},
		{"LoadModule", 0, driver.NoBinary, "compute capability 7.5 or later"},
		{"Function", 3, driver.NotFound, "looking for kernel "},
		{"FunctionAttribute", 5, driver.InvalidValue, "asking about kernel "},
		{"SetFunctionAttribute", 0, driver.InvalidValue, "its shared memory: "},
		{"HostAlloc", 0, driver.OutOfMemory, "pinning 8.0 MiB of host memory: "},
		{"HostAlloc", 1, driver.OutOfMemory, "pinning 8.0 MiB of host memory: "},
	} {
		f := simdriver.New(t)
		f.Fail(c.call, c.after, c.result)
		b, err := open(f, Options{})
		if err == nil {
			b.Close()
			t.Errorf("%s fails with %d, and a backend was opened", c.call, c.result)
			continue
		}
		if !strings.HasPrefix(err.Error(), "cuda: ") || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %q, want %q in it", c.call, err, c.want)
		}
		if r := Reason(err); strings.Contains(r, "\n") || strings.HasPrefix(r, "cuda: ") {
			t.Errorf("%s: the reason is %q", c.call, r)
		}
		f.Dead = driver.OK
		f.Left()
	}
}

// TestUnfit: devices that there are not, and those that are too old.
func TestUnfit(t *testing.T) {
	f := simdriver.New(t)
	if _, err := open(f, Options{Device: 3}); err == nil || err.Error() != "cuda: device 3: there are 1, numbered from 0" {
		t.Error(err)
	}
	f.Attributes[driver.CapabilityMajor], f.Attributes[driver.CapabilityMinor] = 6, 1
	if _, err := open(f, Options{}); err == nil || err.Error() != "cuda: Simulated has compute capability 6.1: the kernels need 7.5 or later" {
		t.Error(err)
	}
	f.Left()
}

// TestInfo: what doctor shows.
func TestInfo(t *testing.T) {
	b, err := open(simdriver.New(t), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	i := b.Info()
	if i.Name != "Simulated" || i.UUID != "GPU-00010203-0405-0607-0809-0a0b0c0d0e0f" || i.Capability != "9.0" || i.Driver != "12.4" ||
		i.Processors != 4 || len(i.Kernels) < 20 || i.Kernels[0].Registers != 40 || len(i.Spills()) != 0 {
		t.Errorf("%+v", i)
	}
	i.Kernels[0].Local = 8
	if s := i.Spills(); len(s) != 1 || !strings.HasSuffix(s[0], " (8 bytes)") {
		t.Errorf("spills %q", s)
	}
}

// TestOutOfMemory: the error says how much was asked for and how much there is,
// and what the backend holds is intact.
func TestOutOfMemory(t *testing.T) {
	f := simdriver.New(t)
	f.Memory.Limit = 64 << 20
	b, err := open(f, Options{})
	if err != nil {
		t.Fatal(err)
	}
	kept, err := b.Alloc(scan.Float32, 3)
	if err != nil {
		t.Fatal(err)
	}
	b.Write(kept, 0, []float32{1, 2, 3})
	for _, alloc := range []func() error{
		func() error { _, err := b.Alloc(scan.Float32, 64<<20); return err },
		func() error { _, err := b.LoadWeight(8<<10, 8<<10, make([]float32, 64<<20)); return err },
	} {
		err := alloc()
		if !errors.Is(err, scan.ErrNoMemory) || errors.Is(err, scan.ErrLost) ||
			!strings.Contains(err.Error(), "allocating 256.0 MiB on Simulated, where 64.0 MiB of 64.0 MiB are free") {
			t.Errorf("the error is %v", err)
		}
	}
	got := make([]float32, 3)
	if err := b.Read(got, kept, 0); err != nil || got[2] != 3 {
		t.Errorf("afterwards: %v, %v", got, err)
	}
	if err := b.Close(); err != nil {
		t.Error(err)
	}
	f.Left()
}

// TestScratchOutOfMemory: an operation whose scratch does not fit is told of by
// the next Read, and only by that.
func TestScratchOutOfMemory(t *testing.T) {
	f := simdriver.New(t)
	b, err := open(f, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	x, err := b.Alloc(scan.Float32, 1<<16)
	if err != nil {
		t.Fatal(err)
	}
	f.Memory.Limit = f.Memory.Used() + 1024
	if _, ok := b.scratch(1<<20, "Scan"); ok {
		t.Fatal("scratch where there is no room")
	}
	one := make([]float32, 1)
	if err := b.Read(one, x, 0); !errors.Is(err, scan.ErrNoMemory) || !strings.HasPrefix(err.Error(), "Scan: cuda: allocating 1.0 MiB") {
		t.Errorf("the first Read gave %v", err)
	}
	if err := b.Read(one, x, 0); err != nil {
		t.Errorf("the second Read gave %v", err)
	}
}

// add is an operation that launches something.
func add(b *Backend, x scan.Buffer) {
	b.Copy(scan.Dense(x, 4), scan.Dense(x, 4).Row(1), 1, 4)
}

// TestPassingFailure: a failure that the device recovers from is told once.
func TestPassingFailure(t *testing.T) {
	for _, call := range []string{"Launch", "CopyToDevice", "Fill", "CopyToHost"} {
		f := simdriver.New(t)
		b, err := open(f, Options{})
		if err != nil {
			t.Fatal(err)
		}
		x, err := b.Alloc(scan.Float32, 8)
		if err != nil {
			t.Fatal(err)
		}
		b.Write(x, 0, make([]float32, 8))
		if err := b.Sync(); err != nil {
			t.Fatal(err)
		}
		f.Fail(call, 0, driver.OutOfResources)
		b.Zero(x)
		add(b, x)
		b.Write(x, 0, []float32{1})
		err = b.Read(make([]float32, 8), x, 0)
		if err == nil || errors.Is(err, scan.ErrLost) || !strings.Contains(err.Error(), "more registers or shared memory than the device has (CUDA error 701)") {
			t.Errorf("%s: %v", call, err)
		}
		if err := b.Read(make([]float32, 8), x, 0); err != nil {
			t.Errorf("%s: told twice: %v", call, err)
		}
		if err := b.Close(); err != nil {
			t.Error(err)
		}
		f.Left()
	}
}

// TestLost: after a failure that the device does not recover from everything
// says so, nothing more is asked of the driver, and Close resets the context.
func TestLost(t *testing.T) {
	for _, r := range []driver.Result{driver.IllegalAddress, driver.MisalignedAddress, driver.IllegalInstruction, driver.LaunchFailed, driver.ECC} {
		for _, call := range []string{"Launch", "Query", "CopyToHost", "CopyToDevice", "LaunchGraph"} {
			f := simdriver.New(t)
			b, err := open(f, Options{})
			if err != nil {
				t.Fatal(err)
			}
			x, err := b.Alloc(scan.Float32, 8)
			if err != nil {
				t.Fatal(err)
			}
			g, err := b.Capture(func() { add(b, x) })
			if err != nil {
				t.Fatal(err)
			}
			f.Fail(call, 0, r)
			b.Write(x, 0, make([]float32, 8))
			add(b, x)
			g.Launch()
			for what, err := range map[string]error{
				"Read":       b.Read(make([]float32, 8), x, 0),
				"Sync":       b.Sync(),
				"Alloc":      func() error { _, err := b.Alloc(scan.Float32, 8); return err }(),
				"LoadWeight": func() error { _, err := b.LoadWeight(1, 1, []float32{1}); return err }(),
				"Capture":    func() error { _, err := b.Capture(func() {}); return err }(),
			} {
				var e *Error
				if !errors.Is(err, scan.ErrLost) || !errors.As(err, &e) || e.Code != int(r) {
					t.Errorf("%s with %d: %s gave %v", call, r, what, err)
				}
			}
			launches := f.Count("Launch")
			add(b, x)
			x.Free()
			g.Free()
			if err := b.Close(); !errors.Is(err, scan.ErrLost) {
				t.Errorf("%s with %d: Close gave %v", call, r, err)
			}
			if f.Count("Launch") != launches || f.Count("ResetContext") != 1 || f.Contexts() != 0 {
				t.Errorf("%s with %d: %d launches after the loss, %d resets, %d contexts left",
					call, r, f.Count("Launch")-launches, f.Count("ResetContext"), f.Contexts())
			}
		}
	}
}

// TestClosed: a closed backend says so, and frees are nothing.
func TestClosed(t *testing.T) {
	f := simdriver.New(t)
	b, err := open(f, Options{})
	if err != nil {
		t.Fatal(err)
	}
	x, err := b.Alloc(scan.Float32, 8)
	if err != nil {
		t.Fatal(err)
	}
	g, err := b.Capture(func() { add(b, x) })
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(b.Close(), b.Close()); err != nil {
		t.Fatal(err)
	}
	f.Left()
	x.Free()
	g.Free()
	_, alloc := b.Alloc(scan.Float32, 1)
	_, capture := b.Capture(func() {})
	for _, err := range []error{b.Read(nil, x, 0), b.Sync(), alloc, capture} {
		if !errors.Is(err, errClosed) {
			t.Errorf("after Close: %v", err)
		}
	}
}

// TestSessionSurvivesLoss: a session on the device whose device is lost in the
// middle goes on on the CPU with every token.
func TestSessionSurvivesLoss(t *testing.T) {
	cfg := model.Config{VocabSize: 3, DModel: 6, DInner: 9, DState: 3, DConv: 3, DtRank: 2, NLayer: 1, Eps: 1e-5}
	w := model.RandomWeights(cfg, 3)
	card := model.Card{Name: "x", Symbols: []string{"a", "b", "?"}, Other: "?"}
	f := simdriver.New(t)
	f.Run = true
	b, err := open(f, Options{})
	if err != nil {
		t.Fatal(err)
	}
	m, err := model.New(b, cfg, w)
	if err != nil {
		t.Fatal(err)
	}
	host, err := model.New(scan.NewCPU(scan.Options{}), cfg, w)
	if err != nil {
		t.Fatal(err)
	}
	defer host.Close()
	s, err := session.New(m, session.Options{Card: card, KeyframeEvery: 4,
		Fallback: func(error) (*model.Model, string, error) { return host, "the GPU was lost", nil }})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.TypeAt(t.Context(), session.End, "abbabab", 0); err != nil {
		t.Fatal(err)
	}
	f.Fail("Launch", 20, driver.IllegalAddress)
	if err := s.TypeAt(t.Context(), session.End, "babbaabb", 0); err != nil {
		t.Fatal(err)
	}
	frame, err := s.Frame(t.Context(), session.Look{To: 15, Follow: true})
	if err != nil {
		t.Fatal(err)
	}
	if frame.Tokens.Len() != 15 || frame.Info.BackendNote != "the GPU was lost" || !strings.HasPrefix(frame.Info.Backend, "cpu ") {
		t.Errorf("%d tokens on %q (%q)", frame.Tokens.Len(), frame.Info.Backend, frame.Info.BackendNote)
	}
	if f.Dead != driver.IllegalAddress {
		t.Error("the device was not lost")
	}
	s.Close()
	m.Close()
	b.Close()
	if f.Contexts() != 0 {
		t.Errorf("%d contexts left", f.Contexts())
	}
}

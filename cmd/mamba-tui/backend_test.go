package main

import (
	"strings"
	"testing"

	"mamba-tui/cuda"
	"mamba-tui/scan"
)

// withoutGPU skips where there is one.
func withoutGPU(t *testing.T) {
	t.Helper()
	if _, err := cuda.Devices(); err == nil {
		t.Skip("this machine has a GPU")
	}
}

// TestAutoBackend: auto leaves small models to the CPU without asking for a
// GPU, and says why it does not take one for a large model.
func TestAutoBackend(t *testing.T) {
	b, note, err := openBackend("auto", cpuFlag{}, 10_000)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	if _, ok := b.(*scan.CPU); !ok || note != "auto takes a GPU from 20 million parameters on" {
		t.Errorf("a small model is on %s, note %q", b.Name(), note)
	}
	withoutGPU(t)
	large, note, err := openBackend("auto", cpuFlag{}, 130_000_000)
	if err != nil {
		t.Fatal(err)
	}
	defer large.Close()
	if _, ok := large.(*scan.CPU); !ok || !strings.HasPrefix(note, "no GPU: ") || strings.Contains(note, "\n") {
		t.Errorf("a large model is on %s, note %q", large.Name(), note)
	}
}

// TestNoGPU: asked for by name, a GPU that is not there is an error that says
// what is missing, and doctor says the same.
func TestNoGPU(t *testing.T) {
	withoutGPU(t)
	for _, args := range [][]string{{"run", "--backend", "cuda"}, {"train", "--backend", "cuda"}, {"eval", "header-exact", "--backend", "cuda"}} {
		a, _, stderr := testApp("")
		code := a.execute(t.Context(), args)
		if code != 1 || !strings.Contains(stderr.String(), "backend cuda is not available: ") ||
			!strings.Contains(stderr.String(), "; use --backend cpu or auto") {
			t.Errorf("%v: exit code %d, %q", args, code, stderr)
		}
	}
	if s := cudaStatus(); s.Available || s.Detail == "" || len(s.Devices) != 0 {
		t.Errorf("doctor has %+v", s)
	}
}

// TestDeviceLines: what doctor prints of a device.
func TestDeviceLines(t *testing.T) {
	d := deviceInfo{Name: "H\x1b[2J", UUID: "GPU-1", Capability: "9.0", Memory: 80 << 30, Driver: "13.0",
		Problem: "the driver rejects the kernels' PTX\nline 7", Kernels: []kernelInfo{{"a", 40, 0}, {"b", 168, 16}}}
	text := strings.Join(d.lines(), "|")
	for _, want := range []string{"compute capability 9.0, 80.0 GiB, driver for CUDA 13.0", "problem: the driver rejects",
		"2 kernels loaded: at most 168 registers and 16 bytes of local memory a thread"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in %q", want, text)
		}
	}
	assertSafe(t, text)
}

// TestWeights: the format of weights reaches the backend, and changes what is
// computed by a little.
func TestWeights(t *testing.T) {
	answers := map[string]string{}
	for _, w := range []string{"f32", "bf16", "f16"} {
		out := ok(t, "", "run", "--model", "header", "--json", "--weights", w)
		head, steps, _ := strings.Cut(out, "\n")
		if named := strings.Contains(head, w+" weights"); named != (w != "f32") {
			t.Errorf("--weights %s: the run says %s", w, head)
		}
		answers[w] = steps
	}
	if answers["f32"] == answers["bf16"] || answers["f32"] == answers["f16"] || answers["bf16"] == answers["f16"] {
		t.Error("two formats of weights give the same numbers")
	}
	if out := ok(t, "", "run", "--model", "header", "--json"); !strings.HasSuffix(out, answers["f32"]) {
		t.Error("without --weights the numbers are not those of f32")
	}
	ok(t, "", "eval", "header-exact", "--weights", "f16", "--lengths", "64", "--sequences", "4")
	for _, args := range [][]string{{"--weights", "int3"}, {"--weights", "bf16", "--backend", "cuda"}} {
		if r := execute("", append([]string{"run"}, args...)...); r.code != exitUsage {
			t.Errorf("run %q: exit code %d, %q", args, r.code, r.err)
		}
	}
}

package kernels

import (
	"strings"
	"testing"

	"mamba-tui/cuda/internal/ptxsim"
)

// TestEarly: for devices that can, every kernel first waits for those ahead of it,
// and the rest of the text is the same.
func TestEarly(t *testing.T) {
	const waits = "\tgriddepcontrol.wait;\n"
	for _, m := range Modules() {
		text := m.Early()
		x, err := ptxsim.Load(text)
		if err != nil {
			t.Fatalf("%s: %v", m.Name, err)
		}
		for _, k := range x.Kernels {
			if !k.Waits {
				t.Errorf("%s does not wait", k.Name)
			}
		}
		if n := strings.Count(text, waits); n != len(x.Kernels) {
			t.Errorf("%s: %d kernels, %d waits", m.Name, len(x.Kernels), n)
		}
		if !strings.Contains(text, "\n.version 7.8\n.target sm_90\n") || strings.Count(text, "\n.target") != 1 {
			t.Errorf("%s: not for compute capability %d", m.Name, EarlyCC)
		}
		_, was, _ := strings.Cut(m.PTX, "\n.address_size")
		_, is, _ := strings.Cut(text, "\n.address_size")
		if strings.ReplaceAll(is, waits, "") != was {
			t.Errorf("%s: other instructions changed", m.Name)
		}
	}
}

package kernels

import (
	"strings"
	"testing"

	"mamba-tui/cuda/internal/ptxsim"
)

// TestEarly: for devices that can, every kernel waits for those ahead of it, once,
// and the rest of the text is the same.
func TestEarly(t *testing.T) {
	const wait, next = "griddepcontrol.wait;\n", "griddepcontrol.launch_dependents;\n"
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
		if n := strings.Count(text, wait); n != len(x.Kernels) {
			t.Errorf("%s: %d kernels, %d waits", m.Name, len(x.Kernels), n)
		}
		if !strings.Contains(text, "\n.version 7.8\n.target sm_90\n") || strings.Count(text, "\n.target") != 1 || strings.Contains(text, "// early") {
			t.Errorf("%s: not for compute capability %d", m.Name, EarlyCC)
		}
		bare := strings.NewReplacer("\t"+wait, "", wait, "", "\t"+next, "", next, "", "\t// early: wait\n", "", "\t// early: next\n", "")
		_, was, _ := strings.Cut(m.PTX, "\n.address_size")
		_, is, _ := strings.Cut(text, "\n.address_size")
		if bare.Replace(is) != bare.Replace(was) {
			t.Errorf("%s: other instructions changed", m.Name)
		}
	}
}

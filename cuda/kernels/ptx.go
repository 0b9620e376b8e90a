package kernels

import (
	_ "embed"
	"strings"
)

//go:generate sh build.sh
//go:generate go test -run TestSourcesMatch -update .

// The modules, as build.sh makes them from the *.cu files.
var (
	//go:embed rows.ptx
	rowsPTX string
	//go:embed linear.ptx
	linearPTX string
	//go:embed tensor.ptx
	tensorPTX string
	//go:embed conv.ptx
	convPTX string
	//go:embed scan.ptx
	scanPTX string
	//go:embed lanes.ptx
	lanesPTX string
	//go:embed stream.ptx
	streamPTX string
	//go:embed stream_split.ptx
	streamSplitPTX string
	//go:embed stream_grad_sum.ptx
	streamGradSumPTX string
	//go:embed stream_grad.ptx
	streamGradPTX string
	//go:embed grad.ptx
	gradPTX string
	//go:embed scan_grad.ptx
	scanGradPTX string
)

// Module is one PTX text to be loaded on a device.
type Module struct {
	Name string // as Entry.Module has it
	PTX  string
	CC   int // the least compute capability, 10·major + minor
}

// Modules lists every module. A device loads those its capability allows;
// Planner does not use the others.
func Modules() []Module {
	return []Module{
		{"rows", rowsPTX, 75},
		{"linear", linearPTX, 75},
		{"tensor", tensorPTX, 80},
		{"conv", convPTX, 75},
		{"scan", scanPTX, 75},
		{"lanes", lanesPTX, 75},
		{"stream", streamPTX, 80},
		{"stream_split", streamSplitPTX, 80},
		{"stream_grad_sum", streamGradSumPTX, 80},
		{"stream_grad", streamGradPTX, 80},
		{"grad", gradPTX, 75},
		{"scan_grad", scanGradPTX, 75},
	}
}

// EarlyCC is the compute capability from which on kernels may be launched early.
const EarlyCC = 90

// Early is the text for devices of EarlyCC and later, whose kernels may be
// launched before those ahead of them have ended, to save part of the time between
// two: a kernel waits for what they wrote at its front, or where its source says so
// (early_wait in gpu.h). It comes when the blocks ahead have left, or where they say
// so (early_next), which only kernels of a token step do: waiting blocks in the way of
// large kernels are slower, see NOTES.md.
func (m Module) Early() string {
	parts := strings.SplitAfter(m.PTX, ".visible .entry ")
	for i, s := range parts {
		if i > 0 && !strings.Contains(s, "// early: wait\n") {
			s = strings.Replace(s, "// %bb.0:\n", "// %bb.0:\n\tgriddepcontrol.wait;\n", 1) // the body
		}
		parts[i] = early.Replace(s)
	}
	return strings.Join(parts, "")
}

var early = strings.NewReplacer(
	".version 6.3\n.target sm_75\n", ".version 7.8\n.target sm_90\n",
	".version 7.0\n.target sm_80\n", ".version 7.8\n.target sm_90\n",
	"// early: wait\n", "griddepcontrol.wait;\n",
	"// early: next\n", "griddepcontrol.launch_dependents;\n",
)

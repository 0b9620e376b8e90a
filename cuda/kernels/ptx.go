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
		{"stream_grad", streamGradPTX, 80},
		{"grad", gradPTX, 75},
		{"scan_grad", scanGradPTX, 75},
	}
}

// EarlyCC is the compute capability from which on kernels may be launched early.
const EarlyCC = 90

// Early is the text for devices of EarlyCC and later, whose kernels may be
// launched when the blocks ahead of them have left and before what those wrote is
// there for all: the first that a kernel does is wait for it. What is gained is
// part of the time between two kernels. No kernel asks for the next one sooner
// (griddepcontrol.launch_dependents): that is slower, see NOTES.md.
func (m Module) Early() string { return early.Replace(m.PTX) }

var early = strings.NewReplacer(
	".version 6.3\n.target sm_75\n", ".version 7.8\n.target sm_90\n",
	".version 7.0\n.target sm_80\n", ".version 7.8\n.target sm_90\n",
	"// %bb.0:\n", "// %bb.0:\n\tgriddepcontrol.wait;\n", // a kernel's body
)

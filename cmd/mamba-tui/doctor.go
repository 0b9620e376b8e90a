package main

import (
	"fmt"
	"runtime"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/sys/cpu"

	"mamba-tui/assets"
	"mamba-tui/model"
	"mamba-tui/model/tokenizer"
)

// diagnosis is what doctor found.
type diagnosis struct {
	Schema   int             `json:"schema"`
	Type     string          `json:"type"`
	Program  programStatus   `json:"program"`
	Terminal terminalStatus  `json:"terminal"`
	CPU      cpuStatus       `json:"cpu"`
	Backends []backendStatus `json:"backends"`
	Weights  []weightsStatus `json:"weights"`
	Models   []modelStatus   `json:"models"`
}

type programStatus struct {
	Version string `json:"version"`
	Go      string `json:"go"`
	OS      string `json:"os"`
	Arch    string `json:"arch"`
}

type terminalStatus struct {
	Stdin      bool   `json:"stdin_terminal"`
	Stdout     bool   `json:"stdout_terminal"`
	Width      int    `json:"width"`
	Height     int    `json:"height"`
	Term       string `json:"term"`
	ColorTerm  string `json:"colorterm"`
	NoColor    bool   `json:"no_color"`
	Colours    string `json:"colours"`
	Why        string `json:"why"`
	Screen     bool   `json:"screen"` // whether the explorer would show its screen
	Screenless string `json:"screen_note"`
}

type cpuStatus struct {
	Logical    int      `json:"logical"`
	GOMAXPROCS int      `json:"gomaxprocs"`
	Features   []string `json:"features"`
}

type modelStatus struct {
	Name   string `json:"name"`
	OK     bool   `json:"ok"`
	Detail string `json:"detail"`
}

func (a *app) doctorCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Say what the program found: terminal, colours, CPU, backends, models",
		Long: `Say what the program found and what it makes of it: the terminal and its
colours, the CPU, every backend and why it is used or not, what each format of
--weights costs in accuracy, and whether each built-in model loads and computes.
It ends with exit code 1 if one does not.`,
		Args: cobra.NoArgs,
		RunE: a.command(func(*cobra.Command) error { return a.doctor(asJSON) }),
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "one JSON object")
	return cmd
}

func (a *app) doctor(asJSON bool) error {
	d := a.diagnose()
	var err error
	if asJSON {
		err = a.printJSON(d)
	} else {
		err = a.printDiagnosis(d)
	}
	if err != nil {
		return err
	}
	for _, m := range d.Models {
		if !m.OK {
			return fmt.Errorf("built-in model %s does not work: %s", m.Name, m.Detail)
		}
	}
	return nil
}

func (a *app) diagnose() diagnosis {
	d := diagnosis{
		Schema:  schema,
		Type:    "doctor",
		Program: programStatus{version(), runtime.Version(), runtime.GOOS, runtime.GOARCH},
		Terminal: terminalStatus{
			Stdin: a.inTerm, Stdout: a.outTerm,
			Term: a.getenv("TERM"), ColorTerm: a.getenv("COLORTERM"), NoColor: a.getenv("NO_COLOR") != "",
			Screenless: a.screenless(),
		},
		CPU:      cpuStatus{runtime.NumCPU(), runtime.GOMAXPROCS(0), cpuFeatures()},
		Backends: backendList(),
		Weights:  checkWeights(weightsModel),
	}
	t := &d.Terminal
	t.Screen = t.Screenless == ""
	t.Width, t.Height = a.size()
	profile, why := a.colours()
	t.Colours, t.Why = profileName(profile), why
	for _, name := range assets.Models() {
		d.Models = append(d.Models, checkModel(name))
	}
	return d
}

// checkModel loads a built-in model and runs its example.
func checkModel(name string) modelStatus {
	s := modelStatus{Name: name}
	err := func() error {
		f, _, err := loadModel(name)
		if err != nil {
			return err
		}
		tok, err := tokenizer.For(f.Card, f.Config.VocabSize)
		if err != nil {
			return err
		}
		if len(f.Card.Prompts) == 0 {
			return fmt.Errorf("it brings no example")
		}
		tokens, err := tok.Encode(f.Card.Prompts[0].Text, true)
		if err != nil {
			return err
		}
		b, _, err := openBackend("auto", cpuFlag{}, f.Parameters)
		if err != nil {
			return err
		}
		defer b.Close()
		m, err := model.New(b, f.Config, f.Weights)
		if err != nil {
			return err
		}
		defer m.Close()
		state, err := m.NewState()
		if err != nil {
			return err
		}
		defer state.Free()
		logits := make([]float32, f.Config.VocabSize)
		for _, t := range tokens {
			if err := m.Step(state, t.ID, logits); err != nil {
				return err
			}
		}
		best := model.Top(logits, 1)[0]
		if best.P != best.P {
			return fmt.Errorf("its probabilities are not numbers")
		}
		s.Detail = fmt.Sprintf("%s, %s; after its example it answers %s with %s", provenance(f.Card.Kind),
			plural(f.Parameters, "parameter"), tokenizer.Visible(tok.Text(best.ID)), percent(best.P))
		return nil
	}()
	s.OK = err == nil
	if err != nil {
		s.Detail = oneLine(err)
	}
	return s
}

// cpuFeatures lists what this processor has of what numeric code uses.
func cpuFeatures() []string {
	found := []string{}
	for _, f := range []struct {
		name string
		has  bool
	}{
		{"sse4.1", cpu.X86.HasSSE41}, {"sse4.2", cpu.X86.HasSSE42}, {"avx", cpu.X86.HasAVX}, {"fma", cpu.X86.HasFMA},
		{"avx2", cpu.X86.HasAVX2}, {"avx512f", cpu.X86.HasAVX512F}, {"avx512bw", cpu.X86.HasAVX512BW},
		{"avx512vl", cpu.X86.HasAVX512VL}, {"avx512bf16", cpu.X86.HasAVX512BF16},
		{"asimd", cpu.ARM64.HasASIMD}, {"asimdhp", cpu.ARM64.HasASIMDHP}, {"asimddp", cpu.ARM64.HasASIMDDP},
		{"sve", cpu.ARM64.HasSVE}, {"sve2", cpu.ARM64.HasSVE2},
	} {
		if f.has {
			found = append(found, f.name)
		}
	}
	return found
}

func (a *app) printDiagnosis(d diagnosis) error {
	yes := map[bool]string{true: "yes", false: "no"}
	t := d.Terminal
	size := "unknown size"
	if t.Width > 0 {
		size = fmt.Sprintf("%d×%d cells", t.Width, t.Height)
	}
	screen := yes[t.Screen]
	if !t.Screen {
		screen = "no: " + t.Screenless + ", so the plain report is printed"
	}
	features := strings.Join(d.CPU.Features, " ")
	if features == "" {
		features = "none of those looked for"
	}
	rows := [][2]string{
		{"version", d.Program.Version},
		{"go", fmt.Sprintf("%s %s/%s", d.Program.Go, d.Program.OS, d.Program.Arch)},
		{"terminal", fmt.Sprintf("stdin %s, stdout %s, %s, TERM %s", yes[t.Stdin], yes[t.Stdout], size, quote(t.Term))},
		{"colours", t.Colours + ": " + t.Why},
		{"screen", screen},
		{"cpu", fmt.Sprintf("%d logical, GOMAXPROCS %d, %s", d.CPU.Logical, d.CPU.GOMAXPROCS, features)},
	}
	for _, b := range d.Backends {
		state := "not available: " + b.Detail
		if b.Available {
			state = "available: " + b.Detail
		}
		if b.Auto {
			state += "; --backend auto takes it"
		}
		rows = append(rows, [2]string{"backend", b.Name + " " + state})
		for _, d := range b.Devices {
			for _, line := range d.lines() {
				rows = append(rows, [2]string{"device", line})
			}
		}
	}
	for _, w := range d.Weights {
		rows = append(rows, [2]string{"weights", w.detail()})
	}
	for _, m := range d.Models {
		rows = append(rows, [2]string{"model", m.Name + " " + map[bool]string{true: "works: ", false: "FAILS: "}[m.OK] + m.Detail})
	}
	for _, r := range rows {
		if _, err := fmt.Fprintf(a.out, "%-9s %s\n", r[0], sentence(r[1])); err != nil {
			return err
		}
	}
	return nil
}

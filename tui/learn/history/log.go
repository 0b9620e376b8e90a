package history

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// FileName is the log's name in the folder of a run.
const FileName = "probes.jsonl"

// format is the version of the log.
const format = "mamba-tui training 1"

// line is one line of a log: a kind, and what belongs to it.
type line struct {
	Kind   string     `json:"kind"`
	Format string     `json:"format,omitempty"`
	Run    *Info      `json:"run,omitempty"`
	Points *pointLine `json:"points,omitempty"`
	Eval   *Eval      `json:"evaluation,omitempty"`
	Probe  *probeLine `json:"probe,omitempty"`
	End    *end       `json:"end,omitempty"`
}

// pointLine is Points in a log.
type pointLine struct {
	Step      []int     `json:"step"`
	Loss      []float32 `json:"loss"`
	Right     []float32 `json:"accuracy"`
	MeanLoss  []float32 `json:"mean_loss"`
	MeanRight []float32 `json:"mean_accuracy"`
	Norm      []float32 `json:"gradient_norm"`
	Rate      []float32 `json:"rate"`
	Length    []int     `json:"length"`
}

// probeLine is a Probe in a log.
type probeLine struct {
	Step   int         `json:"step"`
	Layers []layerLine `json:"layers"`
	Best   []int32     `json:"best"`
	P      halves      `json:"p"`
}

// layerLine is a Layer in a log.
type layerLine struct {
	Delta halves `json:"delta"`
	B     halves `json:"b"`
	C     halves `json:"c"`
	Kept  halves `json:"kept"`
	Means halves `json:"means"`
	AUC   halves `json:"auc"`
}

// end is the last line.
type end struct {
	Step    int  `json:"step"`
	Stopped bool `json:"stopped"`
}

// logger writes a log; after an error it is silent.
type logger struct {
	w    io.Writer
	from int // points that are written
	err  error
}

// run begins a log, or goes on with one.
func (l *logger) run(i *Info) { l.write(line{Kind: "run", Format: format, Run: i}) }

// write writes one line with one call of Write.
func (l *logger) write(x line) {
	if l.err != nil {
		return
	}
	b, err := json.Marshal(x)
	if err == nil {
		_, err = l.w.Write(append(b, '\n'))
	}
	if err != nil {
		l.err = fmt.Errorf("history: writing the log: %w", err)
	}
}

// points writes the rows that came since the last call.
func (l *logger) points(p *Points) {
	from := l.from
	if from >= p.Len() {
		return
	}
	l.write(line{Kind: "steps", Points: &pointLine{
		Step: p.Step[from:], Loss: p.Loss[from:], Right: p.Right[from:], MeanLoss: p.MeanLoss[from:],
		MeanRight: p.MeanRight[from:], Norm: p.Norm[from:], Rate: p.Rate[from:], Length: p.Length[from:],
	}})
	l.from = p.Len()
}

// probe writes a probe.
func (l *logger) probe(p *Probe) {
	x := probeLine{Step: p.Step, Best: p.Best, P: p.P}
	for _, y := range p.Layers {
		x.Layers = append(x.Layers, layerLine{Delta: y.Delta, B: y.B, C: y.C, Kept: y.Kept, Means: y.Means, AUC: y.AUC})
	}
	l.write(line{Kind: "probe", Probe: &x})
}

// Create begins the log of a run in dir, which must not have one.
func Create(dir string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(dir, FileName), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, fmt.Errorf("history: %w", err)
	}
	return f, nil
}

// Append goes on with the log of dir and reads what is in it; where there is
// none it begins one, and the history is nil. A last line that is not whole is
// cut off.
func Append(dir string) (*os.File, *History, error) {
	f, err := os.OpenFile(filepath.Join(dir, FileName), os.O_RDWR, 0)
	if errors.Is(err, fs.ErrNotExist) {
		f, err = Create(dir)
		return f, nil, err
	}
	if err != nil {
		return nil, nil, fmt.Errorf("history: %w", err)
	}
	h, err := Read(f)
	if err == nil {
		_, err = f.Seek(-h.torn, io.SeekEnd)
	}
	if err == nil && h.Torn {
		var size int64
		if size, err = f.Seek(0, io.SeekCurrent); err == nil {
			err = f.Truncate(size)
		}
	}
	if err != nil {
		f.Close()
		return nil, nil, fmt.Errorf("%w (%s)", err, f.Name())
	}
	return f, h, nil
}

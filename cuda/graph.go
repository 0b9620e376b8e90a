package cuda

import (
	"errors"
	"fmt"

	"mamba-tui/cuda/internal/driver"
	"mamba-tui/cuda/internal/machine"
	"mamba-tui/scan"
)

// graph is a recorded run of launches. To enqueue it is one call of the driver,
// however many kernels it has.
type graph struct {
	b    *Backend
	exec driver.Exec
}

// Capture implements scan.Capturer.
func (b *Backend) Capture(f func()) (scan.Graph, error) {
	if b.closed {
		return nil, errClosed
	}
	if b.capturing {
		b.refuse("Capture")
		return nil, errors.New("cuda: Capture: a recording is under way already")
	}
	d := b.device
	begin := d.ask(func() error {
		if d.lost {
			return d.failure
		}
		if r := d.API.BeginCapture(d.Stream); r != driver.OK {
			return machine.Failed("recording a graph", r)
		}
		return nil
	})
	if begin != nil {
		return nil, begin
	}
	b.capturing, b.refused = true, ""
	defer func() { b.capturing = false }()
	f()
	g := &graph{b: b}
	err := d.ask(func() error {
		recorded, r := d.API.EndCapture(d.Stream)
		// A launch that the recording does not take fails by itself, and that is
		// not a failure of anything that runs.
		if d.failure != nil && !d.lost {
			err := d.failure
			d.failure = nil
			if r == driver.OK {
				d.API.FreeGraph(recorded)
			}
			return err
		}
		if r != driver.OK {
			return machine.Failed("recording a graph", r)
		}
		defer d.API.FreeGraph(recorded)
		if g.exec, r = d.API.Instantiate(recorded); r != driver.OK {
			return machine.Failed("making a graph", r)
		}
		return nil
	})
	switch {
	case err != nil:
		return nil, err
	case b.refused != "":
		g.Free()
		return nil, fmt.Errorf("cuda: Capture: %s cannot be part of a recording", b.refused)
	}
	return g, nil
}

// refuse notes that a recording contains what it cannot.
func (b *Backend) refuse(what string) {
	if b.refused == "" {
		b.refused = what
	}
}

// Launch implements scan.Graph.
func (g *graph) Launch() {
	if g.exec == 0 {
		panic("cuda: Launch of a freed recording")
	}
	if g.b.capturing {
		g.b.refuse("Launch")
		return
	}
	g.b.device.replay(g.exec)
}

// Free implements scan.Graph.
func (g *graph) Free() {
	exec := g.exec
	g.exec = 0
	if exec == 0 || g.b.closed {
		return
	}
	_ = g.b.device.ask(func() error {
		if d := g.b.device; !d.lost {
			// The driver keeps a graph that is still running until it has ended.
			d.API.FreeExec(exec)
		}
		return nil
	})
}

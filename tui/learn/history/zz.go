package history

import "mamba-tui/model"

func (c *Recorder) ZZProbe(w *model.Weights) { c.prober.measure(0, w) }

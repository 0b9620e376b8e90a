package train

import (
	"context"
	"flag"
	"fmt"
	"testing"
	"time"

	"mamba-tui/model"
	"mamba-tui/model/task"
)

var zzTask = flag.String("zztask", "header", "")
var zzSteps = flag.Int("zzsteps", 0, "")
var zzSeeds = flag.Int("zzseeds", 1, "")
var zzFrom = flag.Int("zzfrom", 1, "")
var zzConv = flag.String("zzconv", "", "")
var zzLR = flag.Float64("zzlr", 0, "")
var zzWarm = flag.Int("zzwarm", 0, "")
var zzQuiet = flag.Bool("zzquiet", false, "")

type zz struct{ t0 time.Time; first99 int; at99 time.Duration; p Progress }

func (z *zz) Progress(p Progress) { z.p = p }
func (z *zz) Evaluated(e *Evaluation, w *model.Weights) {
	if e.Accuracy >= 0.99 && z.first99 == 0 {
		z.first99 = e.Step
		z.at99 = time.Since(z.t0)
	}
	if !*zzQuiet {
		fmt.Printf("  step %d acc %.4f loss %.4f frozen %.3f gn %.2f tok/s %.0f Δ %.3f auc>.95 %.2f resets %v\n", e.Step, e.Accuracy, e.Loss, e.Frozen, z.p.GradNorm, z.p.PerSecond, e.Layers[0].ByClass, e.Layers[0].Share(0.95), e.Resets)
	}
}

func TestZZSeeds(t *testing.T) {
	for s := *zzFrom; s < *zzFrom+*zzSeeds; s++ {
		r := Defaults(*zzTask)
		r.Seed = uint64(s)
		if *zzSteps > 0 { r.Steps = *zzSteps }
		if *zzConv != "" { r.Conv = Conv(*zzConv) }
		if *zzLR != 0 { r.LearningRate = *zzLR }
		if *zzWarm != 0 { r.WarmUp = *zzWarm }
		z := &zz{t0: time.Now()}
		res, err := Run(context.Background(), r, Options{Observer: z, Task: zzTaskOf()})
		if err != nil { t.Fatal(err) }
		fmt.Printf("seed %d: final %.4f frozen %.3f; ≥99%% at step %d after %.1fs; total %.1fs; %.0f tok/s, AUC share %.2f\n", s, res.Final.Accuracy, res.Final.Frozen, z.first99, z.at99.Seconds(), time.Since(z.t0).Seconds(), z.p.PerSecond, res.Final.Layers[0].Share(0.95))
	}
}

func zzTaskOf() task.Task {
	switch *zzKind {
	case 1: return zzHeader{same: true}
	case 2: return zzHeader{}
	case 3: return zzHeader{answers: 2}
	}
	return nil
}
var zzKind = flag.Int("zzkind", 0, "")

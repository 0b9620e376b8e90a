package train

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"mamba-tui/model"
	"mamba-tui/model/task"
	"mamba-tui/scan"
)

func TestZZDiag(t *testing.T) {
	r := Defaults("header")
	r.Steps = 300
	r.Seed = uint64(*zzFrom)
	if *zzConv != "" { r.Conv = Conv(*zzConv) }
	res, err := Run(context.Background(), r, Options{})
	if err != nil { t.Fatal(err) }
	cfg, w := res.Config, res.Weights
	m, _ := model.New(scan.NewCPU(scan.Options{}), cfg, w)
	s, _ := m.NewState()
	rng := rand.New(rand.NewPCG(5, 5))
	D, N := cfg.DInner, cfg.DState
	run := func(tok []int32, at int) (h [][]float32, del [][]float32) {
		s.Reset()
		m.Forward(s, tok, model.Options{Tap: &model.Tap{From: at - 1, To: at + 3, What: model.TapH | model.TapDelta, Func: func(rec *model.Record) {
			for i := range 4 {
				h = append(h, append([]float32(nil), rec.H[i*D*N:(i+1)*D*N]...))
				del = append(del, append([]float32(nil), rec.Delta[i*D:(i+1)*D]...))
			}
		}}})
		return
	}
	type acc struct{ diff, norm [4]float64; del [4]float64 }
	ch := make([]acc, D)
	trials := 0
	for range 100 {
		a, b := task.Header{}.Draw(rng, 128), task.Header{}.Draw(rng, 128)
		at := separator(a, 32, 110)
		if at < 0 { continue }
		sw := append(append([]int32(nil), b.Tokens[:at]...), a.Tokens[at:]...)
		ha, da := run(a.Tokens, at)
		hb, _ := run(sw, at)
		for k := range 4 {
			for d := range D {
				for n := range N {
					x, y := float64(ha[k][d*N+n]), float64(hb[k][d*N+n])
					ch[d].diff[k] += (x - y) * (x - y)
					ch[d].norm[k] += x * x
				}
				ch[d].del[k] += float64(da[k][d])
			}
		}
		trials++
	}
	for d := range D {
		c := ch[d]
		f := func(x [4]float64) (y [4]float64) { for i := range x { y[i] = math.Sqrt(x[i] / float64(trials)) }; return }
		for i := range c.del { c.del[i] /= float64(trials) }
		fmt.Printf("ch %2d auc %.2f Δ %.3f  diff %.2f norm %.2f\n", d, res.Final.Layers[0].AUC[d], c.del, f(c.diff), f(c.norm))
	}
}

func TestZZDiag2(t *testing.T) {
	r := Defaults("header")
	r.Steps = 300
	r.Seed = uint64(*zzFrom)
	res, err := Run(context.Background(), r, Options{})
	if err != nil { t.Fatal(err) }
	cfg, w := res.Config, res.Weights
	m, _ := model.New(scan.NewCPU(scan.Options{}), cfg, w)
	s, _ := m.NewState()
	rng := rand.New(rand.NewPCG(5, 5))
	a, b := task.Header{}.Draw(rng, 128), task.Header{}.Draw(rng, 128)
	at := separator(a, 32, 110)
	sw := append(append([]int32(nil), b.Tokens[:at]...), a.Tokens[at:]...)
	for _, tok := range [][]int32{a.Tokens, sw} {
		s.Reset()
		fmt.Println(tok[at-4:at+4])
		m.Forward(s, tok, model.Options{Tap: &model.Tap{From: at - 1, To: at + 3, What: model.TapAll, Func: func(rec *model.Record) {
			D, N := cfg.DInner, cfg.DState
			for i := range 4 {
				fmt.Printf("%d: B %.2f C %.2f\n", i, rec.B[i*N:i*N+N], rec.C[i*N:i*N+N])
				for _, d := range []int{21, 22, 63} {
					fmt.Printf("   ch %d Δ %.3f x %.3f u %.3f h %.2f\n", d, rec.Delta[i*D+d], rec.X[i*D+d], rec.U[i*D+d], rec.H[(i*D+d)*N:(i*D+d+1)*N])
				}
			}
		}}})
	}
	fmt.Printf("conv ch21 %.3f\n", w.Layers[0].ConvW[21*4:22*4])
}

package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"mamba-tui/model"
	"mamba-tui/model/session"
	"mamba-tui/model/tokenizer"
	"mamba-tui/model/trace"
	"mamba-tui/scan"
	"mamba-tui/tui"
	"mamba-tui/tui/snapshot"
)

const replayLong = `Open the explorer on a recording: FILE, FILE@STEP or FILE@BRANCH:STEP, or demo,
a recording that the program brings along.

With the weights, which small recordings have inside, every step is computed
again and compared with what was recorded; the status line says "bit-exact" or
where it first differs, and one can go on typing, and record that with R. Without
them the recorded Δ, u, B and C are played and h is computed from them; tweaks act
inside the layer they are set in, and later layers cannot follow.`

// replayOptions are the flags of replay.
type replayOptions struct {
	input   inputFlags
	without bool
}

func (a *app) replayCommand() *cobra.Command {
	var o replayOptions
	cmd := &cobra.Command{
		Use:   "replay FILE[@STEP]|demo",
		Short: "Open the explorer on a recording",
		Long:  replayLong,
		Example: `mamba-tui replay demo
mamba-tui replay run.npz@12
mamba-tui replay run.npz --without-weights`,
		Args: cobra.ExactArgs(1),
		RunE: a.commandArg(func(cmd *cobra.Command, file string) error {
			if why := a.screenless(); why != "" {
				return usagef("%s, and replay needs a screen: see trace info, trace verify and trace export", why)
			}
			return a.replayTrace(cmd.Context(), file, o)
		}),
	}
	o.addTo(cmd)
	return cmd
}

func (o *replayOptions) addTo(cmd *cobra.Command) {
	o.input.flags = cmd
	f := cmd.Flags()
	f.StringVarP(&o.input.model, "model", "m", "", "the model that was recorded, where its weights are not inside")
	f.StringVarP(&o.input.backend, "backend", "b", "auto", "where to compute: auto (as recorded, where that is a CPU), cpu, cuda or cuda:INDEX")
	o.input.cpu.addTo(cmd)
	f.BoolVar(&o.without, "without-weights", false, "play the recorded numbers, even where the weights are there")
}

// replayTrace shows a recording.
func (a *app) replayTrace(ctx context.Context, name string, o replayOptions) error {
	p, err := a.openReplay(ctx, name, o)
	if err != nil {
		return err
	}
	return errors.Join(a.showReplay(ctx, a, p), p.close())
}

// replayed is a recording that is ready to be shown: a session of it.
type replayed struct {
	place
	trace   *trace.Trace
	session *session.Session
	status  string // "bit-exact over 47 steps", …
	live    *input // the weights that compute; nil: the recording is played
	free    []func() error
}

// close frees everything but the session, which the screen closes.
func (p *replayed) close() error {
	var err error
	for i := len(p.free) - 1; i >= 0; i-- {
		err = errors.Join(err, p.free[i]())
	}
	return err
}

// openReplay opens a recording and makes a session of it, on the weights or
// without.
func (a *app) openReplay(ctx context.Context, name string, o replayOptions) (_ *replayed, err error) {
	p := &replayed{place: parsePlace(name)}
	defer func() {
		if err != nil {
			err = errors.Join(err, p.close())
		}
	}()
	if p.trace, err = openTrace(p.file); err != nil {
		return nil, err
	}
	p.free = append(p.free, p.trace.Close)
	b, err := p.trace.Branch(p.branch)
	if err != nil {
		return nil, usage(err)
	}
	p.branch = b.ID
	if p.step >= b.Len {
		return nil, noStep(p.place, b)
	}
	options := session.Options{Card: p.trace.Meta.Model.Card, Parameters: p.trace.Meta.Model.Parameters}
	machine, err := a.replayMachine(ctx, p, o, &options)
	if err != nil {
		return nil, err
	}
	options.BackendNote = p.status
	if p.session, err = session.On(machine, options); err != nil {
		return nil, usage(err)
	}
	if err = p.trace.RestoreBranch(ctx, p.session, b.ID); err != nil {
		p.session.Close()
		return nil, err
	}
	return p, nil
}

// replayMachine is what computes, or plays, a recording; p.status says how the
// two compare.
func (a *app) replayMachine(ctx context.Context, p *replayed, o replayOptions, s *session.Options) (session.Machine, error) {
	if !o.without {
		m, err := p.open(o.input)
		switch {
		case err == nil:
			if p.status, err = compared(ctx, p.trace, m); err != nil {
				return nil, err
			}
			p.live.tokenizer, err = tokenizer.For(p.live.file.Card, p.live.file.Config.VocabSize)
			return session.Live(m), usage(err)
		case !errors.Is(err, trace.ErrNoWeights):
			return nil, err
		}
	}
	player, err := trace.NewPlayer(p.trace)
	if err != nil {
		return nil, usage(err)
	}
	p.free = append(p.free, player.Close)
	p.status = "replay without the weights"
	return player, nil
}

// open loads the weights of a recording to the backend that recorded, if this
// machine has it and no other was asked for.
func (p *replayed) open(o inputFlags) (*model.Model, error) {
	file, _, err := weightsOf(p.trace, o)
	if err != nil {
		return nil, err
	}
	if o.backend == "auto" && !o.flags.Flags().Changed("cpu") {
		for _, k := range scan.KernelSets() {
			for _, w := range scan.WeightFormats() {
				b := scan.NewCPU(scan.Options{Kernels: k, Weights: w})
				if b.Name() == p.trace.Meta.Backend.Name {
					o.backend, o.cpu.id, o.cpu.format = "cpu", k.String(), w.String()
				}
				b.Close()
			}
		}
	}
	b, m, _, err := openModel(o.backend, o.cpu, file)
	if err != nil {
		return nil, err
	}
	p.free = append(p.free, b.Close, m.Close)
	p.live = &input{file: file, model: m, backend: b}
	return m, nil
}

// maxCompared is how many steps are compared before the screen appears.
const maxCompared = 20_000

// compared says, in a few words, how a model's numbers compare with a recording.
func compared(ctx context.Context, t *trace.Trace, m *model.Model) (string, error) {
	if n, _ := t.Counts(); n > maxCompared {
		return fmt.Sprintf("replay, not compared: %d steps, see trace verify", n), nil
	}
	r, err := trace.Verify(ctx, t, m, nil)
	if err != nil {
		return "", err
	}
	if r.Exact() {
		return "replay: bit-exact over " + plural(r.Steps, "step"), nil
	}
	text := fmt.Sprintf("replay: differs from step %d of branch %d on", r.First.Step, r.First.Branch)
	if w, ok := r.Largest(); ok {
		text += fmt.Sprintf(", %s by up to %.1e", w.Array, w.Rel)
	}
	if r.Backend != r.Recorded {
		text += ", recorded on " + sentence(r.Recorded)
	}
	return text, nil
}

// showReplay is what shows a replay on the screen.
func showReplay(ctx context.Context, a *app, p *replayed) error {
	a.tellFault(p.trace)
	return a.show(ctx, p.session, p.recording(), tui.Options{
		Blank: true, At: p.at(), Badge: p.badge(), Remake: p.remake,
		Notes: []snapshot.Note{{Name: "sha256", Text: p.trace.Meta.Model.SHA256}, {Name: "recording", Text: p.trace.Meta.ID}},
	})
}

// tellFault says what is missing of a recording that is shown or exported.
func (a *app) tellFault(t *trace.Trace) {
	if err := t.Fault(); err != nil {
		fmt.Fprintln(a.err, "mamba-tui: "+oneLine(err))
	}
}

// recording is what the key R records to, the past first and at the level of this
// one; nil without the weights, where nothing new can happen.
func (p *replayed) recording() *recording {
	if p.live == nil {
		return nil
	}
	return &recording{in: p.live, level: p.trace.Meta.Level}
}

// remake is the command that makes a picture of a replay again.
func (p *replayed) remake(s tui.Scene) string {
	// The cursor begins at the step: the keys that walk there are not needed, unless
	// others went to the end.
	keys := s.Keys
	for !strings.Contains(keys, "end") && (keys == "left" || strings.HasSuffix(keys, " left")) {
		keys = strings.TrimSpace(strings.TrimSuffix(keys, "left"))
	}
	words := []string{"", "trace", "export", fmt.Sprintf("%s@%d:%d", p.file, s.Branch, max(s.T, 0)), "--size", fmt.Sprintf("%dx%d", s.W, s.H)}
	if keys != "" {
		words = append(words, "--keys", keys)
	}
	if !s.Dark {
		words = append(words, "--light")
	}
	return commandLine(append(words, "--out", "picture.png"))
}

// badge is the status in the status line, which has no room for numbers.
func (p *replayed) badge() string {
	short, _, _ := strings.Cut(p.status, " over ")
	short, _, _ = strings.Cut(short, ",")
	return short
}

// at is the token that the cursor begins at, for the screen: nil is the end.
func (p *replayed) at() *int {
	if p.step < 0 {
		return nil
	}
	return &p.step
}

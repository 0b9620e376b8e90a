package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/charmbracelet/colorprofile"
	"github.com/spf13/cobra"

	"mamba-tui/model/session"
	"mamba-tui/model/trace"
	"mamba-tui/tui"
	"mamba-tui/tui/snapshot"
)

const exportLong = `Export a part of a recording. The ending of --out says what:

  .csv .json           the lanes of steps --from to --to, a row a step and layer
  .npy .safetensors    the array --tensor of these steps; h and y are computed
  .png .svg .ansi      the explorer's screen at the step
  .gif .cast           the screen from --from to --to, as an animated picture or
                       as an asciicast that terminals play

FILE@STEP or FILE@BRANCH:STEP is the step; without one it is the last of the
newest branch. Pictures take --keys like the command snapshot: "f" freezes Δ.
Every file but .npy and .ansi says of itself of which model, text, tweaks and
scale it is, and which command makes it again. An existing file is not replaced.`

// exportOptions are the flags of trace export.
type exportOptions struct {
	replayOptions
	out      string
	from, to int
	tensor   string
	layer    int
	look     pictureFlags
	delay    time.Duration
}

// maxFrames bounds an animation.
const maxFrames = 500

func (a *app) traceExportCommand() *cobra.Command {
	o := exportOptions{}
	cmd := &cobra.Command{
		Use:   "export FILE[@STEP]|demo --out OUT",
		Short: "Write lanes, arrays or pictures of a recording",
		Long:  exportLong,
		Example: `mamba-tui trace export demo --out lanes.csv
mamba-tui trace export run.npz --tensor h --layer 0 --from 4 --to 10 --out h.npy
mamba-tui trace export demo@12 --out wipe.png
mamba-tui trace export demo --from 8 --to 16 --size 100x30 --out wipe.gif`,
		Args: cobra.ExactArgs(1),
		RunE: a.commandArg(func(cmd *cobra.Command, name string) error { return a.export(cmd.Context(), name, o) }),
	}
	o.replayOptions.addTo(cmd)
	f := cmd.Flags()
	f.StringVarP(&o.out, "out", "o", "", "file to write: .csv, .json, .npy, .safetensors, .png, .svg, .ansi, .gif or .cast")
	f.IntVar(&o.from, "from", 0, "first step")
	f.IntVar(&o.to, "to", -1, "the step after the last; −1: the end")
	f.StringVar(&o.tensor, "tensor", "h", "array: delta, u, B, C, h or y")
	f.IntVar(&o.layer, "layer", -1, "layer of the array; −1: all")
	o.look.addTo(cmd)
	f.DurationVar(&o.delay, "delay", 400*time.Millisecond, "time that an animation shows each step")
	return cmd
}

// export writes what the ending of the file's name says.
func (a *app) export(ctx context.Context, name string, o exportOptions) error {
	kind := strings.TrimPrefix(filepath.Ext(o.out), ".")
	write, ok := map[string]func(context.Context, *exported) ([]byte, error){
		"csv": lanesCSV, "json": lanesJSON, "npy": tensorNPY, "safetensors": tensorSafetensors,
		"png": a.exportPicture, "svg": a.exportPicture, "ansi": a.exportPicture, "gif": a.exportFilm, "cast": a.exportFilm,
	}[kind]
	switch {
	case o.out == "":
		return usagef("--out is missing: name a file that ends in .csv, .json, .npy, .safetensors, .png, .svg, .ansi, .gif or .cast")
	case !ok:
		return usagef("--out %s has no ending that says the format: .csv, .json, .npy, .safetensors, .png, .svg, .ansi, .gif or .cast", quote(o.out))
	case o.delay < 20*time.Millisecond || o.delay > time.Minute:
		return usagef("--delay is %v, want 20ms to 1m", o.delay)
	}
	if err := o.look.check(); err != nil {
		return err
	}
	x := &exported{options: o, kind: kind, name: name, command: commandLine(append([]string{""}, a.args...))}
	p := parsePlace(name)
	t, err := openTrace(p.file)
	if err != nil {
		return err
	}
	defer t.Close()
	a.tellFault(t)
	b, err := t.Branch(p.branch)
	if err != nil {
		return usage(err)
	}
	x.trace, x.branch, x.from, x.to = t, b, o.from, o.to
	if x.to < 0 {
		x.to = b.Len
	}
	if p.step >= 0 && !o.input.flags.Flags().Changed("from") && !o.input.flags.Flags().Changed("to") {
		x.from, x.to = p.step, p.step+1
	}
	if x.from < 0 || x.to > b.Len || x.from >= x.to {
		return usagef("steps %d to %d of branch %d, which has %s", x.from, x.to, b.ID, plural(b.Len, "step"))
	}
	data, err := write(ctx, x)
	if err != nil {
		return err
	}
	return create(o.out, data)
}

// exported is what is being exported.
type exported struct {
	options  exportOptions
	kind     string
	name     string // FILE@STEP as it was typed
	command  string
	trace    *trace.Trace
	branch   trace.BranchInfo
	from, to int
}

// notes are what the file says of itself, scale apart.
func (x *exported) notes() ([]snapshot.Note, error) {
	m := x.trace.Meta
	notes := x.origin()
	tokens, err := x.trace.Tokens(x.branch.ID, x.from, min(x.to, x.from+2000))
	if err != nil {
		return nil, err
	}
	var text strings.Builder
	for _, t := range tokens {
		text.WriteString(symbol(m, t.ID))
	}
	tweaks, err := x.trace.Tweaks(x.branch.ID)
	if err != nil {
		return nil, err
	}
	return append(notes,
		snapshot.Note{Name: "model", Text: fmt.Sprintf("%s (%s) on %s", m.Model.Card.Name, m.Model.Card.Kind, m.Backend.Name)},
		snapshot.Note{Name: "text", Text: text.String()},
		snapshot.Note{Name: "tweaks", Text: tweakText(tweaks)},
		snapshot.Note{Name: "cursor", Text: fmt.Sprintf("steps %d to %d of branch %d", x.from, x.to-1, x.branch.ID)},
		snapshot.Note{Name: "command", Text: x.command}), nil
}

// origin names the weights and the recording.
func (x *exported) origin() []snapshot.Note {
	m := x.trace.Meta
	return []snapshot.Note{{Name: "sha256", Text: m.Model.SHA256}, {Name: "recording", Text: m.ID + " in " + filepath.Base(parsePlace(x.name).file)}}
}

// symbol is what a token stands for.
func symbol(m *trace.Meta, id int32) string {
	if s := m.Model.Card.Symbols; m.Tokenizer == "symbols" && int(id) < len(s) {
		return s[id]
	}
	return fmt.Sprintf("%d ", id)
}

// tweakText names tweaks with their scope. Rows of a recording are always those
// of the run without them.
func tweakText(list []session.Tweak) string {
	if len(list) == 0 {
		return "none"
	}
	var parts []string
	for _, t := range list {
		parts = append(parts, t.Name()+" · "+t.Scope())
	}
	return "none in these numbers; over the branch: " + strings.Join(parts, "; ")
}

// pictureFlags are the flags of commands that draw the screen.
type pictureFlags struct {
	size, keys, colours string
	light               bool
}

func (o *pictureFlags) addTo(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&o.size, "size", "120x40", "of the screen, in cells: WIDTHxHEIGHT")
	f.StringVarP(&o.keys, "keys", "k", "", "keys to press, separated by spaces")
	f.StringVar(&o.colours, "colours", "truecolor", "truecolor, 256, 16 or none")
	f.BoolVar(&o.light, "light", false, "on a light background")
}

// check says what is wrong with the flags.
func (o *pictureFlags) check() error {
	if _, _, err := parseSize(o.size); err != nil {
		return err
	}
	if _, err := o.profile(); err != nil {
		return err
	}
	_, err := tui.Presses(strings.Fields(o.keys))
	return usage(err)
}

func (o *pictureFlags) profile() (colorprofile.Profile, error) {
	p, ok := map[string]colorprofile.Profile{
		"truecolor": colorprofile.TrueColor, "256": colorprofile.ANSI256, "16": colorprofile.ANSI, "none": colorprofile.ASCII,
	}[o.colours]
	if !ok {
		return 0, usagef("--colours is %s, want truecolor, 256, 16 or none", quote(o.colours))
	}
	return p, nil
}

// film takes a picture of a session after the flags' keys, and one after each
// key in next. It closes the session.
func (a *app) film(ctx context.Context, o pictureFlags, s *session.Session, t tui.Options, next []string) ([]tui.Picture, error) {
	w, h, err := parseSize(o.size)
	if err != nil {
		return nil, err
	}
	if t.Profile, err = o.profile(); err != nil {
		return nil, err
	}
	dark := !o.light
	command := commandLine(append([]string{""}, a.args...))
	t.Dark, t.Version, t.Stderr = &dark, version(), a.err
	t.Remake = func(tui.Scene) string { return command }
	film, err := tui.Film(ctx, session.Start(s), t, w, h, strings.Fields(o.keys), next)
	var signal *tui.SignalError
	if errors.As(err, &signal) {
		return nil, errInterrupted
	}
	return film, err
}

// shot films a recording from step x.from on, one picture a step.
func (a *app) shot(ctx context.Context, x *exported, pictures int) ([]tui.Picture, error) {
	place := fmt.Sprintf("%s@%d:%d", parsePlace(x.name).file, x.branch.ID, x.from)
	p, err := a.openReplay(ctx, place, x.options.replayOptions)
	if err != nil {
		return nil, err
	}
	film, err := a.film(ctx, x.options.look, p.session, tui.Options{Blank: true, At: p.at(), Badge: p.badge(), Notes: x.origin()},
		strings.Fields(strings.Repeat("right ", pictures-1)))
	return film, errors.Join(err, p.close())
}

// exportPicture is the screen at the last of the steps.
func (a *app) exportPicture(ctx context.Context, x *exported) ([]byte, error) {
	x.from = x.to - 1
	film, err := a.shot(ctx, x, 1)
	if err != nil {
		return nil, err
	}
	return film[0].Encode(snapshot.Kind(x.kind))
}

// exportFilm is the screen at every one of the steps.
func (a *app) exportFilm(ctx context.Context, x *exported) ([]byte, error) {
	n := x.to - x.from
	if n > maxFrames {
		return nil, usagef("an animation of %d steps, at most %d are drawn: choose some with --from and --to", n, maxFrames)
	}
	film, err := a.shot(ctx, x, n)
	if err != nil {
		return nil, err
	}
	if x.kind == "cast" {
		return asciicast(film, x)
	}
	var screens []snapshot.Screen
	var o snapshot.Options
	for _, p := range film {
		var s snapshot.Screen
		s, o = p.Screen()
		screens = append(screens, s)
	}
	o.Scale = 1
	var b bytes.Buffer
	err = snapshot.GIF(&b, screens, o, x.options.delay)
	return b.Bytes(), err
}

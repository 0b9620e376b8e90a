package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"mamba-tui/model/lesson"
	"mamba-tui/tui"
	"mamba-tui/tui/snapshot"
)

// Bounds of a picture in cells.
const (
	maxPictureWidth  = 400
	maxPictureHeight = 200
)

// snapshotOptions are the flags of snapshot.
type snapshotOptions struct {
	input  inputFlags
	look   pictureFlags
	lesson string
	lang   string
	out    string
}

const snapshotLong = `Take a picture of the explorer without a terminal: the screen as it looks after
the prompt and the keys. --out names the file, and its ending says the format:
.png, .svg or .ansi (text with escape codes). An existing file is not replaced.

Keys are separated by spaces and named as in the explorer's help: 2 is the
Block view, "f" freezes Δ, "left left enter" walks back and opens the
arithmetic, "i a b esc" types ab. Each waits until the picture has settled.`

func (a *app) snapshotCommand() *cobra.Command {
	var o snapshotOptions
	cmd := &cobra.Command{
		Use:   "snapshot",
		Short: "Take a picture of the explorer without a terminal",
		Long:  snapshotLong,
		Example: `mamba-tui snapshot --out watch.png
mamba-tui snapshot --size 160x50 --keys '2' --out block.svg
mamba-tui snapshot --prompt '¶4acb?' --keys 'f' --light --out what-if.png`,
		Args: cobra.NoArgs,
		RunE: a.command(func(cmd *cobra.Command) error { return a.snapshot(cmd.Context(), o) }),
	}
	o.input.addTo(cmd)
	cmd.Flags().StringVarP(&o.out, "out", "o", "", "file to write: .png, .svg or .ansi")
	o.look.addTo(cmd)
	f := cmd.Flags()
	f.StringVar(&o.lesson, "lesson", "", "name of a lesson to open, with its model and prompt")
	f.StringVar(&o.lang, "lang", "", "language of the lesson: en or ja (default: what the locale says)")
	return cmd
}

func (a *app) snapshot(ctx context.Context, o snapshotOptions) error {
	if err := o.look.check(); err != nil {
		return err
	}
	if o.out == "" {
		return usagef("--out is missing: name a file that ends in .png, .svg or .ansi")
	}
	kind := snapshot.Kind(strings.TrimPrefix(filepath.Ext(o.out), "."))
	switch kind {
	case snapshot.KindPNG, snapshot.KindSVG, snapshot.KindANSI:
	default:
		return usagef("--out %s has no ending that says the format: .png, .svg or .ansi", quote(o.out))
	}
	lang, err := a.language(o.lang)
	if err != nil {
		return err
	}
	if o.lesson != "" {
		l, err := lesson.ByName(o.lesson)
		if err != nil {
			return usage(err)
		}
		o.input = lessonInput(l)
	}
	in, err := a.open(o.input)
	if err != nil {
		return err
	}
	defer in.close()
	s, free, err := newSession(in, o.input.strict)
	if err != nil {
		return err
	}
	defer free()
	device, stop := watchDevice(in)
	defer stop()
	film, err := a.film(ctx, o.look, s, tui.Options{
		Device: device,
		Prompt: in.prompt, Blank: o.input.hasPrompt() && in.prompt == "", Strict: o.input.strict, Lesson: o.lesson, Language: lang,
		Notes: []snapshot.Note{{Name: "sha256", Text: in.file.SHA256}},
	}, nil)
	if err != nil {
		return err
	}
	data, err := film[0].Encode(kind)
	if err != nil {
		return err
	}
	return create(o.out, data)
}

// create writes a new file; an existing one stays, and half a file is not left
// behind.
func create(path string, data []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, os.ErrExist) {
		return usagef("%s is there already: name another file, or move it away", quote(path))
	}
	if err != nil {
		return usage(err)
	}
	_, err = f.Write(data)
	if err = errors.Join(err, f.Close()); err != nil {
		os.Remove(path)
	}
	return err
}

// parseSize reads "120x40".
func parseSize(s string) (w, h int, err error) {
	var rest string
	n, _ := fmt.Sscanf(strings.ReplaceAll(s, "×", "x"), "%dx%d%s", &w, &h, &rest)
	if n != 2 || w < tui.MinWidth || h < tui.MinHeight || w > maxPictureWidth || h > maxPictureHeight {
		return 0, 0, usagef("--size is %s, want WIDTHxHEIGHT from %dx%d to %dx%d", quote(s),
			tui.MinWidth, tui.MinHeight, maxPictureWidth, maxPictureHeight)
	}
	return w, h, nil
}

package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"mamba-tui/model/checkpoint"
	"mamba-tui/model/tokenizer"
	"mamba-tui/model/trace"
	"mamba-tui/model/trace/npz"
	"mamba-tui/tui"
	"mamba-tui/tui/snapshot"
)

// lanesAtOnce is how many steps are read at a time.
const lanesAtOnce = 1024

// lanes calls f with every step and layer of what is exported.
func (x *exported) lanes(ctx context.Context, f func(r *trace.Rows, i, layer int, lane []float32) error) error {
	m := x.trace.Meta
	for at := x.from; at < x.to; {
		if err := ctx.Err(); err != nil {
			return err
		}
		r, err := x.trace.Rows(x.branch.ID, at, min(x.to, at+lanesAtOnce), 0)
		if err != nil {
			return err
		}
		for i := range r.T {
			for l := range m.Dims.L {
				n := len(r.Lane[l]) / r.T
				if err := f(r, i, l, r.Lane[l][i*n:][:n]); err != nil {
					return err
				}
			}
		}
		at += r.T
	}
	return nil
}

// lanesCSV is a table with what it is of in comments above it. A value that is
// not a number is empty.
func lanesCSV(ctx context.Context, x *exported) ([]byte, error) {
	notes, err := x.notes()
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	for _, n := range append(notes, scaleNote) {
		fmt.Fprintf(&b, "# %s: %s\n", n.Name, sentence(n.Text))
	}
	w := csv.NewWriter(&b)
	w.Write(append([]string{"step", "branch", "token", "text", "layer"}, x.trace.Meta.Lanes...))
	err = x.lanes(ctx, func(r *trace.Rows, i, layer int, lane []float32) error {
		row := []string{strconv.Itoa(r.From + i), strconv.Itoa(r.Branch), strconv.Itoa(int(r.Token[i])),
			tokenizer.Visible(strings.TrimSpace(symbol(x.trace.Meta, r.Token[i]))), strconv.Itoa(layer)}
		for _, v := range lane {
			text := ""
			if v == v {
				text = strconv.FormatFloat(float64(v), 'g', -1, 32)
			}
			row = append(row, text)
		}
		return w.Write(row)
	})
	w.Flush()
	return b.Bytes(), err
}

// scaleNote says what the numbers are.
var scaleNote = snapshot.Note{Name: "scale", Text: "as recorded, not scaled"}

// lanesJSON is one object: what the numbers are of, and a lane a line.
func lanesJSON(ctx context.Context, x *exported) ([]byte, error) {
	notes, err := x.notes()
	if err != nil {
		return nil, err
	}
	about := map[string]any{"schema": schema, "type": "lanes"}
	for _, n := range append(notes, scaleNote) {
		about[n.Name] = n.Text
	}
	head, err := json.Marshal(about)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	b.Write(escapeJSON(bytes.TrimSuffix(head, []byte("}"))))
	b.WriteString(",\"lanes\":[")
	between := "\n"
	err = x.lanes(ctx, func(r *trace.Rows, i, layer int, lane []float32) error {
		row := map[string]any{
			"step": r.From + i, "branch": r.Branch, "id": r.Token[i],
			"text": strings.TrimSpace(symbol(x.trace.Meta, r.Token[i])), "layer": layer,
		}
		for k, v := range lane {
			row[x.trace.Meta.Lanes[k]] = nil
			if v == v {
				row[x.trace.Meta.Lanes[k]] = v
			}
		}
		text, err := json.Marshal(row)
		b.WriteString(between)
		b.Write(escapeJSON(text))
		between = ",\n"
		return err
	})
	b.WriteString("\n]}\n")
	return b.Bytes(), err
}

// window is the array that the flags name.
func (x *exported) window(ctx context.Context) ([]float32, []int, error) {
	data, shape, err := x.trace.Window(ctx, x.options.tensor, x.branch.ID, x.from, x.to, x.options.layer)
	if ctx.Err() == nil {
		err = usage(err)
	}
	return data, shape, err
}

func tensorNPY(ctx context.Context, x *exported) ([]byte, error) {
	data, shape, err := x.window(ctx)
	if err != nil {
		return nil, err
	}
	return npz.AppendFloat32s(npz.AppendHeader(nil, npz.Plain(npz.Float32), shape...), data), nil
}

func tensorSafetensors(ctx context.Context, x *exported) ([]byte, error) {
	data, shape, err := x.window(ctx)
	if err != nil {
		return nil, err
	}
	notes, err := x.notes()
	if err != nil {
		return nil, err
	}
	meta := map[string]string{}
	for _, n := range append(notes, scaleNote) {
		meta[n.Name] = n.Text
	}
	a := checkpoint.Array{Name: x.options.tensor, Data: data}
	for _, n := range shape {
		a.Shape = append(a.Shape, uint64(n))
	}
	var b bytes.Buffer
	err = checkpoint.WriteArrays(&b, []checkpoint.Array{a}, meta)
	return b.Bytes(), err
}

// asciicast is a film as terminals record it: version 2, a header and an event a
// picture. Players ignore the notes in the header.
func asciicast(film []tui.Picture, x *exported) ([]byte, error) {
	first := film[0]
	about := map[string]string{}
	for _, n := range first.Notes {
		about[n.Name] = n.Text
	}
	head := map[string]any{
		"version": 2, "width": first.W, "height": first.H, "title": first.Title, "mamba_tui": about,
		"env": map[string]string{"TERM": "xterm-256color"},
	}
	var b bytes.Buffer
	line := func(v any) error {
		text, err := json.Marshal(v)
		b.Write(append(text, '\n'))
		return err
	}
	if err := line(head); err != nil {
		return nil, err
	}
	for i, p := range film {
		// From the top left corner, without scrolling and without a cursor.
		text := "\x1b[?25l\x1b[H" + strings.ReplaceAll(p.Text, "\n", "\x1b[0m\r\n")
		if err := line([]any{float64(i) * x.options.delay.Seconds(), "o", text}); err != nil {
			return nil, err
		}
	}
	err := line([]any{float64(len(film)) * x.options.delay.Seconds(), "o", "\x1b[0m\x1b[?25h"})
	return b.Bytes(), err
}

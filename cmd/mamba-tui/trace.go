package main

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"mamba-tui/model/tokenizer"
	"mamba-tui/model/trace"
)

const traceLong = `Look into recordings: what "--record" and the explorer's key R have written.

A recording is an .npz that NumPy opens (see assets/docs/trace-format.md). It can
be read while it is written and after a crash; demo is one that the program
brings along.`

func (a *app) traceCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "trace",
		Short: "Describe, check, repair and export recordings",
		Long:  traceLong,
		Args:  cobra.NoArgs,
		RunE: a.command(func(cmd *cobra.Command) error {
			return usagef("trace info, verify, repair or export: see mamba-tui trace --help")
		}),
	}
	cmd.AddCommand(a.traceInfoCommand(), a.traceVerifyCommand(), a.traceRepairCommand(), a.traceExportCommand())
	return cmd
}

// traceInfo is what "trace info" says.
type traceInfo struct {
	Schema    int          `json:"schema"`
	Type      string       `json:"type"`
	File      string       `json:"file"`
	Bytes     int64        `json:"bytes"`
	Closed    bool         `json:"closed"`
	Fault     string       `json:"fault"` // "" for a closed one
	Steps     int          `json:"steps"` // rolled back ones included
	Keyframes int          `json:"keyframes"`
	Events    int          `json:"events"`
	Branches  []branchInfo `json:"branches"`
	First     string       `json:"first"`
	Last      string       `json:"last"`
	Meta      *trace.Meta  `json:"trace"`
	span      time.Duration
}

type branchInfo struct {
	ID     int  `json:"id"`
	Parent int  `json:"parent"`
	At     int  `json:"at"`
	Len    int  `json:"len"`
	Newest bool `json:"newest"`
}

func (a *app) traceInfoCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "info FILE|demo",
		Short: "Describe a recording, and check every checksum in it",
		Args:  cobra.ExactArgs(1),
		RunE: a.commandArg(func(_ *cobra.Command, name string) error {
			t, err := openTrace(name)
			if err != nil {
				return err
			}
			defer t.Close()
			i, damage := infoOfTrace(name, t)
			if asJSON {
				err = a.printJSON(i)
			} else {
				err = a.describeTrace(i)
			}
			return errors.Join(err, damage)
		}),
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "one JSON object")
	return cmd
}

// infoOfTrace describes a recording. damage is what is wrong with the bytes
// themselves: a recording that was only cut off has none.
func infoOfTrace(name string, t *trace.Trace) (i traceInfo, damage error) {
	i = traceInfo{Schema: schema, Type: "trace", File: name, Bytes: t.Bytes(), Closed: t.Closed(), Meta: t.Meta, Events: len(t.Events())}
	i.Steps, i.Keyframes = t.Counts()
	newest, err := t.Branch(0)
	for _, b := range t.Branches() {
		i.Branches = append(i.Branches, branchInfo{b.ID, b.Parent, b.At, b.Len, err == nil && b.ID == newest.ID})
	}
	first, last := t.Span()
	if i.Steps > 0 {
		i.First, i.Last = first.UTC().Format(time.RFC3339), last.UTC().Format(time.RFC3339)
		i.span = last.Sub(first)
	}
	if err := t.Check(); err != nil {
		i.Fault = err.Error()
		if t.Fault() == nil || err.Error() != t.Fault().Error() || !trace.Torn(err) {
			damage = err
		}
	}
	return i, damage
}

func (a *app) describeTrace(i traceInfo) error {
	m := i.Meta
	weights := "not inside: needs --model to go on"
	if m.Model.Weights != "" {
		weights = "inside"
	}
	state := "closed"
	if i.Fault != "" {
		state = "not closed: " + i.Fault
	}
	rows := [][2]string{
		{"recording", quote(i.File) + ", " + bytesText(i.Bytes)},
		{"state", state},
		{"model", fmt.Sprintf("%s, %s, %s", sentence(m.Model.Card.Name), provenance(m.Model.Card.Kind), plural(m.Model.Parameters, "parameter"))},
		{"weights", weights + ", sha256 " + tokenizer.Visible(clip(m.Model.SHA256, 12))},
		{"shape", fmt.Sprintf("%s, d_inner %d, d_state %d, d_conv %d, %s", plural(m.Dims.L, "layer"), m.Dims.D, m.Dims.N, m.Dims.K, plural(m.Dims.V, "id"))},
		{"backend", fmt.Sprintf("%s, %s on %s", sentence(m.Backend.Name), sentence(m.Backend.OS), sentence(m.Backend.Arch))},
		{"level", sentence(fmt.Sprintf("%s: %s; without %s", m.Level, strings.Join(m.Recorded, ", "), strings.Join(m.Missing, ", ")))},
		{"steps", fmt.Sprintf("%d, on %s; %s, %s", i.Steps, branches(len(i.Branches)), plural(i.Keyframes, "keyframe"), plural(i.Events, "event"))},
		{"made", fmt.Sprintf("%s by %s", sentence(m.Created), sentence(m.Generator))},
		{"command", sentence(clip(m.Command, 200))},
	}
	if m.Parent != nil {
		rows = append(rows, [2]string{"goes on", fmt.Sprintf("from step %d of branch %d of recording %s", m.Parent.Step, m.Parent.Branch, tokenizer.Visible(clip(m.Parent.ID, 40)))})
	}
	for _, b := range i.Branches {
		text := fmt.Sprintf("branch %d: %s", b.ID, plural(b.Len, "step"))
		if b.Parent > 0 {
			text += fmt.Sprintf(", %d of them shared with branch %d", b.At+1, b.Parent)
		}
		if b.Newest {
			text += ", the newest"
		}
		rows = append(rows, [2]string{"", text})
	}
	for _, r := range rows {
		if r[1] == "" {
			continue
		}
		if _, err := fmt.Fprintf(a.out, "%-10s %s\n", r[0], r[1]); err != nil {
			return err
		}
	}
	return nil
}

// branches is a number of branches.
func branches(n int) string {
	if n == 1 {
		return "1 branch"
	}
	return fmt.Sprintf("%d branches", n)
}

func (a *app) traceRepairCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "repair FILE OUT",
		Short: "Write what is complete of a recording as a closed one",
		Long: `Write what is complete of a recording to OUT, closed, so that every program that
reads zip files opens it. FILE stays as it is; an existing OUT is not replaced.

The exit code is 1 if bytes of FILE are damaged, and not only missing at its end;
OUT then holds everything before them.`,
		Args: cobra.ExactArgs(2),
		RunE: func(_ *cobra.Command, args []string) error {
			a.failed = a.repair(args[0], args[1])
			return nil
		},
	}
}

func (a *app) repair(name, out string) error {
	t, err := openTrace(name)
	if err != nil {
		return err
	}
	defer t.Close()
	f, err := os.OpenFile(out, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, os.ErrExist) {
		return usagef("%s is there already: name another file, or move it away", quote(out))
	}
	if err != nil {
		return usage(err)
	}
	damage := t.Repair(f)
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		os.Remove(out)
		return err
	}
	again, err := trace.OpenFile(out)
	if err != nil {
		os.Remove(out)
		return errors.Join(damage, err)
	}
	defer again.Close()
	steps, _ := again.Counts()
	lost := ""
	if fault := t.Fault(); fault != nil {
		lost = ": " + oneLine(fault)
	}
	if _, err := fmt.Fprintf(a.out, "%s in %s%s\n", plural(steps, "step"), quote(out), lost); err != nil {
		return err
	}
	if damage == nil && t.Fault() != nil && !trace.Torn(t.Fault()) {
		damage = t.Fault()
	}
	return damage
}

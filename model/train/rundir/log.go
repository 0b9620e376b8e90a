package rundir

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"mamba-tui/model/checkpoint"
	"mamba-tui/model/train"
)

const logName = "log.jsonl"

// maxLine bounds a line of a log that is read.
const maxLine = 8 << 20

// logWriter appends lines.
type logWriter struct {
	file *os.File
	out  *bufio.Writer
}

// createLog begins a log.
func createLog(name string, h Header) (*logWriter, error) {
	file, err := os.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, fmt.Errorf("rundir: %w", err)
	}
	l := &logWriter{file, bufio.NewWriter(file)}
	if err := errors.Join(l.add(h), l.sync()); err != nil {
		file.Close()
		return nil, fmt.Errorf("rundir: %w", err)
	}
	return l, nil
}

// resumeLog keeps the lines up to a step under the header of the run that goes
// on. A log that is missing is begun.
func resumeLog(name string, h Header, step int) (*logWriter, error) {
	var kept bytes.Buffer
	err := eachLine(name, func(line []byte) error {
		var l struct {
			Type string `json:"type"`
			Step int    `json:"step"`
		}
		if err := json.Unmarshal(line, &l); err != nil {
			return err
		}
		if l.Type != "run" && l.Step <= step {
			kept.Write(line)
			kept.WriteByte('\n')
		}
		return nil
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("rundir: %s: %w", shown(name), err)
	}
	err = checkpoint.Replace(name, func(out io.Writer) error {
		if err := json.NewEncoder(out).Encode(h); err != nil {
			return err
		}
		_, err := out.Write(kept.Bytes())
		return err
	})
	if err != nil {
		return nil, err
	}
	file, err := os.OpenFile(name, os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, fmt.Errorf("rundir: %w", err)
	}
	return &logWriter{file, bufio.NewWriter(file)}, nil
}

// add writes a line.
func (l *logWriter) add(v any) error {
	line, err := json.Marshal(v)
	if err != nil {
		return err
	}
	_, err = l.out.Write(append(line, '\n'))
	return err
}

// sync brings all lines to the file.
func (l *logWriter) sync() error { return l.out.Flush() }

func (l *logWriter) close() error { return errors.Join(l.sync(), l.file.Close()) }

// eachLine calls f for every whole line of a file. What stands after the last
// line feed was cut off by a kill, and is passed over.
func eachLine(name string, f func(line []byte) error) error {
	file, err := os.Open(name)
	if err != nil {
		return err
	}
	defer file.Close()
	in := bufio.NewReaderSize(file, 1<<16)
	var line []byte
	for n := 1; ; {
		piece, err := in.ReadSlice('\n')
		line = append(line, piece...)
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			if len(line) > maxLine {
				return fmt.Errorf("line %d has more than %d bytes", n, maxLine)
			}
			continue
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
		if err := f(bytes.TrimSpace(line)); err != nil {
			return fmt.Errorf("line %d: %w", n, err)
		}
		line = line[:0]
		n++
	}
}

// Log is what a run told.
type Log struct {
	Recipe      train.Recipe
	Text        string
	Steps       []train.Progress
	Evaluations []*train.Evaluation
}

// ReadLog reads the log of the run in a folder, which may still be under way.
func ReadLog(dir string) (*Log, error) {
	l := &Log{}
	first := true
	err := eachLine(filepath.Join(dir, logName), func(line []byte) error {
		var kind struct {
			Type string `json:"type"`
		}
		if err := json.Unmarshal(line, &kind); err != nil {
			return err
		}
		if first != (kind.Type == "run") {
			return fmt.Errorf("is of type %q: a log begins with its one line of type \"run\"", kind.Type)
		}
		first = false
		switch kind.Type {
		case "run":
			var h Header
			if err := json.Unmarshal(line, &h); err != nil {
				return err
			}
			if h.Schema != Schema {
				return fmt.Errorf("has schema %d, this program reads %d", h.Schema, Schema)
			}
			l.Recipe, l.Text = h.Recipe, h.Text
		case "step":
			var s Step
			if err := json.Unmarshal(line, &s); err != nil {
				return err
			}
			l.Steps = append(l.Steps, s.Progress(l.Recipe.Steps))
		case "evaluation":
			var e Evaluation
			if err := json.Unmarshal(line, &e); err != nil {
				return err
			}
			l.Evaluations = append(l.Evaluations, e.Evaluation())
		}
		return nil // a later version may have more types
	})
	if err == nil && first {
		err = errors.New("is empty")
	}
	if err != nil {
		return nil, fmt.Errorf("rundir: %s: %w", shown(filepath.Join(dir, logName)), err)
	}
	return l, nil
}

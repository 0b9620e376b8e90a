package trace

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"path"
	"time"

	"mamba-tui/model/checkpoint"
	"mamba-tui/model/trace/npz"
)

// ErrNoWeights says that the weights are not in the trace.
var ErrNoWeights = errors.New("trace: the weights are not inside, only their hash: name the model they are of with --model")

// Weights are those that are embedded, as a checkpoint. Its hash is that of the
// file that was recorded with, which may have had another form.
func (t *Trace) Weights() (*checkpoint.File, error) {
	if t.Meta.Model.Weights == "" {
		return nil, ErrNoWeights
	}
	f, err := checkpoint.Load(folder{t.file}, weightsDir)
	if err != nil {
		return nil, err
	}
	f.SHA256 = t.Meta.Model.SHA256
	return f, nil
}

// SameModel says whether f are the weights that the trace was recorded with.
func (t *Trace) SameModel(f *checkpoint.File) bool {
	return f.SHA256 == t.Meta.Model.SHA256 && f.Config == t.Meta.config()
}

// folder is a trace as a read-only file system.
type folder struct{ f *npz.File }

// Open implements fs.FS.
func (d folder) Open(name string) (fs.File, error) {
	if !fs.ValidPath(name) {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrInvalid}
	}
	e, ok := d.f.Lookup(name)
	if !ok {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	b, err := d.f.Bytes(e, 1<<32)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: name, Err: err}
	}
	return &member{bytes.NewReader(b), info{e}}, nil
}

type member struct {
	*bytes.Reader
	info info
}

func (m *member) Stat() (fs.FileInfo, error) { return m.info, nil }
func (m *member) Close() error               { return nil }

var _ io.ReaderAt = (*member)(nil)

type info struct{ e npz.Entry }

func (i info) Name() string       { return path.Base(i.e.Name) }
func (i info) Size() int64        { return i.e.Size }
func (i info) Mode() fs.FileMode  { return 0o444 }
func (i info) ModTime() time.Time { return time.Time{} }
func (i info) IsDir() bool        { return false }
func (i info) Sys() any           { return nil }

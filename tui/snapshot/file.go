package snapshot

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Kind is a file format, and the extension of its files.
type Kind string

// Kinds.
const (
	KindPNG  Kind = "png"
	KindSVG  Kind = "svg"
	KindANSI Kind = "ans"
)

// Encode is a screen in a format.
func Encode(s Screen, kind Kind, o Options) ([]byte, error) {
	var b bytes.Buffer
	var err error
	switch kind {
	case KindPNG:
		err = PNG(&b, s, o)
	case KindSVG:
		err = SVG(&b, s, o)
	case KindANSI:
		err = ANSI(&b, s)
	default:
		err = fmt.Errorf("snapshot: no format %q; there are png, svg, ans", string(kind))
	}
	return b.Bytes(), err
}

// Save writes a screen to dir under a name of its own, see [WriteFile].
func Save(dir, base string, kind Kind, s Screen, o Options) (path string, err error) {
	data, err := Encode(s, kind, o)
	if err != nil {
		return "", err
	}
	return WriteFile(dir, base, kind, data)
}

// mostNames bounds the search for a free name.
const mostNames = 10000

// WriteFile writes data to dir as base.kind, or base-2.kind, base-3.kind … when
// that exists: nothing is ever overwritten. The file appears under its name
// complete or not at all (a crash may leave a hidden temporary file, or an empty
// one under the name). base must be a plain file name.
func WriteFile(dir, base string, kind Kind, data []byte) (path string, err error) {
	if base == "" || strings.HasPrefix(base, ".") || strings.ContainsAny(base, `/\:`) || strings.ContainsRune(base, 0) {
		return "", fmt.Errorf("snapshot: %q is not a plain file name; give one without folders and colons, not starting with a dot", base)
	}
	tmp, err := os.CreateTemp(dir, ".snapshot-*")
	if err != nil {
		return "", fmt.Errorf("snapshot: %w", err)
	}
	defer func() {
		if err != nil {
			// What matters is the first error; the leftover is hidden and harmless.
			_ = tmp.Close()
			_ = os.Remove(tmp.Name())
		}
	}()
	if _, err = tmp.Write(data); err != nil {
		return "", fmt.Errorf("snapshot: %w", err)
	}
	if err = tmp.Sync(); err != nil {
		return "", fmt.Errorf("snapshot: %w", err)
	}
	if err = tmp.Chmod(0o644); err != nil {
		return "", fmt.Errorf("snapshot: %w", err)
	}
	if err = tmp.Close(); err != nil {
		return "", fmt.Errorf("snapshot: %w", err)
	}
	path, err = reserve(dir, base, kind)
	if err != nil {
		return "", err
	}
	// The name is ours: the rename replaces our own empty file.
	if err = os.Rename(tmp.Name(), path); err != nil {
		_ = os.Remove(path)
		return "", fmt.Errorf("snapshot: %w", err)
	}
	return path, nil
}

// reserve creates an empty file under the first free name.
func reserve(dir, base string, kind Kind) (string, error) {
	for i := 1; i <= mostNames; i++ {
		name := base
		if i > 1 {
			name = fmt.Sprintf("%s-%d", base, i)
		}
		path := filepath.Join(dir, name+"."+string(kind))
		f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		if err != nil {
			return "", fmt.Errorf("snapshot: %w", err)
		}
		if err := f.Close(); err != nil {
			return "", fmt.Errorf("snapshot: %w", err)
		}
		return path, nil
	}
	return "", fmt.Errorf("snapshot: %d files named %s.%s are there already in %s; move some away", mostNames, base, kind, dir)
}

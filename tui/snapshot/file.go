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
	KindANSI Kind = "ansi"
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
		err = fmt.Errorf("snapshot: no format %q; there are png, svg, ansi", string(kind))
	}
	return b.Bytes(), err
}

// mostNames bounds the search for a free name.
const mostNames = 10000

// SaveAll writes a screen as PNG, SVG and text with escape codes, side by side:
// dir/base.png, .svg and .ansi, or base-2, base-3 … where one of the three
// exists already. It returns the common path without the extension. See
// [WriteFile].
func SaveAll(dir, base string, s Screen, o Options) (path string, err error) {
	kinds := []Kind{KindPNG, KindSVG, KindANSI}
	var contents [][]byte
	for _, kind := range kinds {
		data, err := Encode(s, kind, o)
		if err != nil {
			return "", err
		}
		contents = append(contents, data)
	}
	return write(dir, base, kinds, contents)
}

// WriteFile writes data to dir as base.kind, or base-2.kind, base-3.kind … when
// that exists: nothing is ever overwritten. The file appears under its name
// complete or not at all (a crash may leave a hidden temporary file, or an empty
// one under the name). base must be a plain file name.
func WriteFile(dir, base string, kind Kind, data []byte) (path string, err error) {
	path, err = write(dir, base, []Kind{kind}, [][]byte{data})
	if err != nil {
		return "", err
	}
	return path + "." + string(kind), nil
}

// write puts contents[i] into a file of kinds[i], all under one free name, and
// returns the path without an extension.
func write(dir, base string, kinds []Kind, contents [][]byte) (path string, err error) {
	if base == "" || strings.HasPrefix(base, ".") || strings.ContainsAny(base, "/\\:\x00") {
		return "", fmt.Errorf("snapshot: %q is not a plain file name; give one without folders and colons, not starting with a dot", base)
	}
	var done []string // to take away again when something fails
	defer func() {
		if err != nil {
			// What matters is the first error; a leftover is hidden or empty.
			for _, name := range done {
				_ = os.Remove(name)
			}
		}
	}()
	var temps []string
	for _, data := range contents {
		name, err := writeTemp(dir, data)
		if name != "" {
			done = append(done, name)
		}
		if err != nil {
			return "", fmt.Errorf("snapshot: %w", err)
		}
		temps = append(temps, name)
	}
	path, err = reserve(dir, base, kinds)
	if err != nil {
		return "", err
	}
	for _, kind := range kinds {
		done = append(done, path+"."+string(kind))
	}
	for i, kind := range kinds {
		// The name is ours: the rename replaces our own empty file.
		if err := os.Rename(temps[i], path+"."+string(kind)); err != nil {
			return "", fmt.Errorf("snapshot: %w", err)
		}
	}
	return path, nil
}

// writeTemp writes a hidden file and gives its name, also when it is not
// complete.
func writeTemp(dir string, data []byte) (name string, err error) {
	f, err := os.CreateTemp(dir, ".snapshot-*")
	if err != nil {
		return "", err
	}
	_, err = f.Write(data)
	return f.Name(), errors.Join(err, f.Chmod(0o644), f.Sync(), f.Close())
}

// reserve creates empty files under the first name that is free for all kinds,
// and returns the path without an extension.
func reserve(dir, base string, kinds []Kind) (string, error) {
next:
	for i := 1; i <= mostNames; i++ {
		name := base
		if i > 1 {
			name = fmt.Sprintf("%s-%d", base, i)
		}
		path := filepath.Join(dir, name)
		for k, kind := range kinds {
			f, err := os.OpenFile(path+"."+string(kind), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
			if err == nil {
				err = f.Close()
			}
			if err == nil {
				continue
			}
			for _, made := range kinds[:k] {
				_ = os.Remove(path + "." + string(made)) // empty, and ours
			}
			if errors.Is(err, fs.ErrExist) {
				continue next
			}
			return "", fmt.Errorf("snapshot: %w", err)
		}
		return path, nil
	}
	return "", fmt.Errorf("snapshot: %d files named %s are there already in %s; move some away", mostNames, base, dir)
}

package ptxsim

import (
	"fmt"
	"strconv"
	"strings"
)

// Module is the kernels of one PTX text.
type Module struct {
	Version string // of the ISA, such as "6.3"
	Target  string // such as "sm_75"
	Kernels map[string]*Kernel
	dynamic string // name of the extern shared array
}

// Kernel is one decoded entry.
type Kernel struct {
	Name       string
	ParamBytes int  // of the parameter block
	Shared     int  // bytes of static shared memory
	MaxThreads int  // from .maxntid; 0: not said
	Waits      bool // for the kernels ahead: writes nothing before, and reads only what the host wrote
	params     map[string]int
	code       []inst
	n32, n64   int // registers, constants included
	preds      int
	consts32   []const32
	consts64   []const64
	special    []special
}

type const32 struct {
	reg   int
	value uint32
}

type const64 struct {
	reg     int
	value   uint64
	dynamic bool // plus the size of the static shared memory
}

// special is a register that a warp fills when it starts.
type special struct {
	name string
	reg  int
}

// Load decodes a PTX text. An instruction it does not know is an error.
func Load(text string) (*Module, error) {
	m := &Module{Kernels: map[string]*Kernel{}}
	text = withoutComments(text)
	for len(text) > 0 {
		line, rest, _ := strings.Cut(text, "\n")
		f := strings.Fields(line)
		switch {
		case len(f) == 2 && f[0] == ".version":
			m.Version = f[1]
		case len(f) == 2 && f[0] == ".target":
			m.Target = f[1]
		case strings.HasPrefix(strings.TrimSpace(line), ".extern .shared"):
			name := strings.TrimSuffix(f[len(f)-1], ";")
			m.dynamic = strings.TrimSuffix(name, "[]")
		case strings.Contains(line, ".entry "):
			k, after, err := m.kernel(text[strings.Index(text, ".entry ")+len(".entry "):])
			if err != nil {
				return nil, err
			}
			m.Kernels[k.Name] = k
			text = after
			continue
		case strings.Contains(line, ".func "):
			return nil, fmt.Errorf("ptxsim: functions are not known: %s", line)
		}
		text = rest
	}
	if len(m.Kernels) == 0 {
		return nil, fmt.Errorf("ptxsim: no .entry in the text")
	}
	return m, nil
}

// withoutComments drops // comments.
func withoutComments(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		if i := strings.Index(line, "//"); i >= 0 {
			line = line[:i] + "\n"
		}
		b.WriteString(line)
	}
	return b.String()
}

// kernel decodes the entry at the front of text and gives what follows it.
func (m *Module) kernel(text string) (*Kernel, string, error) {
	open, end := strings.IndexByte(text, '('), strings.IndexByte(text, ')')
	body := strings.IndexByte(text, '{')
	if open < 0 || end < open || body < end {
		return nil, "", fmt.Errorf("ptxsim: entry without parameters or body")
	}
	k := &Kernel{Name: strings.TrimSpace(text[:open]), params: map[string]int{}}
	for _, p := range strings.Split(text[open+1:end], ",") {
		if err := k.param(strings.Fields(p)); err != nil {
			return nil, "", fmt.Errorf("ptxsim: %s: %w", k.Name, err)
		}
	}
	if f := strings.Fields(text[end+1 : body]); len(f) > 1 && f[0] == ".maxntid" {
		k.MaxThreads, _ = strconv.Atoi(strings.TrimSuffix(f[1], ","))
	}
	depth, at := 0, body
	for ; at < len(text); at++ {
		if text[at] == '{' {
			depth++
		} else if text[at] == '}' {
			if depth--; depth == 0 {
				break
			}
		}
	}
	if depth != 0 {
		return nil, "", fmt.Errorf("ptxsim: %s: the body has no end", k.Name)
	}
	d := newDecoder(m, k)
	if err := d.body(text[body+1 : at]); err != nil {
		return nil, "", fmt.Errorf("ptxsim: %s: %w", k.Name, err)
	}
	return k, text[at+1:], nil
}

// param places one parameter, such as ".param .align 8 .b8 name[136]".
func (k *Kernel) param(f []string) error {
	if len(f) == 0 {
		return nil
	}
	size, align := 0, 0
	for i, w := range f[:len(f)-1] {
		switch w {
		case ".align":
			align, _ = strconv.Atoi(f[i+1])
		case ".b8", ".u8":
			size = 1
		case ".u32", ".s32", ".f32", ".b32":
			size = 4
		case ".u64", ".s64", ".f64", ".b64":
			size = 8
		}
	}
	name, n, array := strings.Cut(strings.TrimSuffix(f[len(f)-1], "]"), "[")
	align = max(align, size)
	if array {
		count, err := strconv.Atoi(n)
		if err != nil {
			return fmt.Errorf("parameter %s: %w", name, err)
		}
		size *= count
	}
	if size == 0 {
		return fmt.Errorf("parameter %s has no size", name)
	}
	k.ParamBytes = (k.ParamBytes + align - 1) / align * align
	k.params[name] = k.ParamBytes
	k.ParamBytes += size
	return nil
}

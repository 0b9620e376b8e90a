package ptxsim

import (
	"fmt"
	"strconv"
	"strings"
)

// bank is where a register lives.
type bank uint8

const (
	noBank bank = iota
	bank32      // 16 and 32 bits: a uint32 a lane
	bank64      // 64 bits: a uint64 a lane
	bankP       // predicates: a bit a lane
)

// register is a declared register.
type register struct {
	bank bank
	at   int
}

// inst is one decoded instruction. Constants and special registers are
// registers that are filled when a warp starts, so every operand is a place in a
// bank, and which bank is known to exec.
type inst struct {
	exec   func(w *warp, in *inst, mask uint32) error
	kind   kind
	class  Class
	pred   int // predicate register, or −1
	negate bool
	target int      // of a branch
	d      int      // destination
	d2     int      // predicate beside it (shfl), or −1
	s      [4]int   // sources
	v      []int    // elements of a vector
	base   register // of an address; bank noBank: none
	offset uint64
	bytes  int // of one element
	signed bool
	text   string
}

// kind is how the scheduler treats an instruction.
type kind uint8

const (
	plain   kind = iota
	branch       // may send lanes apart
	exit         // lanes leave
	warpOp       // needs all lanes of its mask at once
	barrier      // waits for the block
)

// decoder decodes the body of one kernel.
type decoder struct {
	m      *Module
	k      *Kernel
	scopes []map[string]register
	shared map[string]int
	labels map[string]int
	jumps  map[int]string // instruction → label
	c32    map[uint32]int
	c64    map[const64]int
}

func newDecoder(m *Module, k *Kernel) *decoder {
	return &decoder{m: m, k: k, scopes: []map[string]register{{}}, shared: map[string]int{},
		labels: map[string]int{}, jumps: map[int]string{}, c32: map[uint32]int{}, c64: map[const64]int{}}
}

// body goes through the statements. Braces at the front of a statement are
// scopes (of inline assembly), inside one they are vectors.
func (d *decoder) body(text string) error {
	start, vector := 0, false
	for i := 0; i < len(text); i++ {
		blank := strings.TrimSpace(text[start:i]) == ""
		switch c := text[i]; {
		case c == '{' && blank:
			d.scopes = append(d.scopes, map[string]register{})
			start = i + 1
		case c == '{':
			vector = true
		case c == '}' && vector:
			vector = false
		case c == '}':
			if !blank || len(d.scopes) == 1 {
				return fmt.Errorf("stray } after %q", strings.TrimSpace(text[start:i]))
			}
			d.scopes = d.scopes[:len(d.scopes)-1]
			start = i + 1
		case c == ':' && !strings.ContainsAny(strings.TrimSpace(text[start:i]), " \t\n,["):
			d.labels[strings.TrimSpace(text[start:i])] = len(d.k.code)
			start = i + 1
		case c == ';':
			s := strings.Join(strings.Fields(text[start:i]), " ")
			if err := d.statement(s); err != nil {
				return fmt.Errorf("%q: %w", s, err)
			}
			start = i + 1
		}
	}
	for at, label := range d.jumps {
		to, ok := d.labels[label]
		if !ok {
			return fmt.Errorf("no label %s", label)
		}
		d.k.code[at].target = to
	}
	return nil
}

// statement decodes one declaration or instruction.
func (d *decoder) statement(s string) error {
	switch {
	case s == "":
		return nil
	case strings.HasPrefix(s, ".reg "):
		return d.declare(s[len(".reg "):])
	case strings.HasPrefix(s, ".shared "):
		return d.sharedArray(strings.Fields(s))
	case strings.HasPrefix(s, ".pragma"), strings.HasPrefix(s, ".loc"):
		return nil
	case s[0] == '.':
		return fmt.Errorf("unknown directive")
	}
	in := inst{pred: -1, d2: -1, text: s}
	if s[0] == '@' {
		guard, rest, _ := strings.Cut(s[1:], " ")
		in.negate = guard[0] == '!'
		r, err := d.register(strings.TrimPrefix(guard, "!"))
		if err != nil {
			return err
		}
		in.pred, s = r.at, rest
	}
	name, rest, _ := strings.Cut(s, " ")
	parts := strings.Split(name, ".")
	if err := d.instruction(&in, parts[0], parts[1:], operands(rest)); err != nil {
		return err
	}
	d.k.code = append(d.k.code, in)
	return nil
}

// declare adds registers: ".b32 %r<18>" or ".b32 q, t".
func (d *decoder) declare(s string) error {
	typ, names, _ := strings.Cut(s, " ")
	scope := d.scopes[len(d.scopes)-1]
	for _, name := range strings.Split(names, ",") {
		name = strings.TrimSpace(name)
		prefix, count, many := strings.Cut(strings.TrimSuffix(name, ">"), "<")
		if !many {
			r, err := d.newRegister(typ)
			if err != nil {
				return err
			}
			scope[name] = r
			continue
		}
		n, err := strconv.Atoi(count)
		if err != nil {
			return err
		}
		for i := range n {
			r, err := d.newRegister(typ)
			if err != nil {
				return err
			}
			scope[prefix+strconv.Itoa(i)] = r
		}
	}
	return nil
}

func (d *decoder) newRegister(typ string) (register, error) {
	switch typ {
	case ".pred":
		d.k.preds++
		return register{bankP, d.k.preds - 1}, nil
	case ".b16", ".b32", ".f32", ".u32", ".s32", ".u16", ".s16":
		d.k.n32++
		return register{bank32, d.k.n32 - 1}, nil
	case ".b64", ".u64", ".s64", ".f64":
		d.k.n64++
		return register{bank64, d.k.n64 - 1}, nil
	}
	return register{}, fmt.Errorf("registers of type %s are not known", typ)
}

// sharedArray places ".shared .align 16 .b8 name[4096]".
func (d *decoder) sharedArray(f []string) error {
	align := 4
	for i, w := range f {
		if w == ".align" {
			align, _ = strconv.Atoi(f[i+1])
		}
	}
	name, count, array := strings.Cut(strings.TrimSuffix(f[len(f)-1], "]"), "[")
	size, err := strconv.Atoi(count)
	if !array || err != nil || f[len(f)-2] != ".b8" {
		return fmt.Errorf("only byte arrays are known")
	}
	d.k.Shared = (d.k.Shared + align - 1) / align * align
	d.shared[name] = d.k.Shared
	d.k.Shared += size
	return nil
}

// operands splits at the commas outside of brackets and braces.
func operands(s string) []string {
	var out []string
	depth, start := 0, 0
	for i, c := range s {
		switch c {
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		case ',':
			if depth == 0 {
				out = append(out, strings.TrimSpace(s[start:i]))
				start = i + 1
			}
		}
	}
	if last := strings.TrimSpace(s[start:]); last != "" {
		out = append(out, last)
	}
	return out
}

// register finds a declared register, innermost scope first.
func (d *decoder) register(name string) (register, error) {
	for i := len(d.scopes) - 1; i >= 0; i-- {
		if r, ok := d.scopes[i][name]; ok {
			return r, nil
		}
	}
	return register{}, fmt.Errorf("no register %s", name)
}

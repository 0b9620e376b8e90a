package snapshot

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"image/color"
	"io"
	"strconv"
	"strings"

	uv "github.com/charmbracelet/ultraviolet"
)

// SVG writes a screen as an SVG picture of 9×18 units a cell. Backgrounds,
// blocks and lines are paths, one a colour; text is text, escaped, and squeezed
// to its cells in whatever monospaced font the viewer has.
func SVG(w io.Writer, s Screen, o Options) error {
	o = o.filled()
	b := s.Bounds()
	back, front := newLayer(), newLayer()
	var text bytes.Buffer
	for y := range b.Dy() {
		back.close()
		front.close()
		x := 0
		var run textRun
		for _, l := range row(s, y, o) {
			left, top := float64(x*cellW), float64(y*cellH)
			if l.bg != opaque(o.Background) {
				back.rect(rect{0, 0, float64(l.width * cellW), cellH, 1}, left, top, l.bg)
			}
			for _, bar := range l.bars() {
				front.rect(bar, left, top, l.fg)
			}
			in, ok := ink{}, l.content == ""
			if !ok {
				if rs := []rune(l.content); len(rs) == 1 {
					in, ok = drawn(rs[0], cellW, cellH)
				}
			}
			if ok {
				for _, r := range in.rects {
					front.rect(r, left, top, l.fg)
				}
				for _, p := range in.polys {
					front.poly(p, left, top, l.fg)
				}
			}
			if ok || !run.takes(l) {
				run.flush(&text)
			}
			if !ok {
				run.add(l, x, y)
			}
			x += l.width
		}
		run.flush(&text)
	}
	var out bytes.Buffer
	width, height := b.Dx()*cellW, b.Dy()*cellH
	fmt.Fprintf(&out, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" role="img" font-family="'Go Mono','DejaVu Sans Mono',Menlo,Consolas,monospace" font-size="%d">`+"\n", width, height, width, height, fontSize)
	if o.Title != "" {
		fmt.Fprintf(&out, "<title>%s</title>\n", escape(o.Title))
	}
	out.WriteString(svgMetadata(o.Notes))
	fmt.Fprintf(&out, `<rect width="%d" height="%d" fill="%s"/>`+"\n", width, height, css(opaque(o.Background)))
	back.write(&out)
	front.write(&out)
	out.Write(text.Bytes())
	out.WriteString("</svg>\n")
	if _, err := w.Write(out.Bytes()); err != nil {
		return fmt.Errorf("snapshot: svg: %w", err)
	}
	return nil
}

// layer collects shapes by colour. Rectangles that continue the one to their
// left grow it, so a row of equal cells is one shape.
type layer struct {
	order []paintKey
	paths map[paintKey]*strings.Builder
	open  map[spanKey]*span
	spans []*span
}

type paintKey struct {
	c      color.RGBA
	alpha  float64
	smooth bool
}

type spanKey struct {
	paintKey
	y0, y1 float64
}

type span struct {
	spanKey
	x0, x1 float64
}

func newLayer() *layer {
	return &layer{paths: map[paintKey]*strings.Builder{}, open: map[spanKey]*span{}}
}

func (l *layer) path(k paintKey) *strings.Builder {
	p, ok := l.paths[k]
	if !ok {
		p = &strings.Builder{}
		l.paths[k] = p
		l.order = append(l.order, k)
	}
	return p
}

func (l *layer) rect(r rect, left, top float64, c color.RGBA) {
	k := spanKey{paintKey{c: c, alpha: r.alpha}, top + r.y0, top + r.y1}
	x0, x1 := left+r.x0, left+r.x1
	if s := l.open[k]; s != nil && s.x1 == x0 {
		s.x1 = x1
		return
	}
	s := &span{k, x0, x1}
	l.open[k] = s
	l.spans = append(l.spans, s)
}

// close ends the spans of a row.
func (l *layer) close() {
	for _, s := range l.spans {
		p := l.path(s.paintKey)
		p.WriteString("M" + num(s.x0) + " " + num(s.y0) + "h" + num(s.x1-s.x0) + "v" + num(s.y1-s.y0) + "h" + num(s.x0-s.x1) + "z")
	}
	l.spans = l.spans[:0]
	clear(l.open)
}

func (l *layer) poly(pts []point, left, top float64, c color.RGBA) {
	p := l.path(paintKey{c: c, alpha: 1, smooth: true})
	for i, q := range pts {
		p.WriteString(string("ML"[min(i, 1)]) + num(left+q.x) + " " + num(top+q.y))
	}
	p.WriteByte('z')
}

func (l *layer) write(out *bytes.Buffer) {
	l.close()
	for _, k := range l.order {
		fmt.Fprintf(out, `<path fill="%s"`, css(k.c))
		if k.alpha != 1 {
			fmt.Fprintf(out, ` fill-opacity="%s"`, num(k.alpha))
		}
		if !k.smooth {
			out.WriteString(` shape-rendering="crispEdges"`)
		}
		fmt.Fprintf(out, ` d="%s"/>`+"\n", l.paths[k].String())
	}
}

// textRun is a stretch of cells with letters in one style.
type textRun struct {
	text  strings.Builder
	first look
	x, y  int
	cells int
}

func (t *textRun) takes(l look) bool {
	const shape = uv.AttrBold | uv.AttrItalic
	return t.cells > 0 && l.width == 1 && t.first.width == 1 && l.fg == t.first.fg && l.attrs&shape == t.first.attrs&shape
}

func (t *textRun) add(l look, x, y int) {
	if t.cells == 0 {
		t.first, t.x, t.y = l, x, y
	}
	t.text.WriteString(l.content)
	t.cells += l.width
}

func (t *textRun) flush(out *bytes.Buffer) {
	if t.cells == 0 {
		return
	}
	fmt.Fprintf(out, `<text x="%d" y="%d" textLength="%d" lengthAdjust="spacingAndGlyphs" fill="%s"`, t.x*cellW, t.y*cellH+baseline, t.cells*cellW, css(t.first.fg))
	if t.first.attrs&uv.AttrBold != 0 {
		out.WriteString(` font-weight="bold"`)
	}
	if t.first.attrs&uv.AttrItalic != 0 {
		out.WriteString(` font-style="italic"`)
	}
	fmt.Fprintf(out, ">%s</text>\n", escape(t.text.String()))
	*t = textRun{}
}

// escape makes text safe inside XML; characters that XML cannot hold become
// U+FFFD.
func escape(s string) string {
	var b bytes.Buffer
	// A bytes.Buffer does not fail.
	_ = xml.EscapeText(&b, []byte(s))
	return b.String()
}

func css(c color.RGBA) string { return fmt.Sprintf("#%02x%02x%02x", c.R, c.G, c.B) }

// num prints a coordinate with two decimals at most.
func num(v float64) string {
	s := strconv.FormatFloat(v, 'f', 2, 64)
	return strings.TrimSuffix(strings.TrimRight(s, "0"), ".")
}

package snapshot

import (
	"bytes"
	"cmp"
	"fmt"
	"image"
	"image/color"
	"image/gif"
	"io"
	"maps"
	"slices"
	"time"
)

// GIF writes screens of one size as an animated GIF that repeats for ever, each
// shown for delay. A frame has the 256 colours that it uses most; others become
// the nearest of these. o.Notes become the file's comment.
func GIF(w io.Writer, screens []Screen, o Options, delay time.Duration) error {
	if len(screens) == 0 {
		return fmt.Errorf("snapshot: gif: no screens")
	}
	g := &gif.GIF{}
	var before *image.RGBA
	for i, s := range screens {
		if s.Bounds() != screens[0].Bounds() || s.Bounds().Empty() {
			return fmt.Errorf("snapshot: gif: screen %d of %v cells, the first has %v", i, s.Bounds(), screens[0].Bounds())
		}
		im, err := Image(s, o)
		if err != nil {
			return err
		}
		// Only what changed is stored.
		area := changedArea(before, im)
		g.Image = append(g.Image, paletted(im, area))
		g.Delay = append(g.Delay, max(int(delay/(10*time.Millisecond)), 2))
		g.Disposal = append(g.Disposal, gif.DisposalNone)
		before = im
	}
	b := before.Bounds()
	g.Config = image.Config{Width: b.Dx(), Height: b.Dy()}
	var out bytes.Buffer
	if err := gif.EncodeAll(&out, g); err != nil {
		return fmt.Errorf("snapshot: gif: %w", err)
	}
	if _, err := w.Write(annotateGIF(out.Bytes(), o.Notes)); err != nil {
		return fmt.Errorf("snapshot: gif: %w", err)
	}
	return nil
}

// changedArea is the smallest rectangle outside which b is a; all of b if there
// is no a, and one pixel if nothing differs.
func changedArea(a, b *image.RGBA) image.Rectangle {
	if a == nil {
		return b.Bounds()
	}
	area := image.Rectangle{}
	for y := b.Rect.Min.Y; y < b.Rect.Max.Y; y++ {
		row := b.Pix[y*b.Stride:][:4*b.Rect.Dx()]
		old := a.Pix[y*a.Stride:][:4*a.Rect.Dx()]
		if bytes.Equal(row, old) {
			continue
		}
		from, to := 0, len(row)
		for row[from] == old[from] {
			from++
		}
		for row[to-1] == old[to-1] {
			to--
		}
		area = area.Union(image.Rect(from/4, y, (to+3)/4, y+1))
	}
	if area.Empty() {
		return image.Rect(0, 0, 1, 1)
	}
	return area
}

// paletted is a part of a picture in its 256 most frequent colours.
func paletted(im *image.RGBA, area image.Rectangle) *image.Paletted {
	count := map[[3]byte]int{}
	each := func(f func(x, y int, c [3]byte)) {
		for y := area.Min.Y; y < area.Max.Y; y++ {
			for x := area.Min.X; x < area.Max.X; x++ {
				p := im.Pix[y*im.Stride+4*x:]
				f(x, y, [3]byte(p[:3]))
			}
		}
	}
	each(func(_, _ int, c [3]byte) { count[c]++ })
	colours := slices.SortedFunc(maps.Keys(count), func(a, b [3]byte) int {
		return cmp.Or(count[b]-count[a], slices.Compare(a[:], b[:]))
	})
	palette := color.Palette{}
	index := make(map[[3]byte]uint8, len(colours))
	for i, c := range colours {
		if i < 256 {
			palette = append(palette, color.RGBA{c[0], c[1], c[2], 255})
			index[c] = uint8(i)
			continue
		}
		index[c] = uint8(palette.Index(color.RGBA{c[0], c[1], c[2], 255}))
	}
	out := image.NewPaletted(area, palette)
	each(func(x, y int, c [3]byte) { out.SetColorIndex(x, y, index[c]) })
	return out
}

package snapshot

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"strings"
)

// Note is something a picture says of itself inside its file: of which model it
// is, of what text, which command makes it again. PNG has it as an iTXt chunk
// (tEXt in UTF-8), SVG in its metadata, GIF in its comment.
type Note struct{ Name, Text string }

// maxNote bounds the bytes of one note: a picture needs not hold a book.
const maxNote = 16 << 10

// clipped is the note's text, cut where it is too long.
func (n Note) clipped() string {
	if len(n.Text) <= maxNote {
		return strings.ToValidUTF8(n.Text, "\ufffd")
	}
	return strings.ToValidUTF8(n.Text[:maxNote], "") + " …"
}

// keyword is the note's name as a PNG keyword: 1 to 79 printable ASCII
// characters.
func (n Note) keyword() string {
	name := strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '?'
		}
		return r
	}, strings.TrimSpace(n.Name))
	if name == "" {
		name = "Comment"
	}
	return name[:min(len(name), 79)]
}

// annotatePNG adds notes to a PNG file, behind its header.
func annotatePNG(png []byte, notes []Note) []byte {
	const header = 8 + 25 // signature, IHDR
	if len(notes) == 0 || len(png) < header {
		return png
	}
	out := bytes.Clone(png[:header])
	for _, n := range notes {
		data := append([]byte(n.keyword()), 0, 0, 0, 0, 0) // not compressed, no language, no translation
		data = append(data, n.clipped()...)
		out = binary.BigEndian.AppendUint32(out, uint32(len(data)))
		from := len(out)
		out = append(out, "iTXt"...)
		out = append(out, data...)
		out = binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(out[from:]))
	}
	return append(out, png[header:]...)
}

// svgMetadata is the metadata element of an SVG picture, or nothing.
func svgMetadata(notes []Note) string {
	if len(notes) == 0 {
		return ""
	}
	return "<metadata>" + escape(joined(notes)) + "</metadata>\n"
}

// annotateGIF adds notes to a GIF file as a comment, behind its header.
func annotateGIF(gif []byte, notes []Note) []byte {
	const header = 13
	if len(notes) == 0 || len(gif) < header {
		return gif
	}
	at := header
	if flags := gif[10]; flags&0x80 != 0 { // a palette for all frames
		at += 3 << (flags&7 + 1)
	}
	out := append(bytes.Clone(gif[:at]), 0x21, 0xfe)
	for text := []byte(joined(notes)); len(text) > 0; {
		n := min(len(text), 255)
		out = append(out, byte(n))
		out = append(out, text[:n]...)
		text = text[n:]
	}
	return append(append(out, 0), gif[at:]...)
}

// joined are notes as lines.
func joined(notes []Note) string {
	var b strings.Builder
	for _, n := range notes {
		fmt.Fprintf(&b, "%s: %s\n", n.keyword(), n.clipped())
	}
	return b.String()
}

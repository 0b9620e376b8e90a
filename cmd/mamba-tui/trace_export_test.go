package main

import (
	"bytes"
	"encoding/binary"
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"image/gif"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"mamba-tui/model/checkpoint"
	"mamba-tui/model/trace/npz"
)

// exportDemo exports a part of the demo and returns the file.
func exportDemo(t *testing.T, name string, args ...string) []byte {
	t.Helper()
	out := filepath.Join(t.TempDir(), name)
	if text := ok(t, "", append([]string{"trace", "export", "--out", out}, args...)...); text != "" {
		t.Errorf("export says %q", text)
	}
	b, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

const demoHash = "8edf14630d3976f6977c4aed369bfdff41b6db9b413017fe406dae39faaf8f7c"

// Lanes are a table with what it is of above it, and the same as JSON lines.
func TestExportLanes(t *testing.T) {
	b := exportDemo(t, "lanes.csv", "demo", "--from", "0", "--to", "14")
	assertSafe(t, string(b))
	for _, want := range []string{"# sha256: " + demoHash + "\n", "# text: ¶4acba17c?4¶9c\n", "# tweaks: none\n", "# cursor: steps 0 to 13 of branch 1\n", "# command: mamba-tui trace export --out ", "# scale: "} {
		if !strings.Contains(string(b), want) {
			t.Errorf("the table does not say %q:\n%s", want, b)
		}
	}
	r := csv.NewReader(bytes.NewReader(b))
	r.Comment = '#'
	rows, err := r.ReadAll()
	if err != nil || len(rows) != 15 || strings.Join(rows[0], ",") != "step,branch,token,text,layer,delta_mean,kept,retention,write,h_norm" {
		t.Fatalf("%v, %d rows, %q", err, len(rows), rows[0])
	}
	if rows[1][6] != "" || rows[13][3] != "9" { // kept of an empty state; the wiping 9
		t.Errorf("%q %q", rows[1], rows[13])
	}
	if kept, err := strconv.ParseFloat(rows[13][6], 64); err != nil || kept > 1e-6 {
		t.Errorf("the wipe keeps %q", rows[13][6])
	}
	var about struct {
		Type   string           `json:"type"`
		Schema int              `json:"schema"`
		SHA256 string           `json:"sha256"`
		Lanes  []map[string]any `json:"lanes"`
	}
	if err := json.Unmarshal(exportDemo(t, "lanes.json", "demo@2:26"), &about); err != nil || len(about.Lanes) != 1 {
		t.Fatalf("%v %+v", err, about)
	}
	if lane := about.Lanes[0]; about.Type != "lanes" || about.Schema != 1 || about.SHA256 != demoHash || lane["step"] != 26.0 || lane["text"] != "4" || lane["kept"] != 1.0 {
		t.Errorf("%+v", about)
	}
}

// A window of h is what the caption says: 78.5 in channel 9, and in 4 before.
func TestExportTensor(t *testing.T) {
	a, err := npz.ParseArray(exportDemo(t, "h.npy", "demo", "--from", "11", "--to", "13", "--layer", "0"))
	if err != nil {
		t.Fatal(err)
	}
	h, err := a.Float32s()
	if err != nil || len(a.Shape) != 3 || a.Shape[0] != 2 || a.Shape[1] != 64 {
		t.Fatalf("%v, shape %v", err, a.Shape)
	}
	if math.Abs(float64(h[4]-78.48645)) > 1e-3 || h[9] != 0 || math.Abs(float64(h[64+9]-78.48645)) > 1e-3 || math.Abs(float64(h[64+4])) > 1e-5 {
		t.Errorf("h is %v, then %v", h[:12], h[64:76])
	}
	b := exportDemo(t, "d.safetensors", "demo@12", "--tensor", "delta")
	list, meta, err := checkpoint.ReadArrays(bytes.NewReader(b), int64(len(b)))
	if err != nil || len(list) != 1 || list[0].Name != "delta" || len(list[0].Data) != 64 || meta["sha256"] != demoHash || meta["text"] != "9" || meta["cursor"] != "steps 12 to 12 of branch 1" {
		t.Errorf("%v %v %v", err, list, meta)
	}
	if list[0].Data[0] < 19 {
		t.Errorf("Δ is %v", list[0].Data[0])
	}
}

// pngText is the note of a PNG file.
func pngText(b []byte, name string) string {
	i := bytes.Index(b, []byte("iTXt"+name+"\x00"))
	if i < 0 {
		return ""
	}
	n := int(binary.BigEndian.Uint32(b[i-4:]))
	return string(b[i+4+len(name)+5 : i+4+n])
}

// Pictures show the step, and say in their file of what they are and how to make
// them again.
func TestExportPictures(t *testing.T) {
	if testing.Short() {
		t.Skip("draws pictures")
	}
	b := exportDemo(t, "wipe.png", "demo@12", "--keys", "f", "--size", "100x30")
	if _, err := png.Decode(bytes.NewReader(b)); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"sha256": demoHash, "text": "¶4acba17c?4¶9ca0b36fd2ea58c?9", "tweaks": "freeze Δ at its clean mean · ", "cursor": "token 12 of branch 1",
		"scale": "colours viridis", "command": "mamba-tui trace export --out ", "recording": "demo in demo",
	} {
		if got := pngText(b, name); !strings.HasPrefix(got, want) {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	b = exportDemo(t, "wipe.svg", "demo@2:12", "--without-weights", "--light", "--colours", "16")
	var svg struct {
		Metadata string `xml:"metadata"`
	}
	if err := xml.Unmarshal(b, &svg); err != nil || !strings.Contains(svg.Metadata, "cursor: token 12 of branch 2") {
		t.Errorf("%v %q", err, svg.Metadata)
	}
	if b = exportDemo(t, "wipe.ansi", "demo@2:12", "--without-weights", "--colours", "none"); !strings.Contains(string(b), "replay without the weights") {
		t.Errorf("the screen does not say that it is a replay:\n%s", b)
	}
	b = exportDemo(t, "wipe.gif", "demo", "--from", "11", "--to", "14", "--size", "80x24")
	g, err := gif.DecodeAll(bytes.NewReader(b))
	if err != nil || len(g.Image) != 3 || g.Config.Width != 80*9 || !bytes.Contains(b, []byte("command: mamba-tui trace export")) {
		t.Errorf("%v", err)
	}
	lines := strings.Split(strings.TrimSuffix(string(exportDemo(t, "wipe.cast", "demo", "--from", "11", "--to", "14", "--size", "80x24", "--delay", "1s")), "\n"), "\n")
	var head struct {
		Version, Width, Height int
		Mamba                  map[string]string `json:"mamba_tui"`
	}
	var event [3]any
	if len(lines) != 5 || json.Unmarshal([]byte(lines[0]), &head) != nil || json.Unmarshal([]byte(lines[2]), &event) != nil {
		t.Fatalf("%d lines, %.300s", len(lines), lines[0])
	}
	if head.Version != 2 || head.Width != 80 || head.Height != 24 || head.Mamba["sha256"] != demoHash || event[0] != 1.0 || event[1] != "o" || !strings.Contains(event[2].(string), "token 12/28") {
		t.Errorf("%+v %.300v", head, event)
	}
}

func TestExportRefuses(t *testing.T) {
	there := filepath.Join(t.TempDir(), "x.csv")
	if err := os.WriteFile(there, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		want string
		args []string
	}{
		{"--out is missing", []string{"demo"}},
		{"has no ending", []string{"demo", "--out", "x.bmp"}},
		{"which has 29 steps", []string{"demo", "--out", "x.csv", "--to", "30"}},
		{"which has 29 steps", []string{"demo@29", "--out", "x.csv"}},
		{"no branch 3", []string{"demo@3:0", "--out", "x.csv"}},
		{"no array", []string{"demo", "--out", "x.npy", "--tensor", "z"}},
		{"layer 4", []string{"demo", "--out", "x.npy", "--layer", "4"}},
		{"--size", []string{"demo", "--out", "x.png", "--size", "1x1"}},
		{"is no key", []string{"demo", "--out", "x.png", "--keys", "nonsense"}},
		{"--delay", []string{"demo", "--out", "x.gif", "--delay", "1h"}},
		{"is there already", []string{"demo", "--out", there}},
	} {
		if r := execute("", append([]string{"trace", "export"}, c.args...)...); r.code != 2 || !strings.Contains(r.err, c.want) {
			t.Errorf("%q: %d %s", c.args, r.code, r.err)
		}
	}
}

package heat_test

import (
	"fmt"
	"math"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"mamba-tui/tui/heat"
)

// Four channels over sixteen steps, without colours.
func Example() {
	const T, D = 16, 4
	data := make([]float32, T*D)
	for t := range T {
		for d := range D {
			data[t*D+d] = float32(math.Sin(float64(t)/15*math.Pi)) * float32(d+1) / D
		}
	}
	m, err := heat.NewMap("viridis", heat.Mono, true)
	if err != nil {
		fmt.Println(err)
		return
	}
	var auto heat.AutoRange
	auto.Observe(data)
	rows := heat.Reduce(heat.Max, D, 3, nil)
	var r heat.Raster
	r.Resize(T, len(rows.Of))
	r.Fill(data, T, D, rows, auto.Range(), nil)
	fmt.Println(rows.Title)
	for _, line := range r.Lines(nil, m, heat.Plain(1)) {
		fmt.Println("|" + ansi.Strip(line) + "|")
	}
	// Output:
	// 4 channels → 3 rows, max|·|
	// |     ░░░░░░     |
	// |  ░░░▒▒▒▒▒▒░░░  |
	// | ░▒▒▓██████▓▒▒░ |
}

func ExampleColourbar() {
	m, err := heat.NewMap("blue-red", heat.Mono, true)
	if err != nil {
		fmt.Println(err)
		return
	}
	bar := heat.Colourbar(32, m, heat.Range{Min: -80, Max: 80, Scale: heat.Symmetric}, "frozen")
	fmt.Println(strings.TrimRight(ansi.Strip(bar), " "))
	// Output:
	// -80  ≡==~--0++*##@ 80 sym frozen
}

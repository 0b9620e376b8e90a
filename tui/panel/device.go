package panel

import (
	"fmt"
	"math"
	"strings"

	"mamba-tui/tui/theme"
)

// Device is what a GPU tells of itself. What it does not tell is NaN.
type Device struct {
	GPU, MemoryBusy float64 // per cent of the time a kernel ran, memory was used
	Used, Total     float64 // bytes of its memory, by all processes
	Watts, Limit    float64
	SM, Memory      float64 // clocks in MHz
	Celsius         float64
}

// NewDevice is the GPU that the model computes on.
func NewDevice() Panel {
	return &facts{base: base{id: "device"}, name: "device", what: "the GPU, read twice a second", of: func(c *Context) []fact {
		d := c.Device
		if d == nil {
			return []fact{{"GPU", "not in use", "", theme.Dim}}
		}
		var list []fact
		add := func(name, note, format string, values ...float64) {
			args := make([]any, len(values))
			for i, v := range values {
				if math.IsNaN(v) {
					return
				}
				args[i] = v
			}
			list = append(list, fact{name, fmt.Sprintf(format, args...), note, theme.Text})
		}
		add("busy", "of the time a kernel ran; short ones may not show", "%.0f %%", d.GPU)
		add("memory busy", "", "%.0f %%", d.MemoryBusy)
		add("memory", "by all programs", "%.3g of %.3g GiB", d.Used/(1<<30), d.Total/(1<<30))
		if math.IsNaN(d.Limit) {
			add("power", "", "%.0f W", d.Watts)
		} else {
			add("power", "", "%.0f of %.0f W", d.Watts, d.Limit)
		}
		add("clock", "", "%.0f MHz", d.SM)
		add("memory clock", "", "%.0f MHz", d.Memory)
		add("temperature", "", "%.0f °C", d.Celsius)
		if list == nil {
			return []fact{{"GPU", "tells nothing", "", theme.Dim}}
		}
		return list
	}}
}

// Line is the device in a few words, for the status line.
func (d *Device) Line() string {
	if d == nil {
		return ""
	}
	var parts []string
	for _, p := range []struct {
		v    float64
		text string
	}{{d.GPU, fmt.Sprintf("GPU %.0f %%", d.GPU)}, {d.Used, fmt.Sprintf("%.3g GiB", d.Used/(1<<30))},
		{d.Watts, fmt.Sprintf("%.0f W", d.Watts)}, {d.Celsius, fmt.Sprintf("%.0f °C", d.Celsius)}} {
		if !math.IsNaN(p.v) {
			parts = append(parts, p.text)
		}
	}
	return strings.Join(parts, " ")
}

package learn

import (
	"image/color"

	tea "charm.land/bubbletea/v2"

	"mamba-tui/tui/snapshot"
)

func zzKey(k string) tea.KeyPressMsg {
	m := map[string]rune{"home": tea.KeyHome, "right": tea.KeyRight, "left": tea.KeyLeft, "pgup": tea.KeyPgUp, "tab": tea.KeyTab}
	if c, ok := m[k]; ok {
		return tea.KeyPressMsg{Code: c}
	}
	return tea.KeyPressMsg{Code: []rune(k)[0], Text: k}
}

func lightOptions() snapshot.Options {
	return snapshot.Options{Scale: 1, Foreground: color.RGBA{0x20, 0x22, 0x2c, 0xff}, Background: color.RGBA{0xfb, 0xfb, 0xf8, 0xff}}
}

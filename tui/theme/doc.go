// Package theme says how the screen looks: a colour for every role of text, for
// each depth of terminal and for dark and light backgrounds, and the colour maps
// of the heatmaps. Meaning never hangs on colour alone: where there is none, the
// roles that matter are bold, reversed or underlined.
package theme

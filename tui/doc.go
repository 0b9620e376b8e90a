// Package tui is the screen: one Bubble Tea model over a session engine. It
// knows no mathematics. It turns keys into operations on the engine, asks for
// the window of tokens that fits, and puts the lines of the panels side by
// side.
//
// What happens where:
//
//   - The engine computes in a goroutine of its own and publishes immutable
//     frames. One waiting command listens for them; nothing is sent per step.
//   - Update changes the Model and marks it dirty. It does no work that takes
//     long and no input or output; those are commands.
//   - View runs after every message. It returns the last screen again unless
//     something is dirty; panels keep their own lines the same way.
//   - Arrange is the layout: a pure function of size, view and hints.
//   - The command table (commands.go) is the only list of keys. Key handling,
//     the help, the palette, the footer and assets/docs/keys.md are read from it.
package tui

//go:generate go test . -run TestKeysDoc -update

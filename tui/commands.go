package tui

import (
	tea "charm.land/bubbletea/v2"
)

// scope is where a key means a command. A printable key in insert mode is
// always text, so only keys that print nothing have a meaning there.
type scope uint8

const (
	inNormal   scope = iota // everywhere but in insert mode and lists
	inInsert                // while typing tokens
	inGenerate              // while the generate line is open
	inList                  // while a list with a filter is open: prompts, palette
	inPage                  // while the help is open
	inTweaks                // while keys go to the tweak panel; others keep their meaning
	inBranches              // while the list of branches is open
	inQuestion              // while a line at the foot asks for a text
	everywhere
)

// String names the scope in the help and the generated document.
func (s scope) String() string {
	switch s {
	case inInsert:
		return "insert mode"
	case inGenerate:
		return "generate line"
	case inList:
		return "lists"
	case inPage:
		return "help"
	case inTweaks:
		return "tweak panel"
	case inBranches:
		return "branches"
	case inQuestion:
		return "questions"
	case everywhere:
		return "everywhere"
	}
	return "normal"
}

// command is one thing a person can do.
type command struct {
	id    string
	title string // what it does, as the help and the palette say it
	short string // the footer's words; "" keeps it out of the footer
	group string // heading in the help
	keys  []string
	scope scope
	when  func(*Model) string // the reason why not, or ""; nil: always possible
	run   func(*Model) tea.Cmd
}

// The headings, in the order of the help.
const (
	groupTime   = "Time"
	groupCursor = "Cursor"
	groupTokens = "Tokens"
	groupViews  = "Views"
	groupWhatIf = "What if"
	groupLook   = "Picture"
	groupHelp   = "Help and leaving"
	groupInsert = "While typing (insert mode)"
	groupGen    = "While generating"
	groupHand   = "In the tweak panel"
	groupTree   = "In the list of branches"
	groupAsk    = "While a line asks for a text"
	groupLists  = "In lists and pages"
)

var groups = []string{groupTime, groupCursor, groupTokens, groupViews, groupWhatIf, groupLook, groupHelp,
	groupInsert, groupHand, groupTree, groupAsk, groupGen, groupLists}

// needTokens is the reason of what works on the cursor's token.
func needTokens(m *Model) string {
	if m.frame.Tokens.Len() == 0 {
		return "no tokens yet: i types, p loads a prompt"
	}
	return ""
}

// commands is the table. Order within a group is the order of the help.
func commands() []command {
	var all []command
	for _, part := range [][]command{timeCommands(), cursorCommands(), tokenCommands(), viewCommands(),
		whatIfCommands(), knobCommands(), lookCommands(), helpCommands(), lessonCommands(), insertCommands(), handCommands(),
		branchCommands(), questionCommands(), generateCommands(), listCommands()} {
		all = append(all, part...)
	}
	return all
}

func timeCommands() []command {
	return []command{
		{id: "left", title: "one token back", short: "time", group: groupTime, keys: []string{"left"}, run: func(m *Model) tea.Cmd { return m.walk(-1) }},
		{id: "right", title: "one token on", group: groupTime, keys: []string{"right"}, run: func(m *Model) tea.Cmd { return m.walk(1) }},
		{id: "play", title: "play or pause: the history, or the rest of a prompt", short: "play", group: groupTime, keys: []string{"space"}, run: (*Model).togglePlay},
		{id: "slower", title: "play slower", group: groupTime, keys: []string{"-"}, run: func(m *Model) tea.Cmd { return m.faster(-1) }},
		{id: "faster", title: "play faster", group: groupTime, keys: []string{"+", "="}, run: func(m *Model) tea.Cmd { return m.faster(1) }},
		{id: "event-back", title: "previous event: a reset tick or a mark", group: groupTime, keys: []string{"["}, run: func(m *Model) tea.Cmd { return m.nextEvent(-1) }},
		{id: "event-next", title: "next event", short: "events", group: groupTime, keys: []string{"]"}, run: func(m *Model) tea.Cmd { return m.nextEvent(1) }},
		{id: "mark", title: "mark this token, or remove its mark", group: groupTime, keys: []string{"m"}, when: needTokens, run: (*Model).toggleMark},
		{id: "mark-name", title: "mark this token and name the mark", group: groupTime, keys: []string{"M"}, when: needTokens, run: (*Model).nameMark},
		{id: "marks", title: "list the marks", group: groupTime, keys: []string{"'"}, run: (*Model).openMarks},
		{id: "page-back", title: "16 tokens back", group: groupTime, keys: []string{"pgup"}, run: func(m *Model) tea.Cmd { return m.walk(-16) }},
		{id: "page-next", title: "16 tokens on", group: groupTime, keys: []string{"pgdown"}, run: func(m *Model) tea.Cmd { return m.walk(16) }},
		{id: "home", title: "first token", group: groupTime, keys: []string{"home"}, when: needTokens, run: func(m *Model) tea.Cmd { return m.seek(0) }},
		{id: "end", title: "newest token: live", group: groupTime, keys: []string{"end"}, when: needTokens, run: func(m *Model) tea.Cmd { return m.seek(m.frame.Tokens.Len() - 1) }},
		{id: "wider", title: "wider token columns", group: groupTime, keys: []string{"w"}, run: func(m *Model) tea.Cmd { return m.zoomTime(1) }},
		{id: "narrower", title: "narrower token columns", group: groupTime, keys: []string{"W"}, run: func(m *Model) tea.Cmd { return m.zoomTime(-1) }},
		{id: "seek", title: "go to a token, a percentage, a step or a mark's name", short: "go to", group: groupTime, keys: []string{":"}, when: needTokens, run: (*Model).askSeek},
		{id: "search", title: "search in the tokens", short: "search", group: groupTime, keys: []string{"/"}, when: needTokens, run: (*Model).askSearch},
		{id: "search-back", title: "previous place of what was searched for", group: groupTime, keys: []string{"{"}, run: func(m *Model) tea.Cmd { return m.searchNext(-1) }},
		{id: "search-next", title: "next place of what was searched for", group: groupTime, keys: []string{"}"}, run: func(m *Model) tea.Cmd { return m.searchNext(1) }},
		{id: "strip-in", title: "timeline: a shorter stretch, around the cursor", group: groupTime, keys: []string{")"}, when: needTokens, run: func(m *Model) tea.Cmd { return m.zoomStrip(1) }},
		{id: "strip-out", title: "timeline: a longer stretch, up to all", group: groupTime, keys: []string{"("}, when: needTokens, run: func(m *Model) tea.Cmd { return m.zoomStrip(-1) }},
		{id: "record", title: "record what happens to a file, or end the recording", group: groupTime, keys: []string{"R"}, when: canRecord, run: (*Model).toggleRecord},
	}
}

func cursorCommands() []command {
	return []command{
		{id: "up", title: "previous channel", short: "channel", group: groupCursor, keys: []string{"up"}, run: func(m *Model) tea.Cmd { return m.moveChannel(-1) }},
		{id: "down", title: "next channel", group: groupCursor, keys: []string{"down"}, run: func(m *Model) tea.Cmd { return m.moveChannel(1) }},
		{id: "state-back", title: "previous state", group: groupCursor, keys: []string{","}, run: func(m *Model) tea.Cmd { return m.move(&m.cursor.N, -1, m.frame.Info.Config.DState, "state") }},
		{id: "state-next", title: "next state", group: groupCursor, keys: []string{"."}, run: func(m *Model) tea.Cmd { return m.move(&m.cursor.N, 1, m.frame.Info.Config.DState, "state") }},
		{id: "layer-back", title: "previous layer", group: groupCursor, keys: []string{"<"}, run: func(m *Model) tea.Cmd { return m.move(&m.cursor.Layer, -1, m.frame.Info.Config.NLayer, "layer") }},
		{id: "layer-next", title: "next layer", group: groupCursor, keys: []string{">"}, run: func(m *Model) tea.Cmd { return m.move(&m.cursor.Layer, 1, m.frame.Info.Config.NLayer, "layer") }},
		{id: "arithmetic", title: "the cell's arithmetic: h computed from its numbers", short: "arithmetic", group: groupCursor, keys: []string{"enter"}, when: needTokens, run: (*Model).toggleArithmetic},
	}
}

func tokenCommands() []command {
	return []command{
		{id: "insert", title: "type tokens: insert mode", short: "type", group: groupTokens, keys: []string{"i"}, run: (*Model).enterInsert},
		{id: "generate", title: "generate: the model continues, a token a tick", short: "generate", group: groupTokens, keys: []string{"g"}, run: (*Model).generate},
		{id: "prompts", title: "load another prompt", short: "prompts", group: groupTokens, keys: []string{"p"}, run: (*Model).openPrompts},
		{id: "clear", title: "clear the history (it stays as a branch)", group: groupTokens, keys: []string{"x"}, when: needTokens, run: (*Model).clearHistory},
		{id: "branches", title: "branches: list, switch, name, compare", short: "branches", group: groupTokens, keys: []string{"b"}, run: (*Model).openBranches},
	}
}

func viewCommands() []command {
	show := func(v View) func(*Model) tea.Cmd {
		return func(m *Model) tea.Cmd { return m.show(v) }
	}
	return []command{
		{id: "watch", title: "Watch: tokens, Δ, B, C, h and the answer over time", group: groupViews, keys: []string{"1"}, run: show(Watch)},
		{id: "block", title: "Block: one token through one block, with every value", short: "views", group: groupViews, keys: []string{"2"}, run: show(Block)},
		{id: "what-if", title: "What-if: the clean run beside the changed one", group: groupViews, keys: []string{"3"}, run: show(WhatIf)},
		{id: "instruments", title: "Instruments: the timeline, parity, timing, memory, backend", group: groupViews, keys: []string{"4"}, run: show(Instruments)},
		{id: "panel-next", title: "next panel", group: groupViews, keys: []string{"tab"}, run: func(m *Model) tea.Cmd { return m.focusBy(1) }},
		{id: "panel-back", title: "previous panel", group: groupViews, keys: []string{"shift+tab"}, run: func(m *Model) tea.Cmd { return m.focusBy(-1) }},
		{id: "zoom", title: "zoom the panel to the whole screen, and back", short: "zoom", group: groupViews, keys: []string{"z"}, run: (*Model).toggleZoom},
	}
}

func whatIfCommands() []command {
	return []command{
		{id: "tweaks", title: "change something: the tweak panel", short: "change", group: groupWhatIf, keys: []string{"t"}, run: (*Model).openTweaks},
		{id: "freeze", title: "freeze Δ at its clean mean, in every layer; again takes it back", short: "freeze Δ", group: groupWhatIf, keys: []string{"f"}, when: needTokens, run: (*Model).freeze},
		{id: "reset", title: "force a reset before this token; again for the next of three modes", short: "reset here", group: groupWhatIf, keys: []string{"r"}, when: needTokens, run: (*Model).resetHere},
		{id: "clean-changed", title: "maps show the clean or the changed run; in What-if also their difference", short: "clean/changed", group: groupWhatIf, keys: []string{"c"}, when: needTweak, run: (*Model).toggleChanged},
		{id: "undo", title: "undo the last change", short: "undo", group: groupWhatIf, keys: []string{"u"}, when: canUndo, run: (*Model).undo},
		{id: "redo", title: "redo what was undone", group: groupWhatIf, keys: []string{"ctrl+r"}, when: canRedo, run: (*Model).redo},
		{id: "default", title: "take every change back: the model as it is", group: groupWhatIf, run: (*Model).noTweaks},
		{id: "tweaks-off", title: "switch all changes off or on; the list stays", group: groupWhatIf, run: (*Model).layerOff},
		{id: "tweaks-keep", title: "keep the changes under a name", group: groupWhatIf, run: (*Model).keepTweaks},
	}
}

func lookCommands() []command {
	return []command{
		{id: "lane", title: "kept lane: kept share, mean exp(ΔA), half-life", group: groupLook, keys: []string{"k"}, run: (*Model).nextLane},
		{id: "reduction", title: "how many channels become few rows: max, mean, RMS, top-k", group: groupLook, keys: []string{"o"}, run: (*Model).nextReduction},
		{id: "channels", title: "which channels the maps show: those whose Δ varies most, or all", group: groupLook, keys: []string{"n"}, run: (*Model).toggleChannels},
		{id: "log", title: "Δ linear or logarithmic", group: groupLook, keys: []string{"d"}, run: (*Model).toggleLog},
		{id: "ranges", title: "ranges: frozen, or moving slowly", group: groupLook, keys: []string{"a"}, run: (*Model).toggleRanges},
		{id: "colours", title: "next colour map", group: groupLook, keys: []string{"v"}, run: (*Model).nextMap},
		{id: "snapshot", title: "snapshot to PNG, SVG and ANSI text (of the panel, when zoomed)", group: groupLook, keys: []string{"s"}, run: (*Model).takeSnapshot},
	}
}

func helpCommands() []command {
	return []command{
		{id: "help", title: "every key", short: "help", group: groupHelp, keys: []string{"?"}, run: (*Model).openHelp},
		{id: "palette", title: "find a command by name", group: groupHelp, keys: []string{"ctrl+p"}, scope: everywhere, run: (*Model).openPalette},
		{id: "tour", title: "tour: play the first minute again (clears the history)", group: groupHelp, run: (*Model).restartIntro},
		{id: "out", title: "out one level: list, insert mode, zoom, play, view", group: groupHelp, keys: []string{"esc"}, run: (*Model).out},
		{id: "quit", title: "quit", group: groupHelp, keys: []string{"q"}, run: (*Model).quit},
		{id: "quit-now", title: "quit from anywhere", group: groupHelp, keys: []string{"ctrl+c"}, scope: everywhere, run: (*Model).quit},
		{id: "suspend", title: "suspend to the shell (fg comes back)", group: groupHelp, keys: []string{"ctrl+z"}, scope: everywhere, when: canSuspend, run: func(*Model) tea.Cmd { return tea.Suspend }},
	}
}

func insertCommands() []command {
	cmd := func(id, title, key string, run func(*Model) tea.Cmd) command {
		return command{id: id, title: title, group: groupInsert, keys: []string{key}, scope: inInsert, run: run}
	}
	return []command{
		cmd("insert-leave", "back to commands", "esc", func(m *Model) tea.Cmd { m.leaveInsert(); return nil }),
		cmd("insert-enter", "type a line feed (the document mark of the built-in models)", "enter", (*Model).insertEnter),
		cmd("insert-back", "roll the newest token back", "backspace", (*Model).backspace),
		{id: "insert-move", title: "leave and move the cursor", group: groupInsert, scope: inInsert, run: (*Model).leaveAndMove,
			keys: []string{"left", "right", "up", "down", "home", "end", "pgup", "pgdown"}},
	}
}

// leaveAndMove ends insert mode and does what the key does outside it.
func (m *Model) leaveAndMove() tea.Cmd {
	m.leaveInsert()
	return m.run(m.table.find(inNormal, m.key))
}

func generateCommands() []command {
	cmd := func(id, title, key string, run func(*Model) tea.Cmd) command {
		return command{id: id, title: title, group: groupGen, keys: []string{key}, scope: inGenerate, run: run}
	}
	return []command{
		cmd("gen-play", "pause or go on", "space", (*Model).toggleGenerate),
		cmd("gen-warmer", "temperature up", "t", func(m *Model) tea.Cmd { return m.warmer(0.1) }),
		cmd("gen-cooler", "temperature down; 0 is greedy", "T", func(m *Model) tea.Cmd { return m.warmer(-0.1) }),
		cmd("gen-wider", "top-k: more tokens", "k", func(m *Model) tea.Cmd { return m.widen(1) }),
		cmd("gen-narrower", "top-k: fewer tokens", "K", func(m *Model) tea.Cmd { return m.widen(-1) }),
		cmd("gen-seed", "next seed", "e", func(m *Model) tea.Cmd { return m.reseed(1) }),
		cmd("gen-seed-back", "previous seed", "E", func(m *Model) tea.Cmd { return m.reseed(-1) }),
		cmd("gen-faster", "faster", "+", func(m *Model) tea.Cmd { return m.faster(1) }),
		cmd("gen-slower", "slower", "-", func(m *Model) tea.Cmd { return m.faster(-1) }),
		cmd("gen-leave", "stop generating", "esc", func(m *Model) tea.Cmd { m.stop(""); return m.closeOver() }),
	}
}

func listCommands() []command {
	cmd := func(id, title string, s scope, run func(*Model) tea.Cmd, keys ...string) command {
		return command{id: id, title: title, group: groupLists, keys: keys, scope: s, run: run}
	}
	return []command{
		cmd("list-up", "up", inList, func(m *Model) tea.Cmd { m.listMove(-1); return nil }, "up"),
		cmd("list-down", "down", inList, func(m *Model) tea.Cmd { m.listMove(1); return nil }, "down"),
		cmd("list-page-up", "a page up", inList, func(m *Model) tea.Cmd { m.listMove(-10); return nil }, "pgup"),
		cmd("list-page-down", "a page down", inList, func(m *Model) tea.Cmd { m.listMove(10); return nil }, "pgdown"),
		cmd("list-choose", "take the marked line", inList, (*Model).listChoose, "enter"),
		cmd("list-play", "prompts: play it token by token instead", inList, (*Model).listPlay, "tab"),
		cmd("list-erase", "erase the last character of the filter", inList, (*Model).listErase, "backspace"),
		cmd("list-close", "close the list", inList, (*Model).closeOver, "esc"),
		cmd("page-up", "scroll up", inPage, func(m *Model) tea.Cmd { m.listMove(-1); return nil }, "up", "k"),
		cmd("page-down", "scroll down", inPage, func(m *Model) tea.Cmd { m.listMove(1); return nil }, "down", "j"),
		cmd("page-up-page", "a page up", inPage, func(m *Model) tea.Cmd { m.listMove(-10); return nil }, "pgup"),
		cmd("page-down-page", "a page down", inPage, func(m *Model) tea.Cmd { m.listMove(10); return nil }, "pgdown", "space"),
		cmd("page-close", "close the help", inPage, (*Model).closeOver, "esc", "?", "q", "enter"),
	}
}

package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// The reference of the command line is made from the commands themselves;
// -update writes it anew.
func TestDocumentation(t *testing.T) {
	a, _, _ := testApp("")
	root := a.rootCommand()
	root.InitDefaultHelpFlag()
	root.InitDefaultVersionFlag()
	var b strings.Builder
	b.WriteString("# The command line\n\nMade from the program's commands by `go test ./cmd/mamba-tui -run Documentation -update`.\n\n" +
		"Data goes to standard output, messages to standard error. Exit codes: 0 it worked, 1 it ran and failed,\n" +
		"2 the command line or a file it names is not right, 130 it was interrupted by a signal.\n")
	document(&b, root)
	golden(t, "../../assets/docs/cli.md", b.String())
}

func document(b *strings.Builder, cmd *cobra.Command) {
	fmt.Fprintf(b, "\n## %s\n\n", cmd.CommandPath())
	text := cmd.Long
	if text == "" {
		text = cmd.Short + "."
	}
	fmt.Fprintf(b, "```\n%s\n```\n\n%s\n", cmd.UseLine(), text)
	if cmd.Example != "" {
		fmt.Fprintf(b, "\n```sh\n%s\n```\n", cmd.Example)
	}
	cmd.InitDefaultHelpFlag()
	if cmd.Flags().HasFlags() {
		b.WriteString("\n| flag | default | |\n|---|---|---|\n")
		cmd.Flags().VisitAll(func(f *pflag.Flag) {
			name := "--" + f.Name
			if f.Shorthand != "" {
				name = "-" + f.Shorthand + ", " + name
			}
			value := f.DefValue
			if value == "" || f.Value.Type() == "bool" {
				value = " "
			}
			fmt.Fprintf(b, "| `%s` | %s | %s |\n", name, value, strings.ReplaceAll(f.Usage, "|", `\|`))
		})
	}
	for _, sub := range cmd.Commands() {
		if !sub.Hidden && sub.Name() != "help" {
			document(b, sub)
		}
	}
}

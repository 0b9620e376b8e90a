package main

import (
	"io"

	mango "github.com/muesli/mango-cobra"
	"github.com/muesli/roff"
	"github.com/spf13/cobra"
)

func (a *app) manCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "man",
		Short: "Print the manual page (mamba-tui man | man -l -)",
		Args:  cobra.NoArgs,
		RunE: a.command(func(cmd *cobra.Command) error {
			page, err := mango.NewManPage(1, cmd.Root())
			if err != nil {
				return err
			}
			_, err = io.WriteString(a.out, page.Build(roff.NewDocument()))
			return err
		}),
	}
}

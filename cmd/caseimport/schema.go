package main

import (
	"github.com/spf13/cobra"

	"caseimport/mapping"
)

func newSchema() *cobra.Command {
	return &cobra.Command{
		Use:   "schema",
		Short: "Print the JSON Schema of the mapping file",
		Long: `Print the JSON Schema of the mapping file, so that an editor completes and checks it:

  caseimport schema > caseimport.schema.json

In editors that use the YAML language server, begin the mapping file with the line

  # yaml-language-server: $schema=caseimport.schema.json`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			schema, err := mapping.Schema()
			if err != nil {
				return err
			}
			_, err = cmd.OutOrStdout().Write(schema)
			return err
		},
	}
}

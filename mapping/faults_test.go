package mapping

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files anew")

// TestFileFaults reads every mapping file of testdata/faults and compares what
// is said about it with the golden file beside it.
func TestFileFaults(t *testing.T) {
	columns := []string{"Ticket ID", "Subject", "Description", "Requester", "Priority", "Status", "Region", "VIP", "Created", "Count", "Tags", "Agent", "Comment", "Reporter", "Group"}
	files, err := filepath.Glob("testdata/faults/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".yaml")
		t.Run(name, func(t *testing.T) {
			src, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			m, err := Parse("mapping.yaml", src, testdata)
			if err == nil {
				_, err = m.Compile(columns, false)
			}
			var faults *FileError
			if !errors.As(err, &faults) {
				t.Fatalf("no faults found: %v", err)
			}
			for _, f := range faults.Faults {
				if f.Line < 1 || f.Column < 1 || f.Message == "" {
					t.Errorf("%+v does not say where or what", f)
				}
			}
			golden := strings.TrimSuffix(file, ".yaml") + ".txt"
			got := err.Error() + "\n"
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o666); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

package mapping

import (
	_ "embed"
	"fmt"
	"sync"

	"go.yaml.in/yaml/v3"
)

//go:embed priorities.yaml
var priorityFile []byte

var priorityOf = sync.OnceValue(func() map[string]string {
	var words map[string][]string
	if err := yaml.Unmarshal(priorityFile, &words); err != nil {
		panic(fmt.Sprintf("priorities.yaml: %v", err))
	}
	all := map[string]string{}
	for priority, phrases := range words {
		for _, phrase := range phrases {
			all[phrase] = priority
		}
	}
	return all
})

// PriorityWord is the priority that a word or phrase in small letters commonly
// stands for, in the languages that helpdesks are translated into; "" for any
// other.
func PriorityWord(phrase string) string { return priorityOf()[phrase] }

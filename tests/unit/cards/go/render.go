// Conversations by templates, as Ollama renders them: a JSON line each in, a JSON string each out.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"text/template"
)

type message struct{ Role, Content string }

type question struct {
	Template string
	Messages []*message
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<24)
	for lines.Scan() {
		var asked question
		if err := json.Unmarshal(lines.Bytes(), &asked); err != nil {
			panic(err)
		}
		var system []string
		for _, turn := range asked.Messages {
			if turn.Role == "system" {
				system = append(system, turn.Content)
			}
		}
		var text strings.Builder
		values := map[string]any{
			"System": strings.Join(system, "\n\n"), "Messages": asked.Messages, "Response": "",
		}
		parsed := template.Must(template.New("").Parse(asked.Template))
		if err := parsed.Execute(&text, values); err != nil {
			panic(err)
		}
		said, _ := json.Marshal(text.String())
		fmt.Println(string(said))
	}
}

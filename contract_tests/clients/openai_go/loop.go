package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
)

// What every driver in Go shares: commands of the contract kit come in by lines, answers go out. It is
// loop.py over again; the protocol is described by schemas/driver.schema.json.

// Command is what the kit says; which fields are there depends on the type.
type Command struct {
	Type         string
	Conversation string
	Surface      string
	OpenAIURL    string `json:"openai_url"`
	Key          string
	Model        string
	System       *string
	Tools        []map[string]any
	Options      map[string]any
	Session      string
	Timeout      float64
	Text         string
	Parts        []map[string]string
	Stream       bool
	Partial      string
	CancelAfter  int `json:"cancel_after"`
	Results      []Result
}

// Result is what a function gave.
type Result struct{ ID, Content string }

// Call is a call of a function, as the client told it.
type Call struct {
	ID        string `json:"id"`
	Name      string `json:"name"`
	Arguments string `json:"arguments"`
}

// Choice is one answer, as the client told it.
type Choice struct {
	Text         string  `json:"text"`
	Thinking     string  `json:"thinking"`
	ToolCalls    []Call  `json:"tool_calls"`
	FinishReason *string `json:"finish_reason"`
}

// Tokens is the usage of an answer, or of all of them.
type Tokens struct {
	Input  int64 `json:"input"`
	Output int64 `json:"output"`
}

// Failure is an error, as the client told it.
type Failure struct {
	Kind    string  `json:"kind"`
	Code    *string `json:"code"`
	Status  *int    `json:"status"`
	Message string  `json:"message"`
}

// Report is the answer to say, results and end.
type Report struct {
	Type      string   `json:"type"`
	Choices   []Choice `json:"choices"`
	Usage     *Tokens  `json:"usage"`
	Error     *Failure `json:"error,omitempty"`
	Cancelled bool     `json:"cancelled"`
}

// Conversation is what a driver gives: Turn sends what is said, or the results, and reports what came of it.
type Conversation interface {
	Turn(command Command) Report
}

// serve answers the commands on stdin until it ends.
func serve(hello map[string]any, begin func(Command) Conversation) {
	hello["type"], hello["version"] = "hello", 1
	held, spent := map[string]Conversation{}, map[string]*Tokens{}
	lines := bufio.NewReader(os.Stdin)
	out := json.NewEncoder(os.Stdout)
	os.Stdout = os.Stderr // whatever a client prints by
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			return
		}
		var command Command
		var answer any = hello
		switch err := json.Unmarshal(line, &command); {
		case err != nil:
			answer = map[string]any{"type": "trouble", "message": err.Error()}
		case command.Type == "begin":
			held[command.Conversation] = begin(command)
			answer = map[string]any{"type": "ok"}
		case command.Type == "end":
			answer = Report{Type: "report", Usage: spent[command.Conversation]}
			delete(held, command.Conversation)
			delete(spent, command.Conversation)
		case command.Type != "hello":
			report := held[command.Conversation].Turn(command)
			report.Type = "report"
			if report.Usage != nil {
				if spent[command.Conversation] == nil {
					spent[command.Conversation] = &Tokens{}
				}
				spent[command.Conversation].Input += report.Usage.Input
				spent[command.Conversation].Output += report.Usage.Output
			}
			answer = report
		}
		if err := out.Encode(answer); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return
		}
	}
}

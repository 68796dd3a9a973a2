// Drives openai-go. Streams are put together by its accumulator, and its messages go into the history by
// ToParam, as its README shows it.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
	"github.com/openai/openai-go/v3/packages/ssestream"
	"github.com/openai/openai-go/v3/shared"
)

type chat struct {
	begin   Command
	client  openai.Client
	history []openai.ChatCompletionMessageParamUnion
	start   int // where the running turn begins in the history
}

func begin(command Command) Conversation {
	options := []option.RequestOption{option.WithAPIKey(command.Key), option.WithBaseURL(command.OpenAIURL)}
	options = append(options, option.WithRequestTimeout(time.Duration(command.Timeout*float64(time.Second))))
	if command.Session != "" {
		options = append(options, option.WithHeader("x-dashscope-aca-session", command.Session))
	}
	own := &chat{begin: command, client: openai.NewClient(options...)}
	if command.System != nil {
		own.history = append(own.history, openai.SystemMessage(*command.System))
	}
	return own
}

func said(command Command) (told []openai.ChatCompletionMessageParamUnion) {
	for _, result := range command.Results {
		told = append(told, openai.ToolMessage(result.Content, result.ID))
	}
	var parts []openai.ChatCompletionContentPartUnionParam
	for _, part := range command.Parts {
		if text, ok := part["text"]; ok {
			parts = append(parts, openai.TextContentPart(text))
			continue
		}
		image := openai.ChatCompletionContentPartImageImageURLParam{URL: part["image"]}
		parts = append(parts, openai.ImageContentPart(image))
	}
	if parts != nil {
		return append(told, openai.UserMessage(parts))
	}
	if command.Type == "say" {
		told = append(told, openai.UserMessage(command.Text))
	}
	return told
}

func (own *chat) request(command Command, told []openai.ChatCompletionMessageParamUnion) (
	openai.ChatCompletionNewParams, []option.RequestOption,
) {
	messages := append(append([]openai.ChatCompletionMessageParamUnion{}, own.history...), told...)
	if command.Partial != "" {
		begun := openai.AssistantMessage(command.Partial)
		begun.OfAssistant.SetExtraFields(map[string]any{"partial": true})
		messages = append(messages, begun)
	}
	request := openai.ChatCompletionNewParams{Model: own.begin.Model, Messages: messages}
	for _, tool := range own.begin.Tools {
		var function shared.FunctionDefinitionParam
		bytes, _ := json.Marshal(tool["function"])
		if json.Unmarshal(bytes, &function) == nil {
			request.Tools = append(request.Tools, openai.ChatCompletionFunctionTool(function))
		}
	}
	var options []option.RequestOption
	for _, given := range []map[string]any{own.begin.Options, command.Options} {
		for name, value := range given {
			options = append(options, option.WithJSONSet(name, value))
		}
	}
	return request, options
}

// Turn sends one request. A turn that failed leaves nothing in the history.
func (own *chat) Turn(command Command) Report {
	told := said(command)
	if command.Type == "say" {
		own.start = len(own.history)
	}
	request, options := own.request(command, told)
	var report Report
	var whole openai.ChatCompletion
	thinking := map[int64]string{}
	if command.Stream {
		request.StreamOptions.IncludeUsage = openai.Bool(true)
		stream := own.client.Chat.Completions.NewStreaming(context.Background(), request, options...)
		defer stream.Close()
		var sum openai.ChatCompletionAccumulator
		for pieces := 1; !report.Cancelled && stream.Next(); pieces++ {
			sum.AddChunk(stream.Current())
			for _, choice := range stream.Current().Choices {
				thinking[choice.Index] += extra(choice.Delta.JSON.ExtraFields["reasoning_content"].Raw())
			}
			report.Cancelled = pieces == command.CancelAfter
		}
		if err := stream.Err(); err != nil {
			own.history = own.history[:own.start]
			return Report{Error: failure(err)}
		}
		whole = sum.ChatCompletion
	} else {
		answer, err := own.client.Chat.Completions.New(context.Background(), request, options...)
		if err != nil {
			own.history = own.history[:own.start]
			return Report{Error: failure(err)}
		}
		if answer == nil || len(answer.Choices) == 0 { // whatever JSON has the status 200 is decoded: null is no answer
			own.history = own.history[:own.start]
			return Report{Error: &Failure{Kind: "empty", Message: "what came is no answer"}}
		}
		whole = *answer
		for _, choice := range whole.Choices {
			thinking[choice.Index] = extra(choice.Message.JSON.ExtraFields["reasoning_content"].Raw())
		}
	}
	own.gather(&report, whole, thinking)
	if report.Cancelled && len(report.Choices) > 0 && len(report.Choices[0].ToolCalls) > 0 {
		own.history = own.history[:own.start] // half of a call cannot be answered
	} else if own.begin.Session == "" {
		own.history = append(own.history, told...)
		if len(whole.Choices) > 0 {
			said := whole.Choices[0].Message.ToParam()
			if command.Partial != "" {
				said.OfAssistant.Content.OfString = openai.String(command.Partial + report.Choices[0].Text)
			}
			own.history = append(own.history, said)
		}
	}
	return report
}

func (own *chat) gather(report *Report, whole openai.ChatCompletion, thinking map[int64]string) {
	for _, choice := range whole.Choices {
		heard := Choice{Text: choice.Message.Content, Thinking: thinking[choice.Index], ToolCalls: []Call{}}
		if choice.FinishReason != "" {
			heard.FinishReason = &choice.FinishReason
		}
		for _, call := range choice.Message.ToolCalls {
			heard.ToolCalls = append(heard.ToolCalls, Call{call.ID, call.Function.Name, call.Function.Arguments})
		}
		report.Choices = append(report.Choices, heard)
	}
	if whole.Usage.TotalTokens > 0 {
		report.Usage = &Tokens{Input: whole.Usage.PromptTokens, Output: whole.Usage.CompletionTokens}
	}
}

func extra(raw string) (text string) {
	_ = json.Unmarshal([]byte(raw), &text)
	return text
}

func failure(err error) *Failure {
	told := &Failure{Kind: fmt.Sprintf("%T", err), Message: err.Error()}
	var refused *openai.Error
	var inside *ssestream.StreamError
	switch {
	case errors.As(err, &refused):
		told.Kind, told.Status, told.Message = "openai.Error", &refused.StatusCode, refused.Message
		if refused.Code != "" {
			told.Code = &refused.Code
		}
	case errors.As(err, &inside):
		var event struct {
			Error struct{ Code, Message string }
		}
		if json.Unmarshal(inside.Event.Data, &event) == nil {
			told.Code, told.Message = &event.Error.Code, event.Error.Message
		}
	}
	return told
}

func main() {
	version := "?"
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, module := range info.Deps {
			if module.Path == "github.com/openai/openai-go/v3" {
				version = module.Version
			}
		}
	}
	features := []string{"stream", "system", "tools", "thinking", "partial", "choices", "parts"}
	features = append(features, "options", "usage", "cancel", "session", "parallel", "timeout")
	serve(map[string]any{"client": "openai-go " + version, "surfaces": []string{"compat"}, "features": features}, begin)
}

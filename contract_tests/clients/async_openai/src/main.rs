//! Drives async-openai. Requests and answers are of its types; what these have no field for is put and read beside them,
//! as its README shows it ("bring your own types"). Pieces of a stream are put together as in its example of tool calls.

mod lines;

use std::time::Duration;

use async_openai::config::OpenAIConfig;
use async_openai::error::OpenAIError;
use async_openai::types::chat::{
    ChatCompletionMessageToolCall, ChatCompletionMessageToolCalls, ChatCompletionRequestAssistantMessage,
    ChatCompletionRequestMessage, ChatCompletionRequestMessageContentPartImage,
    ChatCompletionRequestMessageContentPartText, ChatCompletionRequestSystemMessage, ChatCompletionRequestToolMessage,
    ChatCompletionRequestUserMessage, ChatCompletionRequestUserMessageContent,
    ChatCompletionRequestUserMessageContentPart, CreateChatCompletionRequest, CreateChatCompletionResponse,
    CreateChatCompletionStreamResponse, FinishReason, FunctionCall, ImageUrl,
};
use async_openai::Client;
use futures::{Stream, StreamExt};
use lines::{Answer, Choice, Command, Conversation, Failure, Usage};
use serde_json::{json, Value};
use tokio::runtime::Runtime;

const FEATURES: [&str; 13] = [
    "stream", "system", "tools", "thinking", "partial", "choices", "parts", "options", "usage", "cancel", "session",
    "parallel", "timeout",
];

struct Chat {
    begin: Command,
    client: Client<OpenAIConfig>,
    runtime: Runtime,
    history: Vec<ChatCompletionRequestMessage>,
    /// Where the running turn begins in the history.
    start: usize,
}

impl Chat {
    fn new(begin: Command) -> Self {
        let mut config = OpenAIConfig::new()
            .with_api_key(&begin.key)
            .with_api_base(&begin.openai_url);
        if let Some(session) = &begin.session {
            config = config
                .with_header("x-dashscope-aca-session", session.as_str())
                .expect("a header");
        }
        let silence = Duration::from_secs_f64(begin.timeout);
        let http = reqwest::Client::builder()
            .read_timeout(silence)
            .build()
            .expect("a client");
        let system = begin
            .system
            .as_deref()
            .map(|text| ChatCompletionRequestSystemMessage::from(text).into());
        Chat {
            client: Client::with_config(config).with_http_client(http),
            runtime: Runtime::new().expect("a runtime"),
            history: system.into_iter().collect(),
            start: 0,
            begin,
        }
    }

    /// The body of a request: the library's, and beside it the options that it does not know and the mark of a prefix.
    fn body(&self, told: &[ChatCompletionRequestMessage], command: &Command) -> Result<Value, OpenAIError> {
        let mut options = self.begin.options.clone();
        options.extend(command.options.clone());
        let mut given = json!({"model": self.begin.model, "messages": []});
        if !self.begin.tools.is_empty() {
            given["tools"] = json!(self.begin.tools);
        }
        if command.stream {
            given["stream"] = json!(true);
            given["stream_options"] = json!({"include_usage": true});
        }
        given.as_object_mut().expect("an object").extend(options.clone());
        let mut request: CreateChatCompletionRequest = read(&given.to_string())?;
        request.messages = self.history.iter().chain(told).cloned().collect();
        if !command.partial.is_empty() {
            request.messages.push(said(&command.partial, &[]));
        }
        let text = serde_json::to_string(&request).expect("the library's request");
        let mut body: Value = read(&text)?;
        if !command.partial.is_empty() {
            *body["messages"]
                .as_array_mut()
                .and_then(|all| all.last_mut())
                .expect("a message") = json!({"role": "assistant", "content": command.partial, "partial": true});
        }
        let known = body.as_object_mut().expect("an object");
        for (name, value) in options {
            known.entry(name).or_insert(value);
        }
        Ok(body)
    }

    fn ask(&self, told: &[ChatCompletionRequestMessage], command: &Command) -> Result<Answer, OpenAIError> {
        let body = self.body(told, command)?;
        self.runtime.block_on(async {
            if command.stream {
                return listen(self.client.chat().create_stream_byot(body).await?, command).await;
            }
            whole(self.client.chat().create_byot(body).await?)
        })
    }
}

impl Conversation for Chat {
    fn turn(&mut self, command: Command) -> Result<Answer, Failure> {
        if command.kind == "say" {
            self.start = self.history.len();
        }
        let told = told(&command);
        let answer = self.ask(&told, &command).map_err(|error| {
            self.history.truncate(self.start);
            failure(error)
        })?;
        let nothing = Choice::default();
        let first = answer.choices.get(&0).unwrap_or(&nothing);
        if answer.cancelled && !first.tool_calls.is_empty() {
            self.history.truncate(self.start); // half of a call cannot be answered
        } else if self.begin.session.is_none() {
            self.history.extend(told);
            self.history
                .push(said(&(command.partial + &first.text), &first.tool_calls));
        }
        Ok(answer)
    }
}

fn read<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, OpenAIError> {
    serde_json::from_str(text).map_err(|error| OpenAIError::InvalidArgument(error.to_string()))
}

/// What the user says, or the functions gave.
fn told(command: &Command) -> Vec<ChatCompletionRequestMessage> {
    let mut told: Vec<ChatCompletionRequestMessage> = Vec::new();
    for result in &command.results {
        let message = ChatCompletionRequestToolMessage {
            content: result.content.as_str().into(),
            tool_call_id: result.id.clone(),
        };
        told.push(message.into());
    }
    if command.kind == "say" && command.parts.is_empty() {
        told.push(ChatCompletionRequestUserMessage::from(command.text.as_str()).into());
    } else if command.kind == "say" {
        let parts = command
            .parts
            .iter()
            .flatten()
            .map(|(kind, value)| part(kind, value))
            .collect();
        let content = ChatCompletionRequestUserMessageContent::Array(parts);
        told.push(ChatCompletionRequestUserMessage { content, name: None }.into());
    }
    told
}

fn part(kind: &str, value: &str) -> ChatCompletionRequestUserMessageContentPart {
    if kind == "text" {
        return ChatCompletionRequestMessageContentPartText {
            text: value.into(),
            ..Default::default()
        }
        .into();
    }
    let image_url = ImageUrl {
        url: value.into(),
        detail: None,
    };
    ChatCompletionRequestMessageContentPartImage {
        image_url,
        ..Default::default()
    }
    .into()
}

/// An answer, as the history keeps it.
fn said(text: &str, calls: &[lines::Call]) -> ChatCompletionRequestMessage {
    let made = calls.iter().map(|call| {
        let function = FunctionCall {
            name: call.name.clone(),
            arguments: call.arguments.clone(),
        };
        ChatCompletionMessageToolCalls::Function(ChatCompletionMessageToolCall {
            id: call.id.clone(),
            function,
        })
    });
    let message = ChatCompletionRequestAssistantMessage {
        content: Some(text.into()),
        tool_calls: if calls.is_empty() { None } else { Some(made.collect()) },
        ..Default::default()
    };
    message.into()
}

fn word(finish: FinishReason) -> Option<String> {
    serde_json::to_value(finish).ok()?.as_str().map(str::to_owned)
}

/// An answer, or a piece of one, by the library's type.
fn typed<T: serde::de::DeserializeOwned>(given: &Value) -> Result<T, OpenAIError> {
    T::deserialize(given).map_err(|error| OpenAIError::JSONDeserialize(error, given.to_string()))
}

/// What the model thinks, for which the types have no field: of the choice in a place, in its message or delta.
fn thinking<'a>(given: &'a Value, place: usize, holder: &str) -> &'a str {
    given["choices"][place][holder]["reasoning_content"]
        .as_str()
        .unwrap_or_default()
}

fn whole(given: Value) -> Result<Answer, OpenAIError> {
    let response: CreateChatCompletionResponse = typed(&given)?;
    let mut answer = Answer::default();
    for (place, choice) in response.choices.into_iter().enumerate() {
        let noted = answer.choices.entry(choice.index).or_default();
        noted.thinking = thinking(&given, place, "message").into();
        noted.text = choice.message.content.unwrap_or_default();
        noted.finish_reason = choice.finish_reason.and_then(word);
        for (at, call) in choice.message.tool_calls.into_iter().flatten().enumerate() {
            if let ChatCompletionMessageToolCalls::Function(call) = call {
                noted.call(at, &call.id, &call.function.name, &call.function.arguments);
            }
        }
    }
    answer.usage = response.usage.map(|cost| Usage {
        input: cost.prompt_tokens,
        output: cost.completion_tokens,
    });
    Ok(answer)
}

async fn listen<S>(mut stream: S, command: &Command) -> Result<Answer, OpenAIError>
where
    S: Stream<Item = Result<Value, OpenAIError>> + Unpin,
{
    let mut answer = Answer::default();
    let mut pieces = 0;
    while let Some(given) = stream.next().await {
        let given = given?;
        let piece: CreateChatCompletionStreamResponse = typed(&given)?;
        for (place, choice) in piece.choices.into_iter().enumerate() {
            let noted = answer.choices.entry(choice.index).or_default();
            noted.thinking.push_str(thinking(&given, place, "delta"));
            noted.text.push_str(&choice.delta.content.unwrap_or_default());
            noted.finish_reason = choice.finish_reason.and_then(word).or(noted.finish_reason.take());
            for call in choice.delta.tool_calls.into_iter().flatten() {
                let function = call.function.unwrap_or_default();
                let (name, arguments) = (
                    function.name.unwrap_or_default(),
                    function.arguments.unwrap_or_default(),
                );
                noted.call(call.index as usize, &call.id.unwrap_or_default(), &name, &arguments);
            }
        }
        if let Some(cost) = piece.usage {
            answer.usage = Some(Usage {
                input: cost.prompt_tokens,
                output: cost.completion_tokens,
            });
        }
        pieces += 1;
        if pieces == command.cancel_after {
            answer.cancelled = true;
            break;
        }
    }
    Ok(answer)
}

fn failure(error: OpenAIError) -> Failure {
    let name = format!("{error:?}");
    let kind = name.split(['(', ' ']).next().unwrap_or_default().to_owned();
    let (code, status) = match &error {
        OpenAIError::ApiError(refused) => (refused.api_error.code.clone(), Some(refused.status_code.as_u16())),
        _ => (None, None),
    };
    let message = match &error {
        OpenAIError::ApiError(refused) => refused.api_error.message.clone(),
        other => other.to_string(),
    };
    Failure {
        kind,
        code,
        status,
        message,
    }
}

fn main() {
    lines::serve("async-openai 0.43.0", &FEATURES, |begin| Box::new(Chat::new(begin)));
}

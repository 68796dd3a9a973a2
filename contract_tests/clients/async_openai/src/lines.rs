//! What a driver in Rust needs beside its client: commands of the contract kit come in by lines, answers go out. It
//! is `loop.py` over again; the protocol is described by `schemas/driver.schema.json`.

use std::collections::{BTreeMap, HashMap};
use std::io::{stdin, stdout, BufRead, Write};

use serde::{Deserialize, Serialize};
use serde_json::{json, Map, Value};

/// What a command has; which fields are there depends on its type.
#[derive(Deserialize)]
#[serde(default)]
pub struct Command {
    #[serde(rename = "type")]
    pub kind: String,
    pub conversation: String,
    pub openai_url: String,
    pub key: String,
    pub model: String,
    pub system: Option<String>,
    pub session: Option<String>,
    pub tools: Vec<Value>,
    pub options: Map<String, Value>,
    pub timeout: f64,
    pub text: String,
    pub parts: Vec<BTreeMap<String, String>>,
    pub stream: bool,
    pub partial: String,
    pub cancel_after: usize,
    pub results: Vec<FunctionResult>,
}

impl Default for Command {
    fn default() -> Self {
        Command {
            kind: String::new(),
            conversation: String::new(),
            openai_url: String::new(),
            key: String::new(),
            model: String::new(),
            system: None,
            session: None,
            tools: Vec::new(),
            options: Map::new(),
            timeout: 30.0,
            text: String::new(),
            parts: Vec::new(),
            stream: false,
            partial: String::new(),
            cancel_after: 0,
            results: Vec::new(),
        }
    }
}

/// What a function gave.
#[derive(Deserialize)]
pub struct FunctionResult {
    pub id: String,
    pub content: String,
}

/// A call of a function, as the client told it.
#[derive(Clone, Default, Serialize)]
pub struct Call {
    pub id: String,
    pub name: String,
    pub arguments: String,
}

/// One choice, as the client told it.
#[derive(Default, Serialize)]
pub struct Choice {
    pub text: String,
    pub thinking: String,
    pub tool_calls: Vec<Call>,
    pub finish_reason: Option<String>,
}

impl Choice {
    /// Adds to a call: the first id and name count, arguments are joined.
    pub fn call(&mut self, index: usize, id: &str, name: &str, arguments: &str) {
        while self.tool_calls.len() <= index {
            self.tool_calls.push(Call::default());
        }
        let call = &mut self.tool_calls[index];
        if call.id.is_empty() {
            call.id = id.into();
        }
        if call.name.is_empty() {
            call.name = name.into();
        }
        call.arguments.push_str(arguments);
    }
}

/// What an answer cost.
#[derive(Clone, Copy, Default, Serialize)]
pub struct Usage {
    pub input: u32,
    pub output: u32,
}

/// An error, as the client told it.
#[derive(Serialize)]
pub struct Failure {
    pub kind: String,
    pub code: Option<String>,
    pub status: Option<u16>,
    pub message: String,
}

/// One answer, put together from a whole response or from the pieces of a stream.
#[derive(Default)]
pub struct Answer {
    pub choices: BTreeMap<u32, Choice>,
    pub usage: Option<Usage>,
    pub cancelled: bool,
}

/// One conversation; `turn` sends what is said, or the results. A turn that failed leaves nothing in its history.
pub trait Conversation {
    fn turn(&mut self, command: Command) -> Result<Answer, Failure>;
}

/// Answers the commands on stdin until it ends.
pub fn serve(client: &str, features: &[&str], begin: impl Fn(Command) -> Box<dyn Conversation>) {
    let mut held: HashMap<String, (Box<dyn Conversation>, Option<Usage>)> = HashMap::new();
    for line in stdin().lock().lines().map_while(Result::ok) {
        let command: Command = serde_json::from_str(&line).expect("a command of the kit");
        let name = command.conversation.clone();
        let answer = match command.kind.as_str() {
            "hello" => json!({
                "type": "hello", "version": 1, "client": client, "surfaces": ["compat"], "features": features,
            }),
            "begin" => {
                held.insert(name, (begin(command), None));
                json!({"type": "ok"})
            }
            "end" => json!({"type": "report", "usage": held.remove(&name).and_then(|(_, spent)| spent)}),
            _ => {
                let (conversation, spent) = held.get_mut(&name).expect("a conversation that began");
                report(conversation.turn(command), spent)
            }
        };
        let mut out = stdout().lock();
        writeln!(out, "{answer}")
            .and_then(|()| out.flush())
            .expect("a kit that listens");
    }
}

/// The report of a turn; what it cost is added to what the conversation did.
fn report(answer: Result<Answer, Failure>, spent: &mut Option<Usage>) -> Value {
    let answer = match answer {
        Ok(answer) => answer,
        Err(error) => return json!({"type": "report", "error": error}),
    };
    if let Some(cost) = answer.usage {
        let sum = spent.get_or_insert_with(Usage::default);
        sum.input += cost.input;
        sum.output += cost.output;
    }
    let choices: Vec<_> = answer.choices.values().collect();
    json!({"type": "report", "choices": choices, "usage": answer.usage, "cancelled": answer.cancelled})
}

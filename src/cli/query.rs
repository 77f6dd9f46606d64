//! Questions about sessions: `report`, `show`, `gate`, `session list`, `store info`. The process
//! that holds the store answers them; where none does, the directory is read.

use crate::base::{Chain, clock, parse_duration};
use crate::cli::args::{Gate, GateFormat, Global, LATEST, Report, ReportFormat, Show};
use crate::cli::client::Client;
use crate::cli::output::Output;
use crate::cli::progress::Waiting;
use crate::cli::{Exit, Failure, source};
use crate::compare::Rules;
use crate::config::Config;
use crate::model::{RuleName, RuleUse, Session};
use crate::report::{self, QuestionError, SessionSummary, StoreAbout, Words};
use crate::store::{Backend, Root, StoreError};
use crate::verdict::{self, Verdict};
use http::Method;
use serde_json::Value;
use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::thread;
use std::time::Duration;

/// Between two looks at the verdict while waiting for samples.
const PACE: Duration = Duration::from_millis(250);

/// Who answers.
enum Source {
    Process(Client),
    Disk { root: Box<Root>, config: Box<Config> },
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        let message = Chain(&error).to_string();
        match error {
            StoreError::NoSession { .. } | StoreError::Ambiguous { .. } | StoreError::Id(_) => {
                Self::usage(message)
            }
            _ => Self::unreachable(message),
        }
    }
}

impl From<QuestionError> for Failure {
    fn from(error: QuestionError) -> Self {
        Self::usage(error.to_string())
    }
}

impl Source {
    fn find(global: &Global) -> Result<Self, Failure> {
        if let Some(url) = &global.server {
            return Ok(Self::Process(Client::named(global, url)?));
        }
        let config = source::config(global)?;
        if let Some(client) = Client::holder(global, &config)? {
            return Ok(Self::Process(client));
        }
        let root = Box::new(Root::read(&config.store.path)?);
        Ok(Self::Disk { root, config: Box::new(config) })
    }
}

pub(super) fn report(global: &Global, args: &Report) -> Result<Exit, Failure> {
    let output = Output::new(global.color);
    let to_terminal = args.output.is_none() && output.coloured();
    let words = Words {
        endpoint: args.endpoint.clone(),
        since: args.since.clone(),
        format: Some(name(args.format).to_owned()),
        color: to_terminal.then(|| "always".to_owned()),
    };
    if let Some(since) = &words.since {
        parse_duration(since).map_err(|error| Failure::usage(format!("--since: {error}")))?;
    }
    let selector = &args.session.session;
    let text = match Source::find(global)? {
        Source::Process(client) => ask(&client, "report", selector, &words)?,
        Source::Disk { root, config } => {
            let session = root.load(selector)?;
            let gate = verdict::gate(&config.gate, &session);
            words.report(&session, &gate, clock::wall())?
        }
    };
    match &args.output {
        None => output.data(&text)?,
        Some(path) => fs::write(path, text).map_err(|error| {
            Failure::usage(format!("{} cannot be written: {error}", path.display()))
        })?,
    }
    Ok(Exit::Done)
}

pub(super) fn show(global: &Global, args: &Show) -> Result<Exit, Failure> {
    let output = Output::new(global.color);
    let words = text_words(output);
    let selector = &args.session.session;
    let base = args.curl.then(|| base_url(global));
    let text = match Source::find(global)? {
        Source::Process(client) => {
            let path = format!("findings/{}", encode(&args.signature));
            let mut target = target(&path, selector, &words);
            if let Some(base) = base {
                target.push_str(&format!("&curl={}", encode(&base)));
            }
            client.ask(Method::GET, &target, None)?.text
        }
        Source::Disk { root, .. } => {
            let session = root.load(selector)?;
            match base {
                Some(base) => report::commands(&session, &args.signature, &base)?,
                None => words.finding(&session, &args.signature)?,
            }
        }
    };
    output.data(&text)?;
    Ok(Exit::Done)
}

/// What the rules of a config were good for in the last session, where anything was compared in it.
pub(super) fn rules_used(global: &Global, config: &Config) -> BTreeMap<RuleName, RuleUse> {
    let used = match Client::holder(global, config) {
        Ok(Some(client)) => asked_rules(&client),
        _ => read_rules(config),
    };
    let mut used = used.unwrap_or_default();
    let rules = Rules::new(&config.compare);
    let known: HashSet<_> =
        rules.names().iter().map(|name| (name.origin.key.as_str(), name.text.as_str())).collect();
    // Others were those of the config as it was then.
    used.retain(|RuleName { key, text }, _| {
        key.starts_with("routes[") || known.contains(&(key.as_str(), text.as_str()))
    });
    used
}

fn read_rules(config: &Config) -> Option<BTreeMap<RuleName, RuleUse>> {
    let session = Root::read(&config.store.path).and_then(|root| root.load(LATEST)).ok()?;
    let any = session.endpoints.values().any(|stats| stats.ledger.compared > 0);
    any.then_some(session.rules)
}

/// The same by the process that holds the store.
fn asked_rules(client: &Client) -> Option<BTreeMap<RuleName, RuleUse>> {
    let words = Words { format: Some("json".to_owned()), ..Words::default() };
    let report: Value = serde_json::from_str(&ask(client, "report", LATEST, &words).ok()?).ok()?;
    let rule = |rule: &Value| {
        let text = |name: &str| Some(rule.get(name)?.as_str()?.to_owned());
        let number = |name: &str| rule.get(name).and_then(Value::as_u64).unwrap_or(0);
        let fields = rule.get("fields")?.as_array()?.iter();
        let used = RuleUse {
            line: number("line"),
            matched: number("matched"),
            excused: number("excused"),
            fields: fields.filter_map(|field| field.as_str().map(str::to_owned)).collect(),
        };
        Some((RuleName { key: text("rule")?, text: text("text")? }, used))
    };
    let compared = report.get("totals")?.get("compared")?.as_u64()?;
    let rules = report.get("rules")?.as_array().filter(|_| compared > 0)?;
    rules.iter().map(rule).collect()
}

/// Where the commands of `--curl` send to: the tap of the config, or a place to be filled in.
fn base_url(global: &Global) -> String {
    let listen = source::config(global).map(|config| config.listen.address);
    listen.map_or_else(|_| "http://HOST:PORT".to_owned(), |address| format!("http://{address}"))
}

pub(super) fn gate(global: &Global, args: &Gate) -> Result<Exit, Failure> {
    let output = Output::new(global.color);
    let wait = args.wait.as_deref().map(parse_duration).transpose();
    let wait = wait.map_err(|error| Failure::usage(format!("--wait: {error}")))?;
    let words = Words { format: Some(gate_format(args.format).into()), ..text_words(output) };
    let source = Source::find(global)?;
    let end = wait.map(|wait| clock::now() + wait);
    let waiting = Waiting::new(wait.is_some(), "waiting for enough samples");
    let (text, verdict) = loop {
        let (text, verdict) = judged(&source, &args.session.session, &words)?;
        // A stored session gets no more samples.
        let later =
            matches!(source, Source::Process(_)) && end.is_some_and(|end| clock::now() < end);
        if verdict != Verdict::Inconclusive || !later {
            break (text, verdict);
        }
        thread::sleep(PACE);
    };
    waiting.done();
    output.data(&text)?;
    Ok(match verdict {
        Verdict::Pass => Exit::Done,
        Verdict::Fail => Exit::Failed,
        Verdict::Inconclusive => Exit::Inconclusive,
    })
}

/// The gate's answer in the form that is wanted, and its verdict.
fn judged(source: &Source, selector: &str, words: &Words) -> Result<(String, Verdict), Failure> {
    match source {
        Source::Process(client) => {
            let json = Words { format: Some("json".into()), ..Words::default() };
            let answer = ask(client, "gate", selector, &json)?;
            let gate: serde_json::Value = serde_json::from_str(&answer).unwrap_or_default();
            let named = gate.get("verdict").and_then(serde_json::Value::as_str);
            let verdict = Verdict::ALL.into_iter().find(|verdict| Some(verdict.name()) == named);
            let verdict = verdict.ok_or_else(|| {
                Failure::unreachable("the process gave an answer without a verdict")
            })?;
            let text = match words.format.as_deref() {
                Some("json") => answer,
                _ => ask(client, "gate", selector, words)?,
            };
            Ok((text, verdict))
        }
        Source::Disk { root, config } => {
            let session: Session = root.load(selector)?;
            let result = verdict::gate(&config.gate, &session);
            Ok((words.gate(&result)?, result.verdict))
        }
    }
}

pub(super) fn sessions(global: &Global, format: GateFormat) -> Result<Exit, Failure> {
    let output = Output::new(global.color);
    let words = Words { format: Some(gate_format(format).into()), ..text_words(output) };
    let text = match Source::find(global)? {
        Source::Process(client) => ask(&client, "sessions", LATEST, &words)?,
        Source::Disk { root, .. } => {
            let mut all = Vec::new();
            for info in root.sessions()? {
                all.push(SessionSummary::from(&root.load(&info.id)?));
            }
            match format {
                GateFormat::Json => report::json::sessions(&all),
                GateFormat::Text => report::sessions(&all, &words.palette()),
            }
        }
    };
    output.data(&text)?;
    Ok(Exit::Done)
}

pub(super) fn store(global: &Global, format: GateFormat) -> Result<Exit, Failure> {
    let output = Output::new(global.color);
    let words = Words { format: Some(gate_format(format).into()), ..text_words(output) };
    let text = match Source::find(global)? {
        Source::Process(client) => ask(&client, "store", LATEST, &words)?,
        Source::Disk { root, .. } => {
            let about = StoreAbout { info: root.info()?, health: None };
            match format {
                GateFormat::Json => about.json(),
                GateFormat::Text => about.text(),
            }
        }
    };
    output.data(&text)?;
    Ok(Exit::Done)
}

fn text_words(output: Output) -> Words {
    let color = output.coloured().then(|| "always".to_owned());
    Words { format: Some("text".into()), color, ..Words::default() }
}

fn name(format: ReportFormat) -> &'static str {
    match format {
        ReportFormat::Text => "text",
        ReportFormat::Json => "json",
        ReportFormat::Markdown => "markdown",
    }
}

fn gate_format(format: GateFormat) -> &'static str {
    match format {
        GateFormat::Text => "text",
        GateFormat::Json => "json",
    }
}

fn ask(client: &Client, path: &str, selector: &str, words: &Words) -> Result<String, Failure> {
    Ok(client.ask(Method::GET, &target(path, selector, words), None)?.text)
}

fn target(path: &str, selector: &str, words: &Words) -> String {
    let mut target = format!("/api/v1/{path}?session={}", encode(selector));
    let Words { endpoint, since, format, color } = words;
    let named = [("endpoint", endpoint), ("since", since), ("format", format), ("color", color)];
    for (name, value) in named {
        if let Some(value) = value {
            target.push_str(&format!("&{name}={}", encode(value)));
        }
    }
    target
}

/// A value as it may stand in a path or a query (RFC 3986 section 2.1).
fn encode(value: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let write = |byte: u8| {
        if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }
    };
    value.bytes().map(write).collect()
}

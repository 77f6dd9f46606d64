//! The kill switch and the dial: `pause`, `resume`, `percent`.

use crate::base::Percent;
use crate::cli::args::Global;
use crate::cli::client::Client;
use crate::cli::output::Output;
use crate::cli::{Exit, Failure, source};
use http::Method;
use serde_json::{Value, json};

pub(super) fn pause(global: &Global) -> Result<Exit, Failure> {
    turn(global, &json!({ "enabled": false }))
}

pub(super) fn resume(global: &Global) -> Result<Exit, Failure> {
    turn(global, &json!({ "enabled": true }))
}

pub(super) fn percent(global: &Global, percent: &str) -> Result<Exit, Failure> {
    let text = if percent.ends_with('%') { percent.to_owned() } else { format!("{percent}%") };
    let sample: Percent = text.parse().map_err(|_| {
        Failure::usage(format!("`{percent}` is not a percentage; give a number from 0 to 100"))
    })?;
    turn(global, &json!({ "sample": sample.to_string() }))
}

fn turn(global: &Global, change: &Value) -> Result<Exit, Failure> {
    let client = match &global.server {
        Some(url) => Client::named(global, url)?,
        None => Client::steered(global, &source::config(global)?)?,
    };
    let reply = client.ask(Method::PATCH, "/api/v1/mirror", Some(change.to_string()))?;
    let state: Value = serde_json::from_str(&reply.text)
        .map_err(|error| Failure::unreachable(format!("the process answers oddly: {error}")))?;
    let output = Output::new(global.color);
    let on = state.get("enabled") == Some(&Value::Bool(true));
    let sample = state.get("sample").and_then(Value::as_str).unwrap_or("?");
    output.say(&if on {
        format!("mirroring is on, for {sample} of the eligible requests")
    } else {
        "mirroring is paused, now and after a restart; `shadow resume` starts it again".to_owned()
    });
    if let Some(warning) = state.get("warning").and_then(Value::as_str) {
        output.say(&format!("warning: {warning}"));
    }
    Ok(Exit::Done)
}

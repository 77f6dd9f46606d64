//! One occurrence of a finding, made fit to be kept: everything in it is redacted.

use crate::compare::{Decoded, Undecodable};
use crate::model::{Divergence, Outcome, Request, Sample, SampleReply, SampleRequest, Trial};
use crate::redact::Redactor;
use http::HeaderMap;
use http::header::CONTENT_TYPE;

/// What samples of one trial are made from.
pub(super) struct Evidence<'a> {
    pub trial: &'a Trial,
    pub decoded: &'a Decoded,
    pub redactor: &'a Redactor,
}

impl Evidence<'_> {
    /// The sample of one divergence.
    pub(super) fn of(&self, divergence: &Divergence<'_>) -> Sample {
        let exchange = &self.trial.exchange;
        let (primary, candidate) = self.redactor.preview(divergence, self.decoded.compared());
        Sample {
            request_id: exchange.id.to_string(),
            at: exchange.at,
            pointer: self.redactor.text(&self.redactor.place(&divergence.place).pointer()),
            primary,
            candidate,
            request: self.request(),
            primary_reply: self.reply(&exchange.primary, self.decoded.primary()),
            candidate_reply: self.reply(&self.trial.candidate, self.decoded.candidate()),
        }
    }

    /// The request's method, path and query.
    pub(super) fn target(&self) -> String {
        let request = &self.trial.exchange.request;
        format!("{} {}", request.method, self.redactor.target(path_and_query(request)))
    }

    /// A sample without anything that would have to be redacted.
    pub(super) fn bare(&self) -> Sample {
        let exchange = &self.trial.exchange;
        let method = exchange.request.method.to_string();
        let reply = |outcome| SampleReply { outcome: word(outcome), ..SampleReply::default() };
        Sample {
            request_id: exchange.id.to_string(),
            at: exchange.at,
            pointer: String::new(),
            primary: None,
            candidate: None,
            request: SampleRequest { method, ..SampleRequest::default() },
            primary_reply: reply(&exchange.primary),
            candidate_reply: reply(&self.trial.candidate),
        }
    }

    fn request(&self) -> SampleRequest {
        let request = &self.trial.exchange.request;
        SampleRequest {
            method: request.method.to_string(),
            target: self.redactor.target(path_and_query(request)),
            headers: self.redactor.headers(&request.headers),
            body: self.redactor.body(media(&request.headers), &request.body.joined()),
        }
    }

    fn reply(&self, outcome: &Outcome, content: Option<Result<&[u8], Undecodable>>) -> SampleReply {
        let reply = match outcome {
            Outcome::Reply(reply) => reply,
            Outcome::Fault(_) => {
                return SampleReply { outcome: word(outcome), ..SampleReply::default() };
            }
        };
        let body = match content {
            Some(Ok(bytes)) => self.redactor.body(media(&reply.headers), bytes),
            Some(Err(reason)) => Some(format!("[{} bytes: {reason}]", reply.body.len())),
            None => None,
        };
        SampleReply { outcome: word(outcome), headers: self.redactor.headers(&reply.headers), body }
    }
}

/// The status code, or the name of the fault.
pub(super) fn word(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Reply(reply) => reply.status.as_u16().to_string(),
        Outcome::Fault(fault) => fault.name().to_owned(),
    }
}

fn path_and_query(request: &Request) -> &str {
    request.uri.path_and_query().map_or("/", |target| target.as_str())
}

/// Of both answers, as they came.
pub(super) fn bytes(trial: &Trial) -> u64 {
    let of = |outcome: &Outcome| match outcome {
        Outcome::Reply(reply) => reply.body.len() as u64,
        Outcome::Fault(_) => 0,
    };
    of(&trial.exchange.primary) + of(&trial.candidate)
}

fn media(headers: &HeaderMap) -> Option<&str> {
    headers.get(CONTENT_TYPE)?.to_str().ok()
}

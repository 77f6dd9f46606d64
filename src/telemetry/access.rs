//! The access log: one line for each answer, written by a thread of its own.

use crate::telemetry::Name;
use http::{Method, StatusCode, Uri, Version};
use jiff::Timestamp;
use metrics::{Counter, counter};
use std::fmt::{self, Write as _};
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::net::IpAddr;
use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

/// Lines that may wait to be written; more are lost, and counted.
const QUEUE: usize = 8192;

/// So many bytes are written at once.
const CHUNK: usize = 64 * 1024;

/// One answered request.
#[derive(Clone, Debug)]
pub struct Access {
    pub client: IpAddr,
    /// When its head had been read.
    pub at: Timestamp,
    pub method: Method,
    pub uri: Uri,
    pub version: Version,
    pub status: StatusCode,
    /// Of the answer's body, as far as it was handed to the client.
    pub bytes: u64,
    pub latency: Duration,
}

/// How a line is written.
pub type Format = fn(&Access, &mut String) -> fmt::Result;

enum Message {
    Line(Box<Access>),
    /// Everything before it is written once this is answered.
    Flush(SyncSender<()>),
}

/// Where lines are handed in.
#[derive(Clone)]
pub struct AccessLog {
    sender: SyncSender<Message>,
    lost: Counter,
}

impl fmt::Debug for AccessLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AccessLog")
    }
}

impl AccessLog {
    /// Starts the writer of a file, or of stdout.
    pub fn start(format: Format, path: Option<&Path>) -> io::Result<Self> {
        let output: Box<dyn Write + Send> = match path {
            Some(path) => Box::new(OpenOptions::new().create(true).append(true).open(path)?),
            None => Box::new(io::stdout()),
        };
        let (sender, receiver) = sync_channel(QUEUE);
        let writer = thread::Builder::new().name("shadow-access-log".into());
        writer.spawn(move || write(&receiver, format, output))?;
        Ok(Self { sender, lost: counter!(Name::AccessLost.as_str()) })
    }

    /// Hands in one line; it never waits.
    pub fn log(&self, access: Box<Access>) {
        if self.sender.try_send(Message::Line(access)).is_err() {
            self.lost.increment(1);
        }
    }

    /// Waits until what was handed in is written, or for so long.
    pub fn flush(&self, patience: Duration) -> Result<(), RecvTimeoutError> {
        let (done, written) = sync_channel(1);
        let asked = self.sender.try_send(Message::Flush(done));
        asked.map_err(|_| RecvTimeoutError::Timeout)?;
        written.recv_timeout(patience)
    }
}

fn write(receiver: &Receiver<Message>, format: Format, mut output: Box<dyn Write + Send>) {
    let lost = counter!(Name::AccessLost.as_str());
    let mut text = String::new();
    while let Ok(first) = receiver.recv() {
        let (mut lines, mut flushes) = (0, Vec::new());
        let mut next = Some(first);
        while let Some(message) = next {
            match message {
                // Writing to a string does not fail.
                Message::Line(access) => {
                    format(&access, &mut text).ok();
                    lines += 1;
                }
                Message::Flush(done) => flushes.push(done),
            }
            next = if text.len() < CHUNK { receiver.try_recv().ok() } else { None };
        }
        if output.write_all(text.as_bytes()).and_then(|()| output.flush()).is_err() {
            lost.increment(lines);
        }
        text.clear();
        // Whoever has waited for too long is gone.
        for done in flushes {
            done.try_send(()).ok();
        }
    }
}

/// `client - - [day/month/year:time +0000] "METHOD target version" status bytes`; what a client
/// has written is escaped.
pub fn common(access: &Access, text: &mut String) -> fmt::Result {
    let at = access.at.strftime("%d/%b/%Y:%H:%M:%S +0000");
    let target = target(access).escape_debug();
    let Access { client, method, version, status, bytes, .. } = access;
    let status = status.as_u16();
    writeln!(text, "{client} - - [{at}] \"{method} {target} {version:?}\" {status} {bytes}")
}

/// One JSON object on a line.
pub fn json(access: &Access, text: &mut String) -> fmt::Result {
    let line = serde_json::json!({
        "at": access.at.to_string(),
        "client": access.client.to_string(),
        "method": access.method.as_str(),
        "target": target(access),
        "version": format!("{:?}", access.version),
        "status": access.status.as_u16(),
        "bytes": access.bytes,
        "seconds": access.latency.as_secs_f64(),
    });
    writeln!(text, "{line}")
}

fn target(access: &Access) -> &str {
    access.uri.path_and_query().map_or("/", |target| target.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(format: Format) -> String {
        let access = Access {
            client: [192, 0, 2, 1].into(),
            at: "2026-11-21T23:44:03Z".parse().expect("a time"),
            method: Method::GET,
            uri: "/a?b=\u{202e}".parse().expect("a target"),
            version: Version::HTTP_11,
            status: StatusCode::OK,
            bytes: 12,
            latency: Duration::from_millis(5),
        };
        let mut text = String::new();
        format(&access, &mut text).expect("a string takes all");
        text
    }

    #[test]
    fn a_common_line_is_what_web_servers_write_escaped() {
        let expected = "192.0.2.1 - - [21/Nov/2026:23:44:03 +0000] \
             \"GET /a?b=\\u{202e} HTTP/1.1\" 200 12\n";
        assert_eq!(written(common), expected);
    }

    #[test]
    fn a_json_line_is_one_object() {
        let line: serde_json::Value = serde_json::from_str(&written(json)).expect("JSON");
        assert_eq!((&line["target"], &line["bytes"]), (&"/a?b=\u{202e}".into(), &12.into()));
        assert_eq!(line["at"], "2026-11-21T23:44:03Z");
    }
}

//! The program under test.

use super::{eventually, get};
use serde_json::Value;
use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use tempfile::TempDir;

/// A running `shadow run` with a folder of its own.
pub struct Shadow {
    pub listen: SocketAddr,
    pub admin: SocketAddr,
    pub folder: Arc<TempDir>,
    child: Child,
    log: Arc<Mutex<Vec<String>>>,
    reader: Option<JoinHandle<()>>,
}

/// The binary, in a folder, with nothing of the surroundings that could change what it does.
pub fn command(folder: &Path, args: &[&str]) -> Command {
    clean(BINARY, folder, args)
}

const BINARY: &str = env!("CARGO_BIN_EXE_shadow");

/// The binary under a shell script, which has it as `$0`, in a folder.
pub fn under(script: &str, folder: &Path) -> Command {
    clean("sh", folder, &["-c", script, BINARY])
}

fn clean(program: &str, folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(args).current_dir(folder).stdin(Stdio::null());
    for name in ["SHADOW_CONFIG", "SHADOW_LOG", "NO_COLOR", "CLICOLOR_FORCE", "RUST_BACKTRACE"] {
        command.env_remove(name);
    }
    command
}

pub fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

impl Shadow {
    /// Starts between two origins; `rest` is the rest of the config.
    pub fn start(primary: SocketAddr, candidate: SocketAddr, rest: &str) -> Self {
        let folder = Arc::new(TempDir::new().expect("a folder"));
        Self::start_in(folder, primary, candidate, rest)
    }

    /// Starts in front of a primary alone, with more keys of `listen`.
    pub fn edge(primary: SocketAddr, listen: &str) -> Self {
        Self::with_listen(primary, listen, "")
    }

    /// The same with a candidate.
    pub fn edge_beside(primary: SocketAddr, candidate: SocketAddr, listen: &str) -> Self {
        let candidate = format!("candidate: {{ url: \"http://{candidate}\", timeout: 3s }}\n");
        Self::with_listen(primary, listen, &candidate)
    }

    fn with_listen(primary: SocketAddr, listen: &str, rest: &str) -> Self {
        let folder = Arc::new(TempDir::new().expect("a folder"));
        let config = format!(
            "listen: {{ address: 127.0.0.1:0, {listen} }}\nadmin: {{ address: 127.0.0.1:0 }}\n\
             primary: {{ url: \"http://{primary}\", timeout: 2s }}\n{rest}"
        );
        std::fs::write(folder.path().join("shadow.yaml"), config).expect("a config");
        Self::launch(folder)
    }

    /// The value of a metric, by its name with its labels.
    pub fn metric(&self, name: &str) -> u64 {
        let text = get(self.admin, "/metrics").text();
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.map_or(0, |value| value.parse().expect("a count"))
    }

    /// Starts in a folder that is there already.
    pub fn start_in(
        folder: Arc<TempDir>,
        primary: SocketAddr,
        candidate: SocketAddr,
        rest: &str,
    ) -> Self {
        let (primary, candidate) = (format!("http://{primary}"), format!("http://{candidate}"));
        Self::launch_with(folder, &primary, &candidate, rest)
    }

    /// Starts between two URLs.
    pub fn with_candidate(primary: &str, candidate: &str, rest: &str) -> Self {
        let folder = Arc::new(TempDir::new().expect("a folder"));
        Self::launch_with(folder, primary, candidate, rest)
    }

    fn launch_with(folder: Arc<TempDir>, primary: &str, candidate: &str, rest: &str) -> Self {
        write_config(&folder, primary, candidate, rest);
        Self::launch(folder)
    }

    /// Starts with the config that lies in the folder.
    pub fn launch(folder: Arc<TempDir>) -> Self {
        Self::launch_as(folder, &["run"])
    }

    /// Starts with other arguments.
    pub fn launch_as(folder: Arc<TempDir>, args: &[&str]) -> Self {
        let run = command(folder.path(), args);
        Self::launch_by(run, folder)
    }

    /// Starts a second one that takes over from this one: the same config, folder and addresses.
    pub fn take_over(&self) -> Self {
        let path = self.folder.path().join("shadow.yaml");
        let text = std::fs::read_to_string(&path).expect("a config");
        let text = text.replacen("127.0.0.1:0", &format!("\"{}\"", self.listen), 1);
        let text = text.replacen("127.0.0.1:0", &format!("\"{}\"", self.admin), 1);
        std::fs::write(&path, text).expect("a config");
        Self::launch_as(self.folder.clone(), &["run", "--takeover"])
    }

    /// Starts between two origins under a shell script that ends with `exec "$0" run`.
    pub fn start_under(
        script: &str,
        primary: SocketAddr,
        candidate: SocketAddr,
        rest: &str,
    ) -> Self {
        let folder = Arc::new(TempDir::new().expect("a folder"));
        let (primary, candidate) = (format!("http://{primary}"), format!("http://{candidate}"));
        write_config(&folder, &primary, &candidate, rest);
        Self::launch_by(under(script, folder.path()), folder)
    }

    fn launch_by(mut run: Command, folder: Arc<TempDir>) -> Self {
        let mut child =
            run.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary starts");
        let log = Arc::new(Mutex::new(Vec::new()));
        let mut lines = BufReader::new(child.stderr.take().expect("stderr")).lines();
        let sink = log.clone();
        let reader = thread::spawn(move || {
            while let Some(Ok(line)) = lines.next() {
                sink.lock().expect("no panic").push(line);
            }
        });
        let serving = eventually("the program to serve", || {
            if let Ok(Some(status)) = child.try_wait() {
                panic!("ended with {status}: {:?}", log.lock().expect("no panic"));
            }
            let log = log.lock().expect("no panic");
            log.iter().find(|line| line.contains("\"serving\"")).cloned()
        });
        let line: Value = serde_json::from_str(&serving).expect("a log line in JSON");
        let address =
            |name: &str| line[name].as_str().expect("an address").parse().expect("an address");
        let (listen, admin) = (address("listen"), address("admin"));
        Self { listen, admin, folder, child, log, reader: Some(reader) }
    }

    /// Log lines so far.
    pub fn log(&self) -> Vec<String> {
        self.log.lock().expect("no panic").clone()
    }

    /// The report as JSON, from the admin API.
    pub fn report(&self) -> Value {
        let answer = get(self.admin, "/api/v1/report?format=json");
        assert_eq!(answer.status, 200, "{}", answer.text());
        serde_json::from_str(&answer.text()).expect("JSON")
    }

    /// Waits until so many requests were seen and all of them are settled, and gives the report.
    pub fn settled(&self, seen: u64) -> Value {
        let report = self.settled_at_least(seen);
        assert_eq!(report["coverage"]["seen"], seen, "{report}");
        report
    }

    /// Waits until at least so many requests were seen and all of them are settled.
    pub fn settled_at_least(&self, seen: u64) -> Value {
        eventually("the ledger to settle", || {
            let report = self.report();
            let coverage = &report["coverage"];
            let sum = |name: &str| -> u64 {
                let reasons = coverage[name].as_object().expect("reasons");
                reasons.values().filter_map(Value::as_u64).sum()
            };
            let count = |name: &str| coverage[name].as_u64().expect("a count");
            let ends = count("mirrored") + count("sampled_out") + sum("skipped") + sum("dropped");
            let compared = count("compared") + sum("failed");
            let exact = count("seen") == ends && count("mirrored") == compared;
            (count("seen") >= seen && exact).then_some(report)
        })
    }

    /// How often changes have reached the disk.
    pub fn flushes(&self) -> u64 {
        self.store().expect("JSON")["flushes"].as_u64().expect("a count")
    }

    /// How storing goes, where that is told without a token.
    fn store(&self) -> Option<Value> {
        let ready: Value = serde_json::from_str(&get(self.admin, "/readyz").text()).ok()?;
        Some(ready["store"].clone())
    }

    /// Peak resident memory.
    pub fn peak_memory_kib(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()));
        let status = status.expect("a status");
        let line = status.lines().find(|line| line.starts_with("VmHWM")).expect("a peak");
        line.split_whitespace().nth(1).and_then(|kib| kib.parse().ok()).expect("a number")
    }

    /// Runs another command beside it, in its folder. A process that has only just begun to serve
    /// takes its store a moment later: before that, no command finds out whom to ask.
    pub fn command(&self, args: &[&str]) -> Output {
        let is_tried = || self.store().is_none_or(|store| store["state"] != "starting");
        eventually("the store to be tried", || is_tried().then_some(()));
        command(self.folder.path(), args).output().expect("the binary runs")
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal.
    pub fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        let sent = Command::new("kill").args([&format!("-{name}"), &pid]).status();
        assert!(sent.expect("kill runs").success());
    }

    /// Waits for the end; gives how it ended and the whole log.
    pub fn wait(mut self) -> (ExitStatus, Vec<String>) {
        let status = eventually("the program to end", || self.child.try_wait().expect("a child"));
        if let Some(reader) = self.reader.take() {
            reader.join().expect("the log is read");
        }
        let log = self.log();
        (status, log)
    }

    /// Stops it in order.
    pub fn stop(self) -> (ExitStatus, Vec<String>) {
        self.signal("TERM");
        self.wait()
    }
}

fn write_config(folder: &TempDir, primary: &str, candidate: &str, rest: &str) {
    let config = format!(
        "listen: {{ address: 127.0.0.1:0 }}\nadmin: {{ address: 127.0.0.1:0 }}\n\
         primary: {{ url: \"{primary}\", timeout: 2s }}\n\
         candidate: {{ url: \"{candidate}\", timeout: 3s }}\n{rest}\n"
    );
    std::fs::write(folder.path().join("shadow.yaml"), config).expect("a config");
}

impl Drop for Shadow {
    fn drop(&mut self) {
        // Ended already in most tests.
        self.child.kill().ok();
        self.child.wait().ok();
        if let Some(mut out) = self.child.stdout.take() {
            out.read_to_end(&mut Vec::new()).ok();
        }
    }
}

//! Whatever becomes of the store, clients are served and requests are counted.

use super::BODY;
use crate::support::{Client, Origin, Shadow, command, eventually, get, stdout, under};
use serde_json::Value;
use std::fs::{self, File};
use std::ops::RangeInclusive;
use std::os::fd::AsRawFd;
use std::path::Path;
use std::process::{self, Command, Output};
use std::sync::Arc;
use std::thread;

/// A process whose store lies on a disk of its own, in a mount namespace of its own.
struct SmallDisk {
    shadow: Shadow,
    /// Keeps the namespace, and with it the disk, beyond the process.
    namespace: File,
}

impl SmallDisk {
    /// Nothing where this user may not mount.
    fn start(primary: &Origin, candidate: &Origin) -> Option<Self> {
        let may =
            Command::new("unshare").args(["-m", "mount", "-t", "tmpfs", "t", "/mnt"]).output();
        if !may.is_ok_and(|output| output.status.success()) {
            return None;
        }
        let script = "mkdir .shadow && exec unshare -m --propagation private sh -c \
                      'mount -t tmpfs -o size=1m small .shadow && exec \"$0\" run' \"$0\"";
        let shadow = Shadow::start_under(script, primary.address, candidate.address, "");
        let namespace = File::open(format!("/proc/{}/ns/mnt", shadow.pid()));
        Some(Self { shadow, namespace: namespace.expect("a namespace") })
    }

    /// Runs a script where the disk is mounted, with the binary as `$0`.
    fn run(&self, script: &str) -> Output {
        run_in(&self.namespace, script, self.shadow.folder.path())
    }

    /// Waits until storing is in a state.
    fn until(&self, state: &str) -> Value {
        eventually(state, || {
            let ready = get(self.shadow.admin, "/readyz").text();
            let ready: Value = serde_json::from_str(&ready).expect("JSON");
            assert_eq!(ready["status"], "ready");
            (ready["store"]["state"] == state).then(|| ready["store"].clone())
        })
    }

    /// Ten requests, compared as ever.
    fn serve(&self, asked: &mut u64) {
        for _ in 0..10 {
            assert_eq!(get(self.shadow.listen, "/items/7").text(), BODY);
        }
        *asked += 10;
        assert_eq!(self.shadow.settled(*asked)["coverage"]["compared"], *asked);
    }
}

fn run_in(namespace: &File, script: &str, folder: &Path) -> Output {
    let place = format!("/proc/{}/fd/{}", process::id(), namespace.as_raw_fd());
    let script =
        format!("exec nsenter --mount={place} sh -c 'cd {} && {script}' \"$0\"", folder.display());
    under(&script, folder).output().expect("sh runs")
}

#[test]
fn m15_a_full_store_is_told_and_counted_and_recovers_and_no_client_sees_it() {
    let (primary, candidate) = (Origin::json(BODY), Origin::json(r#"{"id":8,"name":"lamp"}"#));
    let Some(disk) = SmallDisk::start(&primary, &candidate) else {
        println!("skipped: this user may not mount a disk of a test's own");
        return;
    };
    let mut asked = 0;
    disk.serve(&mut asked);
    // 1 MiB is less than is kept free for others: nothing is written at all.
    let store = disk.until("full");
    assert!(store["detail"].as_str().is_some_and(|why| why.contains("are free")), "{store}");
    assert_eq!(store["flushes"], 0);
    let failures = store["failures"].as_u64();
    eventually("another failure", || {
        (disk.until("full")["failures"].as_u64() > failures).then_some(())
    });
    let up = |disk: &SmallDisk| disk.shadow.metric("shadow_store_up");
    assert_eq!(up(&disk), 0);
    disk.serve(&mut asked);

    let grown = disk.run("mount -o remount,size=80m .shadow");
    assert!(grown.status.success(), "{grown:?}");
    assert!(disk.until("ok")["flushes"].as_u64() > Some(0));
    assert_eq!(up(&disk), 1);
    disk.serve(&mut asked);

    // Somebody else takes all of it.
    disk.run("head -c 100000000 /dev/zero > .shadow/ballast");
    disk.serve(&mut asked);
    disk.until("full");
    disk.serve(&mut asked);
    assert!(disk.run("rm .shadow/ballast").status.success());
    disk.until("ok");
    disk.serve(&mut asked);

    let SmallDisk { shadow, namespace } = disk;
    let folder = shadow.folder.clone();
    assert_eq!(shadow.stop().0.code(), Some(0));
    let report = run_in(&namespace, "exec \"$0\" report --format json", folder.path());
    let report: Value = serde_json::from_str(&stdout(&report)).expect("JSON");
    assert_eq!(
        (&report["coverage"]["seen"], &report["findings"][0]["count"]),
        (&asked.into(), &asked.into())
    );
}

#[test]
fn m16_a_store_that_vanishes_while_it_is_written() {
    let (primary, candidate) = (Origin::json(BODY), Origin::json(BODY));
    let shadow = Shadow::start(primary.address, candidate.address, "");
    get(shadow.listen, "/");
    shadow.settled(1);
    fs::remove_dir_all(shadow.folder.path().join(".shadow")).ok();
    for _ in 0..20 {
        assert_eq!(get(shadow.listen, "/").text(), BODY);
    }
    assert_eq!(shadow.settled(21)["coverage"]["compared"], 21);
    assert_eq!(shadow.stop().0.code(), Some(0));
}

/// Stores that are killed again and again, side by side: their writers wait most of the time.
const STORES: usize = 2;
const KILLS: usize = 25;

#[test]
fn m27_every_kill_leaves_a_store_that_opens_and_counts_nothing_twice() {
    let (primary, candidate) = (Origin::json(r#"{"a":1}"#), Origin::json(r#"{"a":2}"#));
    thread::scope(|scope| {
        for _ in 0..STORES {
            scope.spawn(|| {
                let folder = Arc::new(tempfile::TempDir::new().expect("a folder"));
                for round in 1..=KILLS {
                    let shadow =
                        Shadow::start_in(folder.clone(), primary.address, candidate.address, "");
                    let counts = kill_under_load(shadow, round * 800 / KILLS);
                    let report = told(folder.path(), &["report", "--format", "json"]);
                    let compared = report["coverage"]["compared"].as_u64().expect("a count");
                    assert!(counts.contains(&compared), "{round}: {compared} of {counts:?}");
                    assert_eq!(report["findings"][0]["count"], compared, "{report}");
                }
                let list = told(folder.path(), &["session", "list", "--format", "json"]);
                assert_eq!(list.as_array().map(Vec::len), Some(KILLS));
            });
        }
    });
}

/// Kills a process so many requests after a flush, which is at any moment of its writer's turn;
/// gives the requests of which it has said that they are stored, to those that it was sent.
fn kill_under_load(shadow: Shadow, after: usize) -> RangeInclusive<u64> {
    let mut client = Client::connect(shadow.listen);
    let mut sent = 0..;
    let mut send = || {
        assert_eq!(client.get("/a").text(), r#"{"a":1}"#);
        sent.next();
    };
    (0..20).for_each(|_| send());
    let stored = shadow.settled(20)["coverage"]["compared"].as_u64().expect("a count");
    assert_eq!(stored, 20);
    // The flush under way may have begun before that; the one after it has not.
    let flushes = shadow.flushes() + 2;
    while shadow.flushes() < flushes {
        send();
    }
    (0..after).for_each(|_| send());
    shadow.signal("KILL");
    shadow.wait();
    stored..=sent.start
}

/// What a command says of a folder, in JSON.
fn told(folder: &Path, args: &[&str]) -> Value {
    let output = command(folder, args).output().expect("the binary runs");
    serde_json::from_str(&stdout(&output)).expect("JSON")
}

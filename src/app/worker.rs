//! One live worker: a thread with its own runtime, listener, connections and mirror.

use crate::app::intake::{Ids, Intake};
use crate::app::supervise::supervise;
use crate::base::clock;
use crate::judge::Inbox;
use crate::mirror::{Limits, Mirror, Outbox};
use crate::policy::{Marker, Policy};
use crate::tap::{Door, Settings, Stop, Tap, serve};
use crate::upstream::Endpoint;
use arc_swap::ArcSwap;
use std::cell::RefCell;
use std::io;
use std::net::TcpListener;
use std::sync::Arc;
use std::thread::{Builder, JoinHandle};
use std::time::Duration;
use tokio::runtime::{self, Runtime};
use tokio::sync::watch;
use tokio::time;

/// How long copies that are queued or in flight at the end are waited for, once every client has
/// been answered.
const GRACE: Duration = Duration::from_secs(5);

/// Between two looks at how late a thread is.
const TICK: Duration = Duration::from_millis(100);

/// Timers are by so much late without anybody's fault: they count in milliseconds, twice rounded.
const GRAIN: Duration = Duration::from_millis(2);

/// What all workers are given alike.
#[derive(Clone)]
pub struct Shared {
    pub primary: Endpoint,
    pub candidate: Option<Endpoint>,
    pub settings: Arc<ArcSwap<Settings>>,
    pub policy: Arc<ArcSwap<Policy>>,
    pub limits: Arc<Limits>,
    /// Our marker on every copy.
    pub marker: Marker,
    pub door: Arc<Door>,
    /// A random number that names this process in request ids.
    pub process: u64,
    pub stop: watch::Receiver<Stop>,
}

/// Which of the workers this is.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    pub index: usize,
    pub of: usize,
}

/// Starts a worker; it ends by itself once it is told to stop and has nothing left to do.
pub fn start(
    shared: Shared,
    place: Place,
    listener: TcpListener,
    inbox: Inbox,
) -> io::Result<JoinHandle<()>> {
    let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
    let thread = Builder::new().name(format!("shadow-live-{}", place.index));
    thread.spawn(move || run(runtime, shared, place, listener, inbox))
}

/// A worker's whole life, on the thread that calls it.
pub fn run(runtime: Runtime, shared: Shared, place: Place, listener: TcpListener, inbox: Inbox) {
    let outbox = Outbox::new(inbox);
    runtime.block_on(work(shared, place, listener, outbox.clone()));
    // Whatever is still in flight ends here, and is counted.
    drop(runtime);
    outbox.close();
}

async fn work(shared: Shared, place: Place, listener: TcpListener, outbox: Arc<Outbox>) {
    let (door, stop) = (shared.door.clone(), shared.stop.clone());
    let worker = Worker::new(shared, place, outbox);
    serve_on(listener, worker.tap.clone(), door, stop).await;
    worker.finish().await;
}

/// What one worker serves its clients with, and what keeps that going.
pub struct Worker {
    pub tap: Arc<Tap>,
    mirror: Arc<Mirror>,
    stop: watch::Receiver<Stop>,
}

impl Worker {
    /// Wires a worker, and spawns on this thread's runtime what it needs beside its connections.
    pub fn new(shared: Shared, place: Place, outbox: Arc<Outbox>) -> Self {
        let Shared { primary, candidate, settings, policy, limits, marker, process, stop, .. } =
            shared;
        let mirror = Mirror::new(candidate, limits.clone(), outbox.clone(), marker.value().clone());
        let ids = Ids::new(process, place.index as u64, place.of as u64);
        let intake = Intake { policy, limits, mirror: mirror.clone(), outbox: outbox.clone(), ids };
        let tap = Tap::new(primary, Arc::new(intake), settings, marker);
        tokio::spawn({
            let mirror = mirror.clone();
            async move { supervise("feed", || mirror.feed()).await }
        });
        tokio::spawn(async move { supervise("deliver", || outbox.deliver()).await });
        tokio::spawn({
            let (tap, mirror) = (tap.clone(), mirror.clone());
            async move { supervise("keep house", || keep_house(tap.clone(), mirror.clone())).await }
        });
        Self { tap, mirror, stop }
    }

    /// Once no client is left: waits a while for copies that are queued or in flight, and counts
    /// those that wait still as dropped.
    pub async fn finish(mut self) {
        tokio::select! {
            biased;
            _ = time::timeout(GRACE, self.mirror.idle()) => {}
            // An error means that the sender is gone, and with it the process.
            _ = self.stop.wait_for(|stop| *stop == Stop::Now) => {}
        }
        self.mirror.abandon();
    }
}

/// Serves a listener until it is told to stop. A bug that strikes while a client is accepted costs
/// neither the socket nor the other connections, which are tasks of their own; only that those are
/// not waited for at the end.
async fn serve_on(
    listener: TcpListener,
    tap: Arc<Tap>,
    door: Arc<Door>,
    stop: watch::Receiver<Stop>,
) {
    let listener = RefCell::new(Some(listener));
    let another = || listener.borrow().as_ref().map(TcpListener::try_clone);
    let serving = supervise("serve", || {
        let (tap, door, stop) = (tap.clone(), door.clone(), stop.clone());
        async move {
            loop {
                match another() {
                    None => return,
                    Some(Ok(listener)) => return serve(listener, tap, door, stop).await,
                    Some(Err(error)) => {
                        tracing::warn!(%error, "the listener cannot be used yet");
                        time::sleep(Duration::from_secs(1)).await;
                    }
                }
            }
        }
    });
    let mut stopped = stop.clone();
    let closing = async {
        // An error means that the sender is gone, and with it the process.
        stopped.wait_for(|stop| *stop != Stop::No).await.ok();
        listener.take();
    };
    tokio::join!(serving, closing);
}

/// Looks ten times a second how late this thread comes to a timer, and closes each second the
/// connections that have rested for too long.
async fn keep_house(tap: Arc<Tap>, mirror: Arc<Mirror>) {
    loop {
        for _ in 0..10 {
            let due = clock::now() + TICK;
            time::sleep_until(due.into()).await;
            let lag = clock::now().saturating_duration_since(due).saturating_sub(GRAIN);
            tap.lag(lag);
            mirror.ticked(lag);
        }
        let now = clock::now();
        tap.prune(now);
        mirror.prune(now);
    }
}

//! One whole process: started, reloaded by signal, stopped in order.

use crate::admin;
use crate::app::session;
use crate::app::supervise::supervise;
use crate::app::worker::{self, Place, Shared};
use crate::base::{Chain, clock};
use crate::compare::endpoint::Operations;
use crate::config::{self, AccessFormat, Config, Described, Problems, Telemetry};
use crate::control::{Control, Sides, Wiring};
use crate::judge::{Inbox, Judge, Judges, Memory, declare};
use crate::mirror::Limits;
use crate::model::{Controls, Session, SessionInfo};
use crate::policy::{Constants, Marker, Policy};
use crate::store::{Book, Health, Holder, Setup, StoreError, Writer, load_controls};
use crate::tap::{self, BindError, Claim, Stop};
use crate::telemetry::{AccessLog, Recorder, access_common, access_json};
use crate::upstream::Endpoint;
use arc_swap::ArcSwap;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{JoinHandle, available_parallelism};
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::{self, AbortHandle};
use tokio::time;
use uuid::Uuid;

/// How long the last state may take to reach the disk.
const LAST_FLUSH: Duration = Duration::from_secs(10);

/// Where a config came from.
pub struct Origin {
    /// Reads it again, for reloads.
    pub load: Box<dyn Fn() -> Result<Config, Problems> + Send + Sync>,
    /// Who runs the session, for its record.
    pub user: Option<String>,
    pub pull_request: Option<String>,
    pub commit: Option<String>,
}

/// Why a process does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error(transparent)]
    Listen(#[from] BindError),
    #[error(
        "the admin API cannot listen on {0}; stop what does, or choose another `admin.address`"
    )]
    Admin(SocketAddr, #[source] io::Error),
    #[error("the access log cannot be written; check `telemetry.access_log.path`")]
    AccessLog(#[source] io::Error),
    #[error("a thread cannot be started")]
    Thread(#[from] io::Error),
    #[error("the metrics cannot be set up")]
    Metrics,
}

/// A running process.
pub struct Instance {
    /// Where clients are served.
    pub listen: SocketAddr,
    /// Where the admin API is.
    pub admin: SocketAddr,
    pub session: String,
    pub control: Arc<Control>,
    access: Option<AccessLog>,
    book: Arc<Mutex<Book>>,
    stop: watch::Sender<Stop>,
    workers: Vec<JoinHandle<()>>,
    judges: Judges,
    serving: AbortHandle,
    watching: AbortHandle,
}

/// What is left of a process that has ended.
pub struct Stopped {
    pub session: Session,
    /// Whether everything reached the disk.
    pub store: Health,
}

impl Instance {
    /// Brings everything up: clients are served when this returns. Runs on the control runtime,
    /// which also serves the admin API.
    pub async fn start(config: Config, origin: Origin) -> Result<Self, StartError> {
        Self::begin(config, origin, Claim::Alone)
    }

    /// The same beside a process that serves the same address, and is to end now. What that one
    /// holds alone, the admin API's address and the store, is taken as soon as it lets go.
    pub async fn take_over(config: Config, origin: Origin) -> Result<Self, StartError> {
        Self::begin(config, origin, Claim::Beside)
    }

    fn begin(config: Config, origin: Origin, claim: Claim) -> Result<Self, StartError> {
        let cores = available_parallelism().map_or(1, usize::from);
        let listeners = tap::bind(config.listen.address, cores, claim)?;
        let listen = listeners.first().and_then(|one| one.local_addr().ok());
        let listen = listen.unwrap_or(config.listen.address);
        let admin = claim_admin(config.admin.address, claim)?;
        let admin_at = match &admin {
            Some(listener) => listener.local_addr()?,
            None => config.admin.address,
        };
        let recorder = Recorder::install().map_err(|_| StartError::Metrics)?;

        let session = session::id(&config.store.path);
        let book = Arc::new(Mutex::new(Book::new(info(&session, &config, &origin))));
        let controls = controls(&config);
        let constants = Constants { session: session.clone(), key: key() };
        let most = config.mirror.ramp.first().map(|stage| stage.sample);
        let policy = Policy::new(&config, controls, most, &constants);
        declare(&book, &policy);
        let policy = Arc::new(ArcSwap::from_pointee(policy));
        let limits = Limits::new(policy.load().limits());
        let process = Uuid::new_v4().as_u64_pair().0;
        let access = access_log(&config.telemetry)?;
        let settings = tap::Settings::new(&config, process).with_access(access.clone());
        let settings = Arc::new(ArcSwap::from_pointee(settings));
        let (judges, inboxes) = judges(&book, cores, &config.described)?;
        let (stop, stopped) = watch::channel(Stop::No);
        let shared = Shared {
            primary: Endpoint::from(&config.primary),
            candidate: config.candidate.as_ref().map(Endpoint::from),
            settings: settings.clone(),
            policy: policy.clone(),
            limits: limits.clone(),
            marker: Marker::new(&session, &key()),
            door: Arc::default(),
            process,
            stop: stopped,
        };
        let sides = Sides {
            clients: shared.door.clone(),
            primary: shared.primary.clone(),
            candidate: shared.candidate.clone(),
        };
        let backlogs = inboxes.iter().map(Inbox::backlog).collect();
        let workers = workers(&shared, listeners, &inboxes)?;
        let writer = writer(&config, admin_at, book.clone())?;
        let control = Control::new(Wiring {
            load: origin.load,
            config: config.clone(),
            controls,
            policy,
            settings,
            limits,
            backlogs,
            book: book.clone(),
            writer,
            recorder,
            constants,
            sides,
        });
        let watching = watch_always(control.clone());
        let serving = serve_always(admin, config.admin, control.clone());
        Ok(Self {
            listen,
            admin: admin_at,
            session,
            control,
            access,
            book,
            stop,
            workers,
            judges,
            serving,
            watching,
        })
    }

    /// Ends in order: no client loses an answer that has begun, what is queued is sent or counted,
    /// and the last state is stored. [`Instance::hurry`] cuts it short.
    pub async fn stop(self) -> Stopped {
        self.stop.send_if_modified(|stop| {
            let first = *stop == Stop::No;
            if first {
                *stop = Stop::Drain;
            }
            first
        });
        let (workers, judges, access) = (self.workers, self.judges, self.access);
        let ended = task::spawn_blocking(move || {
            workers.into_iter().for_each(|worker| {
                if worker.join().is_err() {
                    tracing::error!("a worker has panicked");
                }
            });
            if access.is_some_and(|access| access.flush(LAST_FLUSH).is_err()) {
                tracing::warn!("the access log is not wholly written");
            }
            judges.join();
        });
        ended.await.ok();
        let session = {
            let mut book = self.book.lock().unwrap_or_else(PoisonError::into_inner);
            book.end(clock::wall());
            book.session().into_owned()
        };
        self.serving.abort();
        self.watching.abort();
        let control = self.control;
        let store = task::spawn_blocking(move || control.close(LAST_FLUSH)).await;
        let store = store.unwrap_or_else(|error| Health::Failed(error.to_string()));
        Stopped { session, store }
    }

    /// A handle that ends everything at once, while [`Instance::stop`] waits.
    pub fn hurry(&self) -> impl Fn() + Send + 'static {
        let stop = self.stop.clone();
        move || {
            stop.send_replace(Stop::Now);
        }
    }
}

fn access_log(telemetry: &Telemetry) -> Result<Option<AccessLog>, StartError> {
    let format = match telemetry.access_log {
        None => return Ok(None),
        Some(AccessFormat::Common) => access_common,
        Some(AccessFormat::Json) => access_json,
    };
    let log = AccessLog::start(format, telemetry.access_path.as_deref());
    log.map(Some).map_err(StartError::AccessLog)
}

fn info(session: &str, config: &Config, origin: &Origin) -> SessionInfo {
    SessionInfo {
        id: session.to_owned(),
        service: config.service.clone(),
        candidate_version: config.candidate.as_ref().and_then(|target| target.version.clone()),
        user: origin.user.clone(),
        pull_request: origin.pull_request.clone(),
        commit: origin.commit.clone(),
        started_at: clock::wall(),
        ended_at: None,
        assertion: config.isolation.assert.clone(),
    }
}

/// What was switched before the restart. Where that cannot be read, somebody may have paused the
/// mirror: it stays off until it is switched on.
fn controls(config: &Config) -> Controls {
    load_controls(&config.store.path).unwrap_or_else(|error: StoreError| {
        tracing::warn!(error = %Chain(&error), "mirroring is paused");
        Controls { enabled: Some(false), sample: None }
    })
}

/// Equal within the process, and gone with it.
fn key() -> [u8; 32] {
    let mut key = [0; 32];
    let (low, high) = key.split_at_mut(16);
    low.copy_from_slice(Uuid::new_v4().as_bytes());
    high.copy_from_slice(Uuid::new_v4().as_bytes());
    key
}

fn judges(
    book: &Arc<Mutex<Book>>,
    cores: usize,
    described: &Described,
) -> io::Result<(Judges, Vec<Inbox>)> {
    let operations = Arc::new(Operations::new(described));
    let (seed, memory) = (Uuid::new_v4().as_u64_pair().1, Memory::default());
    let judge = |_| {
        let judge = Judge::new(book.clone()).knowing(operations.clone());
        judge.seeded(seed).sharing(memory.clone())
    };
    Judges::start((0..cores.div_ceil(2)).map(judge))
}

fn workers(
    shared: &Shared,
    listeners: Vec<TcpListener>,
    inboxes: &[Inbox],
) -> io::Result<Vec<JoinHandle<()>>> {
    let of = listeners.len();
    let inboxes = inboxes.iter().cycle().cloned();
    let places = listeners.into_iter().zip(inboxes).enumerate();
    places
        .map(|(index, (listener, inbox))| {
            worker::start(shared.clone(), Place { index, of }, listener, inbox)
        })
        .collect()
}

fn writer(config: &Config, admin: SocketAddr, book: Arc<Mutex<Book>>) -> io::Result<Writer> {
    Writer::spawn(Setup::new(config.store.clone(), Holder::this(Some(admin))), book)
}

fn bind_admin(address: SocketAddr) -> Result<TcpListener, StartError> {
    let explain = |error| StartError::Admin(address, error);
    let listener = TcpListener::bind(address).map_err(explain)?;
    listener.set_nonblocking(true).map_err(explain)?;
    Ok(listener)
}

/// Looks after the live path, for ever.
async fn watch(control: Arc<Control>) {
    loop {
        time::sleep(Duration::from_secs(1)).await;
        control.watch(clock::now());
    }
}

fn watch_always(control: Arc<Control>) -> AbortHandle {
    let watching = async move { supervise("watch", || watch(control.clone())).await };
    task::spawn(watching).abort_handle()
}

fn serve_always(
    admin: Option<TcpListener>,
    config: config::Admin,
    control: Arc<Control>,
) -> AbortHandle {
    let serve = move || {
        let listener = admin.as_ref().map(TcpListener::try_clone);
        serve_admin(listener, config.clone(), control.clone())
    };
    task::spawn(async move { supervise("admin", serve).await }).abort_handle()
}

/// The admin API's listener; none yet where another process is to let go of the address.
fn claim_admin(address: SocketAddr, claim: Claim) -> Result<Option<TcpListener>, StartError> {
    match bind_admin(address) {
        Err(StartError::Admin(_, error))
            if claim == Claim::Beside && error.kind() == io::ErrorKind::AddrInUse =>
        {
            Ok(None)
        }
        bound => bound.map(Some),
    }
}

/// Serves the admin API; without a listener, as soon as another process lets go of its address.
async fn serve_admin(
    listener: Option<io::Result<TcpListener>>,
    config: config::Admin,
    control: Arc<Control>,
) {
    let listener = match listener {
        Some(listener) => listener,
        None => loop {
            time::sleep(Duration::from_millis(100)).await;
            if let Ok(listener) = bind_admin(config.address) {
                tracing::info!(admin = %config.address, "the admin API is taken over");
                break Ok(listener);
            }
        },
    };
    match listener.and_then(tokio::net::TcpListener::from_std) {
        Ok(listener) => admin::serve(listener, config, control).await,
        Err(error) => tracing::error!(%error, "the admin API cannot be served"),
    }
}

//! One running process.

use crate::base::{Chain, Percent, clock};
use crate::config::{Config, Problems, needs_restart};
use crate::control::{Change, MirrorState, Saved, vitals};
use crate::judge::{Backlog, declare};
use crate::mirror::{Advice, Limits, Protector};
use crate::model::{Controls, Session, SessionInfo};
use crate::policy::{Constants, Policy, Ramp};
use crate::store::{
    Backend, Book, Health, Root, Status, StoreError, StoreInfo, Writer, save_controls,
};
use crate::tap::{self, Door};
use crate::telemetry::{Name, Recorder};
use crate::upstream::Endpoint;
use crate::verdict::{GateResult, gate};
use arc_swap::ArcSwap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How long a question waits for a store that is being opened.
const OPENING: Duration = Duration::from_secs(1);

/// What a process is wired from.
pub struct Wiring {
    /// Reads the config again.
    pub load: Box<dyn Fn() -> Result<Config, Problems> + Send + Sync>,
    pub config: Config,
    pub controls: Controls,
    pub policy: Arc<ArcSwap<Policy>>,
    pub settings: Arc<ArcSwap<tap::Settings>>,
    pub limits: Arc<Limits>,
    pub backlogs: Vec<Backlog>,
    pub book: Arc<Mutex<Book>>,
    pub writer: Writer,
    pub recorder: Recorder,
    pub constants: Constants,
    pub sides: Sides,
}

/// Everything that connections are open with.
pub struct Sides {
    pub clients: Arc<Door>,
    pub primary: Endpoint,
    pub candidate: Option<Endpoint>,
}

/// A running process.
pub struct Control {
    wiring: Wiring,
    /// What can be changed; locked by changes only, never by a live request.
    current: Mutex<Current>,
    /// What it watches over by itself; locked by the control thread only.
    guard: Mutex<Guard>,
}

struct Guard {
    protector: Protector,
    ramp: Ramp,
}

#[derive(Clone)]
struct Current {
    config: Arc<Config>,
    controls: Controls,
    /// The stage of the ramp.
    stage: Option<usize>,
}

impl Current {
    /// The most that the ramp allows.
    fn most(&self) -> Option<Percent> {
        Some(self.config.mirror.ramp.get(self.stage?)?.sample)
    }
}

/// Why something cannot be told or done.
#[derive(Debug, thiserror::Error)]
pub enum ControlError {
    #[error("the new config is not taken over; the old one stays")]
    Rejected(#[source] Problems),
    #[error(
        "{} cannot be changed while the process runs; restart it, or undo the change. Nothing of \
         the new config is taken over",
        .0.join(", ")
    )]
    Restart(Vec<&'static str>),
    #[error("only the running session can be told: {0}")]
    NoStore(Health),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Control {
    /// Takes over a process that has been started.
    pub fn new(mut wiring: Wiring) -> Arc<Self> {
        let config = Arc::new(wiring.config.clone());
        let controls = std::mem::take(&mut wiring.controls);
        wiring.limits.set_off(controls.enabled == Some(false));
        let guard = Guard { protector: Protector::default(), ramp: Ramp::new(clock::now()) };
        let stage = guard.ramp.stage(clock::now(), &config.mirror.ramp);
        let current = Mutex::new(Current { config, controls, stage });
        Arc::new(Self { wiring, current, guard: Mutex::new(guard) })
    }

    /// The config that holds now.
    pub fn config(&self) -> Arc<Config> {
        self.current().config.clone()
    }

    /// What the switches say and how full the shadow side is.
    pub fn mirror(&self) -> MirrorState {
        let policy = self.wiring.policy.load();
        let limits = &self.wiring.limits;
        // One lock after the other, never one within the other.
        let stage = self.stage();
        let strain = self.guard().protector.strain();
        MirrorState {
            enabled: policy.limits().enabled,
            sample: policy.limits().sample,
            queued: limits.queued(),
            backlog: self.wiring.backlogs.iter().map(Backlog::trials).sum(),
            memory: limits.memory.used(),
            in_flight: limits.in_flight(),
            breaker: limits.breaker(),
            strain,
            stage,
        }
    }

    /// Turns a switch: it holds for the next request, whatever the store does.
    pub fn set_mirror(&self, change: Change) -> Saved {
        let mut current = self.current();
        current.controls.enabled = change.enabled.or(current.controls.enabled);
        current.controls.sample = change.sample.or(current.controls.sample);
        self.apply(&current);
        match save_controls(&current.config.store.path, current.controls) {
            Ok(()) => Saved::Yes,
            Err(error) => Saved::No(Chain(&error).to_string()),
        }
    }

    /// Reads the config again and takes it over, or keeps the old one and says why.
    pub fn reload(&self) -> Result<(), ControlError> {
        let taken = self.take_over();
        self.wiring.recorder.reloaded(taken.is_ok());
        match &taken {
            Ok(()) => tracing::info!("the config is reloaded"),
            Err(error) => tracing::warn!(error = %Chain(error), "the config is not reloaded"),
        }
        taken
    }

    fn take_over(&self) -> Result<(), ControlError> {
        let config = (self.wiring.load)().map_err(ControlError::Rejected)?;
        let mut current = self.current();
        let fixed = needs_restart(&current.config, &config);
        if !fixed.is_empty() {
            return Err(ControlError::Restart(fixed));
        }
        current.config = Arc::new(config);
        current.stage = self.guard().ramp.stage(clock::now(), &current.config.mirror.ramp);
        self.apply(&current);
        Ok(())
    }

    fn apply(&self, current: &Current) {
        let Wiring { policy, settings, limits, constants, .. } = &self.wiring;
        let next = settings.load().renewed(&current.config);
        settings.store(Arc::new(next));
        let next = Policy::new(&current.config, current.controls, current.most(), constants);
        declare(&self.wiring.book, &next);
        limits.reload(next.limits());
        limits.set_off(current.controls.enabled == Some(false));
        policy.store(Arc::new(next));
    }

    /// Looks after the live path, about once a second: mirroring stops where it suffers, and grows
    /// by the stages of the ramp.
    pub fn watch(&self, now: Instant) {
        self.wiring.recorder.upkeep();
        let mut sample = self.wiring.limits.sample(now);
        sample.resident = vitals::resident();
        sample.descriptors = vitals::descriptors();
        let mut current = self.current();
        let mirror = &current.config.mirror;
        let mut guard = self.guard();
        match guard.protector.step(now, mirror, &sample) {
            Advice::Stay => {}
            Advice::Protect(strain) => {
                self.wiring.limits.set_protected(true);
                guard.ramp.fall_back(now, &mirror.ramp);
                tracing::warn!(
                    cause = strain.name(),
                    ?sample,
                    "mirroring stops: the live path suffers"
                );
            }
            Advice::Resume => {
                self.wiring.limits.set_protected(false);
                tracing::info!("mirroring goes on: the live path is well");
            }
        }
        let enabled = current.controls.enabled.unwrap_or(mirror.enabled);
        if enabled && guard.protector.strain().is_none() {
            guard.ramp.run(now);
        } else {
            guard.ramp.halt(now);
        }
        let stage = guard.ramp.stage(now, &mirror.ramp);
        drop(guard);
        if stage != current.stage {
            current.stage = stage;
            self.apply(&current);
            let most = current.most().map(|most| most.to_string());
            tracing::info!(stage = stage.map(|stage| stage + 1), most, "the ramp's stage");
        }
    }

    /// The stage of the ramp, from 1 on; none where the dial has been turned.
    fn stage(&self) -> Option<usize> {
        let current = self.current();
        let ramps = current.controls.sample.is_none();
        current.stage.filter(|_| ramps).map(|stage| stage + 1)
    }

    fn guard(&self) -> MutexGuard<'_, Guard> {
        self.guard.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A session: the running one as it stands, or a stored one.
    pub fn session(&self, selector: &str) -> Result<Session, ControlError> {
        let running = &self.wiring.constants.session;
        if selector == "latest" || (!selector.is_empty() && running.starts_with(selector)) {
            return Ok(self.book().session().into_owned());
        }
        Ok(self.root()?.load(selector)?)
    }

    /// The gate's verdict on a session.
    pub fn gate(&self, session: &Session) -> GateResult {
        gate(&self.config().gate, session)
    }

    /// All sessions, newest first; without a store, the running one.
    pub fn sessions(&self) -> Result<Vec<SessionInfo>, ControlError> {
        let running = self.book().info().clone();
        let Ok(root) = self.root() else { return Ok(vec![running]) };
        let mut sessions = root.sessions()?;
        if !sessions.iter().any(|info| info.id == running.id) {
            sessions.insert(0, running);
        }
        Ok(sessions)
    }

    /// How storing goes.
    pub fn storing(&self) -> Status {
        self.wiring.writer.status()
    }

    /// What the store's directory holds, once it is taken.
    pub fn store(&self) -> Result<StoreInfo, ControlError> {
        Ok(self.root()?.info()?)
    }

    /// The store on disk; at the start of the process it is waited for a moment.
    fn root(&self) -> Result<Arc<Root>, ControlError> {
        let writer = &self.wiring.writer;
        if writer.root().is_none() {
            writer.sync(OPENING);
        }
        writer.root().ok_or_else(|| ControlError::NoStore(self.storing().health))
    }

    /// Stores the last state and ends the writer; says whether everything reached the disk.
    pub fn close(&self, deadline: Duration) -> Health {
        self.wiring.writer.stop(deadline)
    }

    /// All metrics in the text format of Prometheus.
    pub fn metrics(&self) -> String {
        let (recorder, state) = (&self.wiring.recorder, self.mirror());
        let status = self.wiring.writer.status();
        let (findings, overflow) = {
            let book = self.book();
            let session = book.session();
            (session.findings.len(), session.overflow.clone())
        };
        recorder.gauge(Name::Queue, state.queued as f64);
        recorder.gauge(Name::Backlog, state.backlog as f64);
        recorder.gauge(Name::Memory, state.memory as f64);
        let limits = &self.wiring.limits;
        recorder.gauge(Name::QueueAge, limits.queue_age(clock::now()).as_secs_f64());
        recorder.gauge(Name::QueueBytes, limits.queued_bytes() as f64);
        let sides = &self.wiring.sides;
        recorder.connections("client", sides.clients.open());
        recorder.connections("primary", sides.primary.open());
        recorder.connections("candidate", sides.candidate.as_ref().map_or(0, Endpoint::open));
        recorder.gauge(Name::RampStage, state.stage.unwrap_or(0) as f64);
        recorder.protect(state.strain);
        recorder.gauge(Name::InFlight, state.in_flight as f64);
        recorder.gauge(Name::Breaker, f64::from(state.breaker.level()));
        recorder.gauge(Name::MirrorEnabled, f64::from(u8::from(state.enabled)));
        recorder.gauge(Name::MirrorSample, state.sample.ratio());
        recorder.gauge(Name::Findings, findings as f64);
        recorder.gauge(Name::StoreUp, f64::from(u8::from(status.health == Health::Ok)));
        recorder.gauge(Name::StoreBytes, status.size as f64);
        overflow.into_iter().for_each(|(bound, count)| recorder.overflow(bound, count));
        recorder.render()
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.wiring.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn current(&self) -> MutexGuard<'_, Current> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

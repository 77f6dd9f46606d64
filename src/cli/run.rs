//! `shadow run`: serves the tap of a config until told to stop.

use crate::app::{Instance, Origin, StartError, Stopped};
use crate::base::Chain;
use crate::cli::args::{Global, Run};
use crate::cli::output::Output;
use crate::cli::{Exit, Failure, source};
use crate::config::Config;
use crate::report::sentence;
use crate::store::Health;
use std::io;
use tokio::runtime::{Builder, Runtime};
use tokio::signal::unix::{Signal, SignalKind, signal};

pub(super) fn run(global: &Global, args: &Run) -> Result<Exit, Failure> {
    let config = source::config(global)?;
    source::logging(&config, global)?;
    runtime()?.block_on(serve(config, global, args))
}

/// The control runtime: signals and the admin API. Clients are served on threads of their own.
pub(super) fn runtime() -> Result<Runtime, Failure> {
    let runtime = Builder::new_current_thread().enable_all().build();
    runtime.map_err(|error| Failure::unreachable(format!("no runtime can be started: {error}")))
}

/// Starts a process for a config that was read from the file that the command line names.
pub(super) async fn start(config: Config, global: &Global) -> Result<Instance, Failure> {
    Instance::start(config, origin(global)).await.map_err(explain)
}

fn origin(global: &Global) -> Origin {
    let path = global.config.clone();
    Origin {
        load: Box::new(move || source::load(&path)),
        user: source::set(&["SHADOW_USER", "GITHUB_ACTOR", "GITLAB_USER_LOGIN", "USER"]),
        pull_request: source::set(&["SHADOW_PULL_REQUEST", "CI_MERGE_REQUEST_IID"]),
        commit: source::set(&["SHADOW_COMMIT", "GITHUB_SHA", "CI_COMMIT_SHA"]),
    }
}

#[expect(clippy::needless_pass_by_value, reason = "an error is handed over to be told")]
fn explain(error: StartError) -> Failure {
    let message = Chain(&error).to_string();
    match error {
        StartError::Listen(_) | StartError::Admin(..) | StartError::AccessLog(_) => {
            Failure::usage(message)
        }
        StartError::Thread(_) | StartError::Metrics => Failure::unreachable(message),
    }
}

async fn serve(config: Config, global: &Global, args: &Run) -> Result<Exit, Failure> {
    let mut signals = Signals::new().map_err(|error| Failure::unreachable(error.to_string()))?;
    let (service, primary) = (config.service.clone(), config.primary.url.to_string());
    let candidate = config.candidate.as_ref().map(|target| target.url.to_string());
    let instance = match args.takeover {
        true => Instance::take_over(config, origin(global)).await.map_err(explain)?,
        false => start(config, global).await?,
    };
    tracing::info!(
        listen = %instance.listen,
        admin = %instance.admin,
        service,
        primary,
        candidate,
        session = instance.session,
        "serving"
    );
    signals.until_stopped(&instance).await;
    let stopped = end(instance, &mut signals).await;
    if !global.quiet {
        Output::new(global.color).say(&sentence(&stopped.session.ledger()));
    }
    Ok(Exit::Done)
}

/// Ends a process; a second signal ends it at once.
pub(super) async fn end(instance: Instance, signals: &mut Signals) -> Stopped {
    tracing::info!("stopping: answering what has begun");
    let hurry = instance.hurry();
    let mut stopping = std::pin::pin!(instance.stop());
    let stopped = tokio::select! {
        stopped = &mut stopping => stopped,
        () = signals.end() => {
            tracing::warn!("stopping at once");
            hurry();
            stopping.await
        }
    };
    if stopped.store != Health::Ok {
        tracing::warn!("the session is not wholly stored: {}", stopped.store);
    }
    stopped
}

/// What the process is told from outside.
pub(super) struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hangup: Signal,
}

impl Signals {
    pub(super) fn new() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hangup: signal(SignalKind::hangup())?,
        })
    }

    /// Reloads on SIGHUP; returns on SIGTERM and SIGINT.
    pub(super) async fn until_stopped(&mut self, instance: &Instance) {
        loop {
            tokio::select! {
                _ = self.terminate.recv() => return,
                _ = self.interrupt.recv() => return,
                // What came of it is in the log.
                _ = self.hangup.recv() => drop(instance.control.reload()),
            }
        }
    }

    async fn end(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

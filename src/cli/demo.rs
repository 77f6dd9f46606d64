//! `shadow demo`: the whole of it, on an example that is bundled.

use crate::app::Instance;
use crate::base::clock;
use crate::cli::args::{Demo, Global};
use crate::cli::output::Output;
use crate::cli::progress::{Bar, Waiting};
use crate::cli::run::{Signals, end, runtime, start};
use crate::cli::{Exit, Failure, source};
use crate::config::{Config, Target};
use crate::demo::{Sent, Version, load, send, serve};
use crate::model::Session;
use crate::report::{Filter, Report, text};
use crate::verdict;
use std::future::pending;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::{task, time};

/// Clients of the shop at one time.
const CLIENTS: usize = 8;

/// Copies that are not compared after this are not waited for.
const SETTLED: Duration = Duration::from_secs(30);

pub(super) fn demo(global: &Global, args: &Demo) -> Result<Exit, Failure> {
    let mut config = source::config(global)?;
    if !args.keep {
        config.telemetry.log_level = "warn".to_owned();
    }
    source::logging(&config, global)?;
    runtime()?.block_on(play(config, global, args))
}

async fn play(mut config: Config, global: &Global, args: &Demo) -> Result<Exit, Failure> {
    let output = Output::new(global.color);
    let mut signals = Signals::new().map_err(|error| Failure::unreachable(error.to_string()))?;
    let unnamed = || Failure::usage("the config names no candidate; the demo needs one");
    let candidate = config.candidate.as_mut().ok_or_else(unnamed)?;
    shop(Version::One, &mut config.primary, args.keep).await?;
    shop(Version::Two, candidate, args.keep).await?;
    if !args.keep {
        let free = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        (config.listen.address, config.admin.address) = (free, free);
    }
    let gate = config.gate.clone();
    let instance = start(config, global).await?;
    output.say(&format!("shop v1 and v2 are up; the tap listens on http://{}", instance.listen));
    let sent = traffic(&instance).await;
    let session = settled(&instance).await?;
    let result = verdict::gate(&gate, &session);
    let palette = output.palette();
    let report = Report::new(&session, &result, Filter::default());
    output.data(&text::render(&report, &palette))?;
    output.say(&summary(&sent));
    if args.keep {
        output.say(&format!(
            "staying up: http://{} (tap), http://{} (admin); Ctrl-C ends it",
            instance.listen, instance.admin
        ));
        signals.until_stopped(&instance).await;
    }
    end(instance, &mut signals).await;
    Ok(Exit::Done)
}

/// Serves one version of the shop, on the address that the config names or on any free one.
async fn shop(version: Version, target: &mut Target, keep: bool) -> Result<(), Failure> {
    let port = if keep { target.url.port } else { 0 };
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let listener = TcpListener::bind(address).await.map_err(|error| {
        Failure::usage(format!(
            "{address} cannot be listened on ({error}); free it, or leave --keep"
        ))
    })?;
    let bound = listener.local_addr().map_err(|error| Failure::unreachable(error.to_string()))?;
    target.url.host = bound.ip().to_string();
    target.url.port = bound.port();
    // The shop is there for as long as the command runs.
    task::spawn(serve(listener, version, pending()));
    Ok(())
}

async fn traffic(instance: &Instance) -> Vec<Sent> {
    let requests = load();
    let bar = Bar::new(requests.len(), "sending the fixture traffic");
    let sent = send(instance.listen, requests, CLIENTS, |progress| bar.at(progress.done)).await;
    bar.done();
    sent
}

/// Waits until every copy is compared.
async fn settled(instance: &Instance) -> Result<Session, Failure> {
    let waiting = Waiting::new(true, "waiting for the last comparisons");
    let end = clock::now() + SETTLED;
    loop {
        let session = instance.control.session("latest");
        let session = session.map_err(|error| Failure::unreachable(error.to_string()))?;
        let ledger = session.ledger();
        if (ledger.seen > 0 && ledger.is_exact()) || clock::now() > end {
            waiting.done();
            return Ok(session);
        }
        time::sleep(Duration::from_millis(20)).await;
    }
}

fn summary(sent: &[Sent]) -> String {
    let failed = sent.iter().filter(|each| each.is_error()).count();
    let total = sent.len();
    format!("{total} requests sent; {failed} of them failed on the live side")
}

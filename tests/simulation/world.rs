//! One run of a schedule: the real tap, mirror, judge and book between clients and origins that
//! are made up, in a time that is made up too.

use crate::check;
use crate::client::{self, Talked};
use crate::http::{Broken, Got, Head};
use crate::origin::{Fate, Place, Side, Way};
use crate::pipe::{End, connection};
use crate::schedule::{Act, Doors, Ending, Schedule, Switch, Talk, config};
use arc_swap::ArcSwap;
use shadowdiff::app::worker::{self, Shared, Worker};
use shadowdiff::base::clock;
use shadowdiff::config::{Config, parse};
use shadowdiff::judge::{Bench, Judge};
use shadowdiff::mirror::{Limits, Outbox};
use shadowdiff::model::{Controls, Ledger, SessionInfo};
use shadowdiff::policy::{Constants, Marker, Policy};
use shadowdiff::store::Book;
use shadowdiff::tap::{Settings, Stop, Tap};
use shadowdiff::upstream::Endpoint;
use std::cell::RefCell;
use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock};
use std::time::{Duration, Instant};
use tokio::runtime::{Builder, Handle};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

/// Longer than everything that anybody waits for, and much longer.
const QUIET: Duration = Duration::from_secs(60);
const FOREVER: Duration = Duration::from_secs(600);

/// As in [`config`]: for what has begun at the end, and for a copy that is on its way.
const DRAIN: Duration = Duration::from_secs(6);
const IN_FLIGHT: Duration = Duration::from_secs(1);

const SESSION: &str = "0198c0de-0000-7000-8000-000000000001";
const KEY: [u8; 32] = [7; 32];

/// One request as it arrived at a side.
#[derive(Debug)]
pub struct Arrival {
    pub place: Place,
    /// How many requests its connection had carried before.
    pub nth: usize,
    pub id: Option<usize>,
    /// How often it had come to this side before.
    pub attempt: usize,
    pub got: Got,
    /// Whether all of it came; `None` while, or where, nobody looks.
    pub whole: Option<bool>,
    pub fate: Fate,
}

/// What was seen in one run.
#[derive(Default)]
pub struct Record {
    pub log: Vec<String>,
    pub problems: Vec<String>,
    pub arrivals: Vec<Arrival>,
    pub talks: Vec<(Talk, Talked)>,
    /// Faults of each side that befell no request in particular.
    pub excuses: [usize; 2],
    connections: [usize; 2],
}

/// What all that is made up shares.
pub struct World {
    pub schedule: Schedule,
    record: Mutex<Record>,
    start: OnceLock<Instant>,
    /// Since when mirroring is switched off.
    off: Mutex<Option<Instant>>,
    gate: Mutex<Gate>,
}

/// Where clients come in.
#[derive(Default)]
struct Gate {
    open: Option<(Arc<Tap>, watch::Receiver<Stop>)>,
    served: JoinSet<()>,
}

/// What is left of a run.
pub struct Ran {
    pub record: Record,
    pub ledger: Ledger,
}

impl World {
    fn record(&self) -> MutexGuard<'_, Record> {
        self.record.lock().expect("nobody panics with it")
    }

    fn gate(&self) -> MutexGuard<'_, Gate> {
        self.gate.lock().expect("nobody panics with it")
    }

    pub fn log(&self, line: impl FnOnce() -> String) {
        let start = self.start.get().copied().unwrap_or_else(clock::now);
        let at = clock::now().saturating_duration_since(start).as_micros();
        self.record().log.push(format!("{at:>9} {}", line()));
    }

    pub fn problem(&self, text: String) {
        self.record().problems.push(text);
    }

    pub fn excuse(&self, side: Side) {
        self.record().excuses[side as usize] += 1;
    }

    /// The number of a new connection to a side.
    pub fn number(&self, side: Side) -> usize {
        let connections = &mut self.record().connections[side as usize];
        *connections += 1;
        *connections - 1
    }

    pub fn doors(&self, side: Side) -> &Doors {
        match side {
            Side::Primary => &self.schedule.primary,
            Side::Candidate => &self.schedule.candidate,
        }
    }

    /// Notes a request; gives the number under which it is known.
    pub fn arrive(&self, place: Place, nth: usize, id: Option<usize>, head: &Head) -> usize {
        self.log(|| format!("{place:?} gets {id:?}: {}", head.first));
        let off = *self.off.lock().expect("nobody panics with it");
        let off = off.map(|since| clock::now().saturating_duration_since(since));
        if place.side == Side::Candidate && off.is_some_and(|off| off > IN_FLIGHT) {
            self.problem(format!("request {id:?} was mirrored {off:?} after the kill switch"));
        }
        let mut record = self.record();
        let same = |it: &&Arrival| it.place.side == place.side && it.id == id;
        let attempt = record.arrivals.iter().filter(same).count();
        let got = Got { head: head.clone(), ..Got::default() };
        let (whole, fate) = (None, Fate::Open);
        record.arrivals.push(Arrival { place, nth, id, attempt, got, whole, fate });
        record.arrivals.len() - 1
    }

    pub fn act(&self, side: Side, id: usize, arrival: usize) -> Option<Act> {
        let request = self.schedule.requests.get(id)?;
        let attempt = self.record().arrivals[arrival].attempt;
        Some(match side {
            Side::Primary => request.primary[attempt.min(1)].clone(),
            Side::Candidate => request.candidate.clone(),
        })
    }

    pub fn body(&self, arrival: usize, got: &Got, read: &Result<(), Broken>) {
        self.log(|| format!("arrival {arrival}: {} bytes, {read:?}", got.body.len()));
        let mut record = self.record();
        let arrival = &mut record.arrivals[arrival];
        (arrival.got, arrival.whole) = (got.clone(), Some(read.is_ok()));
    }

    /// The bytes of an answer to an arrival.
    pub fn rendered(&self, arrival: usize, act: &Act) -> (Vec<u8>, usize) {
        let head = self.record().arrivals[arrival].got.head.first.starts_with("HEAD ");
        let (bytes, length) = act.reply.render(head);
        (bytes, length)
    }

    pub fn fate(&self, arrival: usize, fate: Fate) {
        self.log(|| format!("arrival {arrival}: {fate:?}"));
        self.record().arrivals[arrival].fate = fate;
    }

    pub fn talked(&self, talk: Talk, talked: Talked) {
        self.record().talks.push((talk, talked));
    }

    /// Connects a client, while the process accepts any.
    pub fn knock(&self, capacity: usize) -> Option<End> {
        let mut gate = self.gate();
        let (tap, stop) = gate.open.clone()?;
        let (near, far) = connection(capacity);
        let client = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 7));
        gate.served.spawn(tap.serve_stream(far, client, stop));
        Some(near)
    }
}

/// What a run is steered by, as the process under people's hands is.
struct Levers {
    settings: Arc<ArcSwap<Settings>>,
    policy: Arc<ArcSwap<Policy>>,
    limits: Arc<Limits>,
    current: Mutex<(usize, Controls)>,
}

impl Levers {
    fn pull(&self, switch: Switch) {
        let mut current = self.current.lock().expect("nobody panics with it");
        match switch {
            Switch::Protect(on) => return self.limits.set_protected(on),
            Switch::Mirror(on) => current.1.enabled = Some(on),
            Switch::Config(which) => current.0 = which,
        }
        let (config, policy) = generation(current.0, current.1.enabled);
        self.settings.store(Arc::new(self.settings.load().renewed(&config)));
        self.limits.reload(policy.limits());
        self.limits.set_off(current.1.enabled == Some(false));
        self.policy.store(policy);
    }
}

type Generation = (Arc<Config>, Arc<Policy>);

/// One of the configs with the kill switch laid over; each is made once in a thread.
fn generation(which: usize, enabled: Option<bool>) -> Generation {
    thread_local! {
        static MADE: RefCell<HashMap<(usize, Option<bool>), Generation>> = RefCell::default();
    }
    let make = || {
        let text = config(which);
        let config = parse(&text, "shadow.yaml", &|_| None);
        let config = config.unwrap_or_else(|problems| panic!("{text}\n{problems:?}"));
        let constants = Constants { session: SESSION.into(), key: KEY };
        let policy = Policy::new(&config, Controls { enabled, sample: None }, None, &constants);
        (Arc::new(config), Arc::new(policy))
    };
    MADE.with_borrow_mut(|made| made.entry((which, enabled)).or_insert_with(make).clone())
}

/// The real thing, wired for one run.
struct Plant {
    world: Arc<World>,
    levers: Arc<Levers>,
    worker: Worker,
    stop: watch::Sender<Stop>,
    book: Arc<Mutex<Book>>,
    bench: Arc<Mutex<Bench>>,
    outbox: Arc<Outbox>,
    /// Tasks that run for ever.
    tasks: usize,
}

fn info() -> SessionInfo {
    SessionInfo {
        id: SESSION.into(),
        service: "shop".into(),
        candidate_version: None,
        user: None,
        pull_request: None,
        commit: None,
        started_at: clock::wall(),
        ended_at: None,
        assertion: None,
    }
}

impl Plant {
    /// Wires the planes as a process does, but for their sockets. On the runtime of the run.
    fn new(schedule: Schedule) -> Self {
        let which = schedule.config;
        let judge = Duration::from_millis(schedule.judge);
        let (config, policy) = generation(which, None);
        let world = Arc::new(World {
            schedule,
            record: Mutex::default(),
            start: OnceLock::from(clock::now()),
            off: Mutex::default(),
            gate: Mutex::default(),
        });
        let way = |side| Arc::new(Way(world.clone(), side));
        let (stop, stopped) = watch::channel(Stop::No);
        let limits = Limits::new(policy.limits());
        let settings = Arc::new(ArcSwap::from_pointee(Settings::new(&config, 7)));
        let policy = Arc::new(ArcSwap::new(policy));
        let current = Mutex::new((which, Controls::default()));
        let levers = Levers { settings, policy, limits, current };
        let shared = Shared {
            primary: Endpoint::from(&config.primary).by(way(Side::Primary)),
            candidate: config
                .candidate
                .as_ref()
                .map(|target| Endpoint::from(target).by(way(Side::Candidate))),
            settings: levers.settings.clone(),
            policy: levers.policy.clone(),
            limits: levers.limits.clone(),
            marker: Marker::new(SESSION, &KEY),
            door: Arc::default(),
            process: 7,
            stop: stopped.clone(),
        };
        let book = Arc::new(Mutex::new(Book::new(info())));
        let (bench, inbox) = Bench::new(Judge::new(book.clone()));
        let (bench, outbox) = (Arc::new(Mutex::new(bench)), Outbox::new(inbox));
        let place = worker::Place { index: 0, of: 1 };
        let worker = Worker::new(shared, place, outbox.clone());
        world.gate().open = Some((worker.tap.clone(), stopped));
        tokio::spawn(keep_judging(bench.clone(), judge));
        let tasks = Handle::current().metrics().num_alive_tasks();
        let levers = Arc::new(levers);
        Self { world, levers, worker, stop, book, bench, outbox, tasks }
    }

    /// Everything is at rest: nothing may be held, waited for or missing.
    fn at_rest(&self) {
        let limits = &self.levers.limits;
        let tasks = Handle::current().metrics().num_alive_tasks();
        let held = [
            ("queued", limits.queued(), 0),
            ("in flight", limits.in_flight(), 0),
            ("bytes charged", limits.memory.used(), 0),
            ("trials not judged", self.outbox.backlog(), 0),
            ("tasks", tasks, self.tasks),
        ];
        for (what, found, expected) in held {
            if found != expected {
                self.world.problem(format!("at rest there are {found} {what}, not {expected}"));
            }
        }
        self.exact("at rest");
    }

    fn exact(&self, when: &str) {
        let ledger = self.ledger();
        if !ledger.is_exact() {
            self.world.problem(format!("{when} the ledger is not exact: {ledger:?}"));
        }
    }

    fn ledger(&self) -> Ledger {
        self.book.lock().expect("nobody panics with it").session().ledger()
    }
}

/// Judges now and then; less often while nothing comes.
async fn keep_judging(bench: Arc<Mutex<Bench>>, least: Duration) {
    let mut pause = least;
    loop {
        sleep(pause).await;
        let batches = bench.lock().expect("nobody panics with it").catch_up();
        pause = if batches > 0 { least } else { (pause * 2).min(Duration::from_secs(4)) };
    }
}

/// Runs a schedule; gives what was seen, with all that is wrong about it.
pub fn run(schedule: Schedule) -> Ran {
    let runtime = Builder::new_current_thread().enable_time().start_paused(true).build();
    let runtime = runtime.expect("a runtime without sockets");
    let left = runtime.block_on(live(schedule));
    // Whatever is still in flight ends here, and is counted.
    drop(runtime);
    let Left { world, book, bench, outbox, limits } = left;
    let mut bench = Arc::into_inner(bench).expect("nobody else judges").into_inner();
    let bench = bench.as_mut().expect("nobody panics with it");
    bench.catch_up();
    outbox.close();
    bench.catch_up();
    let ledger = book.lock().expect("nobody panics with it").session().ledger();
    let mut record = std::mem::take(&mut *world.record());
    if limits.memory.used() != 0 || limits.queued() != 0 {
        record.problems.push("in the end something is charged or queued".into());
    }
    check::all(&world.schedule, &mut record, &ledger);
    Ran { record, ledger }
}

/// What outlives the runtime of a run.
struct Left {
    world: Arc<World>,
    book: Arc<Mutex<Book>>,
    bench: Arc<Mutex<Bench>>,
    outbox: Arc<Outbox>,
    limits: Arc<Limits>,
}

async fn live(schedule: Schedule) -> Left {
    let plant = Plant::new(schedule);
    let world = plant.world.clone();
    let mut clients = JoinSet::new();
    for (number, client) in world.schedule.clients.iter().cloned().enumerate() {
        clients.spawn(client::run(world.clone(), number, client));
    }
    tokio::spawn(switch(world.clone(), plant.levers.clone()));
    let ending = match world.schedule.stop {
        Some((at, ending)) => {
            sleep(Duration::from_millis(at)).await;
            ending
        }
        None => {
            ended(&world, &mut clients).await;
            sleep(QUIET).await;
            plant.at_rest();
            Ending::Drain
        }
    };
    stop(&plant, ending).await;
    let Plant { worker, book, bench, outbox, levers, .. } = plant;
    worker.finish().await;
    // As at the end of the worker's runtime.
    let mut served = std::mem::take(&mut world.gate().served);
    served.shutdown().await;
    ended(&world, &mut clients).await;
    Left { world, book, bench, outbox, limits: levers.limits.clone() }
}

/// Waits for the clients: none may hang.
async fn ended(world: &World, clients: &mut JoinSet<()>) {
    let all = async {
        while let Some(ended) = clients.join_next().await {
            ended.expect("no client panics");
        }
    };
    if timeout(FOREVER, all).await.is_err() {
        world.problem("a client waits for ever".into());
    }
}

async fn switch(world: Arc<World>, levers: Arc<Levers>) {
    let mut now = 0;
    for &(at, switch) in &world.schedule.switches {
        sleep(Duration::from_millis(at - now)).await;
        now = at;
        world.log(|| format!("{switch:?}"));
        levers.pull(switch);
        if let Switch::Mirror(on) = switch {
            *world.off.lock().expect("nobody panics with it") = (!on).then(clock::now);
        }
    }
}

/// Nobody is accepted any more; what has begun may end, as when the listener is served.
async fn stop(plant: &Plant, ending: Ending) {
    plant.world.log(|| format!("stop: {ending:?}"));
    let mut served = {
        let mut gate = plant.world.gate();
        gate.open = None;
        std::mem::take(&mut gate.served)
    };
    plant.stop.send_replace(match ending {
        Ending::Drain => Stop::Drain,
        Ending::Now => Stop::Now,
    });
    if ending == Ending::Drain {
        let all = async { while served.join_next().await.is_some() {} };
        timeout(DRAIN, all).await.ok();
    }
    plant.world.gate().served = served;
}

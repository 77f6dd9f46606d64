//! One client, one connection: what a request costs directly, through the tap, and through the tap
//! with everything mirrored and compared; and what teeing a large body costs.
//!
//! Both upstreams answer from memory in this process. Compare the lines of one run with each
//! other; the times themselves say more about the machine.

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main};
use http::{Request, Response};
use http_body_util::{BodyExt, Empty, Full};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1 as client;
use hyper::server::conn::http1 as server;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use shadowdiff::app::{Instance, Origin};
use shadowdiff::config::{self, Config};
use shadowdiff::control::Change;
use std::convert::Infallible;
use std::net::SocketAddr;
use tempfile::TempDir;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Runtime};

const SMALL: &[u8] = br#"{"id":1009,"name":"pine shelf","price":"19.99","tags":["home","wall"]}"#;
const LARGE: usize = 512 * 1024;

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().expect("a runtime")
}

/// An upstream on a thread of its own: `/large` is half a MiB, everything else small.
fn upstream() -> SocketAddr {
    let runtime = runtime();
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).expect("a port");
    let address = listener.local_addr().expect("an address");
    std::thread::spawn(move || runtime.block_on(accept(listener)));
    address
}

async fn accept(listener: TcpListener) {
    let large = Bytes::from(vec![b'x'; LARGE]);
    while let Ok((stream, _)) = listener.accept().await {
        stream.set_nodelay(true).expect("no delay");
        let large = large.clone();
        let answer = service_fn(move |request: Request<Incoming>| {
            let body = match request.uri().path() {
                "/large" => large.clone(),
                _ => Bytes::from_static(SMALL),
            };
            async move { Ok::<_, Infallible>(Response::new(Full::new(body))) }
        });
        tokio::spawn(server::Builder::new().serve_connection(TokioIo::new(stream), answer));
    }
}

/// A tap in this process; its control runtime runs on a thread of its own.
fn tap(primary: SocketAddr, candidate: SocketAddr, folder: &TempDir) -> Instance {
    let text = format!(
        "listen: {{ address: 127.0.0.1:0 }}\nadmin: {{ address: 127.0.0.1:0 }}\n\
         primary: {{ url: \"http://{primary}\" }}\ncandidate: {{ url: \"http://{candidate}\" }}\n\
         store: {{ path: \"{}\" }}\n",
        folder.path().display()
    );
    let load = move || -> Result<Config, config::Problems> {
        config::parse(&text, "bench.yaml", &|_| None)
    };
    let (config, runtime) = (load().expect("a good config"), runtime());
    let origin = Origin { load: Box::new(load), user: None, pull_request: None, commit: None };
    let instance = runtime.block_on(Instance::start(config, origin)).expect("it starts");
    std::thread::spawn(move || runtime.block_on(std::future::pending::<()>()));
    instance
}

/// One connection, over which one request after the other is made.
struct Client {
    runtime: Runtime,
    sender: client::SendRequest<Empty<Bytes>>,
}

impl Client {
    fn connect(address: SocketAddr) -> Self {
        let runtime = runtime();
        let sender = runtime.block_on(async {
            let stream = TcpStream::connect(address).await.expect("a connection");
            stream.set_nodelay(true).expect("no delay");
            let (sender, connection) =
                client::handshake(TokioIo::new(stream)).await.expect("a connection");
            tokio::spawn(connection);
            sender
        });
        Self { runtime, sender }
    }

    fn get(&mut self, path: &str) -> usize {
        let request = Request::get(path).header("host", "a").body(Empty::new()).expect("a request");
        let sender = &mut self.sender;
        self.runtime.block_on(async move {
            sender.ready().await.expect("an open connection");
            let answer = sender.send_request(request).await.expect("an answer");
            answer.into_body().collect().await.expect("a body").to_bytes().len()
        })
    }
}

fn measure(group: &mut BenchmarkGroup<'_, WallTime>, name: &str, address: SocketAddr, path: &str) {
    let mut client = Client::connect(address);
    group.bench_function(name, |bencher| bencher.iter(|| client.get(path)));
}

fn live_path(criterion: &mut Criterion) {
    let folder = TempDir::new().expect("a folder");
    let (primary, candidate) = (upstream(), upstream());
    let instance = tap(primary, candidate, &folder);
    let mirror = |on| instance.control.set_mirror(Change { enabled: Some(on), sample: None });
    for (name, path, size) in [("live_path", "/", SMALL.len()), ("tee", "/large", LARGE)] {
        let mut group = criterion.benchmark_group(name);
        group.throughput(Throughput::Bytes(size as u64));
        measure(&mut group, "direct", primary, path);
        mirror(false);
        measure(&mut group, "mirror_off", instance.listen, path);
        mirror(true);
        measure(&mut group, "mirror_all", instance.listen, path);
        group.finish();
    }
}

criterion_group!(benches, live_path);
criterion_main!(benches);

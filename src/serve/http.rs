//! `/health`, `/ready` and `/status.json`: reading alone, and never more than a few at once.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use axum::{
    Router,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{Mutex as Turns, Semaphore},
    time::timeout,
};

use super::{Asked, child};
use crate::{
    diagnostic::{Answer, Diagnostic, Place, codes},
    run::clock::{ProcessClock, Stopwatch},
};

/// So many connections at once; further ones are closed.
const CONNECTIONS: usize = 64;
/// Bytes of a request's head.
const HEAD: usize = 8 << 10;
/// A connection that takes longer is closed.
const PATIENCE: Duration = Duration::from_secs(10);
/// The loop is healthy that turned within this time.
const TURNED: Duration = Duration::from_mins(1);
/// The state is asked for at most once in this time.
const STATE: Duration = Duration::from_mins(1);

/// What the loop says of itself, for whoever asks.
#[derive(Clone, Debug)]
pub(super) struct Shared {
    asked: Arc<Asked>,
    now: Arc<Mutex<Loop>>,
    status: Arc<Turns<Option<(Stopwatch, Vec<u8>)>>>,
}

#[derive(Debug)]
struct Loop {
    turned: Stopwatch,
    /// Why nothing is run; `None` where it is.
    not_ready: Option<String>,
}

impl Shared {
    pub fn new(asked: &Asked) -> Self {
        let now = Loop { turned: ProcessClock.own_stopwatch(), not_ready: None };
        Self { asked: Arc::new(asked.clone()), now: Arc::new(Mutex::new(now)), status: Arc::default() }
    }

    fn now(&self) -> MutexGuard<'_, Loop> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The loop has turned.
    pub fn turned(&self) {
        self.now().turned = ProcessClock.own_stopwatch();
    }

    /// Whether runs start, and if not why.
    pub fn state(&self, held: Option<&[Diagnostic]>, stopping: bool) {
        let held = held.map(crate::report::held_by);
        self.now().not_ready = if stopping { Some("it is ending".to_owned()) } else { held };
    }
}

/// Listens, and answers until the runtime ends. The address that it got.
///
/// # Errors
/// TC1317 where the address is not to be had.
pub(super) async fn listen(address: SocketAddr, shared: &Shared) -> Answer<SocketAddr> {
    let refused = |error: std::io::Error| {
        Diagnostic::new(codes::supply::NOT_LISTENING, format!("nobody can listen at {address}: {error}"))
            .place(Place::file("pipelines/partnership.yaml"))
            .expected("an address of this machine and a port that is free: `serve: {listen: 127.0.0.1:8787}`")
            .outcome("nothing was run; slots that are due are taken when serve has started")
            .hint("end the other program, or name another port, then start it again")
    };
    let listener = TcpListener::bind(address).await.map_err(refused)?;
    let bound = listener.local_addr().map_err(refused)?;
    tokio::spawn(answer(listener, routes(shared.clone())));
    Ok(bound)
}

fn routes(shared: Shared) -> Router {
    Router::new().route("/health", get(health)).route("/ready", get(ready)).route("/status.json", get(status)).with_state(shared)
}

async fn health(State(shared): State<Shared>) -> Response {
    let turned = shared.now().turned.measured();
    if turned <= TURNED { plain(StatusCode::OK, "healthy") } else { plain(StatusCode::SERVICE_UNAVAILABLE, "the loop stands still") }
}

async fn ready(State(shared): State<Shared>) -> Response {
    match shared.now().not_ready.clone() {
        None => plain(StatusCode::OK, "ready"),
        Some(why) => plain(StatusCode::SERVICE_UNAVAILABLE, &why),
    }
}

/// The bytes of `truecost status --json`, asked of a child at most once a minute.
async fn status(State(shared): State<Shared>) -> Response {
    let mut known = shared.status.lock().await;
    if known.as_ref().is_none_or(|(at, _)| at.measured() > STATE) {
        *known = child::status(&shared.asked).await.map(|said| (ProcessClock.own_stopwatch(), said));
    }
    match known.as_ref() {
        Some((_, said)) => (StatusCode::OK, HEADERS_JSON, said.clone()).into_response(),
        None => plain(StatusCode::SERVICE_UNAVAILABLE, "the state cannot be asked for"),
    }
}

const HEADERS_JSON: [(header::HeaderName, &str); 2] = [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store")];
const HEADERS_TEXT: [(header::HeaderName, &str); 2] =
    [(header::CONTENT_TYPE, "text/plain; charset=utf-8"), (header::CACHE_CONTROL, "no-store")];

fn plain(status: StatusCode, text: &str) -> Response {
    (status, HEADERS_TEXT, format!("{text}\n")).into_response()
}

/// Takes connections, as many at once as there is room for.
async fn answer(listener: TcpListener, routes: Router) {
    let room = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            // No descriptor is left: somebody else's connections end sooner or later.
            tokio::time::sleep(Duration::from_millis(100)).await;
            continue;
        };
        if let Ok(place) = Arc::clone(&room).try_acquire_owned() {
            let routes = routes.clone();
            tokio::spawn(async move {
                one(stream, routes).await;
                drop(place);
            });
        }
    }
}

/// One connection: one question, one answer.
async fn one(stream: TcpStream, routes: Router) {
    let mut server = http1::Builder::new();
    server.max_buf_size(HEAD).timer(TokioTimer::new()).header_read_timeout(PATIENCE).keep_alive(false);
    let connection = server.serve_connection(TokioIo::new(stream), TowerToHyperService::new(routes));
    // Whoever went away, sent nonsense or was too slow is answered by the end of the connection.
    let _ = timeout(PATIENCE, connection).await;
}

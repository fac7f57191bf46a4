//! Accepting connections, and ending them well.
//!
//! A stop first takes no new connections and lets idle ones go, then waits for requests that run (a push that has sent
//! its last byte must hear its 201), and after [`PATIENCE`] cuts what is left.
//!
//! # Invariants
//! - A connection costs little until it asks something, and does not stay for ever without asking: its handshake and its
//!   first headers have a deadline, and so has the pause between two requests. Slow requests have none.
//! - There are never more connections than [`Limits::max_connections`]; who comes then waits in the system's queue.
//! - HTTP/2 is spoken to who chose it in the TLS handshake, or begins with its preface without TLS.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use bytes::Bytes;
use hyper::body::{Frame, Incoming, SizeHint};
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulConnection;
use prometheus_client::metrics::gauge::Gauge;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt as _;

use super::forwarded::Peer;
use super::idle::Taken;
use crate::config::server::Limits;
use crate::metrics::Metrics;

/// How long running requests may go on after a stop.
pub const PATIENCE: Duration = Duration::from_secs(90);

/// Most bytes of a request's line and headers.
const HEADERS: usize = 64 << 10;
/// Most bytes that wait to be sent on a connection, or are read from it at once: a client that does not read on holds no
/// more than these and one piece of a blob.
const BUFFERED: usize = 64 << 10;
/// Requests at a time on one HTTP/2 connection.
const STREAMS: u32 = 128;

/// What a listener serves, and how.
#[derive(Clone)]
pub struct Serving {
    /// What answers.
    pub router: Router,
    /// TLS, or plain HTTP without.
    pub tls: Option<TlsAcceptor>,
    /// What connections may cost.
    pub limits: Limits,
    /// Where connections are counted.
    pub metrics: Metrics,
}

impl std::fmt::Debug for Serving {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Serving").field("limits", &self.limits).finish_non_exhaustive()
    }
}

/// Serves until `stop` completes, then ends as the module says. Returns whether every connection ended by itself.
pub async fn serve(
    listener: TcpListener,
    serving: Serving,
    stop: impl Future<Output = ()>,
) -> bool {
    let serving = Arc::new(serving);
    let places = Arc::new(Semaphore::new(serving.limits.max_connections));
    let (stopping, tracker) = (CancellationToken::new(), TaskTracker::new());
    let mut stop = std::pin::pin!(stop);
    loop {
        let accepted = tokio::select! {
            accepted = accept(&listener, &places) => accepted,
            () = &mut stop => break,
        };
        let Some((stream, address, place)) = accepted else { continue };
        let (serving, stopping) = (Arc::clone(&serving), stopping.clone());
        tracker.spawn(async move {
            let open = Counted::new(serving.metrics.connections());
            connection(stream, address, &serving, stopping).await;
            drop((open, place));
        });
    }
    drop(listener);
    stopping.cancel();
    tracker.close();
    tokio::time::timeout(PATIENCE, tracker.wait()).await.is_ok()
}

/// The next connection, once there is a place for it.
async fn accept(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> Option<(TcpStream, SocketAddr, OwnedSemaphorePermit)> {
    let place = match Arc::clone(places).try_acquire_owned() {
        Ok(place) => place,
        Err(_) => {
            tracing::warn!(
                "there are as many connections as http.max_connections allows; others wait"
            );
            Arc::clone(places).acquire_owned().await.ok()?
        }
    };
    match listener.accept().await {
        Ok((stream, address)) => {
            if let Err(error) = stream.set_nodelay(true) {
                tracing::debug!(%error, "cannot set TCP_NODELAY");
            }
            Some((stream, address, place))
        }
        Err(error) => {
            // Mostly "too many open files": waiting lets connections end, where trying at once would spin.
            tracing::warn!(%error, "cannot accept a connection");
            tokio::time::sleep(Duration::from_millis(50)).await;
            None
        }
    }
}

/// A connection from its first byte to its last.
async fn connection(
    stream: TcpStream,
    address: SocketAddr,
    serving: &Serving,
    stopping: CancellationToken,
) {
    let limits = serving.limits;
    let opening = tokio::time::timeout(limits.header_timeout, async {
        match &serving.tls {
            None => {
                let is_http2 = begins_with_http2(&stream).await?;
                Ok(Opened::Plain(Taken::new(stream, limits.idle_timeout), is_http2))
            }
            Some(tls) => {
                let stream = tls.accept(Taken::new(stream, limits.idle_timeout)).await?;
                let is_http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
                Ok(Opened::Tls(Box::new(stream), is_http2))
            }
        }
    });
    let opened = tokio::select! {
        opened = opening => opened,
        () = stopping.cancelled() => return,
    };
    let peer = Peer { address, is_tls: serving.tls.is_some() };
    match opened {
        Ok(Ok(Opened::Plain(stream, is_http2))) => {
            speak(stream, peer, is_http2, serving, stopping).await;
        }
        Ok(Ok(Opened::Tls(stream, is_http2))) => {
            speak(stream, peer, is_http2, serving, stopping).await;
        }
        Ok(Err(error)) => {
            let error: std::io::Error = error;
            tracing::debug!(%error, %address, "a connection ended before its first request");
        }
        Err(_) => tracing::debug!(%address, "a connection said nothing in time"),
    }
}

enum Opened {
    Plain(Taken<TcpStream>, bool),
    Tls(Box<tokio_rustls::server::TlsStream<Taken<TcpStream>>>, bool),
}

/// Whether the first bytes are those of HTTP/2's preface, `PRI * HTTP/2.0`: no method of HTTP/1 begins so.
async fn begins_with_http2(stream: &TcpStream) -> std::io::Result<bool> {
    let mut first = [0; 4];
    let read = stream.peek(&mut first).await?;
    Ok(read == first.len() && first == *b"PRI ")
}

async fn speak<S>(
    stream: S,
    peer: Peer,
    is_http2: bool,
    serving: &Serving,
    stopping: CancellationToken,
) where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let limits = serving.limits;
    let activity = Arc::new(Activity::default());
    let service = {
        let (router, metrics, activity) =
            (serving.router.clone(), serving.metrics.clone(), Arc::clone(&activity));
        service_fn(move |mut request: hyper::Request<Incoming>| {
            let running = Running::new(Arc::clone(&activity), &metrics);
            request.extensions_mut().insert(peer);
            let answer = router.clone().oneshot(request.map(Body::new));
            async move {
                let Ok(response) = answer.await;
                Ok::<_, Infallible>(response.map(|body| Answer { body, _running: running }))
            }
        })
    };
    if is_http2 {
        let mut builder = http2::Builder::new(TokioExecutor::new());
        builder
            .timer(TokioTimer::new())
            .keep_alive_interval(Some(limits.header_timeout))
            .max_send_buf_size(BUFFERED)
            .max_concurrent_streams(STREAMS)
            .max_header_list_size(u32::try_from(HEADERS).unwrap_or(u32::MAX));
        let connection = builder.serve_connection(TokioIo::new(stream), service);
        drive(connection, &activity, limits, stopping).await;
    } else {
        let mut builder = http1::Builder::new();
        builder
            .timer(TokioTimer::new())
            .header_read_timeout(limits.header_timeout)
            .max_buf_size(BUFFERED)
            .max_header_size(HEADERS);
        let connection = builder.serve_connection(TokioIo::new(stream), service);
        drive(connection, &activity, limits, stopping).await;
    }
}

/// Drives a connection until it ends, is not used any more, or the server stops.
async fn drive<C>(connection: C, activity: &Activity, limits: Limits, stopping: CancellationToken)
where
    C: GracefulConnection,
    C::Error: std::fmt::Display,
{
    let mut connection = std::pin::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => Some(ended),
        () = activity.unused(limits.header_timeout) => None,
        () = stopping.cancelled() => None,
    };
    let ended = match ended {
        Some(ended) => ended,
        None => {
            // What runs is answered, and nothing new is taken. Who does not take leave is cut.
            connection.as_mut().graceful_shutdown();
            tokio::select! {
                ended = connection.as_mut() => ended,
                () = activity.unused(limits.header_timeout) => {
                    tracing::debug!("a connection that was not used was cut");
                    return;
                }
            }
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection was cut");
    }
}

/// The requests of a connection.
#[derive(Debug, Default)]
struct Activity {
    begun: AtomicU64,
    ended: AtomicU64,
}

impl Activity {
    /// Completes when no request ran during a whole `period`: between one and two periods after the last one. Looking now
    /// and then costs a request nothing.
    async fn unused(&self, period: Duration) {
        let read = || (self.begun.load(Ordering::Relaxed), self.ended.load(Ordering::Relaxed));
        let mut before = read();
        loop {
            tokio::time::sleep(period).await;
            let now = read();
            if now == before && now.0 == now.1 {
                return;
            }
            before = now;
        }
    }
}

/// A request, until its answer has been sent or dropped.
struct Running {
    activity: Arc<Activity>,
    _active: Counted,
}

impl Running {
    fn new(activity: Arc<Activity>, metrics: &Metrics) -> Self {
        activity.begun.fetch_add(1, Ordering::Relaxed);
        Self { activity, _active: Counted::new(metrics.active()) }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.activity.ended.fetch_add(1, Ordering::Relaxed);
    }
}

/// One more in a gauge, until this is dropped.
struct Counted(Gauge);

impl Counted {
    fn new(gauge: &Gauge) -> Self {
        gauge.inc();
        Self(gauge.clone())
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.dec();
    }
}

/// The body of an answer; while it is being sent, its request runs.
struct Answer {
    body: Body,
    _running: Running,
}

impl hyper::body::Body for Answer {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

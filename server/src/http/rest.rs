//! The rest of a body that nobody read.
//!
//! A refusal that comes before the body was read leaves the remainder of it on the connection, which then cannot be used
//! again. Ending it without a word lets a client with a pool of connections meet a dead one at its next request (seen
//! with oras, which sends every manifest once without and once with its password). So a short remainder is read and
//! thrown away; after a longer one the answer says that the connection ends.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use bytes::Bytes;
use futures::StreamExt as _;
use http::{HeaderValue, Version, header};
use hyper::body::{Body as _, Frame, SizeHint};
use parking_lot::Mutex;

/// Bytes that are cheaper to read than a new connection is to make.
const SHORT: u64 = 256 << 10;

/// How long the client may take to send them.
const PATIENCE: Duration = Duration::from_secs(1);

/// Leaves the connection usable, or says that it is not.
pub(crate) async fn finish(request: Request, next: Next) -> Response {
    // HTTP/2 ends one stream; and who waits for a word before sending has not sent anything.
    if request.version() > Version::HTTP_11
        || request.body().is_end_stream()
        || request.headers().contains_key(header::EXPECT)
    {
        return next.run(request).await;
    }
    let left = Left::default();
    let lent = left.clone();
    let request = request.map(|body| Body::new(Lent { body, left: lent }));
    let mut response = next.run(request).await;
    let rest = left.lock().take();
    if let Some(body) = rest
        && !swallow(body, PATIENCE).await
    {
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

/// Whether the body came to its end within what is worth waiting for.
async fn swallow(body: Body, patience: Duration) -> bool {
    if body.size_hint().lower() > SHORT {
        return false;
    }
    let read = async move {
        let mut frames = body.into_data_stream();
        let mut budget = SHORT;
        while let Some(frame) = frames.next().await {
            let length = frame.ok().and_then(|bytes| u64::try_from(bytes.len()).ok());
            match length.and_then(|length| budget.checked_sub(length)) {
                Some(left) => budget = left,
                None => return false,
            }
        }
        true
    };
    tokio::time::timeout(patience, read).await.unwrap_or(false)
}

/// Where a body lands that was dropped before its end.
type Left = Arc<Mutex<Option<Body>>>;

struct Lent {
    body: Body,
    left: Left,
}

impl hyper::body::Body for Lent {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        if !self.body.is_end_stream() {
            *self.left.lock() = Some(std::mem::take(&mut self.body));
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use axum::Router;
    use axum::middleware::from_fn;
    use axum::routing::put;
    use http::StatusCode;
    use tower::ServiceExt as _;

    use super::*;

    /// A refusal that reads nothing, and whether it says that the connection ends.
    async fn refused(body: Body, expects: bool) -> bool {
        let router = Router::new()
            .route("/", put(|| async { StatusCode::UNAUTHORIZED }))
            .layer(from_fn(finish));
        let mut request = Request::builder().method("PUT").uri("/");
        if expects {
            request = request.header(header::EXPECT, "100-continue");
        }
        let response = router.oneshot(request.body(body).unwrap()).await.unwrap();
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
        response.headers().contains_key(header::CONNECTION)
    }

    fn pieces(count: usize) -> (Body, Arc<Mutex<usize>>) {
        let read = Arc::new(Mutex::new(0));
        let counter = Arc::clone(&read);
        let stream = futures::stream::iter(0..count).map(move |_| {
            *counter.lock() += 1;
            Ok::<_, std::io::Error>(Bytes::from_static(&[0; 4096]))
        });
        (Body::from_stream(stream), read)
    }

    #[tokio::test]
    async fn a_short_rest_is_read() {
        let (body, read) = pieces(10);
        assert!(!refused(body, false).await);
        assert_eq!(*read.lock(), 10);
    }

    #[tokio::test]
    async fn a_long_rest_ends_the_connection() {
        let (body, read) = pieces(1000);
        assert!(refused(body, false).await);
        assert!(*read.lock() < 100);
        assert!(refused(Body::from(vec![0; 1 << 20]), false).await);
    }

    #[tokio::test]
    async fn a_rest_that_does_not_come_is_not_waited_for() {
        let body = Body::from_stream(futures::stream::pending::<Result<Bytes, std::io::Error>>());
        assert!(!swallow(body, Duration::ZERO).await);
    }

    #[tokio::test]
    async fn nothing_is_read_from_who_waits_for_a_word() {
        let (body, read) = pieces(10);
        assert!(!refused(body, true).await);
        assert_eq!(*read.lock(), 0);
    }

    #[tokio::test]
    async fn a_body_that_was_read_is_left_alone() {
        let router = Router::new()
            .route("/", put(|bytes: Bytes| async move { bytes.len().to_string() }))
            .layer(from_fn(finish));
        let request = Request::put("/").body(pieces(10).0).unwrap();
        let response = router.oneshot(request).await.unwrap();
        assert!(!response.headers().contains_key(header::CONNECTION));
    }
}

//! Patience with what moves, none with what stands still.
//!
//! A layer of ten gigabytes over a bad line takes hours, and may: no deadline is on a whole request. But a body of which
//! nothing comes, and an answer of which nothing is taken, hold memory and files for nobody.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use hyper::body::{Body as _, Frame, SizeHint};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Sleep;

/// Runs while nothing moves.
#[derive(Debug)]
struct Standstill {
    limit: Duration,
    timer: Option<Pin<Box<Sleep>>>,
}

impl Standstill {
    const fn new(limit: Duration) -> Self {
        Self { limit, timer: None }
    }

    /// Ready once nothing moved for the whole limit; to be asked at every poll, with whether something moved.
    fn poll(&mut self, cx: &mut Context<'_>, has_moved: bool) -> Poll<()> {
        if has_moved {
            self.timer = None;
            return Poll::Pending;
        }
        let limit = self.limit;
        self.timer.get_or_insert_with(|| Box::pin(tokio::time::sleep(limit))).as_mut().poll(cx)
    }
}

/// Nothing came for too long.
#[derive(Debug, thiserror::Error)]
#[error("the client sent nothing for {} seconds", .0.as_secs())]
pub struct Silent(Duration);

/// A request's body that breaks off when nothing comes for `limit`.
pub fn body(body: Body, limit: Duration) -> Body {
    if body.is_end_stream() {
        body
    } else {
        Body::new(Watched { body, still: Standstill::new(limit) })
    }
}

struct Watched {
    body: Body,
    still: Standstill,
}

impl hyper::body::Body for Watched {
    type Data = Bytes;
    type Error = Box<dyn std::error::Error + Send + Sync>;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let frame = Pin::new(&mut self.body).poll_frame(cx);
        match self.still.poll(cx, frame.is_ready()) {
            Poll::Ready(()) => Poll::Ready(Some(Err(Silent(self.still.limit).into()))),
            Poll::Pending => frame.map(|frame| frame.map(|result| result.map_err(Into::into))),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// A connection that breaks off when its other end takes nothing for `limit` of what is written to it.
#[derive(Debug)]
pub struct Taken<S> {
    stream: S,
    still: Standstill,
}

impl<S> Taken<S> {
    /// Watches a stream.
    pub const fn new(stream: S, limit: Duration) -> Self {
        Self { stream, still: Standstill::new(limit) }
    }

    fn watch<T>(
        &mut self,
        cx: &mut Context<'_>,
        written: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        match self.still.poll(cx, written.is_ready()) {
            Poll::Ready(()) => Poll::Ready(Err(io::ErrorKind::TimedOut.into())),
            Poll::Pending => written,
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Taken<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Taken<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.watch(cx, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, pieces);
        self.watch(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(cx);
        self.watch(cx, flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let ended = Pin::new(&mut self.stream).poll_shutdown(cx);
        self.watch(cx, ended)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use futures::StreamExt as _;
    use http_body_util::BodyExt as _;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    const SHORT: Duration = Duration::from_millis(20);

    #[tokio::test]
    async fn a_body_that_stands_still_breaks_off() {
        let pieces = futures::stream::iter([Ok::<_, io::Error>(Bytes::from_static(b"ab"))])
            .chain(futures::stream::pending());
        let mut body = body(Body::from_stream(pieces), SHORT);
        assert_eq!(body.frame().await.unwrap().unwrap().into_data().unwrap(), "ab");
        let error = body.frame().await.unwrap().unwrap_err();
        assert!(std::error::Error::source(&error).unwrap().is::<Silent>(), "{error:?}");
    }

    #[tokio::test]
    async fn a_body_that_moves_slowly_comes_to_its_end() {
        // Ten pauses, each shorter than the limit, together longer.
        let pieces = futures::stream::iter(0..10).then(async |_| {
            tokio::time::sleep(SHORT / 4).await;
            Ok::<_, io::Error>(Bytes::from_static(b"x"))
        });
        let body = body(Body::from_stream(pieces), SHORT * 2);
        assert_eq!(body.collect().await.unwrap().to_bytes().len(), 10);
    }

    #[tokio::test]
    async fn an_answer_that_nobody_takes_breaks_off() {
        let (ours, mut theirs) = tokio::io::duplex(16);
        let mut ours = Taken::new(ours, SHORT);
        ours.write_all(&[0; 16]).await.unwrap();
        let error = ours.write_all(&[0; 1]).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        let mut read = [0; 16];
        theirs.read_exact(&mut read).await.unwrap();
    }
}

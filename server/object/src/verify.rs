//! Verification in the reader: a wrong size or digest is a read error, so nobody downstream can forget to look.

use futures::StreamExt as _;
use roadstead::{Digest, Hasher};

use crate::error::ObjectError;
use crate::key::ObjectKey;
use crate::read::ByteStream;

/// The same bytes, ending in [`ObjectError::Damaged`] when all of them together are not `digest`.
///
/// The last piece is only handed on once the whole has been checked.
#[must_use]
pub fn verified(stream: ByteStream, key: ObjectKey, digest: Digest) -> ByteStream {
    let hasher = Hasher::new(digest.algorithm());
    let state = (stream, Some((hasher, digest)), None);
    futures::stream::unfold(state, move |(mut stream, mut checking, held)| async move {
        let mut held: Option<bytes::Bytes> = held;
        loop {
            let (hasher, _) = checking.as_mut()?;
            match stream.next().await {
                Some(Ok(piece)) => {
                    hasher.update(&piece);
                    if let Some(ready) = held.replace(piece) {
                        return Some((Ok(ready), (stream, checking, held)));
                    }
                }
                Some(Err(error)) => return Some((Err(error), (stream, None, None))),
                None => {
                    let (hasher, digest) = checking.take()?;
                    if hasher.finish() != digest {
                        let error = ObjectError::damaged(key, "its bytes do not have its digest");
                        return Some((Err(error), (stream, None, None)));
                    }
                    return held.take().map(|last| (Ok(last), (stream, None, None)));
                }
            }
        }
    })
    .boxed()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::key::KeySeed;
    use bytes::Bytes;
    use futures::TryStreamExt as _;
    use roadstead::Algorithm;

    fn stream(pieces: &[&'static [u8]]) -> ByteStream {
        let pieces: Vec<_> = pieces.iter().map(|p| Ok(Bytes::from_static(p))).collect();
        futures::stream::iter(pieces).boxed()
    }

    #[tokio::test]
    async fn the_last_piece_waits_for_the_verdict() {
        let key = ObjectKey::new(KeySeed { milliseconds: 1, random: [1; 16] });
        let digest = Digest::of(Algorithm::Sha256, b"abcdef");
        let good: Vec<Bytes> =
            verified(stream(&[b"abc", b"def"]), key, digest.clone()).try_collect().await.unwrap();
        assert_eq!(good.concat(), b"abcdef");

        let mut bad = verified(stream(&[b"abc", b"dex"]), key, digest);
        assert_eq!(&bad.next().await.unwrap().unwrap()[..], b"abc");
        assert!(bad.next().await.unwrap().is_err());
        assert!(bad.next().await.is_none());

        let empty = Digest::of(Algorithm::Sha256, b"");
        assert!(verified(stream(&[]), key, empty).next().await.is_none());
    }
}

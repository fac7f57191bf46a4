//! Buffers for reading, used again and again: a fresh one would be zeroed and page-faulted for every piece.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;

/// Bytes of one piece. Within what was measured best (64–256 KiB), and the smallest of it: each of a thousand readers that
/// do not read on holds one.
pub(crate) const PIECE: usize = 64 * 1024;

/// How many idle buffers are kept (1 MiB).
const IDLE: usize = 16;

/// A bounded pool of buffers of [`PIECE`] bytes.
#[derive(Clone, Default)]
pub(crate) struct Buffers(Arc<Mutex<Vec<Box<[u8]>>>>);

impl Buffers {
    /// A buffer; its content is whatever was read before.
    pub(crate) fn take(&self) -> Buffer {
        let idle = self.0.lock().unwrap_or_else(PoisonError::into_inner).pop();
        Buffer {
            bytes: idle.unwrap_or_else(|| vec![0; PIECE].into_boxed_slice()),
            length: 0,
            home: self.clone(),
        }
    }
}

/// A buffer that goes back to its pool when the last reader of its bytes is done.
pub(crate) struct Buffer {
    bytes: Box<[u8]>,
    length: usize,
    home: Buffers,
}

impl Buffer {
    /// The first `wanted` bytes, to be read into.
    pub(crate) fn space(&mut self, wanted: usize) -> &mut [u8] {
        let wanted = wanted.min(self.bytes.len());
        self.bytes.get_mut(..wanted).unwrap_or_default()
    }

    /// The first `length` bytes, as they were read.
    pub(crate) fn freeze(mut self, length: usize) -> Bytes {
        self.length = length;
        Bytes::from_owner(self)
    }
}

impl AsRef<[u8]> for Buffer {
    fn as_ref(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        let bytes = std::mem::take(&mut self.bytes);
        let mut idle = self.home.0.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < IDLE {
            idle.push(bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_buffer_comes_back_when_nobody_reads_it_any_more() {
        let pool = Buffers::default();
        let mut buffer = pool.take();
        buffer.space(3).copy_from_slice(b"abc");
        let bytes = buffer.freeze(3);
        let part = bytes.slice(1..2);
        drop(bytes);
        assert_eq!(pool.0.lock().unwrap().len(), 0);
        assert_eq!(&part[..], b"b");
        drop(part);
        assert_eq!(pool.0.lock().unwrap().len(), 1);
        assert_eq!(pool.take().space(usize::MAX).len(), PIECE);
        assert_eq!(pool.0.lock().unwrap().len(), 1, "dropped unused");
    }
}

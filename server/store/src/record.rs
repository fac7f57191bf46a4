//! For tests: every statement that was run, once.

use std::collections::BTreeSet;

use parking_lot::Mutex;

/// Collects the texts of statements.
#[derive(Debug, Default)]
pub struct Recorder {
    texts: Mutex<BTreeSet<String>>,
}

impl Recorder {
    pub(crate) fn note(&self, text: &str) {
        let mut texts = self.texts.lock();
        if !texts.contains(text) {
            texts.insert(text.to_owned());
        }
    }

    /// The statements so far, in byte order.
    #[must_use]
    pub fn statements(&self) -> Vec<String> {
        self.texts.lock().iter().cloned().collect()
    }
}

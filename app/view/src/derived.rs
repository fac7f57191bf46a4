//! Signals and memos of closures, compiled once for each type of value.
//!
//! Not `dyn Fn`, which would keep three functions for each closure where one is called.

use leptos::prelude::{Memo, Signal};

trait Derive<T> {
    fn derive(&self) -> T;
}

struct By<F>(F);

impl<T, F: Fn() -> T> Derive<T> for By<F> {
    fn derive(&self) -> T {
        (self.0)()
    }
}

/// A signal of what `function` returns; read again whenever it is asked for.
pub fn derive<T: Send + Sync + 'static>(
    function: impl Fn() -> T + Send + Sync + 'static,
) -> Signal<T> {
    signal(Box::new(By(function)))
}

#[inline(never)]
fn signal<T: Send + Sync + 'static>(function: Box<dyn Derive<T> + Send + Sync>) -> Signal<T> {
    Signal::derive(move || function.derive())
}

trait Remember<T> {
    fn remember(&self, before: Option<&T>) -> T;
}

impl<T, F: Fn(Option<&T>) -> T> Remember<T> for By<F> {
    fn remember(&self, before: Option<&T>) -> T {
        (self.0)(before)
    }
}

/// What `function` returns, remembered: told to others only when it has become another.
pub fn memo<T: PartialEq + Send + Sync + 'static>(
    function: impl Fn(Option<&T>) -> T + Send + Sync + 'static,
) -> Memo<T> {
    remembered(Box::new(By(function)))
}

#[inline(never)]
fn remembered<T: PartialEq + Send + Sync + 'static>(
    function: Box<dyn Remember<T> + Send + Sync>,
) -> Memo<T> {
    Memo::new(move |before: Option<&T>| function.remember(before))
}

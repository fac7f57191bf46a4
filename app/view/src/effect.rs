//! Effects, compiled once for each type of value that they hand on.

/// What happens when signals change, in the browser.
pub struct Effect;

impl Effect {
    /// Runs `function` soon, and again whenever what it reads changes.
    #[expect(
        clippy::new_ret_no_self,
        reason = "the name that Leptos's has; nothing is left to hold"
    )]
    pub fn new<T: 'static>(function: impl FnMut(Option<T>) -> T + 'static) {
        start(Box::new(function));
    }
}

#[inline(never)]
fn start<T: 'static>(mut function: Box<dyn FnMut(Option<T>) -> T>) {
    leptos::prelude::Effect::new(move |before: Option<T>| function(before));
}

//! A file that a person chose or dropped, read in the browser. On the server nothing is read, so callers need no `cfg`.

#[cfg(feature = "hydrate")]
mod browser {
    use leptos::task::spawn_local;
    use wasm_bindgen::JsCast;

    fn first(event: &web_sys::Event) -> Option<web_sys::File> {
        let files = match event.dyn_ref::<web_sys::DragEvent>() {
            Some(drag) => drag.data_transfer()?.files(),
            None => event.target()?.dyn_into::<web_sys::HtmlInputElement>().ok()?.files(),
        };
        files?.get(0)
    }

    /// Hands on the text of the first file that an input chose or that was dropped; `None` when it is larger than `limit`
    /// bytes or cannot be read. Nothing happens without a file.
    pub fn read(event: &web_sys::Event, limit: usize, then: Box<dyn FnOnce(Option<String>)>) {
        let Some(file) = first(event) else { return };
        if file.size() > limit as f64 {
            return then(None);
        }
        spawn_local(async move {
            let text = wasm_bindgen_futures::JsFuture::from(file.text()).await;
            then(text.ok().and_then(|text| text.as_string()));
        });
    }
}

#[cfg(feature = "hydrate")]
pub use browser::read;

/// Hands on the text of the first file that an input chose or that was dropped.
#[cfg(not(feature = "hydrate"))]
pub fn read(
    _event: &leptos::web_sys::Event,
    _limit: usize,
    _then: Box<dyn FnOnce(Option<String>)>,
) {
}

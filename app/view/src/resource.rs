//! Data of the server in a page, as one type inside.
//!
//! Leptos's resource is compiled once for every type of data. Here all are one resource of [`Held`]: the value as it was
//! fetched, or the JSON that came with the page and is read when it is asked for.

use std::any::Any;
use std::marker::PhantomData;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use codee::{Decoder, Encoder};
use leptos::prelude::{Get, GetUntracked, Track};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::call::Pending;
use crate::derived::memo;

/// A value whose type is known where it is used.
#[derive(Clone)]
pub enum Held {
    /// As it came with the page.
    Text(Arc<str>),
    /// As it was fetched.
    Value(Arc<dyn Any + Send + Sync>, Writer),
}

/// Writes a value as JSON; only the server does.
#[cfg(feature = "ssr")]
type Writer = fn(&(dyn Any + Send + Sync)) -> Result<String, serde_json::Error>;
#[cfg(not(feature = "ssr"))]
type Writer = ();

#[cfg(feature = "ssr")]
fn write<T: Serialize + 'static>(
    value: &(dyn Any + Send + Sync),
) -> Result<String, serde_json::Error> {
    value.downcast_ref::<T>().map_or_else(|| Ok(String::from("null")), serde_json::to_string)
}

impl Held {
    /// Holds a value.
    pub fn of<T: Serialize + Send + Sync + 'static>(value: T) -> Self {
        #[cfg(feature = "ssr")]
        let writer: Writer = write::<T>;
        #[cfg(not(feature = "ssr"))]
        let writer: Writer = ();
        Self::Value(Arc::new(value), writer)
    }

    /// The value; none when it is of another type, or the text cannot be read as it.
    #[must_use]
    pub fn value<T: DeserializeOwned + Clone + 'static>(&self) -> Option<T> {
        match self {
            Self::Text(text) => serde_json::from_str(text).ok(),
            Self::Value(value, _) => value.downcast_ref::<T>().cloned(),
        }
    }

    /// The same, read once.
    #[must_use]
    pub fn opened<T: Serialize + DeserializeOwned + Clone + Send + Sync + 'static>(self) -> Self {
        match &self {
            Self::Text(_) => self.value::<T>().map_or(self, Self::of),
            Self::Value(..) => self,
        }
    }
}

/// How held values travel from server to browser.
pub struct HeldCodec;

impl Encoder<Held> for HeldCodec {
    type Error = serde_json::Error;
    type Encoded = String;

    fn encode(held: &Held) -> Result<String, serde_json::Error> {
        match held {
            Held::Text(text) => Ok(text.to_string()),
            #[cfg(feature = "ssr")]
            Held::Value(value, writer) => writer(value.as_ref()),
            #[cfg(not(feature = "ssr"))]
            Held::Value(..) => Ok(String::new()),
        }
    }
}

impl Decoder<Held> for HeldCodec {
    type Error = serde_json::Error;
    type Encoded = str;

    fn decode(text: &str) -> Result<Held, serde_json::Error> {
        Ok(Held::Text(text.into()))
    }
}

type Inner = leptos::prelude::Resource<Held, HeldCodec>;

/// Data that is fetched for a page: on the server before the page is written, in the browser when what it depends on
/// changes.
pub struct Resource<T> {
    inner: Inner,
    of: PhantomData<fn() -> T>,
}

impl<T> Clone for Resource<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Resource<T> {}

impl<T> Resource<T>
where
    T: Serialize + DeserializeOwned + Clone + Send + Sync + 'static,
{
    /// Fetches with `fetcher` what `source` asks for, again whenever that changes.
    pub fn new<S, F>(
        source: impl Fn() -> S + Send + Sync + 'static,
        fetcher: impl Fn(S) -> F + Send + Sync + 'static,
    ) -> Self
    where
        S: PartialEq + Clone + Send + Sync + 'static,
        F: Future<Output = T> + Send + 'static,
    {
        let source = memo(move |_| source());
        let inner = inner(
            Box::new(move || source.track()),
            Box::new(move || {
                let answer = fetcher(source.get_untracked());
                Box::pin(async move { Held::of(answer.await) })
            }),
        );
        Self { inner, of: PhantomData }
    }

    /// The data, if it is there.
    #[must_use]
    pub fn get(&self) -> Option<T> {
        self.inner.get().and_then(|held| held.value())
    }

    /// The data, if it is there, without following it.
    #[must_use]
    pub fn get_untracked(&self) -> Option<T> {
        self.inner.get_untracked().and_then(|held| held.value())
    }

    /// The data, held.
    #[must_use]
    pub fn held(&self) -> Option<Held> {
        self.inner.get()
    }

    /// Waits for the data, held.
    pub async fn wait(&self) -> Held {
        self.inner.await
    }

    /// Fetches again.
    pub fn refetch(&self) {
        self.inner.refetch();
    }

    /// Follows the data without reading it.
    pub fn track(&self) {
        self.inner.track();
    }
}

#[inline(never)]
fn inner(
    follow: Box<dyn Fn() + Send + Sync>,
    fetch: Box<dyn Fn() -> Pending<Held> + Send + Sync>,
) -> Inner {
    let count = AtomicUsize::new(0);
    let source = move || {
        follow();
        count.fetch_add(1, Ordering::Relaxed)
    };
    Inner::new_with_options(source, move |_| fetch(), false)
}

impl<T> IntoFuture for Resource<T>
where
    T: Serialize + DeserializeOwned + Clone + Send + Sync + 'static,
{
    type Output = T;
    type IntoFuture = Pending<T>;

    fn into_future(self) -> Pending<T> {
        Box::pin(async move {
            match self.inner.await.value() {
                Some(value) => value,
                // Page and program are of the same build, so it can be read.
                None => std::future::pending().await,
            }
        })
    }
}

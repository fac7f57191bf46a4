//! Server functions in the browser, with one way through the network for all of them.
//!
//! `#[server]` writes its protocol as `Http<Input, Output>`; here that is [`Http`]: on the server Leptos's own, in the
//! browser a text that is sent and a text that comes back, so that only encoding and decoding differ by function.

use std::marker::PhantomData;
use std::ops::Deref;
use std::pin::Pin;
use std::sync::Arc;

use leptos::prelude::{Action, FromServerFnError, ServerFnErrorErr, use_context};
use leptos::server::ServerActionError;
use leptos::server_fn::client::Client;
use leptos::server_fn::codec::{GetUrl, Json, PostUrl};
use leptos::server_fn::error::ServerFnUrlError;
use leptos::server_fn::server::Server;
use leptos::server_fn::{Http as Plain, Protocol, ServerFn};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// A future on its way.
pub type Pending<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// What is sent.
#[derive(Debug)]
pub struct Ask {
    /// Where to.
    pub path: String,
    /// `content-type` of the body.
    pub content_type: &'static str,
    /// As the query of a GET instead of the body of a POST.
    pub is_query: bool,
    /// The input, encoded.
    pub body: String,
}

/// A client that sends text and gets text.
pub trait TextClient<E> {
    /// The body of the answer, or the error that it is.
    fn call(ask: Ask) -> Pending<Result<String, E>>;
}

/// How an input becomes text.
pub trait Encoded {
    /// `content-type`.
    const CONTENT_TYPE: &'static str;
    /// It is the query of a GET.
    const IS_QUERY: bool;

    /// The text.
    ///
    /// # Errors
    /// Why it cannot be written.
    fn encode<T: Serialize>(input: &T) -> Result<String, String>;
}

impl Encoded for Json {
    const CONTENT_TYPE: &'static str = "application/json";
    const IS_QUERY: bool = false;

    fn encode<T: Serialize>(input: &T) -> Result<String, String> {
        serde_json::to_string(input).map_err(|error| error.to_string())
    }
}

const FORM: &str = "application/x-www-form-urlencoded";

impl Encoded for PostUrl {
    const CONTENT_TYPE: &'static str = FORM;
    const IS_QUERY: bool = false;

    fn encode<T: Serialize>(input: &T) -> Result<String, String> {
        serde_qs::to_string(input).map_err(|error| error.to_string())
    }
}

impl Encoded for GetUrl {
    const CONTENT_TYPE: &'static str = FORM;
    const IS_QUERY: bool = true;

    fn encode<T: Serialize>(input: &T) -> Result<String, String> {
        serde_qs::to_string(input).map_err(|error| error.to_string())
    }
}

/// The protocol of the console's server functions.
pub struct Http<In, Out>(PhantomData<(In, Out)>);

impl<In, Out, I, O, C, S, E> Protocol<I, O, C, S, E> for Http<In, Out>
where
    Plain<In, Out>: Protocol<I, O, C, S, E>,
    In: Encoded,
    I: Serialize + Send,
    O: DeserializeOwned + Send,
    C: Client<E> + TextClient<E>,
    S: Server<E>,
    E: FromServerFnError,
{
    const METHOD: http::Method = <Plain<In, Out> as Protocol<I, O, C, S, E>>::METHOD;

    fn run_server<F, Fut>(
        request: S::Request,
        function: F,
    ) -> impl Future<Output = Result<S::Response, E>> + Send
    where
        F: Fn(I) -> Fut + Send,
        Fut: Future<Output = Result<O, E>> + Send,
    {
        <Plain<In, Out> as Protocol<I, O, C, S, E>>::run_server(request, function)
    }

    fn run_client(path: &str, input: I) -> impl Future<Output = Result<O, E>> + Send {
        let answer = In::encode(&input).map(|body| {
            C::call(Ask {
                path: path.to_owned(),
                content_type: In::CONTENT_TYPE,
                is_query: In::IS_QUERY,
                body,
            })
        });
        async move {
            let answer = match answer {
                Ok(answer) => answer.await,
                Err(error) => Err(failed(error)),
            };
            answer.and_then(|text| decode(&text))
        }
    }
}

fn failed<E: FromServerFnError>(error: String) -> E {
    E::from_server_fn_error(ServerFnErrorErr::Serialization(error))
}

fn decode<T: DeserializeOwned, E: FromServerFnError>(text: &str) -> Result<T, E> {
    serde_json::from_str(text).map_err(|error| {
        E::from_server_fn_error(ServerFnErrorErr::Deserialization(error.to_string()))
    })
}

/// Sends a form as it stands to the server function at `path`.
pub fn post<C, O, E>(path: &str, body: String) -> Pending<Result<O, E>>
where
    C: TextClient<E>,
    O: DeserializeOwned + Send + 'static,
    E: FromServerFnError + Send + 'static,
{
    let answer = C::call(Ask { path: path.to_owned(), content_type: FORM, is_query: false, body });
    Box::pin(async move { decode(&answer.await?) })
}

/// One call of a server function.
pub type Call<O, E> = Arc<dyn Fn() -> Pending<Result<O, E>> + Send + Sync>;

/// Calls with the same answer, and their state.
pub type Calls<O, E> = Action<Call<O, E>, Result<O, E>>;

/// The state of calls of the server function `F`: Leptos's action, of one type for all functions with the same answer.
pub struct ServerAction<F: ServerFn + 'static>
where
    F::Output: 'static,
{
    action: Calls<F::Output, F::Error>,
}

impl<F> ServerAction<F>
where
    F: ServerFn + Clone + Send + Sync + 'static,
    F::Output: Send + Sync + 'static,
    F::Error: Send + Sync + 'static,
{
    /// Nothing called yet. Where a plain form was refused, that is its first value.
    #[expect(clippy::new_without_default, reason = "it reads the context")]
    #[must_use]
    pub fn new() -> Self {
        Self { action: action(F::PATH) }
    }

    /// Calls the function.
    pub fn dispatch(&self, input: F) {
        self.send(Arc::new(move || Box::pin(input.clone().run_on_client())));
    }

    /// Makes a call of the function.
    pub fn send(&self, call: Call<F::Output, F::Error>) {
        self.action.dispatch(call);
    }
}

#[inline(never)]
fn action<O, E>(path: &str) -> Calls<O, E>
where
    O: Send + Sync + 'static,
    E: FromServerFnError + Send + Sync + 'static,
{
    let refused = use_context::<ServerActionError>()
        .filter(|error| error.path() == path)
        .map(|error| Err(ServerFnUrlError::<E>::decode_err(error.err())));
    Action::new_with_value(refused, |call: &Call<O, E>| call())
}

impl<F: ServerFn + 'static> Clone for ServerAction<F>
where
    F::Output: 'static,
{
    fn clone(&self) -> Self {
        *self
    }
}

impl<F: ServerFn + 'static> Copy for ServerAction<F> where F::Output: 'static {}

impl<F: ServerFn + 'static> Deref for ServerAction<F>
where
    F::Output: 'static,
{
    type Target = Calls<F::Output, F::Error>;

    fn deref(&self) -> &Self::Target {
        &self.action
    }
}

//! The browser's way to server functions: `fetch` with the CSRF token in `x-csrf-token`, and marked as background when
//! nobody has touched the page for a minute, so that it does not prolong the session. A 401 makes the page look whether
//! the session still lasts.
//!
//! Every `#[server]` of the console names it: `#[server(prefix = "/console/call", client = ConsoleClient)]`.

use bytes::Bytes;
use futures::{Sink, Stream};
use leptos::call::{Ask, Pending, TextClient};
use roadstead::{ErrorKind, Subject};
use server_fn::client::Client;
use server_fn::client::browser::BrowserClient;
use server_fn::error::FromServerFnError;
use server_fn::redirect::call_redirect_hook;
use server_fn::request::ClientReq;
use server_fn::request::browser::BrowserRequest;
use server_fn::response::ClientRes;
use server_fn::response::browser::BrowserResponse;

use crate::error::ConsoleError;

/// `fetch`, with the CSRF token.
pub struct ConsoleClient;

impl<E, I, O> Client<E, I, O> for ConsoleClient
where
    E: FromServerFnError,
    I: FromServerFnError,
    O: FromServerFnError,
{
    type Request = BrowserRequest;
    type Response = BrowserResponse;

    fn send(request: Self::Request) -> impl Future<Output = Result<Self::Response, E>> + Send {
        if let Some(token) = crate::dom::csrf_token() {
            request.headers().append("x-csrf-token", &token);
        }
        if crate::dom::is_idle() {
            request.headers().append("x-background", "1");
        }
        let sent = <BrowserClient as Client<E, I, O>>::send(request);
        async move {
            let answer = sent.await;
            if answer.as_ref().is_ok_and(|response| ClientRes::<E>::status(response) == 401) {
                crate::component::session::suspect();
            }
            answer
        }
    }

    fn open_websocket(
        path: &str,
    ) -> impl Future<
        Output = Result<
            (
                impl Stream<Item = Result<Bytes, Bytes>> + Send + 'static,
                impl Sink<Bytes> + Send + 'static,
            ),
            E,
        >,
    > + Send {
        <BrowserClient as Client<E, I, O>>::open_websocket(path)
    }

    fn spawn(future: impl Future<Output = ()> + Send + 'static) {
        <BrowserClient as Client<E, I, O>>::spawn(future);
    }
}

/// What calls answer with.
const ACCEPT: &str = "application/json";

async fn text_of(ask: Ask) -> Result<String, ConsoleError> {
    let Ask { path, content_type, is_query, body } = ask;
    let request: Result<BrowserRequest, ConsoleError> = if is_query {
        ClientReq::<ConsoleError>::try_new_get(&path, content_type, ACCEPT, &body)
    } else {
        ClientReq::<ConsoleError>::try_new_post(&path, content_type, ACCEPT, body)
    };
    let answer = <ConsoleClient as Client<ConsoleError>>::send(request?).await?;
    let status = ClientRes::<ConsoleError>::status(&answer);
    if (400..=599).contains(&status) {
        let bytes = ClientRes::<ConsoleError>::try_into_bytes(answer).await?;
        return Err(ConsoleError::de(bytes));
    }
    let is_elsewhere =
        (300..=399).contains(&status) || ClientRes::<ConsoleError>::has_redirect(&answer);
    let location = ClientRes::<ConsoleError>::location(&answer);
    let text = ClientRes::<ConsoleError>::try_into_string(answer).await?;
    if is_elsewhere {
        call_redirect_hook(&location);
    }
    Ok(text)
}

/// The page at `address` of this site, as the server writes it now: whatever its status, it says what is to be shown.
///
/// # Errors
/// The server was not reached, or could not render.
pub async fn page(address: &str) -> Result<String, ConsoleError> {
    let (path, query) = address.split_once('?').unwrap_or((address, ""));
    let request: Result<BrowserRequest, ConsoleError> =
        ClientReq::<ConsoleError>::try_new_get(path, "text/plain", "text/html", query);
    let answer = <ConsoleClient as Client<ConsoleError>>::send(request?).await?;
    let status = ClientRes::<ConsoleError>::status(&answer);
    let text = ClientRes::<ConsoleError>::try_into_string(answer).await?;
    if status >= 500 && !text.starts_with("<!DOCTYPE") {
        return Err(ConsoleError::new(ErrorKind::Unavailable, Subject::Request, text));
    }
    Ok(text)
}

impl TextClient<ConsoleError> for ConsoleClient {
    fn call(ask: Ask) -> Pending<Result<String, ConsoleError>> {
        Box::pin(text_of(ask))
    }
}

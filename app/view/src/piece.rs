//! Any view, as one type.

use std::any::Any;
use std::borrow::Cow;
use std::sync::{Arc, Mutex};

use leptos::prelude::{Get, Memo, RenderHtml, RwSignal, Signal, Suspend};
use leptos::tachys::reactive_graph::ReactiveFunction;
use leptos::tachys::view::any_view::{AnyView, IntoAny as Erase};
/// A list whose length does not change, of any type: for what is no view, as routes.
pub use leptos::tachys::view::iterators::StaticVec;

use crate::element::{El, Parts};
use crate::value::Live;

/// Any view. One pointer, so that it travels cheaply.
pub struct Piece(pub(crate) Box<Node>);

/// What a view is.
pub(crate) enum Node {
    /// Nothing; a comment holds its place.
    Nothing,
    /// Text.
    Text(Cow<'static, str>),
    /// An element.
    Element(Parts),
    /// Some pieces after each other, always as many.
    Row(Vec<Piece>),
    /// Some pieces after each other, their number may change; a comment ends them.
    List(Vec<Piece>),
    /// A piece that changes.
    Live(Making),
    /// A view of Leptos itself.
    Other(AnyView),
    /// A piece that the server waits for, once, when it is written.
    #[cfg(feature = "ssr")]
    Later(crate::call::Pending<Piece>),
}

/// A closure that makes a piece, again whenever what it reads changes.
pub(crate) struct Making(Box<dyn Make + Send>);

/// What makes pieces: a closure. Not `dyn FnMut`, which would keep three functions for each.
trait Make {
    fn make(&mut self) -> Piece;
}

struct By<F>(F);

impl<F: FnMut() -> T, T: IntoRender> Make for By<F> {
    fn make(&mut self) -> Piece {
        (self.0)().into_render()
    }
}

impl ReactiveFunction for Making {
    type Output = Piece;

    fn invoke(&mut self) -> Piece {
        self.0.make()
    }

    fn into_shared(mut self) -> Arc<Mutex<dyn FnMut() -> Piece + Send>> {
        Arc::new(Mutex::new(move || self.invoke()))
    }
}

impl Piece {
    /// The piece itself: views are of one type already.
    #[must_use]
    pub fn into_any(self) -> Self {
        self
    }

    /// For `view!`, which marks views for reloading in debug builds.
    #[doc(hidden)]
    #[must_use]
    pub fn with_view_marker(self, _marker: impl Into<Cow<'static, str>>) -> Self {
        self
    }

    /// A piece of any renderable thing. What is ours is taken as it is, the rest as a view of Leptos.
    #[inline]
    pub fn from_view<T: RenderHtml + Send + 'static>(view: T) -> Self {
        let mut view = Some(view);
        let any: &mut dyn Any = &mut view;
        if let Some(piece) = any.downcast_mut::<Option<Self>>() {
            return piece.take().unwrap_or_else(Self::nothing);
        }
        if let Some(element) = any.downcast_mut::<Option<El>>() {
            return element.take().map_or_else(Self::nothing, El::piece);
        }
        if let Some(word) = any.downcast_mut::<Option<&'static str>>() {
            return word.take().map_or_else(Self::nothing, Self::word);
        }
        if let Some(view) = any.downcast_mut::<Option<AnyView>>() {
            return view.take().map_or_else(Self::nothing, Self::other);
        }
        view.map_or_else(Self::nothing, |view| Self::other(Erase::into_any(view)))
    }

    /// A piece that the server makes while the page is written: unlike Leptos's `Suspend`, never for a view that is only
    /// looked at to see what it waits for.
    #[cfg(feature = "ssr")]
    #[must_use]
    pub fn later(piece: impl Future<Output = Self> + Send + 'static) -> Self {
        Self::of(Node::Later(Box::pin(piece)))
    }

    pub(crate) fn of(node: Node) -> Self {
        Self(Box::new(node))
    }

    #[inline(never)]
    pub(crate) fn nothing() -> Self {
        Self::of(Node::Nothing)
    }

    #[inline(never)]
    fn word(word: &'static str) -> Self {
        Self::of(Node::Text(Cow::Borrowed(word)))
    }

    #[inline(never)]
    fn text(text: String) -> Self {
        Self::of(Node::Text(Cow::Owned(text)))
    }

    #[inline(never)]
    pub(crate) fn other(view: AnyView) -> Self {
        Self::of(Node::Other(view))
    }

    #[inline(never)]
    fn live(making: Box<dyn Make + Send>) -> Self {
        Self::of(Node::Live(Making(making)))
    }

    #[inline(never)]
    fn list(pieces: Vec<Self>) -> Self {
        Self::of(Node::List(pieces))
    }
}

/// Pieces after each other, as `view!` writes several children.
pub struct Row;

impl Row {
    /// The pieces as one.
    #[must_use]
    #[inline(never)]
    pub fn from(pieces: Vec<Piece>) -> Piece {
        if pieces.is_empty() { Piece::nothing() } else { Piece::of(Node::Row(pieces)) }
    }
}

/// What `view!` wraps its result in.
pub struct View;

impl View {
    /// The piece.
    #[expect(clippy::new_ret_no_self, reason = "`view!` calls it so")]
    pub fn new<T: RenderHtml + Send + 'static>(view: T) -> Piece {
        Piece::from_view(view)
    }
}

/// What `view!` and `#[component]` call for children.
pub trait IntoMaybeErased {
    /// The piece.
    fn into_maybe_erased(self) -> Piece;
}

impl<T: RenderHtml + Send + 'static> IntoMaybeErased for T {
    fn into_maybe_erased(self) -> Piece {
        Piece::from_view(self)
    }
}

/// What may stand in braces in a view.
pub trait IntoRender: Sized {
    /// The piece.
    fn into_render(self) -> Piece;
}

/// A view as a piece.
pub trait IntoAny {
    /// The piece.
    fn into_any(self) -> Piece;
}

impl<T: IntoRender> IntoAny for T {
    fn into_any(self) -> Piece {
        self.into_render()
    }
}

impl IntoRender for Piece {
    fn into_render(self) -> Piece {
        self
    }
}

impl IntoRender for El {
    fn into_render(self) -> Piece {
        self.piece()
    }
}

impl IntoRender for AnyView {
    fn into_render(self) -> Piece {
        Piece::other(self)
    }
}

impl IntoRender for () {
    fn into_render(self) -> Piece {
        Piece::nothing()
    }
}

impl IntoRender for &'static str {
    fn into_render(self) -> Piece {
        Piece::word(self)
    }
}

impl IntoRender for String {
    fn into_render(self) -> Piece {
        Piece::text(self)
    }
}

impl IntoRender for Cow<'static, str> {
    fn into_render(self) -> Piece {
        Piece::of(Node::Text(self))
    }
}

impl<T: IntoRender> IntoRender for Option<T> {
    fn into_render(self) -> Piece {
        self.map_or_else(Piece::nothing, T::into_render)
    }
}

impl<T: IntoRender> IntoRender for Vec<T> {
    fn into_render(self) -> Piece {
        Piece::list(self.into_iter().map(T::into_render).collect())
    }
}

impl<T: IntoRender> IntoRender for StaticVec<T> {
    fn into_render(self) -> Piece {
        Row::from(self.into_iter().map(T::into_render).collect())
    }
}

impl<A: IntoRender, B: IntoRender> IntoRender for (A, B) {
    fn into_render(self) -> Piece {
        Row::from(vec![self.0.into_render(), self.1.into_render()])
    }
}

macro_rules! numbers {
    ($($number:ty)*) => {
        $(impl IntoRender for $number {
            fn into_render(self) -> Piece {
                self.to_string().into_render()
            }
        })*
    };
}

numbers!(u8 u16 u32 u64 usize i32 i64);

impl<T: IntoRender + 'static> IntoRender for Live<T> {
    fn into_render(self) -> Piece {
        Piece::live(Box::new(By(self.0)))
    }
}

impl<F, T> IntoRender for F
where
    F: FnMut() -> T + Send + 'static,
    T: IntoRender,
{
    fn into_render(self) -> Piece {
        Piece::live(Box::new(By(self)))
    }
}

macro_rules! signals {
    ($($signal:ident)*) => {
        $(impl<T> IntoRender for $signal<T>
        where
            T: IntoRender + Clone + Send + Sync + 'static,
        {
            fn into_render(self) -> Piece {
                Piece::live(Box::new(By(move || self.get())))
            }
        })*
    };
}

signals!(Signal Memo RwSignal);

impl<T> IntoRender for Suspend<T>
where
    T: RenderHtml + Send + 'static,
{
    fn into_render(self) -> Piece {
        Piece::other(Erase::into_any(self))
    }
}

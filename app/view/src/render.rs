//! Pieces and elements on the server, in hydration and alive.
//!
//! Everything but elements is left to Leptos's own types: text, lists, closures. Each piece occupies at least one node,
//! so that another may be put in its place.

use std::pin::Pin;

use leptos::attr::Attribute;
use leptos::attr::any_attribute::{AnyAttribute, IntoAnyAttribute};
use leptos::tachys::hydration::Cursor;
use leptos::tachys::reactive_graph::{ReactiveFunction, RenderEffectState};
use leptos::tachys::renderer::types::{Element, Node as DomNode, Placeholder};
use leptos::tachys::ssr::StreamBuilder;
use leptos::tachys::view::add_attr::AddAnyAttr;
use leptos::tachys::view::any_view::{AnyViewState, IntoAny};
use leptos::tachys::view::iterators::VecState;
use leptos::tachys::view::strings::CowStrState;
use leptos::tachys::view::{Mountable, Position, PositionState, Render, RenderHtml};

use crate::element::{Attr, El};
use crate::piece::{Node, Piece};
use crate::shown::ElementState;

/// What is kept of a piece that is shown.
pub enum PieceState {
    Nothing(Placeholder),
    Text(CowStrState<'static>),
    Element(Box<ElementState>),
    Row(RowState),
    List(VecState<Self>),
    Live(RenderEffectState<Self>),
    Other(Box<AnyViewState>),
}

/// What is kept of pieces after each other.
pub struct RowState(Vec<PieceState>);

impl PieceState {
    fn mountable(&self) -> &dyn Mountable {
        match self {
            Self::Nothing(state) => state,
            Self::Text(state) => state,
            Self::Element(state) => state.as_ref(),
            Self::Row(state) => state,
            Self::List(state) => state,
            Self::Live(state) => state,
            Self::Other(state) => state.as_ref(),
        }
    }

    fn mountable_mut(&mut self) -> &mut dyn Mountable {
        match self {
            Self::Nothing(state) => state,
            Self::Text(state) => state,
            Self::Element(state) => state.as_mut(),
            Self::Row(state) => state,
            Self::List(state) => state,
            Self::Live(state) => state,
            Self::Other(state) => state.as_mut(),
        }
    }
}

impl Mountable for PieceState {
    fn unmount(&mut self) {
        self.mountable_mut().unmount();
    }

    fn mount(&mut self, parent: &Element, marker: Option<&DomNode>) {
        self.mountable_mut().mount(parent, marker);
    }

    fn insert_before_this(&self, child: &mut dyn Mountable) -> bool {
        self.mountable().insert_before_this(child)
    }

    fn elements(&self) -> Vec<Element> {
        self.mountable().elements()
    }
}

impl Mountable for RowState {
    fn unmount(&mut self) {
        self.0.iter_mut().for_each(PieceState::unmount);
    }

    fn mount(&mut self, parent: &Element, marker: Option<&DomNode>) {
        for state in &mut self.0 {
            state.mount(parent, marker);
        }
    }

    fn insert_before_this(&self, child: &mut dyn Mountable) -> bool {
        self.0.iter().any(|state| state.insert_before_this(child))
    }

    fn elements(&self) -> Vec<Element> {
        self.0.iter().flat_map(PieceState::elements).collect()
    }
}

impl Render for Piece {
    type State = PieceState;

    fn build(self) -> PieceState {
        match *self.0 {
            Node::Nothing => PieceState::Nothing(Render::build(())),
            Node::Text(text) => PieceState::Text(text.build()),
            Node::Element(element) => PieceState::Element(Box::new(element.build())),
            Node::Row(pieces) => {
                PieceState::Row(RowState(pieces.into_iter().map(Self::build).collect()))
            }
            Node::List(pieces) => PieceState::List(pieces.build()),
            Node::Live(making) => PieceState::Live(making.build()),
            Node::Other(view) => PieceState::Other(Box::new(view.build())),
            #[cfg(feature = "ssr")]
            Node::Later(_) => PieceState::Nothing(Render::build(())),
        }
    }

    fn rebuild(self, state: &mut PieceState) {
        match (*self.0, state) {
            (Node::Nothing, PieceState::Nothing(_)) => {}
            (Node::Text(text), PieceState::Text(state)) => text.rebuild(state),
            (Node::Element(element), PieceState::Element(state)) => element.rebuild(state),
            (Node::Row(pieces), PieceState::Row(RowState(states)))
                if pieces.len() == states.len() =>
            {
                rebuild_all(pieces, states);
            }
            (Node::List(pieces), PieceState::List(state)) => pieces.rebuild(state),
            (Node::Live(making), PieceState::Live(state)) => making.rebuild(state),
            (Node::Other(view), PieceState::Other(state)) => view.rebuild(state),
            (node, state) => {
                let mut new = Self::of(node).build();
                state.insert_before_this(&mut new);
                state.unmount();
                *state = new;
            }
        }
    }
}

pub(crate) fn rebuild_all(pieces: Vec<Piece>, states: &mut [PieceState]) {
    for (piece, state) in pieces.into_iter().zip(states) {
        piece.rebuild(state);
    }
}

impl RenderHtml for Piece {
    type AsyncOutput = Self;
    type Owned = Self;

    const MIN_LENGTH: usize = 0;

    fn dry_resolve(&mut self) {
        match self.0.as_mut() {
            Node::Nothing | Node::Text(_) => {}
            Node::Element(element) => element.dry_resolve(),
            Node::Row(pieces) | Node::List(pieces) => pieces.iter_mut().for_each(Self::dry_resolve),
            Node::Live(making) => making.dry_resolve(),
            Node::Other(view) => view.dry_resolve(),
            #[cfg(feature = "ssr")]
            Node::Later(_) => {}
        }
    }

    async fn resolve(self) -> Self {
        resolved(self).await
    }

    fn html_len(&self) -> usize {
        match self.0.as_ref() {
            Node::Nothing => 3,
            Node::Text(text) => text.len(),
            Node::Element(element) => element.html_len(),
            Node::Row(pieces) | Node::List(pieces) => {
                pieces.iter().map(Self::html_len).sum::<usize>() + 3
            }
            Node::Live(_) => 0,
            Node::Other(view) => view.html_len(),
            #[cfg(feature = "ssr")]
            Node::Later(_) => 0,
        }
    }

    fn to_html_with_buf(
        self,
        buf: &mut String,
        position: &mut Position,
        escape: bool,
        mark_branches: bool,
        extra: Vec<AnyAttribute>,
    ) {
        match *self.0 {
            Node::Nothing => {
                RenderHtml::to_html_with_buf((), buf, position, escape, mark_branches, extra)
            }
            Node::Text(text) => text.to_html_with_buf(buf, position, escape, mark_branches, extra),
            Node::Element(element) => element.write(buf, position, mark_branches, extra),
            Node::Row(pieces) => {
                for piece in pieces {
                    piece.to_html_with_buf(buf, position, escape, mark_branches, extra.clone());
                }
            }
            Node::List(pieces) => {
                pieces.to_html_with_buf(buf, position, escape, mark_branches, extra)
            }
            Node::Live(making) => {
                making.to_html_with_buf(buf, position, escape, mark_branches, extra)
            }
            Node::Other(view) => view.to_html_with_buf(buf, position, escape, mark_branches, extra),
            // Pages are written as streams; what is written at once has nothing to wait for.
            #[cfg(feature = "ssr")]
            Node::Later(_) => {
                RenderHtml::to_html_with_buf((), buf, position, escape, mark_branches, extra)
            }
        }
    }

    fn to_html_async_with_buf<const OUT_OF_ORDER: bool>(
        self,
        buf: &mut StreamBuilder,
        position: &mut Position,
        escape: bool,
        mark_branches: bool,
        extra: Vec<AnyAttribute>,
    ) {
        match *self.0 {
            Node::Nothing => {
                RenderHtml::to_html_async_with_buf::<OUT_OF_ORDER>(
                    (),
                    buf,
                    position,
                    escape,
                    mark_branches,
                    extra,
                );
            }
            Node::Text(text) => {
                text.to_html_async_with_buf::<OUT_OF_ORDER>(
                    buf,
                    position,
                    escape,
                    mark_branches,
                    extra,
                );
            }
            Node::Element(element) => {
                element.write_async::<OUT_OF_ORDER>(buf, position, mark_branches, extra);
            }
            Node::Row(pieces) => {
                for piece in pieces {
                    piece.to_html_async_with_buf::<OUT_OF_ORDER>(
                        buf,
                        position,
                        escape,
                        mark_branches,
                        extra.clone(),
                    );
                }
            }
            Node::List(pieces) => {
                pieces.to_html_async_with_buf::<OUT_OF_ORDER>(
                    buf,
                    position,
                    escape,
                    mark_branches,
                    extra,
                );
            }
            Node::Live(making) => {
                making.to_html_async_with_buf::<OUT_OF_ORDER>(
                    buf,
                    position,
                    escape,
                    mark_branches,
                    extra,
                );
            }
            Node::Other(view) => {
                view.to_html_async_with_buf::<OUT_OF_ORDER>(
                    buf,
                    position,
                    escape,
                    mark_branches,
                    extra,
                );
            }
            #[cfg(feature = "ssr")]
            Node::Later(piece) => {
                let mut inside = StreamBuilder::with_capacity(0, buf.clone_id());
                let mut at = *position;
                buf.push_async(async move {
                    piece.await.to_html_async_with_buf::<OUT_OF_ORDER>(
                        &mut inside,
                        &mut at,
                        escape,
                        mark_branches,
                        extra,
                    );
                    inside.finish().take_chunks()
                });
                *position = Position::NextChild;
            }
        }
    }

    fn hydrate<const FROM_SERVER: bool>(
        self,
        cursor: &Cursor,
        position: &PositionState,
    ) -> PieceState {
        match *self.0 {
            Node::Nothing => PieceState::Nothing(RenderHtml::hydrate::<true>((), cursor, position)),
            Node::Text(text) => PieceState::Text(text.hydrate::<true>(cursor, position)),
            Node::Element(element) => {
                PieceState::Element(Box::new(element.hydrate(cursor, position)))
            }
            Node::Row(pieces) => PieceState::Row(RowState(hydrate_all(pieces, cursor, position))),
            Node::List(pieces) => PieceState::List(pieces.hydrate::<true>(cursor, position)),
            Node::Live(making) => PieceState::Live(making.hydrate::<true>(cursor, position)),
            Node::Other(view) => {
                PieceState::Other(Box::new(view.hydrate::<true>(cursor, position)))
            }
            #[cfg(feature = "ssr")]
            Node::Later(_) => {
                PieceState::Nothing(RenderHtml::hydrate::<true>((), cursor, position))
            }
        }
    }

    /// Nothing of the console is loaded lazily, so nothing waits in hydration.
    async fn hydrate_async(self, cursor: &Cursor, position: &PositionState) -> PieceState {
        self.hydrate::<true>(cursor, position)
    }

    fn into_owned(self) -> Self {
        self
    }
}

pub(crate) fn hydrate_all(
    pieces: Vec<Piece>,
    cursor: &Cursor,
    position: &PositionState,
) -> Vec<PieceState> {
    pieces.into_iter().map(|piece| piece.hydrate::<true>(cursor, position)).collect()
}

/// The piece with everything that it waits for. One boxed future, since pieces hold pieces.
fn resolved(piece: Piece) -> Pin<Box<dyn Future<Output = Piece> + Send>> {
    Box::pin(async move {
        let node = match *piece.0 {
            Node::Element(mut parts) => {
                parts.children = resolve_all(std::mem::take(&mut parts.children)).await;
                Node::Element(parts)
            }
            Node::Row(pieces) => Node::Row(resolve_all(pieces).await),
            Node::List(pieces) => Node::List(resolve_all(pieces).await),
            Node::Live(mut making) => return resolved(making.invoke()).await,
            Node::Other(view) => Node::Other(view.resolve().await),
            #[cfg(feature = "ssr")]
            Node::Later(piece) => *piece.await.0,
            node => node,
        };
        Piece::of(node)
    })
}

async fn resolve_all(pieces: Vec<Piece>) -> Vec<Piece> {
    futures::future::join_all(pieces.into_iter().map(resolved)).await
}

impl AddAnyAttr for Piece {
    type Output<New: Attribute> = Self;

    fn add_any_attr<New: Attribute>(self, attribute: New) -> Self {
        spread(self, attribute.into_cloneable_owned().into_any_attr())
    }
}

fn spread(piece: Piece, attribute: AnyAttribute) -> Piece {
    match *piece.0 {
        Node::Element(mut parts) => {
            parts.attributes.push(Attr::Other(attribute));
            Piece::of(Node::Element(parts))
        }
        Node::Other(view) => Piece::other(IntoAny::into_any(view.add_any_attr(attribute))),
        node => Piece::other(IntoAny::into_any(
            IntoAny::into_any(Piece::of(node)).add_any_attr(attribute),
        )),
    }
}

impl AddAnyAttr for El {
    type Output<New: Attribute> = Piece;

    fn add_any_attr<New: Attribute>(self, attribute: New) -> Piece {
        AddAnyAttr::add_any_attr(self.piece(), attribute)
    }
}

impl Render for El {
    type State = PieceState;

    fn build(self) -> PieceState {
        self.piece().build()
    }

    fn rebuild(self, state: &mut PieceState) {
        self.piece().rebuild(state);
    }
}

/// As its piece.
impl RenderHtml for El {
    type AsyncOutput = Piece;
    type Owned = Piece;

    const MIN_LENGTH: usize = 5;

    fn dry_resolve(&mut self) {
        self.0.dry_resolve();
    }

    async fn resolve(self) -> Piece {
        resolved(self.piece()).await
    }

    fn html_len(&self) -> usize {
        self.0.html_len()
    }

    fn to_html_with_buf(
        self,
        buf: &mut String,
        position: &mut Position,
        escape: bool,
        mark_branches: bool,
        extra: Vec<AnyAttribute>,
    ) {
        self.piece().to_html_with_buf(buf, position, escape, mark_branches, extra);
    }

    fn to_html_async_with_buf<const OUT_OF_ORDER: bool>(
        self,
        buf: &mut StreamBuilder,
        position: &mut Position,
        escape: bool,
        mark_branches: bool,
        extra: Vec<AnyAttribute>,
    ) {
        self.piece().to_html_async_with_buf::<OUT_OF_ORDER>(
            buf,
            position,
            escape,
            mark_branches,
            extra,
        );
    }

    fn hydrate<const FROM_SERVER: bool>(
        self,
        cursor: &Cursor,
        position: &PositionState,
    ) -> PieceState {
        self.piece().hydrate::<true>(cursor, position)
    }

    async fn hydrate_async(self, cursor: &Cursor, position: &PositionState) -> PieceState {
        self.piece().hydrate::<true>(cursor, position)
    }

    fn into_owned(self) -> Piece {
        self.piece()
    }
}

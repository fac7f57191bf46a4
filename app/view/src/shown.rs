//! Elements on the server, in hydration and alive.

use leptos::attr::Attribute;
use leptos::attr::any_attribute::{AnyAttribute, AnyAttributeState};
use leptos::reactive::effect::RenderEffect;
use leptos::tachys::hydration::Cursor;
use leptos::tachys::renderer::types::{Element, Node as DomNode};
use leptos::tachys::renderer::{CastFrom, Rndr};
use leptos::tachys::ssr::StreamBuilder;
use leptos::tachys::view::{Mountable, Position, PositionState, Render, RenderHtml};

use crate::element::{Attr, Kind, Parts};
use crate::piece::Piece;
use crate::render::{PieceState, hydrate_all, rebuild_all};
use crate::value::{Now, Read, Setting};

/// What is kept of an element that is shown.
pub struct ElementState {
    node: Element,
    tag: &'static str,
    attributes: Vec<AttrState>,
    children: Vec<PieceState>,
}

enum AttrState {
    Fixed(&'static str, Now),
    Live(
        &'static str,
        #[expect(dead_code, reason = "it works as long as it is kept")] RenderEffect<Now>,
    ),
    Other(AnyAttributeState),
}

impl Mountable for ElementState {
    fn unmount(&mut self) {
        self.node.unmount();
    }

    fn mount(&mut self, parent: &Element, marker: Option<&DomNode>) {
        self.node.mount(parent, marker);
    }

    fn insert_before_this(&self, child: &mut dyn Mountable) -> bool {
        self.node.insert_before_this(child)
    }

    fn elements(&self) -> Vec<Element> {
        vec![self.node.clone()]
    }
}

fn write(node: &Element, key: &str, now: &Now) {
    match now {
        Now::Absent => Rndr::remove_attribute(node, key),
        Now::Present => Rndr::set_attribute(node, key, ""),
        Now::Text(text) => Rndr::set_attribute(node, key, text),
    }
}

fn follow(
    node: &Element,
    key: &'static str,
    mut function: Box<dyn Read + Send>,
    is_written: bool,
) -> AttrState {
    let node = node.clone();
    let effect = RenderEffect::new(move |before: Option<Now>| {
        let now = function.read();
        let is_same = before.as_ref().map_or(is_written, |before| *before == now);
        if !is_same {
            write(&node, key, &now);
        }
        now
    });
    AttrState::Live(key, effect)
}

impl Attr {
    fn build(self, node: &Element) -> AttrState {
        match self {
            Self::Plain(key, Setting::Fixed(now)) => {
                if now != Now::Absent {
                    write(node, key, &now);
                }
                AttrState::Fixed(key, now)
            }
            Self::Plain(key, Setting::Live(function)) => follow(node, key, function, false),
            Self::Other(attribute) => AttrState::Other(attribute.build(node)),
        }
    }

    fn hydrate(self, node: &Element) -> AttrState {
        match self {
            Self::Plain(key, Setting::Fixed(now)) => AttrState::Fixed(key, now),
            Self::Plain(key, Setting::Live(function)) => follow(node, key, function, true),
            Self::Other(attribute) => AttrState::Other(attribute.hydrate::<true>(node)),
        }
    }

    fn is_like(&self, state: &AttrState) -> bool {
        match (self, state) {
            (Self::Plain(key, _), AttrState::Fixed(other, _) | AttrState::Live(other, _)) => {
                key == other
            }
            (Self::Other(_), AttrState::Other(_)) => true,
            _ => false,
        }
    }

    fn rebuild(self, node: &Element, state: &mut AttrState) {
        match (self, state) {
            (Self::Plain(key, Setting::Fixed(now)), AttrState::Fixed(_, before)) => {
                if now != *before {
                    write(node, key, &now);
                    *before = now;
                }
            }
            (Self::Plain(key, Setting::Fixed(now)), state) => {
                write(node, key, &now);
                *state = AttrState::Fixed(key, now);
            }
            (Self::Plain(key, Setting::Live(function)), state) => {
                *state = follow(node, key, function, false)
            }
            (Self::Other(attribute), AttrState::Other(state)) => attribute.rebuild(state),
            (attribute, state) => *state = attribute.build(node),
        }
    }

    fn write(
        self,
        buf: &mut String,
        class: &mut String,
        style: &mut String,
        inner_html: &mut String,
    ) {
        match self {
            Self::Plain(key, setting) => {
                let now = match setting {
                    Setting::Fixed(now) => now,
                    Setting::Live(mut function) => function.read(),
                };
                match now {
                    Now::Absent => {}
                    Now::Present => {
                        buf.push(' ');
                        buf.push_str(key);
                    }
                    Now::Text(text) => {
                        leptos::attr::AttributeValue::to_html(text.as_ref(), key, buf)
                    }
                }
            }
            Self::Other(attribute) => attribute.to_html(buf, class, style, inner_html),
        }
    }
}

fn start(tag: &str, attributes: Vec<Attr>, extra: Vec<AnyAttribute>, buf: &mut String) -> String {
    buf.push('<');
    buf.push_str(tag);
    let (mut class, mut style, mut inner_html) = (String::new(), String::new(), String::new());
    for attribute in attributes {
        attribute.write(buf, &mut class, &mut style, &mut inner_html);
    }
    for attribute in extra {
        attribute.to_html(buf, &mut class, &mut style, &mut inner_html);
    }
    if !class.is_empty() {
        leptos::attr::AttributeValue::to_html(class.trim(), "class", buf);
    }
    if !style.is_empty() {
        leptos::attr::AttributeValue::to_html(style.trim(), "style", buf);
    }
    buf.push('>');
    inner_html
}

fn namespace(kind: Kind) -> Option<&'static str> {
    (kind == Kind::Svg).then_some("http://www.w3.org/2000/svg")
}

fn end(tag: &str) -> String {
    format!("</{tag}>")
}

impl Parts {
    pub(crate) fn build(self) -> ElementState {
        let Self { tag, kind, attributes, children } = self;
        let node = Rndr::create_element(tag, namespace(kind));
        let attributes = attributes.into_iter().map(|attribute| attribute.build(&node)).collect();
        let mut children: Vec<_> = children.into_iter().map(Piece::build).collect();
        for child in &mut children {
            child.mount(&node, None);
        }
        ElementState { node, tag, attributes, children }
    }

    pub(crate) fn rebuild(self, state: &mut ElementState) {
        let is_like = self.tag == state.tag
            && self.children.len() == state.children.len()
            && self.attributes.len() == state.attributes.len()
            && self.attributes.iter().zip(&state.attributes).all(|(new, old)| new.is_like(old));
        if !is_like {
            let mut new = self.build();
            state.insert_before_this(&mut new);
            state.unmount();
            *state = new;
            return;
        }
        for (attribute, old) in self.attributes.into_iter().zip(&mut state.attributes) {
            attribute.rebuild(&state.node, old);
        }
        rebuild_all(self.children, &mut state.children);
    }

    pub(crate) fn dry_resolve(&mut self) {
        for attribute in &mut self.attributes {
            match attribute {
                Attr::Plain(_, Setting::Live(function)) => {
                    function.read();
                }
                Attr::Plain(..) => {}
                Attr::Other(attribute) => attribute.dry_resolve(),
            }
        }
        self.children.iter_mut().for_each(Piece::dry_resolve);
    }

    pub(crate) fn html_len(&self) -> usize {
        2 * self.tag.len()
            + 5
            + 16 * self.attributes.len()
            + self.children.iter().map(Piece::html_len).sum::<usize>()
    }

    pub(crate) fn write(
        self,
        buf: &mut String,
        position: &mut Position,
        mark_branches: bool,
        extra: Vec<AnyAttribute>,
    ) {
        let Self { tag, kind, attributes, children } = self;
        let inner_html = start(tag, attributes, extra, buf);
        if kind != Kind::Void {
            if inner_html.is_empty() {
                *position = Position::FirstChild;
                for child in children {
                    child.to_html_with_buf(buf, position, kind != Kind::Raw, mark_branches, vec![]);
                }
            } else {
                buf.push_str(&inner_html);
            }
            buf.push_str(&end(tag));
        }
        *position = Position::NextChild;
    }

    pub(crate) fn write_async<const OUT_OF_ORDER: bool>(
        self,
        buf: &mut StreamBuilder,
        position: &mut Position,
        mark_branches: bool,
        extra: Vec<AnyAttribute>,
    ) {
        let Self { tag, kind, attributes, children } = self;
        let mut head = String::new();
        let inner_html = start(tag, attributes, extra, &mut head);
        buf.push_sync(&head);
        if kind != Kind::Void {
            if inner_html.is_empty() {
                *position = Position::FirstChild;
                for child in children {
                    child.to_html_async_with_buf::<OUT_OF_ORDER>(
                        buf,
                        position,
                        kind != Kind::Raw,
                        mark_branches,
                        vec![],
                    );
                }
            } else {
                buf.push_sync(&inner_html);
            }
            buf.push_sync(&end(tag));
        }
        *position = Position::NextChild;
    }

    pub(crate) fn hydrate(self, cursor: &Cursor, position: &PositionState) -> ElementState {
        let Self { tag, kind, attributes, children } = self;
        match position.get() {
            Position::FirstChild => cursor.child(),
            Position::Current => {}
            _ => cursor.sibling(),
        }
        let node = Element::cast_from(cursor.current()).unwrap_or_else(|| {
            leptos::logging::error!("hydration: <{tag}> is not where it should be");
            Rndr::create_element(tag, namespace(kind))
        });
        let attributes = attributes.into_iter().map(|attribute| attribute.hydrate(&node)).collect();
        let children = if kind == Kind::Raw {
            Vec::new()
        } else {
            position.set(Position::FirstChild);
            hydrate_all(children, cursor, position)
        };
        cursor.set(AsRef::<DomNode>::as_ref(&node).clone());
        position.set(Position::NextChild);
        ElementState { node, tag, attributes, children }
    }
}

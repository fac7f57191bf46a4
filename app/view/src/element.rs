//! Elements, whatever their tag: names and lists of attributes and children, as plain data.

use leptos::attr::Attribute;
use leptos::attr::any_attribute::{AnyAttribute, IntoAnyAttribute};
use leptos::prelude::{NodeRef, RenderHtml};
use leptos::tachys::html::element::ElementType;
use leptos::tachys::html::event::EventDescriptor;
use leptos::tachys::html::{element, event, node_ref, property};
use leptos::tachys::renderer::types::Event;
use leptos::wasm_bindgen::JsCast;

use crate::piece::{Node, Piece};
use crate::value::{Live, Now, Setting, Value};

/// How an element is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// With children and an end.
    Html,
    /// Without children and end: `<input>`.
    Void,
    /// Its text is not escaped: `<script>`.
    Raw,
    /// Of SVG.
    Svg,
}

/// One attribute.
pub enum Attr {
    /// `name=value`.
    Plain(&'static str, Setting),
    /// Events, properties, references: Leptos's own.
    Other(AnyAttribute),
}

/// What an element is made of.
pub struct Parts {
    pub(crate) tag: &'static str,
    pub(crate) kind: Kind,
    pub(crate) attributes: Vec<Attr>,
    pub(crate) children: Vec<Piece>,
}

/// An element.
pub struct El(pub(crate) Piece);

/// An attribute to be put on the root of a component.
pub type Spread = AnyAttribute;

/// An attribute for the root of a component: `attr:class=…`.
pub fn spread(key: &'static str, value: impl Value) -> Spread {
    match value.setting() {
        Setting::Fixed(now) => {
            leptos::attr::custom::custom_attribute(key, text_of(now)).into_any_attr()
        }
        Setting::Live(mut function) => {
            let function: Box<dyn FnMut() -> Option<String> + Send> =
                Box::new(move || text_of(function.read()));
            leptos::attr::custom::custom_attribute(key, function).into_any_attr()
        }
    }
}

fn text_of(now: Now) -> Option<String> {
    match now {
        Now::Absent => None,
        Now::Present => Some(String::new()),
        Now::Text(text) => Some(text.into_owned()),
    }
}

impl El {
    /// An element without attributes and children.
    #[inline(never)]
    #[must_use]
    pub fn new(tag: &'static str, kind: Kind) -> Self {
        Self(Piece::of(Node::Element(Parts {
            tag,
            kind,
            attributes: Vec::new(),
            children: Vec::new(),
        })))
    }

    /// The element as a piece.
    #[inline]
    pub(crate) fn piece(self) -> Piece {
        self.0
    }

    fn add(&mut self, attribute: Attr) {
        if let Node::Element(parts) = self.0.0.as_mut() {
            parts.attributes.push(attribute);
        }
    }

    #[inline(never)]
    pub(crate) fn set(mut self, key: &'static str, setting: Setting) -> Self {
        self.add(Attr::Plain(key, setting));
        self
    }

    #[inline(never)]
    pub(crate) fn set_word(self, key: &'static str, word: &'static str) -> Self {
        self.set(key, Setting::Fixed(Now::Text(word.into())))
    }

    #[inline(never)]
    pub(crate) fn set_text(self, key: &'static str, text: String) -> Self {
        self.set(key, Setting::Fixed(Now::Text(text.into())))
    }

    #[inline(never)]
    fn other(mut self, attribute: AnyAttribute) -> Self {
        self.add(Attr::Other(attribute));
        self
    }

    #[inline(never)]
    fn with(mut self, piece: Piece) -> Self {
        if let Node::Element(parts) = self.0.0.as_mut() {
            match *piece.0 {
                Node::Row(pieces) if parts.children.is_empty() => parts.children = pieces,
                node => parts.children.push(Piece::of(node)),
            }
        }
        self
    }

    /// Sets an attribute by its name.
    #[must_use]
    pub fn attr<V: Value>(self, key: &'static str, value: V) -> Self {
        value.put(self, key)
    }

    /// Adds a child.
    #[must_use]
    pub fn child<T: RenderHtml + Send + 'static>(self, child: T) -> Self {
        self.with(Piece::from_view(child))
    }

    /// Handles an event.
    #[must_use]
    pub fn on<E>(self, event: E, handler: impl FnMut(E::EventType) + 'static) -> Self
    where
        E: EventDescriptor + Send + 'static,
        E::EventType: From<Event> + 'static,
    {
        let handler: Box<dyn FnMut(E::EventType)> = Box::new(handler);
        self.handle(event, handler)
    }

    #[inline(never)]
    fn handle<E>(self, event: E, handler: Box<dyn FnMut(E::EventType)>) -> Self
    where
        E: EventDescriptor + Send + 'static,
        E::EventType: From<Event> + 'static,
    {
        self.other(event::on(event, handler).into_any_attr())
    }

    /// Sets a property of the node.
    #[must_use]
    pub fn prop<V: Property>(self, key: &'static str, value: V) -> Self {
        self.other(value.property(key))
    }

    /// Sets the HTML inside; there must be no children.
    #[must_use]
    #[inline(never)]
    pub fn inner_html(self, html: impl Into<String>) -> Self {
        self.other(element::inner_html(html.into()).into_any_attr())
    }

    /// Where the node can be found.
    #[must_use]
    pub fn node_ref<E>(self, reference: NodeRef<E>) -> Self
    where
        E: ElementType,
        E::Output: JsCast + Clone + 'static,
    {
        self.other(node_ref::node_ref(reference).into_any_attr())
    }

    /// Adds an attribute of Leptos's.
    #[must_use]
    pub fn add_any_attr<A: Attribute>(self, attribute: A) -> Self {
        self.other(attribute.into_any_attr())
    }
}

/// What a property may be set to.
pub trait Property {
    /// The property as an attribute of Leptos's.
    fn property(self, key: &'static str) -> AnyAttribute;
}

/// What a node's property may hold.
pub trait Held: Sized {
    /// A property that is followed.
    fn followed(key: &'static str, function: Box<dyn FnMut() -> Self + Send>) -> AnyAttribute;
}

macro_rules! held {
    ($($value:ty)*) => {
        $(
            impl Held for $value {
                fn followed(key: &'static str, function: Box<dyn FnMut() -> Self + Send>) -> AnyAttribute {
                    property::prop(key, function).into_any_attr()
                }
            }

            impl Property for $value {
                fn property(self, key: &'static str) -> AnyAttribute {
                    property::prop(key, self).into_any_attr()
                }
            }
        )*
    };
}

held!(bool String);

impl<T: Held> Property for Live<T> {
    fn property(self, key: &'static str) -> AnyAttribute {
        T::followed(key, self.0)
    }
}

impl<F: FnMut() -> T + Send + 'static, T: Held> Property for F {
    fn property(self, key: &'static str) -> AnyAttribute {
        T::followed(key, Box::new(self))
    }
}

macro_rules! attributes {
    ($($name:ident $key:literal)*) => {
        impl El {
            $(
                #[doc = concat!("Sets `", $key, "`.")]
                #[must_use]
                pub fn $name<V: Value>(self, value: V) -> Self {
                    value.put(self, $key)
                }
            )*
        }
    };
}

attributes! {
    accept "accept" action "action" alt "alt" aria_activedescendant "aria-activedescendant" aria_atomic "aria-atomic"
    aria_autocomplete "aria-autocomplete" aria_colcount "aria-colcount" aria_colindex "aria-colindex"
    aria_description "aria-description" aria_details "aria-details" aria_errormessage "aria-errormessage"
    aria_owns "aria-owns" aria_posinset "aria-posinset" aria_readonly "aria-readonly" aria_required "aria-required"
    aria_roledescription "aria-roledescription" aria_rowindex "aria-rowindex" aria_setsize "aria-setsize" aria_busy "aria-busy" aria_checked "aria-checked"
    aria_controls "aria-controls" aria_current "aria-current" aria_describedby "aria-describedby"
    aria_disabled "aria-disabled" aria_expanded "aria-expanded" aria_haspopup "aria-haspopup" aria_hidden "aria-hidden"
    aria_invalid "aria-invalid" aria_keyshortcuts "aria-keyshortcuts" aria_label "aria-label"
    aria_labelledby "aria-labelledby" aria_level "aria-level" aria_live "aria-live" aria_modal "aria-modal"
    aria_multiselectable "aria-multiselectable" aria_orientation "aria-orientation" aria_pressed "aria-pressed"
    aria_rowcount "aria-rowcount" aria_selected "aria-selected" aria_sort "aria-sort" aria_valuemax "aria-valuemax"
    aria_valuemin "aria-valuemin" aria_valuenow "aria-valuenow" aria_valuetext "aria-valuetext" r#as "as"
    autocapitalize "autocapitalize" autocomplete "autocomplete" autofocus "autofocus" charset "charset" checked "checked"
    class "class" cols "cols" colspan "colspan" content "content" crossorigin "crossorigin" datetime "datetime" dir "dir"
    disabled "disabled" download "download" draggable "draggable" enctype "enctype" r#for "for" form "form"
    formaction "formaction" formmethod "formmethod" formnovalidate "formnovalidate" headers "headers" height "height"
    hidden "hidden" href "href" hreflang "hreflang" id "id" inert "inert" inputmode "inputmode" itemprop "itemprop"
    label "label" lang "lang" list "list" max "max" maxlength "maxlength" method "method" min "min" minlength "minlength"
    multiple "multiple" name "name" nonce "nonce" novalidate "novalidate" open "open" optimum "optimum"
    pattern "pattern" placeholder "placeholder" popover "popover" readonly "readonly" rel "rel" required "required"
    reversed "reversed" role "role" rows "rows" rowspan "rowspan" scope "scope" selected "selected" size "size"
    sizes "sizes" span "span" spellcheck "spellcheck" src "src" start "start" step "step" summary "summary"
    tabindex "tabindex" target "target" title "title" translate "translate" r#type "type" value "value" width "width"
    wrap "wrap"
}

macro_rules! elements {
    ($kind:ident: $($tag:ident)*) => {
        $(
            #[doc = concat!("`<", stringify!($tag), ">`.")]
            #[must_use]
            pub fn $tag() -> El {
                El::new(stringify!($tag), Kind::$kind)
            }
        )*
    };
}

/// HTML elements by tag.
pub mod html {
    use super::{El, Kind};

    elements! { Html:
        a abbr address article aside b bdi bdo blockquote body button canvas caption cite code colgroup data datalist dd
        del details dfn dialog div dl dt em fieldset figcaption figure footer form h1 h2 h3 h4 h5 h6 head header hgroup
        html i ins kbd label legend li main map mark menu meter nav noscript ol optgroup option output p picture pre
        progress q samp section select slot small span strong sub summary sup table tbody td template textarea tfoot th
        thead time title tr u ul var
    }
    elements! { Void: area base br col embed hr img input link meta param source track wbr }
    elements! { Raw: script style }
}

/// SVG elements by tag.
#[expect(non_snake_case, reason = "tags of SVG")]
pub mod svg {
    use super::{El, Kind};

    elements! { Svg:
        a circle clipPath defs desc ellipse g image line linearGradient marker mask path pattern polygon polyline rect
        stop svg symbol text title tspan
    }
}

//! Leptos with one type for every view.
//!
//! Leptos gives every element, every closure and every nesting of them a type of its own, and compiles all it does with
//! views once for each. In a console of some hundred components that is most of the WebAssembly. This package is Leptos
//! as the console sees it (`app` depends on it under the name `leptos`): everything is re-exported, and what the macro
//! `view!` writes down is replaced by one small set of types:
//!
//! - [`Piece`]: any view; also what the console calls `AnyView`;
//! - [`El`]: an element, whatever its tag, with attributes as plain data;
//! - [`Value`]: what an attribute may be set to;
//! - [`resource::Resource`], [`call::ServerAction`], [`call::Http`], [`effect::Effect`]: Leptos's, with one type inside;
//! - [`derived::derive`] and [`derived::memo`]: `Signal::derive` and `Memo::new` in the same way.
//!
//! Hydration, reactivity, suspense and routing are Leptos's own: a piece renders through `tachys`'s traits.
//!
//! # Invariants
//! - Server and browser walk the same tree: what a piece writes as HTML is what its `hydrate` steps over.
//! - Elements know no `class:name=`, `style:`, `bind:` or `use:`; attributes are `name=value`, `on:`, `prop:`, `node_ref`.
//!
//! # To add
//! A tag or attribute that `view!` does not find is one word in the lists of [`element`].

pub mod call;
pub mod derived;
pub mod effect;
pub mod element;
pub mod piece;
mod render;
pub mod resource;
mod shown;
pub mod value;

pub use element::El;
pub use leptos::*;
pub use piece::Piece;
pub use value::Value;

/// What `view!` makes of a closure without arguments.
#[doc(hidden)]
pub fn __as_shared_reactive_fn<T: 'static, F: FnMut() -> T + Send + 'static>(
    function: F,
) -> value::Live<T> {
    value::Live(Box::new(function))
}

/// Leptos's prelude with our types for views.
pub mod prelude {
    pub use leptos::prelude::*;

    pub use crate::call::ServerAction;
    pub use crate::derived::{derive, memo};
    pub use crate::effect::Effect;
    pub use crate::piece::{IntoAny, IntoMaybeErased, IntoRender, Piece as AnyView, View};
    pub use crate::resource::Resource;
    pub use crate::value::IntoAttributeValue;
}

/// Leptos's server functions with our way to them.
pub mod server_fn {
    pub use leptos::server_fn::*;

    pub use crate::call::Http;
}

/// Leptos's renderer with our elements.
pub mod tachys {
    pub use leptos::tachys::*;

    /// HTML.
    pub mod html {
        pub use leptos::tachys::html::*;

        /// HTML elements by tag.
        pub mod element {
            pub use crate::element::html::*;
        }

        /// `attr:class` of components.
        pub mod class {
            pub use leptos::tachys::html::class::*;

            /// The attribute `class`.
            pub fn class(value: impl crate::Value) -> crate::element::Spread {
                crate::element::spread("class", value)
            }
        }

        /// Attributes of components.
        pub mod attribute {
            pub use leptos::tachys::html::attribute::*;

            /// The attribute `role`.
            pub fn role(value: impl crate::Value) -> crate::element::Spread {
                crate::element::spread("role", value)
            }
        }
    }

    /// SVG elements by tag.
    pub mod svg {
        pub use leptos::tachys::svg::InertElement;

        pub use crate::element::svg::*;
    }

    /// Views.
    pub mod view {
        pub use leptos::tachys::view::*;

        /// Lists that `view!` writes.
        pub mod iterators {
            pub use leptos::tachys::view::iterators::*;

            pub use crate::piece::Row as StaticVec;
        }
    }
}

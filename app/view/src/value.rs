//! What an attribute may be set to.

use std::borrow::Cow;

use leptos::prelude::{Get, Memo, RwSignal, Signal};

use crate::element::El;

/// A closure that `view!` found: for a child or for an attribute.
pub struct Live<T>(pub(crate) Box<dyn FnMut() -> T + Send>);

/// A value at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Now {
    /// The attribute is not there.
    Absent,
    /// The attribute is there without a value.
    Present,
    /// The attribute has this value.
    Text(Cow<'static, str>),
}

/// An attribute's value: fixed or followed.
pub enum Setting {
    /// As long as the element lives.
    Fixed(Now),
    /// Read again when what it reads changes.
    Live(Box<dyn Read + Send>),
}

/// A value that is read again and again: a closure. Not `dyn FnMut`, which would keep three functions for each.
pub trait Read {
    /// The value now.
    fn read(&mut self) -> Now;
}

struct By<F>(F);

impl<T: Value, F: FnMut() -> T> Read for By<F> {
    fn read(&mut self) -> Now {
        (self.0)().now()
    }
}

/// What an attribute may be set to.
pub trait Value: Sized + 'static {
    /// The value now.
    fn now(self) -> Now;

    /// The value for an element; closures and signals are followed.
    fn setting(self) -> Setting {
        Setting::Fixed(self.now())
    }

    /// Sets the attribute of an element.
    fn put(self, element: El, key: &'static str) -> El {
        element.set(key, self.setting())
    }
}

impl Value for &'static str {
    fn now(self) -> Now {
        Now::Text(Cow::Borrowed(self))
    }

    fn put(self, element: El, key: &'static str) -> El {
        element.set_word(key, self)
    }
}

impl Value for String {
    fn now(self) -> Now {
        Now::Text(Cow::Owned(self))
    }

    fn put(self, element: El, key: &'static str) -> El {
        element.set_text(key, self)
    }
}

impl Value for Cow<'static, str> {
    fn now(self) -> Now {
        Now::Text(self)
    }
}

impl Value for bool {
    fn now(self) -> Now {
        if self { Now::Present } else { Now::Absent }
    }
}

impl<T: Value> Value for Option<T> {
    fn now(self) -> Now {
        self.map_or(Now::Absent, T::now)
    }
}

macro_rules! numbers {
    ($($number:ty)*) => {
        $(impl Value for $number {
            fn now(self) -> Now {
                Now::Text(Cow::Owned(self.to_string()))
            }
        })*
    };
}

numbers!(u8 u16 u32 u64 usize i32 i64);

fn fixed(setting: Setting) -> Now {
    match setting {
        Setting::Fixed(now) => now,
        Setting::Live(mut function) => function.read(),
    }
}

impl<T: Value> Value for Live<T> {
    fn now(self) -> Now {
        fixed(self.setting())
    }

    fn setting(self) -> Setting {
        Setting::Live(Box::new(By(self.0)))
    }
}

impl<F, T> Value for F
where
    F: FnMut() -> T + Send + 'static,
    T: Value,
{
    fn now(self) -> Now {
        fixed(self.setting())
    }

    fn setting(self) -> Setting {
        Setting::Live(Box::new(By(self)))
    }
}

macro_rules! signals {
    ($($signal:ident)*) => {
        $(impl<T> Value for $signal<T>
        where
            T: Value + Clone + Send + Sync + 'static,
        {
            fn now(self) -> Now {
                self.get().now()
            }

            fn setting(self) -> Setting {
                Setting::Live(Box::new(By(move || self.get())))
            }
        })*
    };
}

signals!(Signal Memo RwSignal);

/// What `view!` calls for the value of an attribute.
pub trait IntoAttributeValue {
    /// The value itself.
    type Output;

    /// The value itself.
    fn into_attribute_value(self) -> Self::Output;
}

impl<T: Value> IntoAttributeValue for T {
    type Output = Self;

    fn into_attribute_value(self) -> Self {
        self
    }
}

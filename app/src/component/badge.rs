//! Badges: icon and word, never colour alone.

use leptos::prelude::*;
use roadstead::access::Permission;

use crate::component::icon::Icon;
use crate::i18n::{t_string, use_i18n};

/// What a badge says by colour, besides its word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Tone {
    /// Neither good nor bad.
    #[default]
    Neutral,
    /// Good.
    Ok,
    /// Needs attention.
    Warn,
    /// Bad.
    Danger,
    /// For information.
    Info,
    /// Outline only.
    Outline,
}

impl Tone {
    const fn class(self) -> &'static str {
        match self {
            Self::Neutral => "badge",
            Self::Ok => "badge badge--ok",
            Self::Warn => "badge badge--warn",
            Self::Danger => "badge badge--danger",
            Self::Info => "badge badge--info",
            Self::Outline => "badge badge--outline",
        }
    }
}

/// A badge.
#[component]
pub fn Badge(
    /// Colour.
    #[prop(optional)]
    tone: Tone,
    /// Icon.
    icon: icondata::Icon,
    /// Word.
    #[prop(into)]
    label: Signal<String>,
    /// Longer explanation, as a tooltip.
    #[prop(optional, into)]
    tip: MaybeProp<String>,
    /// Test hook.
    #[prop(optional, into)]
    testid: Option<String>,
) -> impl IntoView {
    view! {
        <span class=tone.class() title=move || tip.get() data-testid=testid>
            <Icon icon=icon class="icon icon--xs" />
            {move || label.get()}
        </span>
    }
}

/// Public or private.
#[component]
pub fn VisibilityBadge(
    /// Public.
    is_public: bool,
) -> impl IntoView {
    let i18n = use_i18n();
    let label = derive(move || {
        if is_public { t_string!(i18n, common.public) } else { t_string!(i18n, common.private) }
            .to_owned()
    });
    let (tone, icon) =
        if is_public { (Tone::Info, icondata::LuGlobe) } else { (Tone::Neutral, icondata::LuLock) };
    view! { <Badge tone=tone icon=icon label=label testid="badge.visibility" /> }
}

/// The word of a permission.
#[must_use]
pub fn permission_word(i18n: crate::i18n::I18n, permission: Permission) -> &'static str {
    match permission {
        Permission::Read => t_string!(i18n, components.permission_read),
        Permission::Edit => t_string!(i18n, components.permission_edit),
        Permission::Manage => t_string!(i18n, components.permission_manage),
    }
}

/// "Your permission: Read".
#[component]
pub fn PermissionBadge(
    /// The viewer's right.
    permission: Permission,
) -> impl IntoView {
    let i18n = use_i18n();
    let label = derive(move || {
        t_string!(i18n, components.permission_yours, name = permission_word(i18n, permission))
            .to_string()
    });
    view! { <Badge tone=Tone::Outline icon=icondata::LuShieldCheck label=label testid="badge.permission" /> }
}

//! The overview: what is here, how full it is, what just happened, how to start (`console.md` A.3).
//!
//! Charts and tabs are links; `?dialog=login` opens the login command.

#[cfg(feature = "ssr")]
pub mod activity;
#[cfg(feature = "ssr")]
pub mod attention;
#[cfg(feature = "ssr")]
pub mod inside;
#[cfg(feature = "ssr")]
pub mod quick_start;
#[cfg(feature = "ssr")]
pub mod stats;
#[cfg(feature = "ssr")]
pub mod trend;

use leptos::prelude::*;

use crate::component::login_command::LoginDialog;
use crate::served;

/// `/overview`.
#[component]
pub fn OverviewPage() -> impl IntoView {
    view! {
        {served!("overview", view! { <inside::Inside /> })}
        <LoginDialog />
    }
}

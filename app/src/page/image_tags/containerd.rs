//! The containerd command of one tag: clients without a login carry a temporary credential in the command
//! (`console.md` A.6.1). Made when the dialog opens, never with the list.

use leptos::prelude::*;
use roadstead::manage::login::TemporaryLogin;
use roadstead::{ImageName, Reference};

use crate::call::overview::create_login;
use crate::command::guide::{full_name, pull_with_login};
use crate::command::{Client, Host};
use crate::component::command_block::CommandBlock;
use crate::component::dialog::{Dialog, use_dialog_item};
use crate::component::icon::Icon;
use crate::component::load::Load;
use crate::format;
use crate::i18n::{t, t_string, use_i18n};
use crate::text;
use crate::viewer::use_live;

/// The dialog at `?dialog=containerd&item={tag or digest}`.
#[component]
pub fn ContainerdDialog(
    /// The image.
    image: ImageName,
) -> impl IntoView {
    let i18n = use_i18n();
    view! {
        <Dialog name="containerd" title=text!(i18n, images.containerd)>
            <div class="dialog__body">
                <Commands image=image.clone() />
            </div>
        </Dialog>
    }
}

/// `:tag` or `@digest`.
fn suffix(reference: &Reference) -> String {
    match reference {
        Reference::Tag(tag) => format!(":{tag}"),
        Reference::Digest(digest) => format!("@{digest}"),
    }
}

#[component]
fn Commands(image: ImageName) -> impl IntoView {
    let item = use_dialog_item().get_untracked().and_then(|item| item.parse::<Reference>().ok());
    let login = Resource::new(|| (), |()| async move { create_login().await });
    let image = image.to_string();
    item.map(|reference| {
        view! {
            <Load
                resource=login
                is_part=true
                view=move |login| view! { <Both image=image.clone() suffix=suffix(&reference) login=login /> }
            />
        }
    })
}

#[component]
fn Both(image: String, suffix: String, login: TemporaryLogin) -> impl IntoView {
    let i18n = use_i18n();
    let live = use_live();
    let until = login.expires_at;
    let is_expired = derive(move || live.now.get() >= until);
    let until_words = move || {
        let time = format::absolute(until, live.offset_minutes.get());
        t_string!(i18n, images.valid_until, time = time.as_str()).to_string()
    };
    let of = move |client: Client| {
        let host = Host { name: &login.host, plain_http: login.is_plain_http };
        let full = full_name(&host, &image, &suffix);
        pull_with_login(client, &host, &full, &login.username, login.password.reveal())
    };
    let (crictl, ctr) = (of(Client::Crictl), of(Client::Ctr));
    view! {
        <div class="stack">
            <p class="soft">{t!(i18n, images.containerd_text)}</p>
            <h3>"crictl"</h3>
            <CommandBlock command=crictl is_expired=is_expired testid="containerd.crictl" />
            <h3>"ctr"</h3>
            <CommandBlock command=ctr is_expired=is_expired testid="containerd.ctr" />
            <p class="expiry" data-testid="containerd.until">
                <Icon icon=icondata::LuClock class="icon icon--sm" />
                {until_words}
            </p>
        </div>
    }
}

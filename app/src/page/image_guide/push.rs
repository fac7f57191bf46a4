//! The push half of the guide: two fields that fill the commands. Without scripts a small form fills them.

use leptos::prelude::*;
use leptos_router::components::Form;
use leptos_router::hooks::{use_location, use_query_map};
use roadstead::TagName;
use roadstead::manage::login::TemporaryLogin;

use super::{LoginResource, Step, Subject, WithLogin};
use crate::command::{Client, Host, guide};
use crate::component::client_command::host_of;
use crate::component::command_block::CommandBlock;
use crate::i18n::{t, use_i18n};
use crate::viewer::use_viewer;

/// A local image as a person types it: no blanks, no quotes, nothing that a shell would read.
fn is_plain(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 512
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '/' | ':' | '@'))
}

/// The section; absent for clients that cannot push.
#[component]
pub fn PushSection(
    /// `organization/repository`.
    image: String,
    /// What is shown above.
    subject: Memo<Subject>,
    /// Local image at first.
    source: String,
    /// The login, once asked for.
    login: LoginResource,
    /// The client.
    chosen: Signal<Client>,
) -> impl IntoView {
    let i18n = use_i18n();
    let query = use_query_map();
    let asked = move |name: &'static str| {
        query.with_untracked(|query| query.get(name)).filter(|text| !text.is_empty())
    };
    let source = asked("source").filter(|text| is_plain(text)).unwrap_or(source);
    let tag = subject.with_untracked(|subject| {
        subject.tag.as_ref().map_or_else(|| "v1".to_owned(), ToString::to_string)
    });
    let target = asked("target").filter(|text| text.parse::<TagName>().is_ok()).unwrap_or(tag);
    let image = StoredValue::new(Pushed { image, source, target });
    move || {
        let client = chosen.get();
        guide::PUSH.contains(&client).then(|| {
            let Pushed { source, target, .. } = image.get_value();
            view! {
                <Step title=t!(i18n, images.guide_push).into_any() testid="guide.push">
                    <p class="soft">{t!(i18n, images.guide_push_text)}</p>
                    <Fields source=source target=target />
                    <Commands client=client image=image.get_value() login=login />
                </Step>
            }
        })
    }
}

/// What is pushed, and where to.
#[derive(Clone)]
struct Pushed {
    /// `organization/repository`.
    image: String,
    /// The local image.
    source: String,
    /// The tag that it gets.
    target: String,
}

#[component]
fn Fields(source: String, target: String) -> impl IntoView {
    let i18n = use_i18n();
    let path = use_location().pathname;
    view! {
        <Form method="GET" action=path.get_untracked() attr:class="row row--wrap" noscroll=true>
            <label class="field">
                <span class="field__label">{t!(i18n, images.guide_source)}</span>
                <input
                    class="input input--mono"
                    name="source"
                    maxlength="512"
                    spellcheck="false"
                    autocomplete="off"
                    value=source
                    data-testid="guide.push.source"
                    data-auto=""
                />
            </label>
            <label class="field">
                <span class="field__label">{t!(i18n, images.guide_target)}</span>
                <input
                    class="input input--mono"
                    name="target"
                    maxlength="128"
                    spellcheck="false"
                    autocomplete="off"
                    value=target
                    data-testid="guide.push.target"
                    data-auto=""
                />
            </label>
            <button type="submit" class="btn no-script">
                {t!(i18n, images.guide_fill)}
            </button>
        </Form>
    }
}

#[component]
fn Commands(client: Client, image: Pushed, login: LoginResource) -> impl IntoView {
    let viewer = use_viewer();
    let Pushed { image, source, target } = image;
    if client == Client::Ctr {
        let write = move |login: &TemporaryLogin| {
            let host = Host { name: &login.host, plain_http: login.is_plain_http };
            let key = login.password.reveal();
            guide::push_with_login(&host, &image, &target, &source, &login.username, key)
        };
        return view! { <WithLogin login=login write=write testid="guide.push.command" /> }
            .into_any();
    }
    let command = viewer.with_value(|viewer| {
        guide::push(client, &host_of(&viewer.site), &image, &target, &source).unwrap_or_default()
    });
    view! { <CommandBlock command=Signal::stored(command) testid="guide.push.command" /> }
        .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn local_images_hold_nothing_that_a_shell_reads() {
        for good in ["nginx:v1", "ghcr.io/a/b@sha256:00", "a_b"] {
            assert!(is_plain(good), "{good}");
        }
        for bad in ["", "a b", "a;b", "$(a)", "a'b", "a\nb"] {
            assert!(!is_plain(bad), "{bad}");
        }
    }
}

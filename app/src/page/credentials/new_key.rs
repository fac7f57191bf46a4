//! A new access key with its secret: shown until whoever made it says that it is saved, for 15 minutes at most, to the
//! session that made it. Until the file was taken the browser asks before the page is closed. The secret is in this page's HTML and in the file; no address, cookie or script data holds it.

use leptos::prelude::*;
use roadstead::access::AccessKeyId;
use roadstead::manage::credential::UnsavedAccessKey;

use super::Copied;
use super::access_keys::{Whose, WhoseFields};
use crate::call::credential::{SavedAccessKey, new_access_key};
use crate::component::copy::CopyButton;
use crate::component::dialog::{CancelLink, Dialog, use_dialog_item, use_is_open};
use crate::component::error_panel::ErrorBanner;
use crate::component::fact::Fact;
use crate::component::form::{CallForm, Csrf, SubmitButton};
use crate::component::icon::Icon;
use crate::component::load::Load;
use crate::component::show::Show;
use crate::error::ConsoleError;
use crate::i18n::{t, t_string, use_i18n};
use crate::text;

/// Where the file is given; the server's route says the same.
pub const FILE: &str = "/console/credentials.csv";

/// The dialog at `?dialog=new-key&item=`. It has no cross: it is left by saying that the key is saved.
#[component]
pub fn NewKeyDialog(
    /// Whose key.
    whose: Whose,
) -> impl IntoView {
    let is_open = use_is_open("new-key");
    let whose = StoredValue::new(whose);
    view! {
        <Show when=move || is_open.get()>
            <NewKey whose=whose.get_value() />
        </Show>
    }
}

/// The key, if this session may see it now.
async fn find(
    user: String,
    item: Option<String>,
) -> Result<Option<UnsavedAccessKey>, ConsoleError> {
    let Some(id) = item.and_then(|id| id.parse::<AccessKeyId>().ok()) else { return Ok(None) };
    match new_access_key(user, id).await {
        Ok(key) => Ok(Some(key)),
        Err(error) if error.is_missing() => Ok(None),
        Err(error) => Err(error),
    }
}

#[component]
fn NewKey(whose: Whose) -> impl IntoView {
    let item = use_dialog_item();
    let user = whose.user.clone();
    let key = Resource::new(move || (user.clone(), item.get()), |(user, item)| find(user, item));
    let shown = move |key: Option<UnsavedAccessKey>| match key {
        Some(key) => view! { <Unsaved whose=whose.clone() key=key /> }.into_any(),
        None => view! { <Gone /> }.into_any(),
    };
    view! {
        <Load
            resource=key
            is_part=true
            view=shown
        />
    }
}

/// The address of a dialog that is over.
#[component]
fn Gone() -> impl IntoView {
    let i18n = use_i18n();
    view! {
        <Dialog name="new-key" title=text!(i18n, credentials.new_title) class="dialog dialog--sm">
            <div class="dialog__body">
                <p role="status" data-testid="credentials.gone">{t!(i18n, credentials.gone)}</p>
            </div>
            <footer class="dialog__foot">
                <CancelLink />
            </footer>
        </Dialog>
    }
}

#[component]
fn Unsaved(whose: Whose, key: UnsavedAccessKey) -> impl IntoView {
    let i18n = use_i18n();
    let id = key.created.id.to_string();
    let (shown, has_file) = (id.clone(), key.has_file);
    // The login dialog is for one's own keys.
    let login = whose.user.is_empty().then(|| view! { <MakeLogin id=id.clone() /> });
    let download = view! { <Download whose=whose.clone() id=id.clone() has_file=has_file /> };
    view! {
        <div class="overlay">
            <section
                class="dialog"
                id="dialog-new-key"
                role="dialog"
                aria-modal="true"
                aria-labelledby="dialog-new-key-title"
                data-unsaved=(!has_file).then_some("")
                data-testid="dialog.new-key"
            >
                <header class="dialog__head">
                    <h2 id="dialog-new-key-title">{t!(i18n, credentials.new_title)}</h2>
                </header>
                <div class="dialog__body stack stack--sm">
                    <div class="banner banner--warn" role="note">
                        <Icon icon=icondata::LuTriangleAlert />
                        <div class="banner__body">{t!(i18n, credentials.once)}</div>
                    </div>
                    <dl class="facts facts--rows">
                        <Fact label=text!(i18n, credentials.ak)>
                            <Copied text=shown.clone() what=text!(i18n, credentials.ak) testid="credentials.new.ak" />
                        </Fact>
                        <Fact label=text!(i18n, credentials.sk)>
                            <SecretKey secret=key.created.secret_key.reveal().clone() />
                        </Fact>
                    </dl>
                    {download}
                    {login}
                </div>
                <Saved whose=whose id=id />
            </section>
        </div>
    }
}

/// Leads to the login dialog, and hands it the key in memory alone.
#[component]
fn MakeLogin(id: String) -> impl IntoView {
    let i18n = use_i18n();
    view! {
        <p class="small">
            <a href="/overview?dialog=login&login=long" data-hand=id data-testid="credentials.new.login">
                {t!(i18n, credentials.make_login)}
            </a>
        </p>
    }
}

/// Masked until asked for; copied whole. Without scripts it folds out.
#[component]
fn SecretKey(secret: String) -> impl IntoView {
    let i18n = use_i18n();
    view! {
        <div class="cmd needs-script">
            <div class="cmd__body">
                <code class="cmd__text" data-testid="credentials.new.sk">
                    <span class="secret" data-secret=secret.clone()>"••••••••"</span>
                </code>
                <span class="cmd__actions">
                    <button
                        type="button"
                        class="copy copy--md"
                        aria-label=move || t_string!(i18n, credentials.show_secret)
                        title=move || t_string!(i18n, credentials.show_secret)
                        aria-pressed="false"
                        data-reveal=""
                        data-testid="credentials.new.reveal"
                    >
                        <Icon icon=icondata::LuEye class="icon icon--sm" />
                    </button>
                    <CopyButton
                        text=secret.clone()
                        what=text!(i18n, credentials.sk)
                        is_large=true
                        testid="credentials.new.copy"
                    />
                </span>
            </div>
        </div>
        <details class="fold fold--plain no-script">
            <summary>{t!(i18n, credentials.show_secret)}</summary>
            <code class="mono">{secret}</code>
        </details>
    }
}

/// `credentials.csv`, once.
#[component]
fn Download(whose: Whose, id: String, has_file: bool) -> impl IntoView {
    let i18n = use_i18n();
    if has_file {
        return view! {
            <p class="row small" role="status" data-testid="credentials.new.downloaded">
                <Icon icon=icondata::LuCheck class="icon icon--sm" />
                {t!(i18n, credentials.downloaded)}
            </p>
        }
        .into_any();
    }
    view! {
        <form method="post" action=FILE data-plain="">
            <Csrf />
            <WhoseFields whose=whose />
            <input type="hidden" name="id" value=id />
            <button type="submit" class="btn btn--primary" data-testid="credentials.new.download">
                <Icon icon=icondata::LuDownload />
                {t!(i18n, credentials.download)}
            </button>
        </form>
    }
    .into_any()
}

/// The way out.
#[component]
fn Saved(whose: Whose, id: String) -> impl IntoView {
    let i18n = use_i18n();
    let action = ServerAction::<SavedAccessKey>::new();
    let error = action.value().get_untracked().and_then(Result::err);
    let is_unchecked =
        error.as_ref().is_some_and(|error| error.reason.as_deref() == Some("unsaved"));
    let said = is_unchecked.then(|| {
        view! { <p class="field__error" role="alert">{t!(i18n, credentials.check_first)}</p> }
    });
    let other = error.filter(|_| !is_unchecked).map(|error| view! { <ErrorBanner error=error /> });
    view! {
        <CallForm
            action=action
            hide_error=Signal::stored(true)
            testid="credentials.new.form"
            class="stack stack--sm"
        >
            <WhoseFields whose=whose />
            <input type="hidden" name="id" value=id />
            <div class="dialog__body dialog__body--confirm">
                {other}
                <label class="choice">
                    <input
                        type="checkbox"
                        class="check"
                        name="is_saved"
                        value="true"
                        aria-invalid=is_unchecked.then_some("true")
                        data-confirm="true"
                        data-testid="credentials.new.check"
                    />
                    <span>{t!(i18n, credentials.is_saved)}</span>
                </label>
                {said}
            </div>
            <footer class="dialog__foot">
                <SubmitButton
                    label=text!(i18n, credentials.saved)
                    is_pending=action.pending()
                    testid="credentials.new.saved"
                />
            </footer>
        </CallForm>
    }
}

//! The long-term login command, made in the browser from an access key. The secret key is never sent: nothing here has a
//! name in a form, and the server is asked about the public half alone. Leaving the tab forgets all of it.

use leptos::prelude::*;
use leptos::task::spawn_local;
use roadstead::access::{
    AccessKeyId, CREDENTIALS_FILE_LIMIT, CredentialsRow, SecretKey, login_key, parse_credentials,
};

use super::parts::ByHand;
use super::{Credential, LoginCommand};
use crate::call::credential::check_access_key;
use crate::component::icon::Icon;
use crate::i18n::{t, t_string, use_i18n};
use crate::viewer::use_viewer;

#[cfg(feature = "hydrate")]
thread_local! {
    static HANDED: std::cell::RefCell<Option<(String, String)>> = const { std::cell::RefCell::new(None) };
}

/// Leaves an access key, and the secret one, for the tab that opens next. They stay in the memory of this page.
#[cfg(feature = "hydrate")]
pub fn hand(access_key: String, secret_key: String) {
    HANDED.set(Some((access_key, secret_key)));
}

/// The key that was left.
fn handed() -> Option<(String, String)> {
    #[cfg(feature = "hydrate")]
    return HANDED.take();
    #[cfg(not(feature = "hydrate"))]
    None
}

/// What is typed or imported, and what is made of it.
#[derive(Clone, Copy)]
struct Keys {
    access_key: RwSignal<String>,
    secret_key: RwSignal<String>,
    /// Keys of a file with several, to pick one of.
    rows: RwSignal<Vec<CredentialsRow>>,
    is_bad_file: RwSignal<bool>,
    made: RwSignal<Option<Credential>>,
    is_unknown: RwSignal<bool>,
}

impl Keys {
    fn new() -> Self {
        Self {
            access_key: RwSignal::new(String::new()),
            secret_key: RwSignal::new(String::new()),
            rows: RwSignal::new(Vec::new()),
            is_bad_file: RwSignal::new(false),
            made: RwSignal::new(None),
            is_unknown: RwSignal::new(false),
        }
    }

    /// Both halves, when they are what they must be.
    fn both(self) -> Option<(AccessKeyId, SecretKey)> {
        let access_key = self.access_key.with(|text| text.trim().parse().ok())?;
        let secret_key = self.secret_key.with(|text| text.trim().parse().ok())?;
        Some((access_key, secret_key))
    }

    /// Another key: the command of the one before is gone.
    fn typed(self, into: RwSignal<String>, text: String) {
        into.set(text);
        self.made.set(None);
        self.is_unknown.set(false);
    }

    fn take(self, row: &CredentialsRow) {
        self.typed(self.access_key, row.access_key.to_string());
        self.typed(self.secret_key, row.secret_key.reveal().clone());
    }

    /// Reads a file; the dialog may have closed meanwhile.
    fn import(self, text: Option<String>) {
        let found = text.and_then(|text| parse_credentials(text.as_bytes()).ok());
        // What could not be set comes back.
        if self.is_bad_file.try_set(found.is_none()).is_some() {
            return;
        }
        let found = found.unwrap_or_default();
        if let Some(first) = found.first() {
            self.take(first);
        }
        self.rows.set(found);
    }

    fn generate(self, region: &str, host: &str, is_plain_http: bool) {
        let Some((access_key, secret_key)) = untrack(|| self.both()) else { return };
        self.made.set(Some(Credential {
            user: format!("{region}@{access_key}"),
            key: login_key(&access_key, &secret_key).reveal().clone(),
            host: host.to_owned(),
            is_plain_http,
            end: None,
        }));
        spawn_local(async move {
            if let Ok(is_known) = check_access_key(access_key.to_string()).await {
                let _ = self.is_unknown.try_set(!is_known);
            }
        });
    }
}

/// The second tab.
#[component]
pub fn LongTerm(
    /// An image for commands that name one.
    image: String,
) -> impl IntoView {
    let i18n = use_i18n();
    let keys = Keys::new();
    let (region, host, is_plain_http) = use_viewer().with_value(|viewer| {
        (viewer.site.region.clone(), viewer.site.host.clone(), viewer.site.plain_http)
    });
    let by_hand = view! { <ByHand region=region.clone() host=host.clone() /> };
    let site = StoredValue::new((region, host));
    let generate = move || {
        site.with_value(|(region, host)| keys.generate(region, host, is_plain_http));
    };
    if let Some((access_key, secret_key)) = handed() {
        keys.typed(keys.access_key, access_key);
        keys.typed(keys.secret_key, secret_key);
        generate();
    }
    let image = StoredValue::new(image);
    view! {
        <div class="stack" data-testid="login.long">
            <p class="small">{t!(i18n, overview.long_term_text)}</p>
            {by_hand}
            <div class="stack needs-script">
                <Import keys=keys />
                <Fields keys=keys on_enter=Callback::new(move |()| generate()) />
                <div class="row row--wrap">
                    <button
                        type="button"
                        class="btn btn--primary"
                        disabled=move || keys.both().is_none()
                        data-testid="login.generate"
                        on:click=move |_| generate()
                    >
                        {t!(i18n, overview.generate_command)}
                    </button>
                    <a class="push" href="/credentials" data-testid="login.create_key">
                        {t!(i18n, overview.create_access_key)}
                    </a>
                </div>
            </div>
            {move || {
                keys.is_unknown
                    .get()
                    .then(|| view! { <Warning words=t_string!(i18n, overview.unknown_access_key) testid="login.unknown" /> })
            }}
            {move || {
                keys.made
                    .get()
                    .map(|credential| {
                        view! {
                            <Warning words=t_string!(i18n, overview.long_term_warning) testid="login.warning" />
                            <LoginCommand credential=credential image=image.get_value() />
                        }
                    })
            }}
        </div>
    }
}

#[component]
fn Warning(words: &'static str, testid: &'static str) -> impl IntoView {
    view! {
        <div class="banner banner--warn" role="status" data-testid=testid>
            <Icon icon=icondata::LuTriangleAlert />
            <div class="banner__body">{words}</div>
        </div>
    }
}

/// The file: chosen, or dropped anywhere on the frame.
#[component]
fn Import(keys: Keys) -> impl IntoView {
    let i18n = use_i18n();
    let is_over = RwSignal::new(false);
    let read = move |event: &leptos::ev::Event| {
        crate::file::read(event, CREDENTIALS_FILE_LIMIT, Box::new(move |text| keys.import(text)));
    };
    view! {
        <label
            class="file-drop"
            data-state=move || is_over.get().then_some("over")
            data-testid="login.import"
            on:dragover=move |event| {
                event.prevent_default();
                is_over.set(true);
            }
            on:dragleave=move |_| is_over.set(false)
            on:drop=move |event| {
                event.prevent_default();
                is_over.set(false);
                read(&event);
            }
        >
            <Icon icon=icondata::LuFileUp />
            <span>
                <b>{t!(i18n, overview.import_access_keys)}</b>
                " "
                {t!(i18n, overview.import_hint)}
            </span>
            <input
                type="file"
                class="sr-only"
                accept=".csv,text/csv"
                data-testid="login.file"
                on:change=move |event| read(&event)
                on:input=|event| event.stop_propagation()
            />
        </label>
        {move || {
            keys.is_bad_file
                .get()
                .then(|| {
                    view! {
                        <p class="field__error" role="alert" data-testid="login.bad_file">
                            <Icon icon=icondata::LuCircleAlert class="icon icon--xs" />
                            <span>{t!(i18n, overview.bad_credentials_file)}</span>
                        </p>
                    }
                })
        }}
        {move || {
            (keys.rows.with(Vec::len) > 1).then(|| view! { <Picker keys=keys /> })
        }}
    }
}

/// One of several keys of a file.
#[component]
fn Picker(keys: Keys) -> impl IntoView {
    let i18n = use_i18n();
    let options = keys.rows.with(|rows| {
        rows.iter()
            .enumerate()
            .map(|(index, row)| {
                view! { <option value=index.to_string()>{format!("{} · {}", row.user, row.access_key)}</option> }
            })
            .collect_view()
    });
    view! {
        <select
            class="select"
            aria-label=move || t_string!(i18n, overview.pick_access_key)
            data-testid="login.pick"
            on:input=|event| event.stop_propagation()
            on:change=move |event| {
                let index = event_target_value(&event).parse::<usize>().unwrap_or_default();
                if let Some(row) = keys.rows.with_untracked(|rows| rows.get(index).cloned()) {
                    keys.take(&row);
                }
            }
        >
            {options}
        </select>
    }
}

/// The halves, typed. They have no names: no form could send them.
#[component]
fn Fields(keys: Keys, on_enter: Callback<()>) -> impl IntoView {
    let i18n = use_i18n();
    let field = move |into: RwSignal<String>, is_secret: bool, max: u32, testid: &'static str| {
        let id = format!("field-{testid}");
        let words = move || {
            if is_secret {
                t_string!(i18n, overview.secret_access_key)
            } else {
                t_string!(i18n, overview.access_key_id)
            }
        };
        view! {
            <div class="field">
                <label class="field__label" for=id.clone()>{words}</label>
                <input
                    class="input input--mono"
                    id=id
                    type=if is_secret { "password" } else { "text" }
                    autocomplete="off"
                    autocapitalize="off"
                    spellcheck="false"
                    maxlength=max
                    prop:value=move || into.get()
                    data-testid=testid
                    on:input=move |event| {
                        // Not a change that the dialog must ask about before it closes.
                        event.stop_propagation();
                        keys.typed(into, event_target_value(&event));
                    }
                    on:keydown=move |event| {
                        if event.key() == "Enter" {
                            on_enter.run(());
                        }
                    }
                />
            </div>
        }
    };
    view! {
        <div class="form-grid form-grid--2">
            {field(keys.access_key, false, 64, "login.access_key")}
            {field(keys.secret_key, true, 128, "login.secret_key")}
        </div>
    }
}

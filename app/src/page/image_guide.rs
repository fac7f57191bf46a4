//! How to pull and push this image, in the words of each client (`console.md` A.6.3).
//!
//! Commands that need a credential are made when asked for (`?generate=1`), never with the page.

use leptos::prelude::*;
use leptos_router::components::Form;
use leptos_router::hooks::{use_location, use_query_map};
use roadstead::access::Permission;
use roadstead::manage::image::Image;
use roadstead::manage::login::TemporaryLogin;
use roadstead::manage::tag::{Tag, TagQuery, TagSort};
use roadstead::page::{Order, Page, Window};
use roadstead::{Digest, TagName};

use crate::call::overview::create_login;
use crate::call::tag::list_tags;
use crate::command::{Client, Command, Host, guide};
use crate::component::client_command::{Pull, host_of};
use crate::component::command_block::{ClientSwitch, CommandBlock, use_chosen_client};
use crate::component::icon::Icon;
use crate::component::load::Load;
use crate::component::noscroll;
use crate::i18n::{t, use_i18n};
use crate::viewer::{use_live, use_viewer};

pub mod push;

/// Most tags that the tag field suggests.
const SUGGESTED: u64 = 100;

/// What the guide's commands are about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// `organization/repository`.
    pub image: String,
    /// The tag, if there is one to pull.
    pub tag: Option<TagName>,
    /// What it points to.
    pub digest: Option<Digest>,
}

/// The tab.
#[component]
pub fn GuideTab(
    /// The image.
    image: Image,
) -> impl IntoView {
    let name = image.name.clone();
    let tags = Resource::new(
        move || name.clone(),
        |name| async move {
            let query = TagQuery {
                search: None,
                platform: None,
                untagged: false,
                sort: TagSort::UpdatedAt,
                order: Order::Desc,
                window: Window::of_page(1, SUGGESTED),
            };
            list_tags(name, query).await
        },
    );
    view! {
        <Load
            resource=tags
            is_part=true
            view=move |tags| view! { <Guide image=image.clone() tags=tags /> }
        />
    }
}

#[component]
fn Guide(image: Image, tags: Page<Tag>) -> impl IntoView {
    let query = use_query_map();
    let asked = memo(move |_| {
        query.with(|query| query.get("tag")).and_then(|text| text.trim().parse::<TagName>().ok())
    });
    let is_asked = memo(move |_| query.with(|query| query.get("generate").is_some()));
    let login = Resource::new(
        move || is_asked.get(),
        |is_asked| async move { if is_asked { create_login().await.map(Some) } else { Ok(None) } },
    );
    let may_push = image.rights.permission.includes(Permission::Edit);
    let chosen = use_chosen_client(&guide::GUIDE);
    let names: Vec<TagName> = tags.items.iter().filter_map(|tag| tag.name.clone()).collect();
    let newest = image.newest_tag.clone();
    let digests: Vec<(TagName, Digest)> = tags
        .items
        .into_iter()
        .filter_map(|tag| tag.name.map(|name| (name, tag.manifest.digest)))
        .collect();
    let full = image.name.to_string();
    let subject = memo({
        let full = full.clone();
        move |_| {
            let tag = asked.get().or_else(|| newest.clone());
            let digest = tag.as_ref().and_then(|tag| {
                digests.iter().find(|(name, _)| name == tag).map(|(_, digest)| digest.clone())
            });
            Subject { image: full.clone(), tag, digest }
        }
    });
    let source = format!("{}:v1", full.rsplit('/').next().unwrap_or("image"));
    let push = may_push.then(|| {
        view! { <push::PushSection image=full subject=subject source=source login=login chosen=chosen /> }
    });
    view! {
        <div class="stack stack--lg guide" data-testid="guide">
            <div class="toolbar">
                <TagChoice names=names subject=subject />
                <span class="cmd cmd--switch">
                    <ClientSwitch clients=&guide::GUIDE />
                </span>
            </div>
            <LoginSection />
            {move || view! { <PullSection subject=subject.get() client=chosen.get() login=login /> }}
            {push}
            {move || view! { <AfterSections subject=subject.get() client=chosen.get() /> }}
        </div>
    }
}

/// The tag, typed or chosen from the newest.
#[component]
fn TagChoice(names: Vec<TagName>, subject: Memo<Subject>) -> impl IntoView {
    let i18n = use_i18n();
    let path = use_location().pathname;
    let shown = move || {
        subject.with(|subject| subject.tag.as_ref().map(ToString::to_string).unwrap_or_default())
    };
    let options = names
        .into_iter()
        .map(|name| view! { <option value=name.to_string()></option> })
        .collect_view();
    view! {
        <Form method="GET" action=path.get_untracked() attr:class="row" noscroll=true>
            <label class="row" for="guide-tag">
                <span class="small muted nowrap">{t!(i18n, images.guide_tag)}</span>
                <input
                    class="input input--mono"
                    id="guide-tag"
                    name="tag"
                    list="guide-tags"
                    maxlength="128"
                    autocomplete="off"
                    spellcheck="false"
                    value=untrack(shown)
                    prop:value=shown
                    data-testid="guide.tag"
                    data-auto=""
                />
            </label>
            <datalist id="guide-tags">{options}</datalist>
            <button type="submit" class="btn no-script">
                {t!(i18n, common.apply)}
            </button>
        </Form>
    }
}

/// One step of the guide.
#[component]
fn Step(
    /// Heading.
    title: AnyView,
    /// Test hook.
    testid: &'static str,
    /// Text and commands.
    children: Children,
) -> impl IntoView {
    view! {
        <section class="card" data-testid=testid>
            <div class="card__head">
                <h2>{title}</h2>
            </div>
            <div class="card__body stack stack--sm">{children()}</div>
        </section>
    }
}

#[component]
fn LoginSection() -> impl IntoView {
    let i18n = use_i18n();
    view! {
        <Step title=t!(i18n, images.guide_login).into_any() testid="guide.login">
            <p class="soft">{t!(i18n, images.guide_login_text)}</p>
            <div>
                <a class="btn" href="/overview?dialog=login" data-testid="guide.login.open">
                    <Icon icon=icondata::LuKeyRound />
                    {t!(i18n, images.login_command)}
                </a>
            </div>
        </Step>
    }
}

/// The login that was asked for: its resource.
pub type LoginResource = Resource<Result<Option<TemporaryLogin>, crate::ConsoleError>>;

#[component]
fn PullSection(subject: Subject, client: Client, login: LoginResource) -> impl IntoView {
    let i18n = use_i18n();
    let viewer = use_viewer();
    let Some(tag) = subject.tag.clone() else {
        return view! {
            <Step title=t!(i18n, images.guide_pull).into_any() testid="guide.pull">
                <p class="soft">{t!(i18n, images.guide_empty)}</p>
            </Step>
        }
        .into_any();
    };
    let reference = format!(":{tag}");
    let pull = Pull::new(&subject.image, reference.clone());
    let plain = viewer.with_value(|viewer| match client {
        Client::Kubernetes => guide::pod(&host_of(&viewer.site), &subject.image, &reference),
        Client::Reference => guide::dockerfile(&host_of(&viewer.site), &subject.image, &reference),
        client => pull.command(client, &viewer.site),
    });
    let is_bare = matches!(client, Client::Kubernetes | Client::Reference);
    let title = match client {
        Client::Kubernetes => t!(i18n, images.guide_pod).into_any(),
        Client::Reference => t!(i18n, images.guide_dockerfile).into_any(),
        _ => t!(i18n, images.guide_pull).into_any(),
    };
    let body = if matches!(client, Client::Ctr | Client::Crictl) {
        let image = subject.image.clone();
        let write = StoredValue::new(move |login: &TemporaryLogin| {
            let host = Host { name: &login.host, plain_http: login.is_plain_http };
            let full = guide::full_name(&host, &image, &reference);
            guide::pull_with_login(client, &host, &full, &login.username, login.password.reveal())
        });
        view! {
            <WithLogin
                login=login
                testid="guide.pull.command"
                write=move |login| write.with_value(|write| write(login))
            />
        }
        .into_any()
    } else {
        view! { <CommandBlock command=plain is_bare=is_bare testid="guide.pull.command" /> }
            .into_any()
    };
    view! {
        <Step title=title testid="guide.pull">
            {body}
        </Step>
    }
    .into_any()
}

/// A command that carries a temporary credential: a button that makes it, then the command with its end.
#[component]
fn WithLogin<F>(
    /// The login, once asked for.
    login: LoginResource,
    /// Writes the command.
    write: F,
    /// Test hook.
    testid: &'static str,
) -> impl IntoView
where
    F: Fn(&TemporaryLogin) -> Command + Clone + Send + Sync + 'static,
{
    let i18n = use_i18n();
    let live = use_live();
    let generate =
        crate::component::dialog::use_changed_query(vec![("generate", Some("1".to_owned()))]);
    let shown = move |login: Option<TemporaryLogin>| {
        match login {
                None => {
                    view! {
                        <div>
                            <a class="btn" href=move || generate.get() {..noscroll()} data-testid="guide.generate">
                                <Icon icon=icondata::LuKeyRound />
                                {t!(i18n, images.generate)}
                            </a>
                        </div>
                    }
                        .into_any()
                }
                Some(login) => {
                    let until = login.expires_at;
                    let is_expired = derive(move || live.now.get() >= until);
                    let words = move || {
                        let time = crate::format::absolute(until, live.offset_minutes.get());
                        crate::i18n::t_string!(i18n, images.valid_until, time = time.as_str()).to_string()
                    };
                    view! {
                        <CommandBlock command=write(&login) is_expired=is_expired testid=testid />
                        <p class="expiry">{words}</p>
                    }
                        .into_any()
                }
            }
    };
    view! {
        <p class="soft">{t!(i18n, images.guide_ctr_text)}</p>
        <Load
            resource=login
            is_part=true
            view=shown
        />
    }
}

/// Save as a file, and pin by digest.
#[component]
fn AfterSections(subject: Subject, client: Client) -> impl IntoView {
    let i18n = use_i18n();
    let viewer = use_viewer();
    let save = subject.tag.as_ref().and_then(|tag| {
        viewer.with_value(|viewer| {
            guide::save(client, &host_of(&viewer.site), &subject.image, &format!(":{tag}"))
        })
    });
    let save = save.map(|command| {
        view! {
            <Step title=t!(i18n, images.guide_save).into_any() testid="guide.save">
                <CommandBlock command=command testid="guide.save.command" />
            </Step>
        }
    });
    let pin = subject.digest.as_ref().map(|digest| {
        let reference = format!("@{digest}");
        let pull = Pull::new(&subject.image, reference.clone());
        let is_bare = matches!(client, Client::Kubernetes | Client::Reference);
        let command = viewer.with_value(|viewer| match client {
            Client::Kubernetes => guide::pod(&host_of(&viewer.site), &subject.image, &reference),
            Client::Reference => {
                guide::dockerfile(&host_of(&viewer.site), &subject.image, &reference)
            }
            client => pull.command(client, &viewer.site),
        });
        view! {
            <Step title=t!(i18n, images.guide_pin).into_any() testid="guide.pin">
                <p class="soft">{t!(i18n, images.guide_pin_text)}</p>
                <CommandBlock command=command is_bare=is_bare testid="guide.pin.command" />
            </Step>
        }
    });
    view! {
        {save}
        {pin}
    }
}

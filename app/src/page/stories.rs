//! The story page `/__ui`: every component in every state, for screenshots and for eyes. Only debug builds of the server
//! have it, and render it without scripts: the WebAssembly is that of a release, which knows nothing of it. Elsewhere the
//! address is a 404 like any other.

#[cfg(not(all(feature = "ssr", debug_assertions)))]
use leptos::prelude::*;

/// Every component.
#[cfg(not(all(feature = "ssr", debug_assertions)))]
#[component]
pub fn StoriesPage() -> impl IntoView {
    view! { <crate::page::not_found::NotFoundPage /> }
}

#[cfg(all(feature = "ssr", debug_assertions))]
pub use told::StoriesPage;

#[cfg(all(feature = "ssr", debug_assertions))]
#[allow(unreachable_pub, reason = "the macro of components makes more than the page uses")]
mod told {
    use leptos::prelude::*;
    use roadstead::access::Permission;
    use roadstead::page::{Order, Window};
    use roadstead::{ErrorKind, Subject};

    use crate::call::account::SavePreferences;
    use crate::command::{Client, Command, Host, Login, Part, login, pull};
    use crate::component::badge::{Badge, PermissionBadge, Tone, VisibilityBadge};
    use crate::component::batch::{Batch, BatchAction};
    use crate::component::chips::TagChips;
    use crate::component::command_block::{ClientCommand, CommandBlock};
    use crate::component::confirm::ConfirmByName;
    use crate::component::copy::CopyButton;
    use crate::component::dialog::{Dialog, DialogLink};
    use crate::component::digest::DigestText;
    use crate::component::empty::{Art, EmptyState};
    use crate::component::error_panel::{ErrorBanner, ErrorPanel};
    use crate::component::field::{
        CheckField, PasswordField, RadioField, SelectField, TextArea, TextField,
    };
    use crate::component::filter::{FilterBar, FilterChips, FilterSelect, SearchField};
    use crate::component::form::{CallForm, SubmitButton};
    use crate::component::icon::Icon;
    use crate::component::menu::Menu;
    use crate::component::page_header::{PageHeader, PageTitle, Tab, Tabs};
    use crate::component::pagination::Pagination;
    use crate::component::selection::Selection;
    use crate::component::size::{Bytes, Count};
    use crate::component::table::{NoMatch, RefreshButton, SkeletonTable, SortHeader, TableCard};
    use crate::component::time::Time;
    use crate::component::toast::use_toasts;
    use crate::error::ConsoleError;
    use crate::notice::Notice;
    use crate::viewer::use_viewer;

    const DIGEST: &str =
        "sha256:0cdfc79a4a7d0c4f0f9d9f5c0b6e4a2f1d3c5b7a9e8f6d4c2b0a1e3f5d7ce3385f8d";

    fn said(text: &str) -> Signal<String> {
        Signal::stored(text.to_owned())
    }

    #[component]
    fn Story(name: &'static str, children: Children) -> impl IntoView {
        view! {
            <section data-testid=format!("story.{name}")>
                <h2>{name}</h2>
                <div class="sheet__body">{children()}</div>
            </section>
        }
    }

    /// Every component.
    #[component]
    pub fn StoriesPage() -> impl IntoView {
        let tabs = vec![
            Tab {
                label: said("Tags"),
                count: Some(12),
                href: "/__ui".into(),
                is_current: true,
                testid: "story.tab.1",
            },
            Tab {
                label: said("Triggers"),
                count: None,
                href: "/__ui".into(),
                is_current: false,
                testid: "story.tab.2",
            },
        ];
        let below = ViewFn::from(move || view! { <Tabs label=said("Tabs") tabs=tabs.clone() /> });
        view! {
            <PageTitle page=said("Components") />
            <PageHeader
                title=said("Components")
                note=Signal::stored(Some("Every component and its states".to_owned()))
                breadcrumb=vec![(said("My Images"), "/images".to_owned())]
                below=below
                has_tabs=true
            >
                <button type="button" class="btn">"Secondary"</button>
                <button type="button" class="btn btn--primary">"Primary"</button>
            </PageHeader>
            <div class="sheet">
                <Buttons />
                <Values />
                <Commands />
                <Fields />
                <Lists />
                <Feedback />
                <Dialogs />
            </div>
        }
    }

    #[component]
    fn Buttons() -> impl IntoView {
        let row = |class: &'static str| {
            view! {
                <button type="button" class=class>"Save"</button>
                <button type="button" class=format!("{class} is-hover")>"Save"</button>
                <button type="button" class=format!("{class} is-focus")>"Save"</button>
                <button type="button" class=class aria-disabled="true">"Save"</button>
                <button type="button" class=class aria-busy="true">
                    <Icon icon=icondata::LuLoaderCircle class="icon spin" />
                    "Save"
                </button>
            }
        };
        view! {
            <Story name="buttons">
                <div class="row row--wrap">{row("btn btn--primary")}</div>
                <div class="row row--wrap">{row("btn")}</div>
                <div class="row row--wrap">{row("btn btn--quiet")}</div>
                <div class="row row--wrap">{row("btn btn--danger")}</div>
                <Menu label=said("More actions") trigger=ViewFn::from(|| view! { <Icon icon=icondata::LuEllipsis /> }) testid="story.menu">
                    <a class="menu__item" href="/__ui"><Icon icon=icondata::LuPencil />"Edit"</a>
                    <div class="menu__sep" role="separator"></div>
                    <a class="menu__item menu__item--danger" href="/__ui"><Icon icon=icondata::LuTrash2 />"Delete"</a>
                </Menu>
            </Story>
        }
    }

    #[component]
    fn Values() -> impl IntoView {
        let now = use_viewer().with_value(|viewer| viewer.now);
        let chips =
            ["stable", "v1.0.0", "1.27.3-alpine-perl", "v2", "latest"].map(str::to_owned).to_vec();
        view! {
            <Story name="badges">
                <div class="row row--wrap">
                    <VisibilityBadge is_public=true />
                    <VisibilityBadge is_public=false />
                    <PermissionBadge permission=Permission::Read />
                    <PermissionBadge permission=Permission::Manage />
                    <Badge tone=Tone::Ok icon=icondata::LuCheck label=said("Succeeded") />
                    <Badge tone=Tone::Warn icon=icondata::LuTriangleAlert label=said("Expiring") />
                    <Badge tone=Tone::Danger icon=icondata::LuX label=said("Failed") />
                    <Badge tone=Tone::Info icon=icondata::LuInfo label=said("Syncing") />
                    <Badge tone=Tone::Outline icon=icondata::LuShieldCheck label=said("Signed") />
                </div>
                <TagChips items=chips />
            </Story>
            <Story name="values">
                <div class="stack stack--sm">
                    <span><Bytes value=52_200_000 /> " · " <Bytes value=0 /> " · " <Count value=9_999 /> " · " <Count value=123_456 /></span>
                    <span><Time at=now /> " · " <Time at=now.plus_seconds(-7_300) /> " · " <Time at=now.plus_seconds(-200_000) /></span>
                    <Time at=now is_absolute=true />
                    <DigestText digest=DIGEST />
                </div>
            </Story>
        }
    }

    #[component]
    fn Commands() -> impl IntoView {
        let host = Host { name: "registry.example.com", plain_http: false };
        let expired = Command(vec![
            Part::Text("docker login -u ".into()),
            Part::Key("local@AK".into()),
            Part::Text(" -p ".into()),
            Part::Secret("KEY".into()),
        ]);
        let credential = Login {
            user: "local@AK",
            password: "KEY",
            image: "group/nginx:v1",
            by_stdin: false,
            namespace: "default",
        };
        view! {
            <Story name="commands">
                <div class="w-half">
                    <ClientCommand
                        clients=&Client::PULL
                        command=move |client| pull(client, &host, "group/nginx", ":v2", None)
                        testid="story.pull"
                    />
                </div>
                <div class="w-half">
                    <ClientCommand
                        clients=&Client::LOGIN
                        command=move |client| login(client, &Host { name: "registry.example.com", plain_http: true }, &credential)
                        testid="story.login"
                    />
                </div>
                <div class="w-half">
                    <CommandBlock command=Signal::stored(expired) is_expired=Signal::stored(true) testid="story.expired" />
                </div>
                <div class="row">
                    <CopyButton text=said("x") what=said("AK") />
                    <CopyButton text=said("x") what=said("AK") is_large=true />
                    <CopyButton text=said("docker pull") what=said("the command") label=said("docker pull") />
                </div>
            </Story>
        }
    }

    #[component]
    fn Fields() -> impl IntoView {
        let wrong = Signal::stored(Some("Start with a lowercase letter".to_owned()));
        let options =
            vec![("a".to_owned(), said("Beijing 4")), ("b".to_owned(), said("Shanghai 1"))];
        let radios = vec![
            ("private".to_owned(), said("Private"), MaybeProp::default()),
            ("public".to_owned(), said("Public"), MaybeProp::from("Everybody can pull".to_owned())),
        ];
        view! {
            <Story name="fields">
                <div class="w-third form-grid">
                    <TextField name="f1" label=said("Name") help=said("Globally unique") value="cloud-develop" is_required=true />
                    <TextField name="f2" label=said("Name") value="Cloud-" error=wrong is_required=true />
                    <TextField name="f3" label=said("Locked") value="local" locked=MaybeProp::from("Set by the configuration".to_owned()) />
                </div>
                <div class="w-third form-grid">
                    <SelectField name="f4" label=said("Target region") options=options value="b" />
                    <PasswordField name="f5" label=said("Password") autocomplete="off" />
                    <TextArea name="f6" label=said("Description") value="Text" max=30_000 rows=3 />
                </div>
                <div class="w-third form-grid">
                    <RadioField name="f7" label=said("Type") options=radios value="private" />
                    <CheckField name="f8" label=said("Overwrite") help=MaybeProp::from("A tag of the same name is replaced".to_owned()) is_checked=true />
                    <SubmitButton label=said("Save") is_pending=Signal::stored(true) />
                </div>
            </Story>
        }
    }

    #[component]
    fn Lists() -> impl IntoView {
        let selected: Selection =
            RwSignal::new(["a", "b", "c"].map(str::to_owned).into_iter().collect());
        let options =
            vec![("database".to_owned(), said("Database")), ("other".to_owned(), said("Other"))];
        let active =
            Signal::stored(vec![("category", "Category".to_owned(), "Database".to_owned())]);
        view! {
            <Story name="lists">
                <div class="w-full">
                    <FilterBar
                        end=ViewFn::from(|| view! { <RefreshButton on_refresh=Callback::new(|()| ()) /> })
                        filters=ViewFn::from(move || {
                            view! { <FilterSelect name="category" label=said("Category") options=options.clone() /> }
                        })
                        counted=&["category"]
                    >
                        <SearchField placeholder=said("Search image names") />
                    </FilterBar>
                    <FilterChips active=active clears=&["category"] />
                    <TableCard>
                        <table class="table" aria-label="Images">
                            <thead>
                                <tr>
                                    <SortHeader key="name" label=said("Image") default_key="updated" first=Order::Asc />
                                    <SortHeader key="updated" label=said("Updated") default_key="updated" class="t-min" />
                                </tr>
                            </thead>
                            <tbody>
                                <tr>
                                    <td><a class="cell-name__link" href="/__ui">"cloud-develop/nginx"</a></td>
                                    <td class="t-min">"now"</td>
                                </tr>
                            </tbody>
                        </table>
                        <Pagination total=1_280 window=Window::of_page(5, 20) />
                    </TableCard>
                    <Batch
                        selection=selected
                        form="story-batch"
                        actions=vec![BatchAction {
                            dialog: "story",
                            icon: icondata::LuTrash2,
                            label: said("Delete"),
                            testid: "story.batch.delete",
                        }]
                        limit=50
                        too_many=said("At most 50")
                    />
                </div>
                <div class="w-half"><SkeletonTable rows=3 columns=3 /></div>
                <div class="w-half"><div class="table-card"><NoMatch clears=&["q"] /></div></div>
            </Story>
        }
    }

    #[component]
    fn Feedback() -> impl IntoView {
        let toasts = use_toasts();
        let internal = ConsoleError {
            request_id: Some("9f2c1e07".to_owned()),
            ..ConsoleError::new(
                ErrorKind::Internal,
                Subject::Request,
                "something went wrong on the server",
            )
        };
        let denied = ConsoleError::new(ErrorKind::Denied, Subject::Repository, "denied");
        let art = [Art::Images, Art::Organizations, Art::Nothing, Art::Locked, Art::Quays]
            .map(|art| {
                view! {
                    <div class="w-third">
                        <EmptyState art=art title=said("Nothing here yet") hint=MaybeProp::from("One more sentence".to_owned()) is_small=true>
                            <button type="button" class="btn">"Create"</button>
                        </EmptyState>
                    </div>
                }
            })
            .into_iter()
            .collect_view();
        view! {
            <Story name="errors">
                <div class="w-half"><div class="table-card"><ErrorPanel error=internal.clone() /></div></div>
                <div class="w-half stack"><ErrorBanner error=internal /><ErrorBanner error=denied /></div>
                <button type="button" class="btn" data-testid="story.toast" on:click=move |_| toasts.say(Notice::Created("group".to_owned()))>
                    "Toast"
                </button>
            </Story>
            <Story name="empty">{art}</Story>
        }
    }

    #[component]
    fn Dialogs() -> impl IntoView {
        let action = ServerAction::<SavePreferences>::new();
        view! {
            <Story name="dialogs">
                <DialogLink name="story" testid="story.dialog">"Delete"</DialogLink>
            </Story>
            <Dialog name="story" title=said("Delete image cloud-develop/nginx") class="dialog dialog--sm">
                <CallForm action=action class="dialog__form">
                    <div class="dialog__body"><p>"12 tags go, about 52.2 MB are freed."</p></div>
                    <ConfirmByName expected="cloud-develop/nginx".to_owned() action=said("Delete") />
                </CallForm>
            </Dialog>
        }
    }
}

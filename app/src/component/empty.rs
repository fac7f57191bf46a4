//! Empty states: a drawing, a sentence, the primary action.

use leptos::prelude::*;

/// The drawings of `console.md` B.3. Decorative: the meaning is in the text beside them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Art {
    /// Crates waiting at an anchorage: no images.
    Images,
    /// Berths: no organizations.
    Organizations,
    /// A lighthouse beam: nothing matches, not found.
    Nothing,
    /// A buoy with a lock: no permission, sign-in needed.
    Locked,
    /// Two quays and a line: no shares, triggers or sync.
    Quays,
}

impl Art {
    const fn drawing(self) -> &'static str {
        match self {
            Self::Images => {
                "<path d=\"M14 96c8-6 14-6 22 0s14 6 22 0 14-6 22 0 14 6 22 0 14-6 22 0 14 6 22 0\"/><path d=\"M24 108c8-6 14-6 22 0s14 6 22 0 14-6 22 0 14 6 22 0 14-6 22 0\" opacity=\".5\"/><path d=\"M38 76h84l-10 14H50z\"/><g stroke=\"var(--primary)\"><rect x=\"52\" y=\"52\" width=\"24\" height=\"24\" rx=\"2\" fill=\"var(--primary)\" fill-opacity=\".12\"/><path d=\"M60 52v24M68 52v24\"/></g><rect x=\"80\" y=\"52\" width=\"24\" height=\"24\" rx=\"2\"/><path d=\"M88 52v24M96 52v24\"/><rect x=\"66\" y=\"26\" width=\"24\" height=\"24\" rx=\"2\" stroke-dasharray=\"3 4\"/><path d=\"M78 20V8m-5 5 5-5 5 5\" stroke=\"var(--primary)\"/>"
            }
            Self::Organizations => {
                "<rect x=\"62\" y=\"14\" width=\"36\" height=\"24\" rx=\"3\" stroke=\"var(--primary)\" fill=\"var(--primary)\" fill-opacity=\".12\"/><path d=\"M80 38v16M32 70V62a8 8 0 0 1 8-8h80a8 8 0 0 1 8 8v8M80 54v16\"/><rect x=\"16\" y=\"70\" width=\"32\" height=\"24\" rx=\"3\"/><rect x=\"64\" y=\"70\" width=\"32\" height=\"24\" rx=\"3\"/><rect x=\"112\" y=\"70\" width=\"32\" height=\"24\" rx=\"3\" stroke-dasharray=\"3 4\"/><path d=\"M128 77v10m-5-5h10\" stroke=\"var(--primary)\"/><path d=\"M24 82h16M72 82h16M10 108h140\" opacity=\".6\"/>"
            }
            Self::Nothing => {
                "<path d=\"M40 104 46 46h20l6 58zM44 70h24M42 88h28M44 46v-6h24v6M50 40V28h12v12M48 28h16l-8-9z\"/><path d=\"M66 34 150 12v44z\" stroke=\"var(--primary)\" fill=\"var(--primary)\" fill-opacity=\".12\" stroke-dasharray=\"4 5\"/><circle cx=\"114\" cy=\"84\" r=\"12\"/><path d=\"m123 93 10 10M20 104h72\"/>"
            }
            Self::Locked => {
                "<path d=\"M58 88 66 34h28l8 54M52 88h56l-8 14H60zM80 34V22\"/><circle cx=\"80\" cy=\"17\" r=\"4\" stroke=\"var(--primary)\" fill=\"var(--primary)\" fill-opacity=\".12\"/><g stroke=\"var(--primary)\"><rect x=\"70\" y=\"56\" width=\"20\" height=\"16\" rx=\"2\" fill=\"var(--primary)\" fill-opacity=\".12\"/><path d=\"M74 56v-5a6 6 0 0 1 12 0v5M80 63v3\"/></g><path d=\"M16 104c8-5 14-5 22 0s14 5 22 0m40 0c8-5 14-5 22 0s14 5 22 0\"/>"
            }
            Self::Quays => {
                "<rect x=\"12\" y=\"48\" width=\"36\" height=\"36\" rx=\"3\" stroke=\"var(--primary)\" fill=\"var(--primary)\" fill-opacity=\".12\"/><path d=\"M24 48v36M36 48v36\" stroke=\"var(--primary)\"/><rect x=\"112\" y=\"48\" width=\"36\" height=\"36\" rx=\"3\" stroke-dasharray=\"3 4\"/><path d=\"M56 58c12-18 36-18 48 0M98 57l6 1 1-6M104 76c-12 16-36 16-48 0M62 77l-6-1-1 6\"/><path d=\"M12 96h36m64 0h36\" opacity=\".6\"/>"
            }
        }
    }
}

/// An empty state. Children are the actions.
#[component]
pub fn EmptyState(
    /// The drawing.
    art: Art,
    /// One sentence.
    #[prop(into)]
    title: Signal<String>,
    /// One more.
    #[prop(optional, into)]
    hint: MaybeProp<String>,
    /// Less room, inside a card.
    #[prop(optional)]
    is_small: bool,
    /// Test hook.
    #[prop(default = "empty")]
    testid: &'static str,
    /// The actions.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    view! {
        <div class=if is_small { "empty empty--sm" } else { "empty" } data-testid=testid>
            <svg
                class="empty__art"
                viewBox="0 0 160 120"
                width="160"
                height="120"
                fill="none"
                stroke="currentColor"
                stroke-width="2"
                stroke-linecap="round"
                stroke-linejoin="round"
                aria-hidden="true"
                inner_html=art.drawing()
            ></svg>
            <h2>{move || title.get()}</h2>
            {move || hint.get().map(|hint| view! { <p>{hint}</p> })}
            {children.map(|children| view! { <div class="empty__actions">{children()}</div> })}
        </div>
    }
}

/// A card in place of a list that has nothing. Children are the actions.
#[component]
pub fn EmptyCard(
    /// The drawing.
    art: Art,
    /// One sentence.
    #[prop(into)]
    title: Signal<String>,
    /// One more.
    #[prop(optional, into)]
    hint: MaybeProp<String>,
    /// Less room.
    #[prop(optional)]
    is_small: bool,
    /// Test hook.
    testid: &'static str,
    /// The actions.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    let actions = children.map(|children| children());
    view! {
        <section class="card">
            <EmptyState art=art title=title hint=hint is_small=is_small testid=testid>
                {actions}
            </EmptyState>
        </section>
    }
}

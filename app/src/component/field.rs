//! Form fields: label, control, help or error under it. Validation on leaving the field, and live after the first error.

use leptos::prelude::*;

use crate::component::icon::Icon;
use crate::component::served::is_inside;
use crate::i18n::{t, t_string, use_i18n};

/// A rule: `Some(sentence)` when the value breaks it. Called in a reactive place, so the sentence follows the language.
pub type Rule = Callback<String, Option<String>>;

/// What stands under a field: the error if there is one, else the help.
#[component]
fn Under(id: String, help: MaybeProp<String>, error: Signal<Option<String>>) -> impl IntoView {
    let is_served = is_inside();
    move || match error.get() {
        Some(error) => view! {
            <p class="field__error" id=id.clone() data-testid=id.clone()>
                <Icon icon=icondata::LuCircleAlert class="icon icon--xs" />
                <span>{error}</span>
            </p>
        }
        .into_any(),
        None => help
            .get()
            // Inside a part a broken rule is said here.
            .or_else(|| is_served.then(String::new))
            .map(|help| view! { <p class="field__help" id=id.clone()>{help}</p> })
            .into_any(),
    }
}

/// State of a checked field.
#[derive(Clone, Copy)]
struct Check {
    value: RwSignal<String>,
    error: Signal<Option<String>>,
    is_checked: RwSignal<bool>,
}

fn check(initial: String, rule: Option<Rule>, server: Signal<Option<String>>) -> Check {
    let value = RwSignal::new(initial.clone());
    let is_checked = RwSignal::new(false);
    let sent = RwSignal::new(initial);
    // What the server said holds until the value changes.
    Effect::new(move |_| {
        if server.get().is_some() {
            sent.set(value.get_untracked());
        }
    });
    let error = derive(move || {
        let now = value.get();
        let own = is_checked.get().then(|| rule.and_then(|rule| rule.run(now.clone()))).flatten();
        own.or_else(|| server.get().filter(|_| now == sent.get()))
    });
    Check { value, error, is_checked }
}

/// What [`TextField`] and [`PasswordField`] have in common: label, input, help or error.
struct Line {
    name: &'static str,
    label: Signal<String>,
    help: MaybeProp<String>,
    value: String,
    /// `None` for a password, which is shown on demand.
    kind: Option<&'static str>,
    autocomplete: &'static str,
    is_required: bool,
    max: u32,
    class: &'static str,
    locked: MaybeProp<String>,
    rule: Option<Rule>,
    limits: Limits,
    error: Signal<Option<String>>,
    on_change: Option<Callback<String>>,
    is_first: bool,
    testid: Option<&'static str>,
}

/// Rules that the browser knows, for fields of served pages: on leaving the field the sentence takes the place of the help.
#[derive(Default)]
struct Limits {
    pattern: Option<&'static str>,
    min: Option<u32>,
    same: Option<&'static str>,
    sentence: MaybeProp<String>,
    differs: Option<&'static str>,
    ask: Option<&'static str>,
    /// Its type is a rule already.
    is_typed: bool,
}

impl Limits {
    fn is_any(&self) -> bool {
        self.is_typed || self.pattern.is_some() || self.min.is_some() || self.same.is_some()
    }
}

impl Line {
    fn show(self) -> AnyView {
        let i18n = use_i18n();
        let testid = self.testid.map_or_else(|| format!("field.{}", self.name), str::to_owned);
        let (id, under) = (format!("field-{}", self.name), format!("field-{}-help", self.name));
        let (label, locked, help, kind) = (self.label, self.locked, self.help, self.kind);
        let (on_change, is_required) = (self.on_change, self.is_required);
        let field = check(self.value.clone(), self.rule, self.error);
        let is_shown = RwSignal::new(false);
        let help = MaybeProp::derive(move || locked.get().or_else(|| help.get()));
        let limits = self.limits;
        let hint = move || is_inside().then(|| help.get()).flatten();
        let is_served = is_inside() && limits.is_any();
        let sentence = limits.sentence;
        let sentence = move || is_served.then(|| sentence.get().or_else(|| help.get())).flatten();
        let toggle = kind.is_none().then(|| view! { <Reveal is_shown=is_shown /> });
        view! {
            <div class="field">
                <label class="field__label" for=id.clone()>
                    {move || label.get()}
                    {(!is_required).then(|| view! { <small class="field__optional">{t!(i18n, common.optional)}</small> })}
                </label>
                <span class="input-wrap">
                    <input
                        class=self.class
                        id=id
                        name=self.name
                        type=move || kind.unwrap_or(if is_shown.get() { "text" } else { "password" })
                        value=self.value
                        autocomplete=self.autocomplete
                        autocapitalize="off"
                        spellcheck="false"
                        maxlength=self.max
                        minlength=limits.min
                        pattern=limits.pattern
                        required=is_required
                        disabled=move || locked.with(Option::is_some)
                        data-rule=sentence
                        data-help=hint
                        data-same=limits.same
                        data-differs=limits.differs
                        data-ask=limits.ask
                        data-autofocus=self.is_first.then_some("")
                        autofocus=self.is_first && kind.is_none()
                        aria-describedby=under.clone()
                        aria-invalid=move || field.error.with(Option::is_some).then_some("true")
                        data-testid=testid
                        on:input=move |event| {
                            let value = event_target_value(&event);
                            if let Some(on_change) = on_change {
                                on_change.run(value.clone());
                            }
                            field.value.set(value);
                        }
                        on:change=move |_| field.is_checked.set(true)
                    />
                    {toggle}
                </span>
                <Under id=under help=help error=field.error />
            </div>
        }
        .into_any()
    }
}

/// Shows and hides a password.
#[component]
fn Reveal(is_shown: RwSignal<bool>) -> impl IntoView {
    let i18n = use_i18n();
    let name = move || {
        if is_shown.get() {
            t_string!(i18n, components.password_hide)
        } else {
            t_string!(i18n, components.password_show)
        }
    };
    view! {
        <span class="input-wrap__end">
            <button
                type="button"
                class="copy copy--md needs-script"
                aria-label=name
                aria-pressed=move || is_shown.get().to_string()
                data-reveal=is_inside().then_some("")
                on:click=move |_| is_shown.update(|on| *on = !*on)
            >
                {move || {
                    let icon = if is_shown.get() { icondata::LuEyeOff } else { icondata::LuEye };
                    view! { <Icon icon=icon /> }
                }}
            </button>
        </span>
    }
}

/// A line of text.
#[component]
pub fn TextField(
    /// Name in the form, and part of the id `field-{name}` and test hook `field.{name}`.
    name: &'static str,
    /// Label.
    #[prop(into)]
    label: Signal<String>,
    /// Says the rule before it is broken.
    #[prop(optional, into)]
    help: MaybeProp<String>,
    /// Value at first.
    #[prop(optional, into)]
    value: String,
    /// `text`, `url`, `number`, …
    #[prop(default = "text")]
    kind: &'static str,
    /// `autocomplete`.
    #[prop(default = "off")]
    autocomplete: &'static str,
    /// Must not be empty.
    #[prop(optional)]
    is_required: bool,
    /// Most characters.
    #[prop(default = 2_048)]
    max: u32,
    /// 40 px high.
    #[prop(optional)]
    is_large: bool,
    /// Fixed font.
    #[prop(optional)]
    is_mono: bool,
    /// Cannot be changed, and why ("Set by the configuration").
    #[prop(optional, into)]
    locked: MaybeProp<String>,
    /// The rule.
    #[prop(optional)]
    rule: Option<Rule>,
    /// The rule as the browser takes it, whose sentence is the help: for served pages.
    #[prop(optional)]
    pattern: Option<&'static str>,
    /// The id of what shows while the value is another address than the browser's: for served pages.
    #[prop(optional)]
    differs: Option<&'static str>,
    /// The server function that is asked about the value while it is typed: for served pages.
    #[prop(optional)]
    ask: Option<&'static str>,
    /// What is said of a value that the browser refuses, where the help does not say it: for served pages.
    #[prop(optional, into)]
    sentence: MaybeProp<String>,
    /// What the server said about this field.
    #[prop(optional, into)]
    error: Signal<Option<String>>,
    /// Receives every change.
    #[prop(optional, into)]
    on_change: Option<Callback<String>>,
    /// Gets the focus in a dialog.
    #[prop(optional)]
    is_first: bool,
    /// Test hook instead of `field.{name}`.
    #[prop(optional)]
    testid: Option<&'static str>,
) -> impl IntoView {
    let class = match (is_large, is_mono) {
        (true, _) => "input input--lg",
        (false, true) => "input input--mono",
        (false, false) => "input",
    };
    let kind = Some(kind);
    Line {
        name,
        label,
        help,
        value,
        kind,
        autocomplete,
        is_required,
        max,
        class,
        locked,
        rule,
        limits: Limits {
            pattern,
            differs,
            ask,
            sentence,
            is_typed: kind.is_some_and(|kind| kind == "url"),
            ..Limits::default()
        },
        error,
        on_change,
        is_first,
        testid,
    }
    .show()
}

/// A password with its reveal toggle.
#[component]
pub fn PasswordField(
    /// Name in the form.
    name: &'static str,
    /// Label.
    #[prop(into)]
    label: Signal<String>,
    /// Says the rule before it is broken.
    #[prop(optional, into)]
    help: MaybeProp<String>,
    /// `current-password` or `new-password`.
    autocomplete: &'static str,
    /// May be empty.
    #[prop(optional)]
    is_optional: bool,
    /// 40 px high.
    #[prop(optional)]
    is_large: bool,
    /// Fewest characters, whose sentence is the help: for served pages.
    #[prop(optional)]
    min: Option<u32>,
    /// The field of the form that it repeats, and what is said when it does not: for served pages.
    #[prop(optional)]
    repeats: Option<(&'static str, Signal<String>)>,
    /// What the server said about this field.
    #[prop(optional, into)]
    error: Signal<Option<String>>,
    /// Receives every change.
    #[prop(optional, into)]
    on_change: Option<Callback<String>>,
    /// Gets the focus at first.
    #[prop(optional)]
    is_first: bool,
    /// Test hook instead of `field.{name}`.
    #[prop(optional)]
    testid: Option<&'static str>,
) -> impl IntoView {
    Line {
        name,
        label,
        help,
        value: String::new(),
        kind: None,
        autocomplete,
        is_required: !is_optional,
        max: 256,
        class: if is_large { "input input--lg input--toggle" } else { "input input--toggle" },
        locked: MaybeProp::default(),
        rule: None,
        limits: Limits {
            min,
            same: repeats.map(|(name, _)| name),
            sentence: repeats.map(|(_, sentence)| sentence.into()).unwrap_or_default(),
            ..Limits::default()
        },
        error,
        on_change,
        is_first,
        testid,
    }
    .show()
}

/// Several lines, with a live counter.
#[component]
pub fn TextArea(
    /// Name in the form.
    name: &'static str,
    /// Label.
    #[prop(into)]
    label: Signal<String>,
    /// Value at first.
    #[prop(optional, into)]
    value: String,
    /// Most characters (Unicode scalar values).
    max: usize,
    /// Rows.
    #[prop(default = 6)]
    rows: u32,
    /// What the server said about this field.
    #[prop(optional, into)]
    error: Signal<Option<String>>,
    /// Test hook instead of `field.{name}`.
    #[prop(optional)]
    testid: Option<&'static str>,
) -> impl IntoView {
    let testid = testid.map_or_else(|| format!("field.{name}"), str::to_owned);
    let i18n = use_i18n();
    let (id, under) = (format!("field-{name}"), format!("field-{name}-help"));
    let counted = format!("{testid}.count");
    let rule = Callback::new(move |text: String| {
        (text.chars().count() > max).then(|| t_string!(i18n, errors.description).to_owned())
    });
    let field = check(value.clone(), Some(rule), error);
    let of_limit = move |n: String| {
        let limit = crate::format::grouped(max as u64);
        t_string!(i18n, components.character_count, n = n, limit = limit).to_string()
    };
    let counter = move || {
        let n = field.value.with(|text| text.chars().count());
        of_limit(crate::format::grouped(n as u64))
    };
    let counts = is_inside().then(|| of_limit("{}".to_owned()));
    let limit = is_inside().then(|| max.to_string());
    let sentence = is_inside().then(|| t_string!(i18n, errors.description).to_owned());
    view! {
        <div class="field">
            <label class="field__label" for=id.clone()>
                {move || label.get()}
                <small class="field__optional">{t!(i18n, common.optional)}</small>
                <small class="push" data-count=counts data-testid=counted>
                    {counter}
                </small>
            </label>
            <textarea
                class="textarea"
                id=id
                name=name
                rows=rows
                data-most=limit
                data-rule=sentence
                aria-describedby=under.clone()
                aria-invalid=move || field.error.with(Option::is_some).then_some("true")
                data-testid=testid
                on:input=move |event| {
                    field.value.set(event_target_value(&event));
                    field.is_checked.set(true);
                }
            >
                {value}
            </textarea>
            <Under id=under help=MaybeProp::default() error=field.error />
        </div>
    }
}

/// One of a list, `(value, words)`.
#[component]
pub fn SelectField(
    /// Name in the form.
    name: &'static str,
    /// Label.
    #[prop(into)]
    label: Signal<String>,
    /// Help.
    #[prop(optional, into)]
    help: MaybeProp<String>,
    /// Values and words.
    options: Vec<(String, Signal<String>)>,
    /// The value that is chosen.
    #[prop(into)]
    value: String,
    /// Cannot be changed, and why.
    #[prop(optional, into)]
    locked: MaybeProp<String>,
    /// Test hook instead of `field.{name}`.
    #[prop(optional)]
    testid: Option<&'static str>,
) -> impl IntoView {
    let testid = testid.map_or_else(|| format!("field.{name}"), str::to_owned);
    let (id, under) = (format!("field-{name}"), format!("field-{name}-help"));
    let items = options
        .into_iter()
        .map(|(option, words)| {
            let is_selected = option == value;
            view! { <option value=option selected=is_selected>{move || words.get()}</option> }
        })
        .collect_view();
    let help = MaybeProp::derive(move || locked.get().or_else(|| help.get()));
    view! {
        <div class="field">
            <label class="field__label" for=id.clone()>
                {move || label.get()}
            </label>
            <select
                class="select"
                id=id
                name=name
                aria-describedby=under.clone()
                disabled=move || locked.with(Option::is_some)
                data-testid=testid
            >
                {items}
            </select>
            <Under id=under help=help error=Signal::stored(None) />
        </div>
    }
}

/// A checkbox. Sends `true` when checked and nothing when not: take it as `#[server(default)] bool`.
#[component]
pub fn CheckField(
    /// Name in the form.
    name: &'static str,
    /// Words beside it.
    #[prop(into)]
    label: Signal<String>,
    /// Checked at first.
    #[prop(optional)]
    is_checked: bool,
    /// One more sentence.
    #[prop(optional, into)]
    help: MaybeProp<String>,
    /// Cannot be changed, and why.
    #[prop(optional, into)]
    locked: MaybeProp<String>,
    /// Test hook instead of `field.{name}`.
    #[prop(optional)]
    testid: Option<&'static str>,
) -> impl IntoView {
    let testid = testid.map_or_else(|| format!("field.{name}"), str::to_owned);
    let help = move || locked.get().or_else(|| help.get());
    view! {
        <label class="choice">
            <input
                type="checkbox"
                class="check"
                name=name
                value="true"
                checked=is_checked
                disabled=move || locked.with(Option::is_some)
                data-testid=testid
            />
            <span>
                {move || label.get()}
                {move || help().map(|help| view! { <span class="choice__help">{help}</span> })}
            </span>
        </label>
    }
}

/// One of a few, as radio buttons: `(value, words, help)`.
#[component]
pub fn RadioField(
    /// Name in the form.
    name: &'static str,
    /// Legend.
    #[prop(into)]
    label: Signal<String>,
    /// Values, words, help.
    options: Vec<(String, Signal<String>, MaybeProp<String>)>,
    /// The value that is chosen.
    #[prop(into)]
    value: String,
    /// Test hooks are `{testid}.{value}` instead of `field.{name}.{value}`.
    #[prop(optional)]
    testid: Option<&'static str>,
) -> impl IntoView {
    let hook = testid.map_or_else(|| format!("field.{name}"), str::to_owned);
    let items = options
        .into_iter()
        .map(|(option, words, help)| {
            let is_checked = option == value;
            let testid = format!("{hook}.{option}");
            view! {
                <label class="choice">
                    <input
                        type="radio"
                        class="check check--radio"
                        name=name
                        value=option
                        checked=is_checked
                        data-testid=testid
                    />
                    <span>
                        {move || words.get()}
                        {move || help.get().map(|help| view! { <span class="choice__help">{help}</span> })}
                    </span>
                </label>
            }
        })
        .collect_view();
    view! {
        <fieldset class="field">
            <legend class="field__label">{move || label.get()}</legend>
            <div class="stack stack--sm">{items}</div>
        </fieldset>
    }
}

//! The reference of the configuration, as text. `docs/configuration.md` is this text; a test compares them.

use std::fmt::Write as _;

use roadstead_service::SettingsCell;

use super::key::KEYS;
use super::print;

/// Every setting with its names, its default and its meaning, in Markdown.
#[must_use]
pub fn reference() -> String {
    let settings = SettingsCell::new(Default::default()).current();
    let mut text = String::from(
        "# Configuration\n\n\
         <!-- Made from server/src/config/key.rs; ROADSTEAD_TEST_UPDATE=1 cargo nextest run -p roadstead-server reference writes it anew. -->\n\n\
         Defaults < saved in the console < `roadstead.toml` < environment < flags (`roadstead --help`). Unknown keys are errors.\n\
         `roadstead config print` shows every setting with where it comes from, `roadstead config check` says whether all are sound.\n",
    );
    let mut section = None;
    for key in KEYS {
        let (group, name) = key.path.split_once('.').unwrap_or(("", key.path));
        if section != Some(group) {
            section = Some(group);
            let title =
                if group.is_empty() { "At the top".to_owned() } else { format!("`[{group}]`") };
            let _ = write!(
                text,
                "\n## {title}\n\n| `roadstead.toml` | environment | default | meaning |\n|---|---|---|---|\n"
            );
        }
        let default = key
            .default
            .map(str::to_owned)
            .or_else(|| print::saved(key.path, &settings).and_then(|(value, _)| value));
        let default = default.map_or_else(|| "–".to_owned(), |value| format!("`{value}`"));
        let _ = writeln!(text, "| `{name}` | `{}` | {default} | {} |", key.variable, key.about);
    }
    text
}

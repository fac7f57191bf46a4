//! The layers, put together: one text per key with where it came from.

use std::collections::BTreeMap;
use std::path::PathBuf;

use roadstead::manage::setting::Source;

use super::key::{KEYS, Key, is_foreign, nearest};
use super::{Problem, Problems};

/// What is put together.
#[derive(Debug, Clone, Default)]
pub struct Inputs {
    /// The file's path and text, if there is one.
    pub file: Option<(PathBuf, String)>,
    /// The whole environment; what does not begin with `ROADSTEAD_` is ignored, but see [`Values::environment`].
    pub environment: Vec<(String, String)>,
    /// Flags of the command line: path of the key, value.
    pub flags: Vec<(&'static str, String)>,
}

/// One text per key, each with where it came from.
#[derive(Debug, Clone, Default)]
pub struct Values {
    texts: BTreeMap<&'static str, (String, Source)>,
    file: String,
    /// The variables of the storage vendors (`AWS_*`, `GOOGLE_*`, `AZURE_*`), as they are.
    pub environment: Vec<(String, roadstead::Secret)>,
}

impl Values {
    /// The text of a key, if anybody said one. An empty text counts as none.
    pub(crate) fn text(&self, path: &str) -> Option<&str> {
        self.texts.get(path).map(|(text, _)| text.as_str()).filter(|text| !text.is_empty())
    }

    /// Where the text of a key came from.
    pub(crate) fn source(&self, path: &str) -> Source {
        self.texts.get(path).map_or(Source::Default, |(_, source)| *source)
    }

    /// The key as the source of its value writes it, for messages.
    pub(crate) fn written(&self, path: &str) -> String {
        let key = KEYS.iter().find(|key| key.path == path);
        match (self.source(path), key) {
            (Source::File, _) => format!("{path} in {}", self.file),
            (Source::Flag, _) => format!("--{}", path.replace(['.', '_'], "-")),
            (_, Some(key)) => key.variable.to_owned(),
            (_, None) => path.to_owned(),
        }
    }

    fn set(&mut self, key: &Key, text: String, source: Source) {
        self.texts.insert(key.path, (text, source));
    }
}

/// Puts the layers together, lowest first.
pub(crate) fn gather(inputs: &Inputs, problems: &mut Problems) -> Values {
    let mut values = Values::default();
    for key in KEYS {
        if let Some(default) = key.default {
            values.set(key, default.to_owned(), Source::Default);
        }
    }
    if let Some((path, text)) = &inputs.file {
        values.file = path.display().to_string();
        file(text, &mut values, problems);
    }
    environment(&inputs.environment, &mut values, problems);
    for (path, text) in &inputs.flags {
        if let Some(key) = KEYS.iter().find(|key| key.path == *path) {
            values.set(key, text.clone(), Source::Flag);
        }
    }
    values
}

fn file(text: &str, values: &mut Values, problems: &mut Problems) {
    let name = values.file.clone();
    let table = match text.parse::<toml::Table>() {
        Ok(table) => table,
        Err(error) => {
            problems
                .0
                .push(Problem { key: name, message: error.to_string().trim_end().to_owned() });
            return;
        }
    };
    let mut found = Vec::new();
    flatten("", &table, &mut found);
    for (path, text) in found {
        match KEYS.iter().find(|key| key.path == path) {
            Some(key) => match text {
                Some(text) => values.set(key, text, Source::File),
                None => problems.0.push(Problem {
                    key: format!("{path} in {name}"),
                    message: "write a text, a number, true or false, or a list of texts".into(),
                }),
            },
            None => problems.0.push(unknown(
                format!("{path} in {name}"),
                nearest(&path, KEYS.iter().map(|key| key.path)),
            )),
        }
    }
}

/// Every value of a table with its path; `None` for values that no key can have.
fn flatten(prefix: &str, table: &toml::Table, found: &mut Vec<(String, Option<String>)>) {
    for (name, value) in table {
        let path = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
        let text = match value {
            toml::Value::Table(inner) => {
                flatten(&path, inner, found);
                continue;
            }
            toml::Value::String(text) => Some(text.clone()),
            toml::Value::Integer(number) => Some(number.to_string()),
            toml::Value::Boolean(flag) => Some(flag.to_string()),
            toml::Value::Array(items) => items
                .iter()
                .map(|item| item.as_str())
                .collect::<Option<Vec<_>>>()
                .map(|items| items.join(",")),
            toml::Value::Float(_) | toml::Value::Datetime(_) => None,
        };
        found.push((path, text));
    }
}

fn environment(variables: &[(String, String)], values: &mut Values, problems: &mut Problems) {
    for (name, text) in variables {
        if ["AWS_", "GOOGLE_", "AZURE_"].iter().any(|prefix| name.starts_with(prefix)) {
            values.environment.push((name.clone(), text.clone().into()));
        }
        if !name.starts_with("ROADSTEAD_") || is_foreign(name) {
            continue;
        }
        match KEYS.iter().find(|key| key.variable == name) {
            Some(key) => values.set(key, text.clone(), Source::Environment),
            None => problems
                .0
                .push(unknown(name.clone(), nearest(name, KEYS.iter().map(|key| key.variable)))),
        }
    }
}

fn unknown(key: String, nearest: Option<&str>) -> Problem {
    let message = match nearest {
        Some(word) => format!("this setting does not exist; did you mean `{word}`?"),
        None => "this setting does not exist; `roadstead config print` lists all".to_owned(),
    };
    Problem { key, message }
}

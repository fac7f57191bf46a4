//! Where facts and bytes are kept.

use std::path::PathBuf;

use roadstead::Secret;
use url::Url;

use super::{Problem, Values};

/// Where facts and bytes are kept.
#[derive(Debug, Clone)]
pub struct Storage {
    /// SQLite file, local objects and generated keys, unless said otherwise.
    pub data_dir: PathBuf,
    /// `sqlite://PATH` or `postgres://…`. May hold a password.
    pub database_url: Secret,
    /// `file://PATH`, `s3://…`, `gs://…`, `az://…` or `memory://`.
    pub storage_url: Url,
    /// Key that seals secrets.
    pub master_key_file: PathBuf,
    /// The variables of the storage vendors, as they are.
    pub vendor_options: Vec<(String, Secret)>,
}

impl Storage {
    pub(crate) fn validate(values: &Values) -> Result<Self, Vec<Problem>> {
        let mut problems = Vec::new();
        let written = PathBuf::from(values.text("data_dir").unwrap_or("./data"));
        // Absolute, because a URL has no relative paths.
        let data_dir = std::path::absolute(&written).unwrap_or(written);

        let database_url = match values.text("database_url") {
            None => format!("sqlite://{}", data_dir.join("roadstead.db").display()),
            Some(text) => {
                let known = ["sqlite:", "postgres://", "postgresql://"];
                if !known.iter().any(|scheme| text.starts_with(scheme)) {
                    problems.push(Problem::new(
                        values,
                        "database_url",
                        "write sqlite://PATH or postgres://USER:PASSWORD@HOST/DATABASE",
                    ));
                }
                text.to_owned()
            }
        };
        let storage_url = match values.text("storage_url") {
            None => Url::from_directory_path(data_dir.join("objects")).ok(),
            Some(text) => Url::parse(text)
                .ok()
                .filter(|url| ["file", "s3", "gs", "az", "memory"].contains(&url.scheme())),
        };
        if storage_url.is_none() {
            problems.push(Problem::new(
                values,
                "storage_url",
                "write file:///PATH, s3://BUCKET/PREFIX, gs://BUCKET/PREFIX, az://CONTAINER/PREFIX or memory://",
            ));
        }
        let master_key_file = values
            .text("master_key_file")
            .map_or_else(|| data_dir.join("master.key"), PathBuf::from);
        match storage_url {
            Some(storage_url) if problems.is_empty() => Ok(Self {
                data_dir,
                database_url: database_url.into(),
                storage_url,
                master_key_file,
                vendor_options: values.environment.clone(),
            }),
            _ => Err(problems),
        }
    }
}

//! Turns `locales/` into the `i18n` module: every word a person reads, checked at build time.

#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a build script speaks to cargo by the environment and standard output"
)]

use std::error::Error;
use std::path::PathBuf;

use leptos_i18n_build::{Config, ParseOptions, TranslationsInfos};

/// One file per namespace in `locales/{en,zh-CN}/`. A new namespace is added here and in both folders.
const NAMESPACES: [&str; 17] = [
    "api",
    "common",
    "shell",
    "components",
    "auth",
    "settings",
    "account",
    "errors",
    "overview",
    "images",
    "organizations",
    "audit",
    "grants",
    "shares",
    "iam",
    "credentials",
    "upload",
];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=Cargo.toml");
    println!("cargo::rerun-if-changed=locales");
    let directory =
        PathBuf::from(std::env::var_os("OUT_DIR").ok_or("OUT_DIR is not set")?).join("i18n");
    let config = Config::new("en")?
        .add_locale("zh-CN")?
        .add_namespaces(NAMESPACES)?
        .parse_options(ParseOptions::new().interpolate_display(true));
    let translations = TranslationsInfos::parse(config)?;
    translations.emit_diagnostics();
    translations.rerun_if_locales_changed();
    translations.generate_i18n_module(directory)?;
    Ok(())
}

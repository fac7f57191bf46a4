//! Puts the console's files into the binary: every file of the site directory, compressed once here, never at run time.
//!
//! The directory is `ROADSTEAD_SITE`, else `target/site`; without it the binary has no console scripts and says so when it
//! starts, so that plain `cargo check` and `cargo test` need no WASM. The style sheets of `style/` and the files of
//! `public/` are read directly then.
#![allow(
    clippy::expect_used,
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a build script talks to cargo by its environment and standard output, and fails by panicking"
)]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

use sha2::{Digest as _, Sha256};

fn main() {
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR").expect("set by cargo")).join("..");
    let site =
        env::var_os("ROADSTEAD_SITE").map_or_else(|| root.join("target/site"), PathBuf::from);
    println!("cargo:rerun-if-env-changed=ROADSTEAD_SITE");
    println!("cargo:rerun-if-changed={}", site.display());

    let mut files = BTreeMap::new();
    if site.is_dir() {
        gather(&site, &site, &mut files);
    } else {
        for folder in ["style", "public"] {
            println!("cargo:rerun-if-changed={}", root.join(folder).display());
        }
        gather(&root.join("public"), &root.join("public"), &mut files);
        let mut styles = BTreeMap::new();
        gather(&root.join("style"), &root.join("style"), &mut styles);
        styles.retain(|name, _| name.ends_with(".css"));
        if !styles.is_empty() {
            files.insert("pkg/roadstead.css".to_owned(), styles.into_values().flatten().collect());
        }
    }

    let out = PathBuf::from(env::var("OUT_DIR").expect("set by cargo"));
    let fast = env::var("PROFILE").is_ok_and(|profile| profile == "debug");
    let mut table = String::from("&[\n");
    for (index, (name, bytes)) in files.iter().enumerate() {
        let hash: String =
            Sha256::digest(bytes).iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        let keep = |suffix: &str, bytes: &[u8]| -> String {
            let file = format!("site-{index}{suffix}");
            fs::write(out.join(&file), bytes).expect("OUT_DIR is writable");
            format!("include_bytes!(concat!(env!(\"OUT_DIR\"), \"/{file}\"))")
        };
        let plain = keep("", bytes);
        // Small or already compressed files only grow.
        let small = |packed: Vec<u8>| (packed.len() + 64 < bytes.len()).then_some(packed);
        let option =
            |text: Option<String>| text.map_or("None".to_owned(), |text| format!("Some({text})"));
        let brotli = option(small(brotli(bytes, fast)).map(|packed| keep(".br", &packed)));
        let gzip = option(small(gzip(bytes)).map(|packed| keep(".gz", &packed)));
        writeln!(
            table,
            "    File {{ path: {:?}, hash: \"{hash}\", plain: {plain}, brotli: {brotli}, gzip: {gzip} }},",
            format!("/{name}")
        )
        .expect("a string grows");
    }
    table.push(']');
    fs::write(out.join("site.rs"), table).expect("OUT_DIR is writable");
}

/// Every file below a folder, by its path with slashes. Names that begin with a dot are the build's own.
fn gather(base: &Path, folder: &Path, files: &mut BTreeMap<String, Vec<u8>>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        if entry.file_name().to_string_lossy().starts_with('.') {
            continue;
        }
        if path.is_dir() {
            gather(base, &path, files);
        } else if let (Ok(name), Ok(bytes)) = (path.strip_prefix(base), fs::read(&path)) {
            println!("cargo:rerun-if-changed={}", path.display());
            files.insert(name.to_string_lossy().replace('\\', "/"), bytes);
        }
    }
}

fn brotli(bytes: &[u8], fast: bool) -> Vec<u8> {
    let mut packed = Vec::new();
    let quality = if fast { 9 } else { 11 };
    let mut writer = brotli::CompressorWriter::new(&mut packed, 1 << 16, quality, 22);
    writer.write_all(bytes).expect("a vector grows");
    drop(writer);
    packed
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    writer.write_all(bytes).expect("a vector grows");
    writer.finish().expect("a vector grows")
}

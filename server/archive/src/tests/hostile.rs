//! Archives that are broken or mean harm: each gets its fault, and nothing else happens.

use proptest::prelude::*;
use serde_json::{Value, json};
use tar::EntryType;

use super::*;

/// One image with one layer, of which anything can be changed.
pub(super) struct Simple {
    layer: Vec<u8>,
    config: Vec<u8>,
    list: Value,
}

impl Simple {
    pub(super) fn new() -> Self {
        let layer = layer("a", "a");
        let config = config(std::slice::from_ref(&layer));
        let list = json!([{ "Config": "c.json", "RepoTags": ["a:1"], "Layers": ["l/layer.tar"] }]);
        Self { layer, config, list }
    }

    fn rest(&self, tar: Tar) -> Vec<u8> {
        tar.file("c.json", &self.config).json("manifest.json", &self.list).bytes()
    }

    pub(super) fn with(&self, tar: Tar) -> Vec<u8> {
        self.rest(tar.file("l/layer.tar", &self.layer))
    }

    fn listing(&self, change: impl Fn(&mut Value)) -> Vec<u8> {
        let mut list = self.list.clone();
        change(&mut list);
        Self { list, layer: self.layer.clone(), config: self.config.clone() }.with(Tar::new())
    }
}

#[test]
fn hostile_and_broken_archives_get_their_fault() {
    let simple = Simple::new();
    assert!(read(&simple.with(Tar::new())).is_ok());
    let good = simple.with(Tar::new());
    let noise: Vec<u8> =
        (0..900_000u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    let bomb = layer("zeros", vec![0; 3 << 20]);
    let chain = (0..10).fold(Tar::new(), |tar, at| {
        tar.symlink(&format!("l/{at}.tar"), &format!("{}.tar", at + 1))
    });
    let many = (0..1_001).fold(Tar::new(), |tar, at| tar.file(&format!("d/{at}"), ""));
    let mut cut = gzip(&good);
    cut.truncate(cut.len() - 9);
    let mut crc = gzip(&good);
    let at = crc.len() - 6;
    crc[at] ^= 0xff;
    let torn = |tail: &[u8]| [&gzip(&simple.layer)[..20], tail].concat();
    let sized = {
        let text = "size=7";
        let record = format!("{} {text}\n", text.len() + 3);
        simple.with(Tar::new().entry(EntryType::XHeader, "pax", "", record.as_bytes()))
    };
    let cases: Vec<(&str, Vec<u8>, Fault)> = vec![
        ("nothing", Vec::new(), Fault::NotTar),
        ("a picture", b"\x89PNG\r\n".repeat(200), Fault::NotTar),
        ("noise", noise.clone(), Fault::NotTar),
        ("xz", b"\xfd7zXZ\0".repeat(200), Fault::NotTar),
        ("gzip of no tar", gzip(&noise), Fault::BadFormat),
        ("an empty tar", Tar::new().bytes(), Fault::NoManifest),
        (
            "docker export",
            Tar::new().file("bin/sh", "x").symlink("etc/mtab", "/proc/mounts").bytes(),
            Fault::NoManifest,
        ),
        (
            "Docker before 1.10",
            Tar::new().json("repositories", &json!({ "a": { "1": "x" } })).bytes(),
            Fault::NoManifest,
        ),
        (
            "a climbing name",
            simple.with(Tar::new().file("../../etc/passwd", "x")),
            Fault::BadFormat,
        ),
        ("an absolute name", simple.with(Tar::new().file("/etc/passwd", "x")), Fault::BadFormat),
        (
            "an absolute link",
            simple.rest(Tar::new().symlink("l/layer.tar", "/etc/passwd")),
            Fault::BadFormat,
        ),
        (
            "a climbing link",
            simple.rest(Tar::new().symlink("l/layer.tar", "../../etc/passwd")),
            Fault::BadFormat,
        ),
        (
            "a climbing hard link",
            simple.rest(Tar::new().hard_link("l/layer.tar", "../x")),
            Fault::BadFormat,
        ),
        ("a loop", simple.rest(Tar::new().symlink("l/layer.tar", "layer.tar")), Fault::BadFormat),
        (
            "a chain",
            simple.rest(chain.symlink("l/layer.tar", "0.tar").file("l/10.tar", &simple.layer)),
            Fault::BadFormat,
        ),
        (
            "two contents of one name",
            simple.with(Tar::new().file("l/layer.tar", layer("b", "b"))),
            Fault::BadFormat,
        ),
        (
            "two configurations",
            simple.with(Tar::new().json("c.json", &json!({}))),
            Fault::BadFormat,
        ),
        ("two lists", simple.with(Tar::new().json("manifest.json", &json!([]))), Fault::BadFormat),
        ("a bomb", gzip(&vec![0; 8 << 20]), Fault::TooLarge),
        (
            "a bomb in a layer",
            simple.rest(Tar::new().file("l/layer.tar", gzip(&bomb))),
            Fault::TooLarge,
        ),
        (
            "a bomb of Zstandard",
            simple.rest(Tar::new().file("l/layer.tar", zstd(&bomb))),
            Fault::TooLarge,
        ),
        (
            "too large as it is",
            simple.with(Tar::new().file("x.tar", layer("x", vec![1; 2 << 20]))),
            Fault::TooLarge,
        ),
        ("too many entries", simple.with(many), Fault::BadFormat),
        (
            "a long header",
            simple.with(Tar::new().entry(EntryType::GNULongName, "x", "", &vec![b'a'; 70_000])),
            Fault::BadFormat,
        ),
        ("two sizes", sized, Fault::BadFormat),
        (
            "a sparse file",
            simple.with(Tar::new().entry(EntryType::GNUSparse, "s", "", b"x")),
            Fault::BadFormat,
        ),
        ("gzip cut off", cut, Fault::BadFormat),
        ("gzip with a wrong checksum", crc, Fault::BadFormat),
        ("a tar cut off in a file", good[..900].to_vec(), Fault::BadFormat),
        ("a tar without its end", good[..good.len() - 1024].to_vec(), Fault::BadFormat),
        (
            "a layer cut off",
            simple.rest(Tar::new().file("l/layer.tar", torn(&[]))),
            Fault::BadFormat,
        ),
        (
            "a layer of garbage",
            simple.rest(Tar::new().file("l/layer.tar", torn(&[0xff; 90]))),
            Fault::BadFormat,
        ),
        (
            "another layer",
            simple.rest(Tar::new().file("l/layer.tar", layer("b", "b"))),
            Fault::BadFormat,
        ),
        (
            "one layer too many",
            simple.listing(|list| list[0]["Layers"] = json!(["l/layer.tar", "l/layer.tar"])),
            Fault::BadFormat,
        ),
        ("no layer", simple.rest(Tar::new()), Fault::NoLayer),
        (
            "a directory as layer",
            simple.listing(|list| list[0]["Layers"] = json!(["l"])),
            Fault::NoLayer,
        ),
        (
            "no configuration",
            simple.listing(|list| list[0]["Config"] = json!("d.json")),
            Fault::NoConfig,
        ),
        (
            "no configuration named",
            simple.listing(|list| list[0]["Config"] = Value::Null),
            Fault::NoConfig,
        ),
        ("no RepoTags", simple.listing(|list| list[0]["RepoTags"] = Value::Null), Fault::NoNames),
        ("empty RepoTags", simple.listing(|list| list[0]["RepoTags"] = json!([])), Fault::NoNames),
        ("no image", simple.listing(|list| *list = json!([])), Fault::NoNames),
        (
            "an upper-case name",
            simple.listing(|list| list[0]["RepoTags"] = json!(["A:1"])),
            Fault::BadName,
        ),
        (
            "a digest as name",
            simple.listing(|list| list[0]["RepoTags"] = json!(["a@sha256:00"])),
            Fault::BadName,
        ),
        ("a bad tag", simple.listing(|list| list[0]["RepoTags"] = json!(["a:.x"])), Fault::BadTag),
        (
            "a list that is none",
            simple.listing(|list| *list = json!({ "a": 1 })),
            Fault::BadManifest,
        ),
        (
            "a long list",
            simple.listing(|list| list[0]["x"] = json!("x".repeat(5 << 20))),
            Fault::BadManifest,
        ),
    ];
    let limits = Limits { unpacked: 6 << 20, ..LIMITS };
    for (what, archive, fault) in cases {
        let mut memory = Memory::default();
        let limits = if fault == Fault::BadManifest { limits } else { LIMITS };
        let outcome = scan(Cursor::new(&archive), archive.len() as u64, limits, &mut memory)
            .and_then(|contents| Ok(contents.plan(&group(), None)?));
        match outcome {
            Err(Failure::Refused(refused)) => {
                assert_eq!(refused.fault, fault, "{what}: {refused}");
                assert!(refused.what.chars().count() <= LONGEST && !refused.what.contains('\0'));
            }
            outcome => panic!("{what}: {outcome:?}"),
        }
    }
}

#[test]
fn every_fault_has_a_code_of_its_own() {
    let mut codes: Vec<_> = Fault::ALL.iter().map(|fault| fault.code()).collect();
    codes.sort_unstable();
    codes.dedup();
    assert_eq!(codes.len(), Fault::ALL.len());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..3_000), wrap in 0..3u8) {
        let wrapped = match wrap { 0 => bytes, 1 => gzip(&bytes), _ => zstd(&bytes) };
        let _ = read(&wrapped);
    }

    #[test]
    fn an_archive_with_changed_bytes_is_read_or_refused(at in 0..6_000usize, to in any::<u8>(), wrap in 0..3u8) {
        let mut archive = modern("a:1", &layers()[..2]).bytes();
        let at = at % archive.len();
        archive[at] = to;
        let wrapped = match wrap { 0 => archive, 1 => gzip(&archive), _ => zstd(&archive) };
        let _ = read(&wrapped);
    }

    #[test]
    fn a_damaged_compression_is_refused_or_read_the_same(at in any::<proptest::sample::Index>(), to in 1..=255u8, gz in any::<bool>()) {
        let archive = legacy(&["a:1"], &layers()).bytes();
        let mut wrapped = if gz { gzip(&archive) } else { zstd(&archive) };
        let at = at.index(wrapped.len());
        wrapped[at] ^= to;
        if let Ok((plan, _)) = read(&wrapped) {
            prop_assert_eq!(plan, read(&archive).unwrap().0);
        }
    }

    #[test]
    fn every_order_of_entries_gives_the_same_plan(order in Just((0..5usize).collect::<Vec<_>>()).prop_shuffle()) {
        let simple = Simple::new();
        let second = layer("b", "b");
        let archive = order.iter().fold(Tar::new(), |tar, at| match at {
            0 => tar.file("l/layer.tar", &simple.layer),
            1 => tar.file("c.json", &simple.config),
            2 => tar.json("manifest.json", &simple.list),
            3 => tar.file("x.tar", &second),
            _ => tar.symlink("y.tar", "x.tar"),
        });
        let (plan, _) = read(&archive.bytes()).unwrap();
        prop_assert_eq!(plan, read(&simple.with(Tar::new())).unwrap().0);
    }
}

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod hostile;

use std::cell::Cell;
use std::collections::BTreeMap;
use std::io::{self, Cursor, Read, Seek, SeekFrom};

use roadstead::oci::MediaType;
use roadstead::{Digest, OrganizationName};
use serde_json::{Value, json};
use tar::EntryType;

use super::testing::*;
use super::*;
use hostile::Simple;

/// Keeps in memory.
#[derive(Default)]
struct Memory {
    kept: BTreeMap<Digest, Vec<u8>>,
    opened: Vec<String>,
    known: BTreeMap<u32, (String, Facts)>,
    fails: bool,
}

impl Shelf for Memory {
    type File = Vec<u8>;

    fn known(&mut self, entry: Entry<'_>) -> io::Result<Option<Facts>> {
        Ok(self
            .known
            .get(&entry.number)
            .filter(|(name, _)| name == entry.name)
            .map(|(_, facts)| facts.clone()))
    }

    fn open(&mut self, entry: Entry<'_>) -> io::Result<Vec<u8>> {
        if self.fails {
            return Err(io::Error::other("the disk is full"));
        }
        self.opened.push(entry.name.to_owned());
        Ok(Vec::new())
    }

    fn close(
        &mut self,
        entry: Entry<'_>,
        file: Vec<u8>,
        unpacked: &Unpacked,
    ) -> io::Result<(Digest, u64)> {
        let (kept, kept_size) = (digest(&file), file.len() as u64);
        let Unpacked { form, digest, size } = unpacked.clone();
        let facts =
            Facts { form, kept: kept.clone(), kept_size, unpacked: digest, unpacked_size: size };
        self.known.insert(entry.number, (entry.name.to_owned(), facts));
        self.kept.insert(kept.clone(), file);
        Ok((kept, kept_size))
    }
}

const LIMITS: Limits = Limits { unpacked: 1 << 20, entries: 1_000 };

fn group() -> OrganizationName {
    "group".parse().unwrap()
}

fn read(archive: &[u8]) -> Result<(Plan, Memory), Refused> {
    let mut memory = Memory::default();
    let contents = match scan(Cursor::new(archive), archive.len() as u64, LIMITS, &mut memory) {
        Ok(contents) => contents,
        Err(Failure::Refused(refused)) => return Err(refused),
        Err(Failure::Io(error)) => panic!("{error}"),
    };
    Ok((contents.plan(&group(), None)?, memory))
}

fn tags(plan: &Plan) -> Vec<String> {
    plan.tags.iter().map(|tag| format!("{}:{}", tag.repository, tag.tag)).collect()
}

fn body(manifest: &PlannedManifest) -> Value {
    serde_json::from_slice(&manifest.bytes).unwrap()
}

fn layers() -> Vec<Vec<u8>> {
    vec![
        layer("etc/one", b"one".repeat(900)),
        layer("etc/two", "two"),
        layer("etc/one", b"one".repeat(900)),
    ]
}

#[test]
fn docker_before_25_with_layers_that_are_links() {
    for wrap in [<[u8]>::to_vec, gzip, zstd] {
        let archive =
            wrap(&legacy(&["nginx:v1", "docker.io/library/nginx:stable"], &layers()).bytes());
        let (plan, memory) = read(&archive).unwrap();
        assert_eq!(tags(&plan), ["nginx:stable", "nginx:v1"]);
        assert_eq!(plan.manifests.len(), 1);
        let manifest = &plan.manifests[0];
        assert_eq!(manifest.media_type, MediaType::DockerManifest);
        assert_eq!(manifest.config.as_deref(), Some(&config(&layers())[..]), "the image id stays");
        let body = body(manifest);
        let named = body["layers"].as_array().unwrap();
        assert_eq!(named.len(), 3);
        assert_eq!(named[0], named[2]);
        for (described, layer) in named.iter().zip(layers()) {
            let kept = &memory.kept[&described["digest"].as_str().unwrap().parse().unwrap()];
            assert_eq!(described["size"], kept.len());
            let mut unpacked = Vec::new();
            flate2::read::GzDecoder::new(&kept[..]).read_to_end(&mut unpacked).unwrap();
            assert_eq!(unpacked, layer);
        }
        assert_eq!(memory.opened.len(), 2, "a link is no second copy");
        assert!(
            memory.kept.values().all(|kept| kept[4..8] == [0; 4]),
            "no time in what is compressed"
        );
    }
}

#[test]
fn docker_since_25_is_read_by_its_list_and_gets_compressed_layers() {
    let (plan, memory) = read(&modern("team/web:v2", &layers()[..2]).bytes()).unwrap();
    assert_eq!(tags(&plan), ["team/web:v2"]);
    assert_eq!(plan.manifests[0].media_type, MediaType::DockerManifest);
    assert_eq!(memory.kept.len(), 2);
    let (legacy, _) = read(&legacy(&["team/web:v2"], &layers()[..2]).bytes()).unwrap();
    assert_eq!(legacy.manifests[0].digest, plan.manifests[0].digest, "whatever saved it");
}

#[test]
fn several_images_share_what_they_have_in_common() {
    let (one, two) = (layers()[..1].to_vec(), layers()[..2].to_vec());
    let (config_one, config_two) = (config(&one), config(&two));
    let archive = Tar::new()
        .file("a.tar", &one[0])
        .file("b.tar", &two[1])
        .file("one.json", &config_one)
        .file("two.json", &config_two)
        .json(
            "manifest.json",
            &json!([
                { "Config": "one.json", "RepoTags": ["a:1"], "Layers": ["a.tar"] },
                { "Config": "two.json", "RepoTags": ["b:1", "b:2"], "Layers": ["a.tar", "b.tar"] },
            ]),
        )
        .bytes();
    let (plan, memory) = read(&archive).unwrap();
    assert_eq!((tags(&plan).len(), plan.manifests.len(), memory.kept.len()), (3, 2, 2));
}

fn pushed(layer_type: &str, press: fn(&[u8]) -> Vec<u8>) -> (Vec<u8>, Vec<u8>, Vec<Vec<u8>>) {
    let plain = layers()[..2].to_vec();
    let config = config(&plain);
    let pressed: Vec<Vec<u8>> = plain.iter().map(|layer| press(layer)).collect();
    (manifest(&config, &pressed, layer_type), config, pressed)
}

#[test]
fn a_layout_of_compressed_layers_stays_as_it_is() {
    for (layer_type, press) in [
        ("application/vnd.oci.image.layer.v1.tar+gzip", gzip as fn(&[u8]) -> Vec<u8>),
        ("application/vnd.oci.image.layer.v1.tar+zstd", zstd),
    ] {
        let (bytes, config, pressed) = pushed(layer_type, press);
        let mut layout = Layout::new().blob(&bytes).blob(&config);
        for layer in &pressed {
            layout = layout.blob(layer);
        }
        let archive = layout
            .named(&bytes, OCI, &json!({ "org.opencontainers.image.ref.name": "registry.example.com/group/web:v1" }))
            .tar()
            .bytes();
        let (plan, memory) = read(&archive).unwrap();
        assert_eq!(tags(&plan), ["web:v1"]);
        assert_eq!(plan.manifests[0].bytes, bytes);
        assert_eq!(memory.kept.values().collect::<Vec<_>>().len(), 2);
        assert!(pressed.iter().all(|layer| memory.kept.contains_key(&digest(layer))));
    }
}

#[test]
fn of_an_index_only_what_is_here_is_listed() {
    let (bytes, config, pressed) = pushed("application/vnd.oci.image.layer.v1.tar+gzip", gzip);
    let absent = json!({ "mediaType": OCI, "digest": digest(b"absent"), "size": 6, "platform": { "os": "linux", "architecture": "arm64" } });
    let attestation =
        manifest(b"{}", &[b"{\"in\":\"toto\"}".to_vec()], "application/vnd.in-toto+json");
    let index = |children: &[Value]| {
        json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": children })
            .to_string()
            .into_bytes()
    };
    let archive = |top: &[u8]| {
        let mut layout = Layout::new()
            .blob(top)
            .blob(&bytes)
            .blob(&config)
            .blob(&attestation)
            .blob(b"{}")
            .blob(b"{\"in\":\"toto\"}");
        for layer in &pressed {
            layout = layout.blob(layer);
        }
        layout
            .named(top, INDEX, &json!({ "io.containerd.image.name": "docker.io/library/web:v1" }))
            .tar()
            .bytes()
    };
    // One platform of two: no index at all.
    let top = index(&[descriptor(OCI, &bytes), absent.clone()]);
    let (plan, _) = read(&archive(&top)).unwrap();
    assert_eq!((plan.manifests.len(), &plan.manifests[0].bytes[..]), (1, &bytes[..]));
    // What is there stays an index, without the rest.
    let top = index(&[descriptor(OCI, &bytes), absent, descriptor(OCI, &attestation)]);
    let (plan, _) = read(&archive(&top)).unwrap();
    let parent = &plan.manifests[plan.tags[0].manifest];
    assert_eq!(body(parent)["manifests"].as_array().unwrap().len(), 2);
    assert_eq!(plan.closure(plan.tags[0].manifest).len(), 3);
    // Whole: not a byte changes.
    let top = index(&[descriptor(OCI, &bytes), descriptor(OCI, &attestation)]);
    let (plan, _) = read(&archive(&top)).unwrap();
    assert_eq!(&plan.manifests[plan.tags[0].manifest].bytes[..], &top[..]);
}

#[test]
fn a_layout_of_plain_layers_alone_is_rewritten() {
    let plain = layers()[..2].to_vec();
    let config = config(&plain);
    let bytes = manifest(&config, &plain, "application/vnd.oci.image.layer.v1.tar");
    let mut layout = Layout::new().blob(&bytes).blob(&config);
    for layer in &plain {
        layout = layout.blob(layer);
    }
    let archive = layout
        .named(&bytes, OCI, &json!({ "org.opencontainers.image.ref.name": "web:v1" }))
        .tar()
        .bytes();
    let (plan, memory) = read(&archive).unwrap();
    let body = body(&plan.manifests[0]);
    for layer in body["layers"].as_array().unwrap() {
        assert_eq!(layer["mediaType"], "application/vnd.oci.image.layer.v1.tar+gzip");
        assert!(memory.kept.contains_key(&layer["digest"].as_str().unwrap().parse().unwrap()));
    }
}

#[test]
fn long_names_and_pax_headers_are_read() {
    let long = format!("{}/layer.tar", "d".repeat(150));
    let one = layers()[..1].to_vec();
    let config = config(&one);
    let list = json!([{ "Config": "c.json", "RepoTags": ["a:1"], "Layers": [long] }]);
    let gnu = Tar::new().entry(
        EntryType::GNULongName,
        "././@LongLink",
        "",
        format!("{long}\0").as_bytes(),
    );
    let record =
        |text: String| format!("{} {text}\n", text.len() + 2 + (text.len() + 5).to_string().len());
    let pax =
        Tar::new().entry(EntryType::XHeader, "pax", "", record(format!("path={long}")).as_bytes());
    for tar in [gnu, pax] {
        let archive =
            tar.file("short", &one[0]).file("c.json", &config).json("manifest.json", &list).bytes();
        assert_eq!(tags(&read(&archive).unwrap().0), ["a:1"]);
    }
}

/// A source that fails after so many bytes, and counts.
struct Source<'a> {
    inner: Cursor<&'a [u8]>,
    left: u64,
    read: &'a Cell<u64>,
}

impl Read for Source<'_> {
    fn read(&mut self, space: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(space)?;
        self.left = self
            .left
            .checked_sub(count as u64)
            .ok_or_else(|| io::Error::other("the storage does not answer"))?;
        self.read.set(self.read.get() + count as u64);
        Ok(count)
    }
}

impl Seek for Source<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.inner.seek(to)
    }
}

#[test]
fn failures_of_source_and_shelf_are_no_faults_of_the_archive() {
    let good = Simple::new().with(Tar::new());
    for archive in [good.clone(), gzip(&good), zstd(&good)] {
        let read = Cell::new(0);
        for left in [600, 700] {
            let source = Source { inner: Cursor::new(&archive), left, read: &read };
            let outcome = scan(source, archive.len() as u64, LIMITS, &mut Memory::default());
            let text = match outcome {
                Err(Failure::Io(error)) => error.to_string(),
                // Small enough when compressed to be read before it fails.
                Ok(_) => "the storage does not answer".to_owned(),
                Err(Failure::Refused(refused)) => panic!("{refused}"),
            };
            assert_eq!(text, "the storage does not answer");
        }
    }
    let mut full = Memory { fails: true, ..Memory::default() };
    let outcome = scan(Cursor::new(&good), good.len() as u64, LIMITS, &mut full);
    assert!(matches!(outcome, Err(Failure::Io(error)) if error.to_string() == "the disk is full"));
}

#[test]
fn what_was_kept_before_is_not_read_again() {
    let big = vec![layer("a", vec![7; 300_000]), layer("b", vec![9; 300_000])];
    let archive = legacy(&["a:1"], &big).bytes();
    let mut memory = Memory::default();
    let first = scan(Cursor::new(&archive), archive.len() as u64, LIMITS, &mut memory).unwrap();
    memory.opened.clear();
    let read = Cell::new(0);
    let source = Source { inner: Cursor::new(&archive), left: u64::MAX, read: &read };
    let second = scan(source, archive.len() as u64, LIMITS, &mut memory).unwrap();
    assert_eq!(first.plan(&group(), None).unwrap(), second.plan(&group(), None).unwrap());
    assert!(memory.opened.is_empty());
    assert!(read.get() < 20_000, "{} of {} bytes were read", read.get(), archive.len());
}

#[test]
fn what_is_packed_is_read_again_and_any_part_can_be_had() {
    let (bytes, config, pressed) = pushed("application/vnd.oci.image.layer.v1.tar+gzip", gzip);
    let stored: BTreeMap<Digest, &[u8]> =
        std::iter::once(&config).chain(&pressed).map(|blob| (digest(blob), &blob[..])).collect();
    let of = |media_type: &str, blob: &[u8]| {
        serde_json::from_value(descriptor(media_type, blob)).unwrap()
    };
    let image = Image {
        names: vec!["registry.example.com/group/web:v1".to_owned()],
        media_type: MediaType::OciManifest,
        digest: digest(&bytes),
        manifest: bytes.clone().into(),
        config: of("application/vnd.oci.image.config.v1+json", &config),
        layers: pressed.iter().map(|layer| of("x", layer)).collect(),
    };
    let write = |pieces: Vec<Piece>| -> Vec<u8> {
        pieces
            .into_iter()
            .flat_map(|piece| match piece {
                Piece::Bytes(bytes) => bytes.to_vec(),
                Piece::Blob { digest, range } => stored[&digest]
                    [usize::try_from(range.start).unwrap()..usize::try_from(range.end).unwrap()]
                    .to_vec(),
            })
            .collect()
    };
    let docker = Pack::docker(std::slice::from_ref(&image));
    let oci = Pack::oci(&image.names, std::slice::from_ref(&image), None);
    assert_ne!(docker.digest(), oci.digest());
    for (pack, verbatim) in [(docker, false), (oci, true)] {
        let whole = write(pack.part(0..pack.length()));
        assert_eq!(whole.len() as u64, pack.length());
        let (plan, memory) = read(&whole).unwrap();
        assert_eq!(tags(&plan), ["web:v1"]);
        assert_eq!(plan.manifests[0].bytes == bytes, verbatim);
        assert!(pressed.iter().all(|layer| memory.kept[&digest(layer)] == *layer));
        for at in (0..whole.len()).step_by(97) {
            let part = write(pack.part(at as u64..pack.length()));
            assert_eq!(part, whole[at..]);
            let part = write(pack.part(3..at as u64));
            assert_eq!(part, whole[3.min(at)..at]);
        }
    }
}

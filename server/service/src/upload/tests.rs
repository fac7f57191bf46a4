#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use bytes::Bytes;
use futures::{StreamExt as _, TryStreamExt as _};
use roadstead::access::Permission;
use roadstead::error::Subject;
use roadstead::page::Cursor;
use roadstead::{Algorithm, Digest, Error, ErrorKind, ImageName};
use roadstead_object::BodyError;
use uuid::Uuid;

use super::*;
use crate::blob::Part;
use crate::testing::TestService;

fn name(text: &str) -> ImageName {
    text.parse().unwrap()
}

fn digest(bytes: &[u8]) -> Digest {
    Digest::of(Algorithm::Sha256, bytes)
}

/// A body whose length is known.
pub(crate) fn body(bytes: &[u8]) -> Upload {
    Upload {
        length: Some(bytes.len() as u64),
        stream: futures::stream::iter([Ok(Bytes::copy_from_slice(bytes))]).boxed(),
    }
}

/// A chunked body, whole or broken off.
fn streamed(pieces: &[&[u8]], breaks: bool) -> Upload {
    let mut all: Vec<Result<Bytes, BodyError>> =
        pieces.iter().map(|piece| Ok(Bytes::copy_from_slice(piece))).collect();
    if breaks {
        all.push(Err(BodyError::new("connection reset")));
    }
    Upload { length: None, stream: futures::stream::iter(all).boxed() }
}

fn range(start: u64, end: u64) -> Option<ChunkRange> {
    Some(ChunkRange { start, end })
}

fn said(error: &Error) -> (ErrorKind, Subject) {
    (error.kind(), error.subject())
}

async fn read(test: &TestService, image: &ImageName, digest: &Digest) -> Vec<u8> {
    let read = test.service.blobs().read(&test.reader, image, digest, Part::Whole).await.unwrap();
    let pieces: Vec<Bytes> = read.stream.try_collect().await.unwrap();
    pieces.concat()
}

async fn is_here(test: &TestService, image: &ImageName, digest: &Digest) -> bool {
    match test.service.blobs().head(&test.owner, image, digest).await {
        Ok(_) => true,
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::NotFound);
            false
        }
    }
}

#[tokio::test]
async fn a_streamed_upload_becomes_a_blob() {
    let test = TestService::new().await;
    let (image, uploads) = (name("team/app"), test.service.uploads());
    let started = uploads.start(&test.editor, &image, None).await.unwrap();
    assert_eq!(started.offset, 0);
    let body = streamed(&[b"hello ", b"world"], false);
    let grown = uploads.append(&test.editor, &image, started.id, None, body).await.unwrap();
    assert_eq!(grown, UploadStatus { id: started.id, offset: 11 });
    assert_eq!(uploads.status(&test.editor, &image, started.id).await.unwrap(), grown);
    let wanted = digest(b"hello world");
    assert!(!is_here(&test, &image, &wanted).await);
    uploads
        .complete(&test.editor, &image, started.id, &wanted, None, self::body(b""))
        .await
        .unwrap();
    assert_eq!(read(&test, &image, &wanted).await, b"hello world");
    let gone = uploads.status(&test.editor, &image, started.id).await.unwrap_err();
    assert_eq!(said(&gone), (ErrorKind::NotFound, Subject::Upload));
}

#[tokio::test]
async fn all_shapes_store_the_same_blob() {
    let test = TestService::new().await;
    let uploads = test.service.uploads();
    let content: Vec<u8> = (0..3_000_000u32).map(|at| (at % 251) as u8).collect();
    let wanted = digest(&content);
    // (a) the whole body in the closing PUT, of unknown length.
    let image = name("team/a");
    let id = uploads.start(&test.editor, &image, None).await.unwrap().id;
    let whole = Upload { length: None, ..body(&content) };
    uploads.complete(&test.editor, &image, id, &wanted, None, whole).await.unwrap();
    // (c) chunks with ranges, the last one in the PUT.
    let image = name("team/c");
    let id = uploads.start(&test.editor, &image, None).await.unwrap().id;
    let (first, rest) = content.split_at(1_000_001);
    let (second, third) = rest.split_at(999_999);
    let at =
        uploads.append(&test.editor, &image, id, range(0, 1_000_000), body(first)).await.unwrap();
    assert_eq!(at.offset, 1_000_001);
    uploads
        .append(&test.editor, &image, id, range(1_000_001, 1_999_999), body(second))
        .await
        .unwrap();
    uploads
        .complete(&test.editor, &image, id, &wanted, range(2_000_000, 2_999_999), body(third))
        .await
        .unwrap();
    // (d) one request.
    let image = name("team/d");
    uploads.put(&test.editor, &image, &wanted, body(&content)).await.unwrap();
    for image in ["team/a", "team/c", "team/d"] {
        assert_eq!(read(&test, &name(image), &wanted).await, content, "{image}");
    }
}

#[tokio::test]
async fn empty_blobs_and_sha512_are_blobs() {
    let test = TestService::new().await;
    let (image, uploads) = (name("team/app"), test.service.uploads());
    let id = uploads.start(&test.editor, &image, None).await.unwrap().id;
    uploads.complete(&test.editor, &image, id, &digest(b""), None, body(b"")).await.unwrap();
    assert_eq!(read(&test, &image, &digest(b"")).await, b"");
    let wide = Digest::of(Algorithm::Sha512, b"wide");
    // Announced, and not announced: then the staged bytes are hashed once more.
    for announced in [Some(Algorithm::Sha512), None] {
        let id = uploads.start(&test.editor, &image, announced).await.unwrap().id;
        uploads.append(&test.editor, &image, id, None, body(b"wide")).await.unwrap();
        uploads.complete(&test.editor, &image, id, &wide, None, body(b"")).await.unwrap();
        assert_eq!(read(&test, &image, &wide).await, b"wide");
    }
    let id = uploads.start(&test.editor, &image, None).await.unwrap().id;
    uploads.append(&test.editor, &image, id, None, body(b"not wide")).await.unwrap();
    let refused =
        uploads.complete(&test.editor, &image, id, &wide, None, body(b"")).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::DigestMismatch);
}

#[tokio::test]
async fn a_wrong_digest_leaves_nothing() {
    let test = TestService::new().await;
    let (image, uploads) = (name("team/app"), test.service.uploads());
    let id = uploads.start(&test.editor, &image, None).await.unwrap().id;
    uploads.append(&test.editor, &image, id, None, body(b"one")).await.unwrap();
    let refused = uploads
        .complete(&test.editor, &image, id, &digest(b"two"), None, body(b""))
        .await
        .unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::DigestMismatch);
    assert!(!is_here(&test, &image, &digest(b"one")).await);
    assert!(!is_here(&test, &image, &digest(b"two")).await);
    let gone = uploads.status(&test.editor, &image, id).await.unwrap_err();
    assert_eq!(said(&gone), (ErrorKind::NotFound, Subject::Upload));
    let refused =
        uploads.put(&test.editor, &image, &digest(b"two"), body(b"one")).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::DigestMismatch);
}

#[tokio::test]
async fn a_range_that_does_not_fit_changes_nothing() {
    let test = TestService::new().await;
    let (image, uploads) = (name("team/app"), test.service.uploads());
    let id = uploads.start(&test.editor, &image, None).await.unwrap().id;
    // The first chunk out of order, as the conformance suite sends it.
    let refused =
        uploads.append(&test.editor, &image, id, range(3, 5), body(b"def")).await.unwrap_err();
    assert_eq!(said(&refused), (ErrorKind::RangeInvalid, Subject::Upload));
    assert_eq!(refused.detail().unwrap()["offset"], 0);
    uploads.append(&test.editor, &image, id, range(0, 2), body(b"abc")).await.unwrap();
    let refused =
        uploads.append(&test.editor, &image, id, range(0, 2), body(b"abc")).await.unwrap_err();
    assert_eq!(refused.detail().unwrap()["offset"], 3);
    // Lengths that disagree: with the header, and with what really comes.
    let refused =
        uploads.append(&test.editor, &image, id, range(3, 9), body(b"def")).await.unwrap_err();
    assert_eq!(said(&refused), (ErrorKind::Invalid, Subject::Size));
    for pieces in [&[&b"de"[..]][..], &[&b"def"[..], &b"g"[..]][..]] {
        let refused = uploads
            .append(&test.editor, &image, id, range(3, 5), streamed(pieces, false))
            .await
            .unwrap_err();
        assert_eq!(said(&refused), (ErrorKind::Invalid, Subject::Size));
    }
    assert_eq!(uploads.status(&test.editor, &image, id).await.unwrap().offset, 3);
    let wrong = uploads
        .complete(&test.editor, &image, id, &digest(b"abcdef"), range(0, 2), body(b"def"))
        .await
        .unwrap_err();
    assert_eq!(wrong.kind(), ErrorKind::RangeInvalid);
    uploads
        .complete(&test.editor, &image, id, &digest(b"abcdef"), range(3, 5), body(b"def"))
        .await
        .unwrap();
    assert_eq!(read(&test, &image, &digest(b"abcdef")).await, b"abcdef");
}

#[tokio::test]
async fn what_arrived_before_the_break_is_kept() {
    let test = TestService::new().await;
    let (image, uploads) = (name("team/app"), test.service.uploads());
    let id = uploads.start(&test.editor, &image, None).await.unwrap().id;
    let cut = uploads
        .append(&test.editor, &image, id, None, streamed(&[b"abc", b"de"], true))
        .await
        .unwrap_err();
    assert_eq!(said(&cut), (ErrorKind::Invalid, Subject::Upload));
    assert_eq!(uploads.status(&test.editor, &image, id).await.unwrap().offset, 5);
    uploads
        .complete(&test.editor, &image, id, &digest(b"abcdef"), range(5, 5), body(b"f"))
        .await
        .unwrap();
    assert_eq!(read(&test, &image, &digest(b"abcdef")).await, b"abcdef");
    // Nobody knows the session of a single POST: nothing is left of it.
    let cut = uploads
        .put(&test.editor, &image, &digest(b"xyz"), streamed(&[b"x"], true))
        .await
        .unwrap_err();
    assert_eq!(said(&cut), (ErrorKind::Invalid, Subject::Upload));
}

#[tokio::test]
async fn a_request_that_goes_away_keeps_what_arrived() {
    let test = TestService::new().await;
    let (image, uploads) = (name("team/app"), test.service.uploads().clone());
    let id = uploads.start(&test.editor, &image, None).await.unwrap().id;
    let (sender, receiver) = futures::channel::mpsc::unbounded::<Result<Bytes, BodyError>>();
    sender.unbounded_send(Ok(Bytes::from_static(b"abc"))).unwrap();
    let (asked, is_asked) = tokio::sync::oneshot::channel();
    let mut asked = Some(asked);
    let stream = receiver.inspect(move |_| {
        let _ = asked.take().map(|asked| asked.send(()));
    });
    let body = Upload { length: None, stream: stream.boxed() };
    let request = {
        let (uploads, image, editor) = (uploads.clone(), image.clone(), test.editor.clone());
        tokio::spawn(async move { uploads.append(&editor, &image, id, None, body).await })
    };
    is_asked.await.unwrap();
    let busy = uploads.append(&test.editor, &image, id, None, self::body(b"x")).await.unwrap_err();
    assert_eq!(said(&busy), (ErrorKind::RangeInvalid, Subject::Upload));
    request.abort();
    assert!(request.await.unwrap_err().is_cancelled());
    drop(sender);
    // The work goes on without the request; the session comes back when it is done.
    loop {
        let status = uploads.status(&test.editor, &image, id).await.unwrap();
        if status.offset == 3 {
            break;
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_session_whose_writer_died_goes_on() {
    let test = TestService::new().await;
    let (image, uploads) = (name("team/app"), test.service.uploads());
    let id = uploads.start(&test.editor, &image, None).await.unwrap().id;
    uploads.append(&test.editor, &image, id, None, body(b"abc")).await.unwrap();
    // A process that was killed in the middle leaves its lease behind.
    let now = uploads.inner.ports.now();
    test.write(move |tx| {
        Box::pin(async move {
            let until = now.plus_seconds(LEASE);
            upload::lease(tx, &id.to_string(), "killed", now, until).await.map(|_| ())
        })
    })
    .await;
    if test.store.dialect() == roadstead_store::Dialect::Postgres {
        // Another server of the same database may be alive until its lease ends.
        let busy = uploads.append(&test.editor, &image, id, None, body(b"x")).await.unwrap_err();
        assert_eq!(said(&busy), (ErrorKind::RangeInvalid, Subject::Upload));
        test.clock.advance(LEASE);
    }
    let wanted = digest(b"abcdef");
    uploads.complete(&test.editor, &image, id, &wanted, range(3, 5), body(b"def")).await.unwrap();
    assert_eq!(read(&test, &image, &wanted).await, b"abcdef");
}

#[tokio::test]
async fn sessions_belong_to_image_and_caller() {
    let test = TestService::new().await;
    let (image, uploads) = (name("team/app"), test.service.uploads());
    let id = uploads.start(&test.editor, &image, None).await.unwrap().id;
    for (ctx, image) in
        [(&test.manager, "team/app"), (&test.editor, "team/open"), (&test.editor, "team/new")]
    {
        let unknown = uploads.status(ctx, &name(image), id).await.unwrap_err();
        assert_eq!(said(&unknown), (ErrorKind::NotFound, Subject::Upload));
        let unknown = uploads.cancel(ctx, &name(image), id).await.unwrap_err();
        assert_eq!(said(&unknown), (ErrorKind::NotFound, Subject::Upload));
    }
    let unknown = uploads.status(&test.editor, &image, Uuid::nil()).await.unwrap_err();
    assert_eq!(said(&unknown), (ErrorKind::NotFound, Subject::Upload));
    uploads.append(&test.editor, &image, id, None, body(b"abc")).await.unwrap();
    uploads.cancel(&test.editor, &image, id).await.unwrap();
    let gone = uploads.status(&test.editor, &image, id).await.unwrap_err();
    assert_eq!(said(&gone), (ErrorKind::NotFound, Subject::Upload));
}

#[tokio::test]
async fn sessions_end_by_themselves() {
    let test = TestService::new().await;
    let (image, uploads) = (name("team/app"), test.service.uploads());
    let id = uploads.start(&test.editor, &image, None).await.unwrap().id;
    uploads.append(&test.editor, &image, id, None, body(b"abc")).await.unwrap();
    test.clock.advance(24 * 60 * 60 - 1);
    uploads.status(&test.editor, &image, id).await.unwrap();
    test.clock.advance(1);
    let gone = uploads.status(&test.editor, &image, id).await.unwrap_err();
    assert_eq!(said(&gone), (ErrorKind::NotFound, Subject::Upload));
    uploads.tidy().await.unwrap();
    test.clock.advance(1);
    uploads.tidy().await.unwrap();
    let left = test
        .store
        .peek("test.doomed", |tx| {
            Box::pin(roadstead_store::object::doomed(tx, Timestamp(i64::MAX), 10))
        })
        .await
        .unwrap();
    assert!(left.is_empty(), "{left:?}");
}

#[tokio::test]
async fn the_layer_limit_holds() {
    let fixed = crate::FixedSettings {
        max_layer_bytes: Some(roadstead::manage::setting::Sourced::default_value(10)),
        ..Default::default()
    };
    let test = TestService::with(fixed).await;
    let (image, uploads) = (name("team/app"), test.service.uploads());
    let ten = b"0123456789";
    uploads.put(&test.editor, &image, &digest(ten), body(ten)).await.unwrap();
    let eleven = b"0123456789a";
    for upload in [body(eleven), streamed(&[&eleven[..6], &eleven[6..]], false)] {
        let id = uploads.start(&test.editor, &image, None).await.unwrap().id;
        let refused = uploads.append(&test.editor, &image, id, None, upload).await.unwrap_err();
        assert_eq!(said(&refused), (ErrorKind::TooLarge, Subject::Blob));
        let gone = uploads.status(&test.editor, &image, id).await.unwrap_err();
        assert_eq!(said(&gone), (ErrorKind::NotFound, Subject::Upload));
    }
}

#[tokio::test]
async fn the_storage_quota_of_an_account_holds() {
    let fixed = crate::FixedSettings {
        storage_quota: Some(roadstead::manage::setting::Sourced::default_value(20)),
        ..Default::default()
    };
    let test = TestService::with(fixed).await;
    let (image, other, uploads) = (name("team/app"), name("team/open"), test.service.uploads());
    let ten = b"0123456789";
    uploads.put(&test.editor, &image, &digest(ten), body(ten)).await.unwrap();
    let eleven = b"0123456789a";
    let id = uploads.start(&test.editor, &image, None).await.unwrap().id;
    uploads.append(&test.editor, &image, id, None, body(eleven)).await.unwrap();
    let refused = uploads
        .complete(&test.editor, &image, id, &digest(eleven), None, body(b""))
        .await
        .unwrap_err();
    assert_eq!(said(&refused), (ErrorKind::QuotaExceeded, Subject::Blob));
    assert_eq!(refused.detail(), Some(&json!({ "used": 10, "limit": 20 })));
    // The session is over, and what it had staged is gone; nothing is counted.
    let gone = uploads.status(&test.editor, &image, id).await.unwrap_err();
    assert_eq!(said(&gone), (ErrorKind::NotFound, Subject::Upload));
    assert!(!is_here(&test, &image, &digest(eleven)).await);
    // To the last byte, and what the account has already takes nothing.
    let rest = b"abcdefghij";
    uploads.put(&test.editor, &image, &digest(rest), body(rest)).await.unwrap();
    uploads.put(&test.editor, &other, &digest(ten), body(ten)).await.unwrap();
    let mounted = uploads.mount(&test.owner, &other, &digest(rest), Some(&image)).await.unwrap();
    assert_eq!(mounted, Mounted::Linked);
    let refused = uploads.put(&test.editor, &image, &digest(b"x"), body(b"x")).await.unwrap_err();
    assert_eq!(said(&refused), (ErrorKind::QuotaExceeded, Subject::Blob));
    // The account's own limit wins, also over none, and so does none.
    let account = test.account_key();
    for (own, is_taken) in [(Some(21), true), (Some(21), false), (Some(0), true)] {
        test.write(move |tx| {
            Box::pin(roadstead_store::account::set_limits(tx, account, None, own, Timestamp(0)))
        })
        .await;
        let bytes = format!("{}{is_taken}", own.unwrap()).into_bytes();
        let bytes = if own == Some(21) && is_taken { b"y".to_vec() } else { bytes };
        let outcome = uploads.put(&test.editor, &image, &digest(&bytes), body(&bytes)).await;
        assert_eq!(outcome.is_ok(), is_taken, "{own:?}");
    }
}

#[tokio::test]
async fn of_many_pushes_at_the_quotas_edge_as_many_succeed_as_fit() {
    let fixed = crate::FixedSettings {
        storage_quota: Some(roadstead::manage::setting::Sourced::default_value(30)),
        ..Default::default()
    };
    let test = TestService::with(fixed).await;
    let (image, uploads) = (name("team/app"), test.service.uploads());
    let pushes = (0..8).map(|number| {
        let (uploads, ctx, image) = (uploads.clone(), test.editor.clone(), image.clone());
        tokio::spawn(async move {
            let bytes = format!("layer{number:05}").into_bytes();
            uploads.put(&ctx, &image, &digest(&bytes), body(&bytes)).await
        })
    });
    let outcomes = futures::future::join_all(pushes).await;
    let fitting = outcomes.into_iter().filter(|outcome| outcome.as_ref().unwrap().is_ok()).count();
    assert_eq!(fitting, 3);
}

#[tokio::test]
async fn who_may_not_push_may_not_start() {
    let test = TestService::new().await;
    let uploads = test.service.uploads();
    for (who, ctx, image, kind) in [
        ("reader", &test.reader, "team/app", ErrorKind::Denied),
        ("reader, public", &test.reader, "team/open", ErrorKind::Denied),
        ("member", &test.member, "team/app", ErrorKind::Hidden),
        ("member, missing", &test.member, "team/none", ErrorKind::Hidden),
        ("stranger", &test.stranger, "team/app", ErrorKind::Hidden),
        ("stranger, public", &test.stranger, "team/open", ErrorKind::Denied),
        ("no organization", &test.owner, "nowhere/app", ErrorKind::Hidden),
        ("anonymous", &test.anonymous, "team/open", ErrorKind::Unauthenticated),
    ] {
        let refused = uploads.start(ctx, &name(image), None).await.unwrap_err();
        assert_eq!(refused.kind(), kind, "{who}");
    }
    let refused = uploads.start(&test.reader, &name("team/none"), None).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Denied);
}

#[tokio::test]
async fn the_first_blob_makes_the_image_private() {
    let test = TestService::new().await;
    let (image, uploads) = (name("team/new/one"), test.service.uploads());
    let missing = test.service.blobs().head(&test.editor, &image, &digest(b"x")).await.unwrap_err();
    assert_eq!(said(&missing), (ErrorKind::NotFound, Subject::Repository));
    let id = uploads.start(&test.editor, &image, None).await.unwrap().id;
    uploads.append(&test.editor, &image, id, None, body(b"x")).await.unwrap();
    let missing = test.service.blobs().head(&test.editor, &image, &digest(b"x")).await.unwrap_err();
    assert_eq!(said(&missing), (ErrorKind::NotFound, Subject::Repository), "not made by a start");
    uploads.complete(&test.editor, &image, id, &digest(b"x"), None, body(b"")).await.unwrap();
    let made = test.service.images().get(&test.editor, &image).await.unwrap();
    assert!(!made.is_public);
    assert!(is_here(&test, &image, &digest(b"x")).await);
    let catalog = test
        .service
        .catalog()
        .list(&test.editor, Cursor { last: Some("team/b".to_owned()), limit: 1 })
        .await
        .unwrap();
    assert_eq!(catalog.names, [name("team/new/one")]);
    assert!(catalog.has_more);
}

#[tokio::test]
async fn pushing_creates_nothing_where_that_is_off() {
    let fixed = crate::FixedSettings {
        create_on_push: Some(roadstead::manage::setting::Sourced::default_value(false)),
        ..Default::default()
    };
    let test = TestService::with(fixed).await;
    let refused =
        test.service.uploads().start(&test.editor, &name("team/new"), None).await.unwrap_err();
    assert_eq!(said(&refused), (ErrorKind::NotFound, Subject::Repository));
    test.service.uploads().start(&test.editor, &name("team/app"), None).await.unwrap();
}

#[tokio::test]
async fn mounts_need_the_right_to_pull_from_the_source() {
    let test = TestService::new().await;
    let uploads = test.service.uploads();
    let (source, wanted) = (name("team/app"), digest(b"layer"));
    uploads.put(&test.owner, &source, &wanted, body(b"layer")).await.unwrap();
    let mount = async |ctx: &Context, image: &str, from: Option<&ImageName>| {
        uploads.mount(ctx, &name(image), &wanted, from).await.unwrap()
    };
    assert_eq!(mount(&test.editor, "team/b", Some(&source)).await, Mounted::Linked);
    assert_eq!(mount(&test.editor, "team/c", None).await, Mounted::Linked);
    assert!(is_here(&test, &name("team/c"), &wanted).await);
    // Not there, not an image, and another blob: a session each time.
    for from in ["team/open", "team/none", "nowhere/x"] {
        let other = mount(&test.editor, "team/e", Some(&name(from))).await;
        assert!(matches!(other, Mounted::Started(_)), "{from}");
    }
    // Somebody else's account: neither by name nor by luck.
    test.service.organizations().create(&test.stranger, "isle".parse().unwrap()).await.unwrap();
    assert!(matches!(mount(&test.stranger, "isle/x", Some(&source)).await, Mounted::Started(_)));
    assert!(matches!(mount(&test.stranger, "isle/x", None).await, Mounted::Started(_)));
    // A user who may push to one image only, and pull from nothing else.
    let place = test.add_image("other/own", false).await;
    let user = test.member.user().unwrap().user;
    let now = test.clock.now();
    test.write(move |tx| {
        Box::pin(async move {
            let level = Permission::Edit;
            roadstead_store::grant::set_on_repository(tx, &place, user, level, None, now).await
        })
    })
    .await;
    assert!(matches!(mount(&test.member, "other/own", Some(&source)).await, Mounted::Started(_)));
    assert!(matches!(mount(&test.member, "other/own", None).await, Mounted::Started(_)));
}

#[tokio::test]
async fn two_uploads_of_one_digest_both_succeed() {
    let test = TestService::new().await;
    let (image, uploads, wanted) = (name("team/app"), test.service.uploads(), digest(b"same"));
    let mut ids = Vec::new();
    for _ in 0..2 {
        let id = uploads.start(&test.editor, &image, None).await.unwrap().id;
        uploads.append(&test.editor, &image, id, None, body(b"same")).await.unwrap();
        ids.push(id);
    }
    for id in ids {
        uploads.complete(&test.editor, &image, id, &wanted, None, body(b"")).await.unwrap();
    }
    test.clock.advance(1);
    uploads.tidy().await.unwrap();
    assert_eq!(read(&test, &image, &wanted).await, b"same");
}

#[tokio::test]
async fn ranges_and_traffic() {
    let test = TestService::new().await;
    let (image, wanted) = (name("team/app"), digest(b"0123456789"));
    test.service.uploads().put(&test.editor, &image, &wanted, body(b"0123456789")).await.unwrap();
    let blobs = test.service.blobs();
    let part = blobs.read(&test.reader, &image, &wanted, Part::Between(2, 4)).await.unwrap();
    let pieces: Vec<Bytes> = part.stream.try_collect().await.unwrap();
    assert_eq!((part.range, pieces.concat()), (2..5, b"234".to_vec()));
    let refused = blobs.read(&test.reader, &image, &wanted, Part::From(10)).await.unwrap_err();
    assert_eq!(said(&refused), (ErrorKind::RangeInvalid, Subject::Blob));
    assert_eq!(refused.detail().unwrap()["size"], 10);
    test.service.flush().await.unwrap();
    let place = test.image;
    let record = test
        .store
        .peek("test.repository", move |tx| {
            Box::pin(async move { roadstead_store::repository::find(tx, &place).await })
        })
        .await
        .unwrap()
        .unwrap();
    assert_eq!((record.pull_bytes, record.pull_count), (3, 0));
}

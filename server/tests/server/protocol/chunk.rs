//! Sessions and chunks: `protocol.md` 1.5, rules 2–8 and 13.

use axum::body::Body;
use bytes::Bytes;
use futures::StreamExt as _;
use http::Method;

use super::{patch, start, streamed};
use crate::support::TestApp;
use crate::support::image::{digest, noise, with_digest};
use crate::support::remains::{remains, tidy};

#[tokio::test]
async fn chunks_in_order_and_out_of_order() {
    TestApp::each(async |app| {
        let (editor, blob) = (app.editor(), noise(1, 3_000));
        let location = start(&editor, "group/app").await;
        // The conformance suite begins with the wrong chunk.
        let refused = patch(&editor, &location, "1000-1999", &blob[1_000..2_000]).await.expect(416);
        assert_eq!(refused.code(), "BLOB_UPLOAD_INVALID");
        assert_eq!((refused.header("range"), refused.header("location")), ("0-0", &location[..]));
        editor.get(&location).await.expect(204);
        let taken = patch(&editor, &location, "0-999", &blob[..1_000]).await.expect(202);
        assert_eq!(taken.header("range"), "0-999");
        let again = patch(&editor, &location, "0-999", &blob[..1_000]).await.expect(416);
        assert_eq!(again.header("range"), "0-999");
        let disagree =
            patch(&editor, &location, "1000-2998", &blob[1_000..2_000]).await.expect(400);
        assert_eq!(disagree.code(), "SIZE_INVALID");
        let nonsense = patch(&editor, &location, "here-there", &blob[..1]).await.expect(400);
        assert_eq!(nonsense.code(), "BLOB_UPLOAD_INVALID");
        let taken =
            patch(&editor, &location, "bytes 1000-1999", &blob[1_000..2_000]).await.expect(202);
        assert_eq!(taken.header("range"), "0-1999");
        // A client that lost the answer still has the former location.
        assert_eq!(editor.get(&location).await.expect(204).header("range"), "0-1999");
        let headers = [("content-range", "2000-2999")];
        let done = editor
            .put(&with_digest(&location, &blob), &headers, blob[2_000..].to_vec())
            .await
            .expect(201);
        assert_eq!(done.header("location"), format!("/v2/group/app/blobs/{}", digest(&blob)));
        assert_eq!(editor.get(done.header("location")).await.expect(200).body, blob);
        assert_eq!(editor.get(&location).await.expect(404).code(), "BLOB_UPLOAD_UNKNOWN");
    })
    .await;
}

#[tokio::test]
async fn sessions_are_their_owners_and_can_be_cancelled() {
    let app = TestApp::new().await;
    let editor = app.editor();
    let location = start(&editor, "group/app").await;
    assert_eq!(app.manager().get(&location).await.expect(404).code(), "BLOB_UPLOAD_UNKNOWN");
    let other = location.replace("/app/", "/other/");
    assert_eq!(editor.get(&other).await.expect(404).code(), "BLOB_UPLOAD_UNKNOWN");
    // Without a digest the session stays.
    assert_eq!(editor.put(&location, &[], "").await.expect(400).code(), "DIGEST_INVALID");
    editor.get(&location).await.expect(204);
    editor.delete(&location).await.expect(204);
    assert_eq!(editor.delete(&location).await.expect(404).code(), "BLOB_UPLOAD_UNKNOWN");
}

/// The closing `PUT` carries a range too (regclient); a wrong one changes nothing (valid on PUT since 1.2).
#[tokio::test]
async fn a_wrong_range_on_the_closing_put_keeps_the_session() {
    TestApp::each(async |app| {
        let (editor, blob) = (app.editor(), noise(40, 2_000));
        let location = start(&editor, "group/app").await;
        patch(&editor, &location, "0-999", &blob[..1_000]).await.expect(202);
        for (range, body) in [("0-999", &blob[..1_000]), ("1500-1999", &blob[1_500..])] {
            let headers = [("content-range", range)];
            let path = with_digest(&location, &blob);
            let refused = editor.put(&path, &headers, body.to_vec()).await.expect(416);
            assert_eq!(refused.code(), "BLOB_UPLOAD_INVALID");
            assert_eq!(refused.header("range"), "0-999");
            // Where to go on: without the digest that was appended.
            assert_eq!(refused.header("location"), location);
        }
        editor.head(&format!("/v2/group/app/blobs/{}", digest(&blob))).await.expect(404);
        patch(&editor, &location, "1000-1999", &blob[1_000..]).await.expect(202);
        editor.put(&with_digest(&location, &blob), &[], "").await.expect(201);
        assert_eq!(remains(&app).await.sessions, 0);
    })
    .await;
}

/// Everything that can be wrong with a chunk before it is read leaves the session as it was.
#[tokio::test]
async fn nothing_that_is_refused_changes_the_session() {
    let app = TestApp::new().await;
    let (editor, blob) = (app.editor(), noise(41, 1_000));
    let location = start(&editor, "group/app").await;
    patch(&editor, &location, "0-499", &blob[..500]).await.expect(202);
    for (range, length, status) in [
        ("0-499", 500, 416),
        ("499-998", 500, 416),
        ("501-999", 499, 416),
        ("18446744073709551615-18446744073709551615", 1, 416),
        ("500-998", 500, 400),
        ("500-1000", 500, 400),
        ("999-500", 500, 400),
        ("500-", 500, 400),
        ("-500", 500, 400),
        ("*", 500, 400),
        ("500-999,1000-1001", 500, 400),
        ("0x1f4-999", 500, 400),
        ("+500-999", 500, 400),
        ("99999999999999999999-99999999999999999999", 1, 400),
        ("", 500, 400),
    ] {
        let reply = patch(&editor, &location, range, &blob[..length]).await;
        assert_eq!(reply.status.as_u16(), status, "{range}: {}", reply.text());
        let now = editor.get(&location).await.expect(204);
        assert_eq!(now.header("range"), "0-499", "{range}");
        if status == 416 {
            assert_eq!((reply.header("range"), reply.header("location")), ("0-499", &location[..]));
        }
    }
    // More or less than the range says, without a length to compare it with before.
    for (range, body) in [("500-799", &blob[500..]), ("500-1499", &blob[500..])] {
        let headers = [("content-range", range)];
        let reply =
            editor.send(Method::PATCH, &location, &headers, streamed(body)).await.expect(400);
        assert_eq!(reply.code(), "SIZE_INVALID");
        assert_eq!(editor.get(&location).await.expect(204).header("range"), "0-499", "{range}");
    }
    patch(&editor, &location, "500-999", &blob[500..]).await.expect(202);
    editor.put(&with_digest(&location, &blob), &[], "").await.expect(201);
}

/// A prefix or a total are let pass: clients that share one writer for both kinds of ranges send them.
#[tokio::test]
async fn ranges_are_read_leniently() {
    let app = TestApp::new().await;
    let (editor, blob) = (app.editor(), noise(42, 400));
    let location = start(&editor, "group/app").await;
    let forms = ["bytes 0-99", "bytes=100-199", "200-299/400", "bytes 300-399/400"];
    for (range, piece) in forms.iter().zip(blob.chunks(100)) {
        patch(&editor, &location, range, piece).await.expect(202);
    }
    editor.put(&with_digest(&location, &blob), &[], "").await.expect(201);
}

/// One writer at a time: a client that gave up on a connection which the server still reads is told where it is.
#[tokio::test]
async fn a_second_writer_is_told_the_range_and_the_first_goes_on() {
    let app = TestApp::new().await;
    let (editor, blob) = (app.editor(), noise(43, 3_000));
    let location = start(&editor, "group/app").await;
    patch(&editor, &location, "0-999", &blob[..1_000]).await.expect(202);
    let (send, receive) = futures::channel::mpsc::unbounded::<Result<Bytes, std::io::Error>>();
    // The body says when it is asked for: then the session is held.
    let (held, is_held) = futures::channel::oneshot::channel();
    let mut held = Some(held);
    let body = Body::from_stream(futures::stream::poll_fn({
        let mut receive = receive;
        move |context| {
            held.take().map(|held| held.send(()));
            receive.poll_next_unpin(context)
        }
    }));
    let (client, path) = (editor.clone(), location.clone());
    let first = tokio::spawn(async move { client.send(Method::PATCH, &path, &[], body).await });
    is_held.await.unwrap();
    let second = patch(&editor, &location, "1000-1999", &blob[1_000..2_000]).await.expect(416);
    assert_eq!((second.code().as_str(), second.header("range")), ("BLOB_UPLOAD_INVALID", "0-999"));
    assert_eq!(second.header("location"), location);
    let closing = editor.put(&with_digest(&location, &blob[..1_000]), &[], "").await.expect(416);
    assert_eq!(closing.header("range"), "0-999");
    editor.delete(&location).await.expect(416);
    editor.get(&location).await.expect(204);
    send.unbounded_send(Ok(Bytes::copy_from_slice(&blob[1_000..]))).unwrap();
    drop(send);
    assert_eq!(first.await.unwrap().expect(202).header("range"), "0-2999");
    editor.put(&with_digest(&location, &blob), &[], "").await.expect(201);
}

/// A body that breaks off keeps what arrived; a client that comes back asks for the offset and goes on.
#[tokio::test]
async fn a_closing_put_that_breaks_off_can_be_resumed() {
    let app = TestApp::new().await;
    let (editor, blob) = (app.editor(), noise(44, 300_000));
    let location = start(&editor, "group/app").await;
    let pieces: Vec<Result<Bytes, std::io::Error>> =
        vec![Ok(Bytes::copy_from_slice(&blob[..100_000])), Err(std::io::Error::other("cut"))];
    let body = Body::from_stream(futures::stream::iter(pieces));
    let cut = editor.put(&with_digest(&location, &blob), &[], body).await.expect(400);
    assert_eq!(cut.code(), "BLOB_UPLOAD_INVALID");
    editor.head(&format!("/v2/group/app/blobs/{}", digest(&blob))).await.expect(404);
    let status = editor.get(&location).await.expect(204);
    let kept = match status.header("range") {
        "0-0" => 0,
        range => range.strip_prefix("0-").unwrap().parse::<usize>().unwrap() + 1,
    };
    assert!(kept <= 100_000, "no more than was sent");
    let range = format!("{kept}-{}", blob.len() - 1);
    let headers = [("content-range", range.as_str())];
    let path = with_digest(&location, &blob);
    editor.put(&path, &headers, blob[kept..].to_vec()).await.expect(201);
}

#[tokio::test]
async fn a_session_is_of_one_image_and_one_person() {
    let app = TestApp::new().await;
    let (editor, blob) = (app.editor(), noise(45, 100));
    let location = start(&editor, "group/app").await;
    let other = location.replace("group/app", "group/other");
    // CVE-2026-32589 of Quay: another repository's session could be used.
    for (client, path) in [
        (app.manager(), &location),
        (app.owner(), &location),
        (editor.clone(), &other),
        (app.stranger(), &location.replace("group/app", "strange/app")),
    ] {
        for (method, path) in [
            (Method::GET, path.clone()),
            (Method::HEAD, path.clone()),
            (Method::PATCH, path.clone()),
            (Method::PUT, with_digest(path, &blob)),
            (Method::DELETE, path.clone()),
        ] {
            let reply = client.send(method.clone(), &path, &[], blob.clone()).await;
            assert_eq!(reply.status, 404, "{method} {path}");
            if method != Method::HEAD {
                assert_eq!(
                    reply.code(),
                    "BLOB_UPLOAD_UNKNOWN",
                    "404, not 403: it does not exist for them"
                );
            }
        }
    }
    app.reader().get(&location).await.expect(403);
    app.anonymous().get(&location).await.expect(401);
    editor.put(&with_digest(&location, &blob), &[], blob.clone()).await.expect(201);
}

#[tokio::test]
async fn a_session_ends_after_a_day_and_leaves_nothing() {
    TestApp::each(async |app| {
        let (editor, blob) = (app.editor(), noise(46, 50_000));
        let before = remains(&app).await;
        let location = start(&editor, "group/app").await;
        patch(&editor, &location, "0-49999", &blob).await.expect(202);
        app.clock.advance(23 * 3_600);
        // Progress, not the beginning, counts.
        patch(&editor, &location, "50000-50000", b"x").await.expect(202);
        app.clock.advance(23 * 3_600);
        editor.get(&location).await.expect(204);
        assert_eq!(remains(&app).await.sessions, 1);
        app.clock.advance(3_600 + 1);
        assert_eq!(editor.get(&location).await.expect(404).code(), "BLOB_UPLOAD_UNKNOWN");
        tidy(&app).await;
        tidy(&app).await;
        assert_eq!(remains(&app).await, before);
    })
    .await;
}

#[tokio::test]
async fn what_is_cancelled_leaves_nothing() {
    TestApp::each(async |app| {
        let (editor, blob) = (app.editor(), noise(47, 50_000));
        let before = remains(&app).await;
        let location = start(&editor, "group/app").await;
        patch(&editor, &location, "0-49999", &blob).await.expect(202);
        let gone = editor.delete(&location).await.expect(204);
        assert!(gone.body.is_empty());
        for method in [Method::GET, Method::PATCH, Method::DELETE] {
            let reply = editor.send(method, &location, &[], Body::empty()).await.expect(404);
            assert_eq!(reply.code(), "BLOB_UPLOAD_UNKNOWN");
        }
        tidy(&app).await;
        assert_eq!(remains(&app).await, before);
    })
    .await;
}

//! The registry with a lot in it: how long it takes to start, and what lists, pages, look-ups and decisions cost, beside
//! the same with a hundredth of it. Fails when something is over its bar.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

use anyhow::{Context as _, Result, bail};
use clap::Args;
use hyper::{Method, header};

use crate::bars::row;
use crate::client::{Answer, Ask, Body, Client, Target};
use crate::measure::{Watch, median, status};
use crate::seed::{self, Amount, CROWDED, CROWDED_ORGANIZATION, image};
use crate::server::{self, PASSWORD, Running, USER, say};

/// Seconds within which the registry answers after its start.
const START: f64 = 1.0;
/// Milliseconds of a page of a registry list, in the middle.
const PAGE: f64 = 2.0;
/// Milliseconds of anything else that the registry is asked.
const LOOK_UP: f64 = 2.0;
/// Milliseconds of a page of the console.
const CONSOLE: f64 = 20.0;

#[derive(Debug, Args)]
pub(crate) struct Scale {
    /// The registry's binary
    #[arg(long, default_value = "target/release/roadstead")]
    binary: PathBuf,
    /// Where the data goes; a million manifests need 5 GB
    #[arg(long)]
    folder: Option<PathBuf>,
    /// Manifests in all
    #[arg(long, default_value_t = 1_000_000)]
    manifests: u64,
    /// Repositories in all
    #[arg(long, default_value_t = 10_000)]
    repositories: u64,
    /// Tags of one of them
    #[arg(long, default_value_t = 100_000)]
    tags: u64,
}

/// What one question costs.
struct Cost {
    what: &'static str,
    milliseconds: f64,
    bar: f64,
}

pub(crate) async fn measure(scale: &Scale) -> Result<()> {
    let folder = match &scale.folder {
        Some(parent) => tempfile::tempdir_in(parent)?,
        None => tempfile::tempdir()?,
    };
    let binary = scale.binary.canonicalize().context("no binary; `make build` makes it")?;
    let full =
        Amount { manifests: scale.manifests, repositories: scale.repositories, tags: scale.tags };
    let small = Amount {
        manifests: full.manifests.div_ceil(100),
        repositories: full.repositories.div_ceil(100).max(3),
        tags: full.tags.div_ceil(100),
    };
    let (little, _) = at(&binary, &folder.path().join("small"), small).await?;
    let (much, database) = at(&binary, &folder.path().join("full"), full).await?;
    say(row(["what", "with a hundredth, ms", "with all, ms", "at most, ms", "bar"]))?;
    say(row(["---"; 5]))?;
    let mut short = 0;
    for (before, after) in little.iter().zip(&much) {
        let is_reached = after.milliseconds <= after.bar;
        short += u32::from(!is_reached);
        let number = |value: f64| format!("{value:.2}");
        say(row([
            after.what,
            &number(before.milliseconds),
            &number(after.milliseconds),
            &number(after.bar),
            if is_reached { "reached" } else { "short" },
        ]))?;
    }
    let mut connection = seed::open(&database).await?;
    let bytes = std::fs::metadata(&database)?.len();
    say(format_args!("database: {:.0} MiB, of which", bytes as f64 / 1_048_576.0))?;
    for (name, size) in seed::sizes(&mut connection).await? {
        say(format_args!("  {size:7.0} MiB  {name}"))?;
    }
    if short > 0 {
        bail!("{short} over their bar");
    }
    Ok(())
}

/// Fills a new registry and asks it everything. The database's file goes with the answer.
async fn at(binary: &Path, folder: &Path, amount: Amount) -> Result<(Vec<Cost>, PathBuf)> {
    let first = server::roadstead(binary, folder, true).await?;
    make_reader(binary, folder)?;
    drop(first);
    let database = folder.join("data/roadstead.db");
    let watch = Watch::start();
    let mut connection = seed::open(&database).await?;
    seed::fill(&mut connection, amount).await?;
    seed::admit_reader(&mut connection).await?;
    sqlx::Connection::close(connection).await?;
    say(format_args!("{} manifests were made in {:.0} s", amount.manifests, watch.seconds()))?;
    let running = server::roadstead(binary, folder, false).await?;
    let costs = ask_everything(&running, amount).await?;
    say(format_args!("memory afterwards: {:.0} MiB", status(running.target.pid, "VmRSS:")))?;
    Ok((costs, database))
}

fn make_reader(binary: &Path, folder: &Path) -> Result<()> {
    let mut child = Command::new(binary)
        .args(["user", "create", &format!("{USER}/reader"), "--password-stdin", "--data-dir"])
        .arg(folder.join("data"))
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()?;
    let mut input = child.stdin.take().context("no input")?;
    writeln!(input, "{PASSWORD}")?;
    drop(input);
    if !child.wait()?.success() {
        bail!("the user could not be made");
    }
    Ok(())
}

async fn ask_everything(running: &Running, amount: Amount) -> Result<Vec<Cost>> {
    let target = &running.target;
    let mut costs =
        vec![Cost { what: "start", milliseconds: running.start * 1_000.0, bar: START * 1_000.0 }];
    let mut note = |what, milliseconds, bar| costs.push(Cost { what, milliseconds, bar });

    let owner = &mut Client::new(target);
    let reader = format!("{USER}/reader");
    let reader =
        Target::new("reader", target.authority.clone(), target.pid, Some((&reader, PASSWORD)));
    let reader = &mut Client::new(&reader);
    let everything = vec!["registry:catalog:*".to_owned()];
    let deep_tag = format!("v{:06}", amount.tags * 9 / 10);
    let deep_image = image(amount.repositories * 9 / 10);
    for (what, is_owner, path, scopes) in [
        ("tag names, first page", true, format!("/v2/{CROWDED}/tags/list?n=100"), pulling(CROWDED)),
        (
            "tag names, deep page",
            true,
            format!("/v2/{CROWDED}/tags/list?n=100&last={deep_tag}"),
            pulling(CROWDED),
        ),
        ("catalog, first page", true, "/v2/_catalog?n=100".to_owned(), everything.clone()),
        (
            "catalog, deep page",
            true,
            format!("/v2/_catalog?n=100&last={deep_image}"),
            everything.clone(),
        ),
        ("catalog of a reader", false, "/v2/_catalog?n=100".to_owned(), everything),
    ] {
        let client = if is_owner { &mut *owner } else { &mut *reader };
        note(what, repeated(client, &path, &scopes).await?, PAGE);
    }

    // Another repository each time, so that nothing is remembered; the second time the permission alone is.
    for (what, client, step) in [
        ("manifest of an image not asked for before", &mut *owner, 1),
        ("the same for a reader, permission included", &mut *reader, 100),
    ] {
        let mut times = Vec::new();
        for number in (0..amount.repositories.saturating_sub(1)).step_by(step).take(100) {
            let name = image(number);
            let scopes = pulling(&name);
            // The token is fetched first: it is not what is measured.
            client.ask(Ask::new(Method::GET, "/v2/"), &scopes).await?;
            let watch = Watch::start();
            let ask = Client::manifest(Method::GET, &name, "v000000");
            client.expect(ask, &scopes, &[200]).await?;
            times.push(watch.milliseconds());
        }
        note(what, median(times), LOOK_UP);
    }

    let name = image(1);
    let ask = Client::manifest(Method::HEAD, &name, "v000000");
    let answer = owner.expect(ask, &pulling(&name), &[200]).await?;
    let digest = answer.headers.get("docker-content-digest").context("no digest")?.to_str()?;
    let path = format!("/v2/{name}/referrers/{digest}");
    note("referrers", repeated(owner, &path, &pulling(&name)).await?, LOOK_UP);

    let mut browser = Browser::sign_in(target).await?;
    for (what, path) in [
        ("console: images", "/images".to_owned()),
        ("console: search of images", "/images?search=service-00".to_owned()),
        ("console: tags of an image", format!("/images/{}", image(1))),
        ("console: tags of the crowded image", format!("/images/{CROWDED}")),
        ("console: search of tags", format!("/images/{CROWDED}?search=v0099")),
        ("console: organizations", "/organizations".to_owned()),
        ("console: an organization", format!("/organizations/{CROWDED_ORGANIZATION}")),
        ("console: overview", "/overview".to_owned()),
    ] {
        note(what, browser.repeated(&path).await?, CONSOLE);
    }
    Ok(costs)
}

fn pulling(name: &str) -> Vec<String> {
    vec![format!("repository:{name}:pull")]
}

/// Milliseconds of a question, in the middle of thirty.
async fn repeated(client: &mut Client, path: &str, scopes: &[String]) -> Result<f64> {
    let mut times = Vec::new();
    for _ in 0..30 {
        let watch = Watch::start();
        client.expect(Ask::new(Method::GET, path).keep(), scopes, &[200]).await?;
        times.push(watch.milliseconds());
    }
    Ok(median(times))
}

/// Who looks at the console.
struct Browser {
    client: Client,
    cookies: Vec<(String, String)>,
}

impl Browser {
    async fn sign_in(target: &Arc<Target>) -> Result<Self> {
        let fresh = Target::new("console", target.authority.clone(), target.pid, None);
        let mut browser = Self { client: Client::new(&fresh), cookies: Vec::new() };
        browser.send(Ask::new(Method::GET, "/signin"), 200).await?;
        let token = browser.cookies.iter().find(|(name, _)| name == "rs_csrf");
        let token = token.map(|(_, value)| value.clone()).context("no token")?;
        let form = format!("_csrf={token}&account={USER}&user=&password={PASSWORD}");
        let ask = Ask::new(Method::POST, "/console/call/signin")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(header::REFERER, format!("http://{}/signin", target.authority))
            .body(Body(vec![form.into()]));
        browser.send(ask, 302).await?;
        Ok(browser)
    }

    async fn send(&mut self, ask: Ask, wanted: u16) -> Result<Answer> {
        let cookies: Vec<_> =
            self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let ask = ask
            .header(header::COOKIE, cookies.join("; "))
            .header(header::ACCEPT, "text/html")
            .header(header::HeaderName::from_static("sec-fetch-site"), "same-origin");
        let answer = self.client.expect(ask.keep(), &[], &[wanted]).await?;
        for cookie in answer.headers.get_all(header::SET_COOKIE) {
            let pair = cookie.to_str()?.split(';').next().unwrap_or_default();
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            self.cookies.retain(|(known, _)| known != name);
            self.cookies.push((name.to_owned(), value.to_owned()));
        }
        Ok(answer)
    }

    async fn repeated(&mut self, path: &str) -> Result<f64> {
        let mut times = Vec::new();
        for _ in 0..15 {
            let watch = Watch::start();
            self.send(Ask::new(Method::GET, path), 200).await?;
            times.push(watch.milliseconds());
        }
        Ok(median(times))
    }
}

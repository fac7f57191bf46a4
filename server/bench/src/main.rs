//! Measures the registry: beside Debian's docker-registry and a limit server, interleaved, so that on a noisy machine the
//! ratios still mean something; and at scale.
//!
//! `make bench` runs it. `roadstead-bench run --help` lists what can be chosen.

mod bars;
mod client;
mod limit;
mod measure;
mod scale;
mod scenario;
mod seed;
mod server;

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context as _, Result, bail};
use clap::{Args, Parser, Subcommand};

use crate::bars::{COLUMNS, judge, row};
use crate::measure::{Sample, status};
use crate::scenario::{ALL, Sizes, Stock};
use crate::server::{Running, say};

#[derive(Debug, Parser)]
#[command(name = "roadstead-bench", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Every scenario, beside docker-registry where it is installed and the limit server
    Run(Run),
    /// A million manifests: what start, lists, pages and decisions cost then
    Scale(scale::Scale),
    /// The limit server (started by `run`)
    #[command(hide = true)]
    Limit { folder: PathBuf },
}

#[derive(Debug, Args)]
struct Run {
    /// The registry's binary
    #[arg(long, default_value = "target/release/roadstead")]
    binary: PathBuf,
    /// Where the servers keep their data; it needs about 20 times the large blob
    #[arg(long)]
    folder: Option<PathBuf>,
    /// Only these scenarios
    #[arg(long, value_delimiter = ',')]
    scenario: Vec<String>,
    /// Rounds; the servers' order changes from one to the next
    #[arg(long, default_value_t = 7)]
    rounds: usize,
    /// MiB of the large blob
    #[arg(long, default_value_t = 256)]
    large: usize,
    /// Requests of a measurement of requests
    #[arg(long, default_value_t = 6_400)]
    requests: usize,
    /// Tags in all
    #[arg(long, default_value_t = 7_000)]
    tags: usize,
    /// Repositories in all
    #[arg(long, default_value_t = 3_500)]
    repositories: usize,
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> Result<()> {
    match Cli::parse().command {
        Command::Run(run) => compare(&run).await,
        Command::Scale(scale) => scale::measure(&scale).await,
        Command::Limit { folder } => {
            tokio::task::spawn_blocking(move || limit::serve(&folder)).await?
        }
    }
}

/// A server with the samples of the present scenario.
struct Measured {
    running: Running,
    rounds: Vec<Option<Sample>>,
}

async fn compare(run: &Run) -> Result<()> {
    for wanted in &run.scenario {
        if !ALL.iter().any(|(name, _)| name == wanted) {
            bail!("there is no scenario {wanted}");
        }
    }
    let folder = match &run.folder {
        Some(parent) => tempfile::tempdir_in(parent)?,
        None => tempfile::tempdir()?,
    };
    let binary = run.binary.canonicalize().context("no binary; `make build` makes it")?;
    let mut servers =
        vec![server::roadstead(&binary, &folder.path().join("roadstead"), true).await?];
    let registry = server::find("docker-registry");
    match &registry {
        Some(binary) => {
            servers.push(server::docker_registry(binary, &folder.path().join("docker")).await?);
        }
        None => say("docker-registry is not installed: the columns about it stay empty")?,
    }
    servers.push(server::limit(&folder.path().join("limit")).await?);
    let mut servers: Vec<Measured> =
        servers.into_iter().map(|running| Measured { running, rounds: Vec::new() }).collect();
    let pid = servers.first().map_or(0, |it| it.running.target.pid);
    let idle = status(pid, "VmRSS:");
    let sizes = Sizes {
        large: run.large.max(1) * 1024 * 1024,
        requests: run.requests.max(8),
        tags: run.tags.max(1),
        repositories: run.repositories.max(1),
        rounds: run.rounds.max(1),
    };
    let stock = Arc::new(Stock::new(sizes, format!("{:x}", std::process::id())));
    for server in &servers {
        scenario::prepare(&stock, &server.running.target).await?;
    }
    say(format_args!("idle after the start: {idle:.0} MiB; rounds: {}", run.rounds))?;
    say(row([&["scenario"], COLUMNS].concat()))?;
    say(row(std::iter::repeat_n("---", COLUMNS.len() + 1)))?;
    let mut short = Vec::new();
    for (name, _) in ALL {
        if !run.scenario.is_empty() && !run.scenario.iter().any(|wanted| wanted == name) {
            continue;
        }
        for round in 0..run.rounds.max(1) {
            measure_round(&stock, &mut servers, name, round).await?;
        }
        let of = |wanted: &str| {
            let found = servers.iter().find(|it| it.running.target.name == wanted);
            found.map(|it| it.rounds.as_slice()).unwrap_or_default()
        };
        let verdict = judge(name, of("roadstead"), of("docker-registry"), of("limit"));
        say(row(std::iter::once(*name).chain(verdict.cells.iter().map(String::as_str))))?;
        short.extend(verdict.short.into_iter().map(|why| format!("{name}: {why}")));
        for server in &mut servers {
            server.rounds.clear();
        }
    }
    match short.as_slice() {
        [] => say("every bar is reached"),
        short => say(format_args!("short:\n  {}", short.join("\n  "))),
    }
}

/// One measurement of every server, with the same bytes; every other round in the opposite order.
async fn measure_round(
    stock: &Arc<Stock>,
    servers: &mut [Measured],
    scenario: &str,
    round: usize,
) -> Result<()> {
    let payload = stock.payload(scenario);
    let mut order: Vec<&mut Measured> = servers.iter_mut().collect();
    if round % 2 == 1 {
        order.reverse();
    }
    for server in order {
        // What others wrote must not be synced on this one's time.
        tokio::task::spawn_blocking(nix::unistd::sync).await?;
        let target = &server.running.target;
        let outcome = scenario::run(stock, target, scenario, round, payload.clone()).await;
        let sample = match outcome {
            Ok(sample) => Some(sample),
            Err(error) if target.name == "roadstead" => return Err(error),
            Err(error) => {
                say(format_args!("{} cannot {scenario}: {error:#}", target.name))?;
                None
            }
        };
        server.rounds.push(sample);
    }
    Ok(())
}

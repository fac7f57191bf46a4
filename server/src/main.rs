//! The program `roadstead`. Everything is in the library; here the environment is read, once.

use std::io::Write as _;
use std::process::ExitCode;

/// The system's allocator keeps what many threads allocate and free for each other: after a day of pushes a server would
/// hold twice what it needs.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    #[allow(clippy::disallowed_methods, reason = "the only reader of the environment")]
    let environment = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect();
    roadstead_server::tls::install();
    match roadstead_server::cli::run(std::env::args_os(), environment) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "roadstead: {error:#}");
            ExitCode::FAILURE
        }
    }
}

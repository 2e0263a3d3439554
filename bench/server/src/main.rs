//! Sends requests to one API, as often as asked and without a socket; `cargo xtask bench server` runs it under callgrind.
//!
//! `queqiao-server-bench <side> <requests>` calls `measured` once for each [`Case`], and prints the names of the cases on
//! standard output, one a line.

#![forbid(unsafe_code)]

mod by_axum;
mod by_queqiao;
mod cases;
mod tokens;

use anyhow::{Context as _, Result, bail, ensure};
use axum::Router;
use axum::body::Body;
use axum::http::Request;
use http_body_util::BodyExt;
use tokio::runtime::{Builder, Runtime};
use tower::Service;

use cases::Case;
use tokens::Tokens;

/// Requests before the counting: what is made once is made.
const WARM_UP: usize = 8;

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let side = arguments.next().context("give a side: axum, queqiao, or layers")?;
    let requests = arguments.next().context("give the number of requests")?.parse::<usize>()?;
    let tokens = Tokens::new();
    let token = tokens.issue()?;
    let mut router = match side.as_str() {
        "axum" => by_axum::router(tokens),
        "queqiao" => by_queqiao::router(tokens)?,
        "layers" => by_axum::with_layers(tokens),
        other => bail!("there is no side \"{other}\"; there are axum, queqiao and layers"),
    };
    let runtime = Builder::new_current_thread().enable_all().build()?;
    for case in Case::ALL {
        let make = |count| (0..count).map(|_| case.request(&token)).collect::<Result<Vec<_>>>();
        let (before, counted) = (make(WARM_UP)?, make(requests)?);
        runtime.block_on(send(&mut router, case, before))?;
        measured(&runtime, &mut router, case, counted)?;
        println!("{}", case.name());
    }
    Ok(())
}

/// What is counted: callgrind looks for this name.
#[inline(never)]
fn measured(runtime: &Runtime, router: &mut Router, case: Case, requests: Vec<Request<Body>>) -> Result<()> {
    runtime.block_on(send(router, case, requests))
}

async fn send(router: &mut Router, case: Case, requests: Vec<Request<Body>>) -> Result<()> {
    for request in requests {
        let (parts, body) = router.call(request).await?.into_parts();
        let body = body.collect().await?.to_bytes();
        ensure!(
            parts.status == case.status(),
            "{}: answered {}: {}",
            case.name(),
            parts.status,
            String::from_utf8_lossy(&body)
        );
    }
    Ok(())
}

//! Injected faults as a client sees them.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

mod support;

use std::time::{Duration, Instant};

use serde_json::json;
use support::{ONE, SECRET_ONE, World};

const PATH: &str = "/cgi-bin/stable_token";

async fn token(world: &World) -> reqwest::Result<(u16, String)> {
    let body = json!({ "grant_type": "client_credential", "appid": ONE, "secret": SECRET_ONE });
    let response = world.http.post(world.url(PATH)).json(&body).send().await?;
    Ok((response.status().as_u16(), response.text().await?))
}

async fn inject(world: &World, fault: serde_json::Value) {
    world.console("faults", fault).await;
}

#[tokio::test]
async fn connections_are_reset() {
    let world = World::new().await;
    inject(&world, json!({"path": PATH, "damage": "reset", "times": 1})).await;
    let error = token(&world).await.unwrap_err();
    assert!(error.is_request() && !error.is_timeout(), "{error:?}");
    assert!(format!("{error:?}").contains("ConnectionReset"), "{error:?}");
    assert_eq!(token(&world).await.unwrap().0, 200, "once, and then no more");
}

#[tokio::test]
async fn answers_break_in_the_middle() {
    let world = World::new().await;
    inject(&world, json!({"damage": "half", "times": 1})).await;
    let error = token(&world).await.unwrap_err();
    assert!(error.is_body() || error.is_decode(), "{error:?}");
    // The call was acted upon: the same token is answered now.
    let report = world.get("/emulator/calls", &[]).await;
    assert_eq!(report["recent"][0]["fault"], "half an answer");
    assert!(report["recent"][0]["answer"]["access_token"].is_string());
}

#[tokio::test]
async fn answers_are_late_slow_or_never_there() {
    let world = World::new().await;
    inject(&world, json!({"damage": {"delay": 300}, "times": 1})).await;
    inject(&world, json!({"damage": {"slow": 2}, "times": 1})).await;
    inject(&world, json!({"damage": "time_out", "times": 1})).await;
    for _ in 0..2 {
        let began = Instant::now();
        assert!(token(&world).await.unwrap().1.contains("access_token"));
        assert!(began.elapsed() > Duration::from_millis(250), "{:?}", began.elapsed());
    }
    assert!(tokio::time::timeout(Duration::from_millis(300), token(&world)).await.is_err());
    // A time-out that is under way does not hold the end up.
    let began = Instant::now();
    world.emulator.shutdown().await;
    assert!(began.elapsed() < Duration::from_secs(5));
}

#[tokio::test]
async fn gateways_and_errcodes() {
    let world = World::new().await;
    inject(&world, json!({"damage": {"status": 502}, "times": 1})).await;
    let (status, page) = token(&world).await.unwrap();
    assert!(status == 502 && page.starts_with("<html>"), "{status} {page}");
    // A code that is used up although the caller only hears -1.
    let code = world.code(ONE, "alice").await;
    inject(&world, json!({"path": "/sns/*", "damage": {"errcode": -1}, "acts": true, "times": 1})).await;
    assert_eq!(world.exchange(&code).await["errcode"], -1);
    assert_eq!(world.exchange(&code).await["errcode"], 40163);
    // Without acting, the code is still good.
    let code = world.code(ONE, "alice").await;
    inject(&world, json!({"path": "/sns/*", "damage": {"errcode": 45009}, "times": 1})).await;
    assert_eq!(world.exchange(&code).await["errcode"], 45009);
    assert!(world.exchange(&code).await["openid"].is_string());
}

#[tokio::test]
async fn faults_are_listed_and_taken_away() {
    let world = World::new().await;
    inject(&world, json!({"appid": ONE, "damage": {"errcode": -1}, "probability": 0.5})).await;
    let faults = world.get("/emulator/faults", &[]).await;
    assert_eq!(faults[0]["probability"], 0.5);
    let cleared =
        world.http.delete(world.url("/emulator/faults")).send().await.unwrap().text().await.unwrap();
    assert_eq!(cleared, "[]");
    let bad = world.post("/emulator/faults", json!({"damage": "explosion"})).await;
    assert!(bad["error"].as_str().unwrap().contains("unknown variant `explosion`"), "{bad}");
}

#[tokio::test]
async fn equal_seeds_give_equal_faults() {
    let mut runs = Vec::new();
    for _ in 0..2 {
        let world = World::new().await;
        inject(&world, json!({"path": PATH, "damage": {"errcode": -1}, "probability": 0.4})).await;
        let mut run = Vec::new();
        for _ in 0..40 {
            run.push(token(&world).await.unwrap().1.contains("system error"));
        }
        runs.push(run);
    }
    assert_eq!(runs[0], runs[1]);
    let hits = runs[0].iter().filter(|hit| **hit).count();
    assert!((5..35).contains(&hits), "{hits}");
}

//! What WeChat's calls answer when nothing is wrong, seen by a client that shares no types with the emulator.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

mod support;

use aes::cipher::block_padding::Pkcs7;
use aes::cipher::{BlockModeDecrypt, KeyIvInit};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha1::{Digest, Sha1};
use sha2::Sha256;
use support::{ONE, SECRET_ONE, World, png};

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn hmac(key: &str, message: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).unwrap();
    mac.update(message.as_bytes());
    hex(&mac.finalize().into_bytes())
}

#[tokio::test]
async fn phone_codes_answer_the_number_once() {
    let world = World::new().await;
    let settings = json!({"phone_number": "13700001234"});
    world.console("users", json!({"appid": ONE, "user": "alice", "settings": settings})).await;
    let code = json!({"code": world.phone_code(ONE, "alice").await});
    let answer = world.call("/wxa/business/getuserphonenumber", code.clone()).await;
    let info = &answer["phone_info"];
    assert_eq!((&info["phoneNumber"], &info["countryCode"]), (&json!("13700001234"), &json!("86")));
    assert_eq!(info["watermark"]["appid"], ONE);
    assert_eq!(world.call("/wxa/business/getuserphonenumber", code).await["errcode"], 40163);
    // A login code is none, and the other way round.
    let login = json!({"code": world.code(ONE, "alice").await});
    assert_eq!(world.call("/wxa/business/getuserphonenumber", login).await["errcode"], 40029);
    assert_eq!(world.exchange(&world.phone_code(ONE, "alice").await).await["errcode"], 40029);
}

#[tokio::test]
async fn encrypted_data_is_for_the_session_key_of_its_user() {
    let world = World::new().await;
    let (openid, key) = world.alice().await;
    let sent = world.console("encrypted-data", json!({"appid": ONE, "user": "alice"})).await;
    let text = |name: &str| sent[name].as_str().unwrap().to_owned();
    let bytes = |name: &str| STANDARD.decode(text(name)).unwrap();
    let (key_bytes, iv): ([u8; 16], [u8; 16]) =
        (STANDARD.decode(&key).unwrap().try_into().unwrap(), bytes("iv").try_into().unwrap());
    let cipher = cbc::Decryptor::<aes::Aes128>::new(&key_bytes.into(), &iv.into());
    let plain = cipher.decrypt_padded_vec::<Pkcs7>(&bytes("encryptedData")).unwrap();
    let plain: Value = serde_json::from_slice(&plain).unwrap();
    assert_eq!((&plain["openId"], &plain["watermark"]["appid"]), (&json!(openid), &json!(ONE)));
    assert_eq!(text("signature"), hex(&Sha1::digest(format!("{}{key}", text("rawData")))));

    let hash = json!({"encrypted_msg_hash": hex(&Sha256::digest(text("encryptedData")))});
    assert_eq!(world.call("/wxa/business/checkencryptedmsg", hash).await["vaild"], true);
    let other = json!({"encrypted_msg_hash": "0".repeat(64)});
    assert_eq!(world.call("/wxa/business/checkencryptedmsg", other).await["vaild"], false);
}

#[tokio::test]
async fn sessions_are_checked_and_reset_by_signature() {
    let world = World::new().await;
    let (openid, key) = world.alice().await;
    let signature = hmac(&key, "");
    let query = [("openid", openid.as_str()), ("signature", &signature), ("sig_method", "hmac_sha256")];
    assert_eq!(world.fetch("/wxa/checksession", &query).await["errcode"], 0);

    let token = world.token().await;
    let keys =
        format!("/wxa/business/getuserencryptkey?access_token={token}&openid={openid}&signature={signature}");
    let answer = world.post(&format!("{keys}&sig_method=hmac_sha256"), json!({})).await;
    let first = answer["key_info_list"][0].clone();
    assert_eq!((&first["version"], &first["expire_in"]), (&json!(1), &json!(3600)));
    let on_the_phone = world.console("user-keys", json!({"appid": ONE, "user": "alice"})).await;
    assert_eq!(on_the_phone["encryptKey"], first["encrypt_key"]);

    let reset = world.fetch("/wxa/resetusersessionkey", &query).await;
    assert!(reset["session_key"].is_string() && reset["session_key"] != key.as_str(), "{reset}");
    assert_eq!(world.fetch("/wxa/checksession", &query).await["errcode"], 87009, "the old key signs no more");
}

#[tokio::test]
async fn texts_are_judged_by_rule_and_scene() {
    let world = World::new().await;
    let openid = world.openid().await;
    let check = |content: &str, scene: i64| {
        world.call(
            "/wxa/msg_sec_check",
            json!({"version": 2, "scene": scene, "openid": openid, "content": content}),
        )
    };
    world
        .console("verdicts", json!({"contains": "卖", "suggest": "review", "label": 10001, "scenes": [3]}))
        .await;
    assert_eq!(check("卖书", 2).await["result"], json!({"suggest": "pass", "label": 100}));
    let held = check("卖书", 3).await;
    assert_eq!(held["result"], json!({"suggest": "review", "label": 10001}));
    assert_eq!((&held["errcode"], &held["detail"][1]["keyword"]), (&json!(0), &json!("卖")));
    // The next check of alice fails, whatever she writes; the one after does not.
    world.console("verdicts", json!({"suggest": "risky", "user": "alice", "times": 1})).await;
    assert_eq!(check("你好", 2).await["result"]["suggest"], "risky");
    assert_eq!(check("你好", 2).await["result"]["suggest"], "pass");
    assert_eq!(check(&"长".repeat(2501), 2).await["errcode"], 47001);
}

#[tokio::test]
async fn codes_are_images_that_can_be_read() {
    let world = World::new().await;
    let token = world.token().await;
    for (path, body, kind, width) in [
        (
            "/wxa/getwxacodeunlimit",
            json!({"scene": "id=7", "page": "pages/a/a", "width": 300}),
            "image/jpeg",
            300,
        ),
        ("/wxa/getwxacode", json!({"path": "pages/a/a?id=7", "is_hyaline": true}), "image/png", 430),
        ("/cgi-bin/wxaapp/createwxaqrcode", json!({"path": "pages/a/a?id=7"}), "image/jpeg", 430),
    ] {
        let request = world.http.post(world.url(path)).query(&[("access_token", &token)]).json(&body);
        let response = request.send().await.unwrap();
        assert_eq!(response.headers()["content-type"], kind);
        let bytes = response.bytes().await.unwrap();
        let picture = image::load_from_memory(&bytes).unwrap();
        assert_eq!((picture.width(), picture.height()), (width, width));
        let mut on_white = image::RgbaImage::from_pixel(width, width, image::Rgba([255; 4]));
        image::imageops::overlay(&mut on_white, &picture.to_rgba8(), 0, 0);
        let grey = image::DynamicImage::from(on_white).to_luma8();
        let mut prepared =
            rqrr::PreparedImage::prepare_from_greyscale(width as usize, width as usize, |x, y| {
                grey.get_pixel(x as u32, y as u32).0[0]
            });
        let (_, text) = prepared.detect_grids()[0].decode().unwrap();
        assert!(text.contains(ONE) && text.contains("pages/a/a") && text.ends_with("id=7"), "{text}");
    }
}

#[tokio::test]
async fn links_lead_somewhere_until_they_expire() {
    let world = World::new().await;
    let target = json!({"path": "pages/a/a", "query": "id=7", "env_version": "trial"});
    let made = world
        .call(
            "/wxa/generatescheme",
            json!({"jump_wxa": target, "is_expire": true, "expire_type": 1, "expire_interval": 1}),
        )
        .await;
    let link = made["openlink"].as_str().unwrap();
    let info = world.call("/wxa/queryscheme", json!({"scheme": link})).await;
    assert_eq!(
        (&info["scheme_info"]["query"], &info["scheme_info"]["env_version"]),
        (&json!("id=7"), &json!("trial"))
    );
    assert_eq!(world.console("visits", json!({"link": link})).await["page"], "pages/a/a?id=7");
    let rest = world.call("/wxa/query_urllink", json!({"query_type": 1})).await;
    assert_eq!(rest["quota_info"]["remain_visit_quota"], 2_999_999);
    world.advance(86_400).await;
    let late = world.post("/emulator/visits", json!({"link": link})).await;
    assert!(late["error"].as_str().unwrap().contains("expired"), "{late}");
    let url = world.call("/wxa/generate_urllink", json!({"path": "pages/a/a"})).await;
    assert!(url["url_link"].as_str().unwrap().starts_with("https://wxaurl.cn/"));
    let short =
        world.call("/wxa/genwxashortlink", json!({"page_url": "pages/a/a", "page_title": "图书馆"})).await;
    assert!(short["link"].as_str().unwrap().starts_with("#小程序://图书馆/"));
}

#[tokio::test]
async fn media_come_back_for_three_days() {
    let world = World::new().await;
    let id = world.upload("media", "image", png()).await["media_id"].as_str().unwrap().to_owned();
    let token = world.token().await;
    let query = [("access_token", token.as_str()), ("media_id", &id)];
    let response = world.http.get(world.url("/cgi-bin/media/get")).query(&query).send().await.unwrap();
    assert_eq!(response.headers()["content-type"], "image/png");
    assert_eq!(response.bytes().await.unwrap(), png());
    let openid = world.openid().await;
    world.console("messages", json!({"appid": ONE, "user": "alice", "text": "在吗"})).await;
    let image = json!({"touser": openid, "msgtype": "image", "image": {"media_id": id}});
    assert_eq!(world.call("/cgi-bin/message/custom/send", image).await["errcode"], 0);
    let messages = world.get("/emulator/messages", &[]).await;
    assert_eq!((&messages[0]["kind"], &messages[1]["kind"]), (&json!("custom"), &json!("from_user")));
    world.advance(3 * 86_400).await;
    assert_eq!(world.fetch("/cgi-bin/media/get", &[("media_id", &id)]).await["errcode"], 40007);
    assert_eq!(world.upload("media", "image", b"text".to_vec()).await["errcode"], 40004);
}

#[tokio::test]
async fn quotas_and_failed_requests_can_be_asked_for() {
    let world = World::new().await;
    let openid = world.openid().await;
    for _ in 0..2 {
        world
            .call("/wxa/msg_sec_check", json!({"version": 2, "scene": 2, "openid": openid, "content": "x"}))
            .await;
    }
    let quota = json!({"cgi_path": "/wxa/msg_sec_check"});
    let answer = world.call("/cgi-bin/openapi/quota/get", quota.clone()).await;
    assert_eq!(answer["quota"], json!({"daily_limit": 2_000_000, "used": 2, "remain": 1_999_998}));
    assert_eq!(answer["rate_limit"], json!({"call_count": 4000, "refresh_second": 60}));
    world.call("/cgi-bin/openapi/quota/clear", quota.clone()).await;
    assert_eq!(world.call("/cgi-bin/openapi/quota/get", quota).await["quota"]["used"], 0);
    let failed = world.call("/wxa/getuserriskrank", json!({"appid": ONE, "scene": 9})).await;
    let rid = failed["errmsg"].as_str().unwrap().rsplit_once("rid: ").unwrap().1.to_owned();
    let told = world.call("/cgi-bin/openapi/rid/get", json!({"rid": rid})).await;
    assert!(told["request"]["response_body"].as_str().unwrap().contains("invalid scene"), "{told}");
    world.console("users", json!({"appid": ONE, "user": "alice", "settings": {"risk_rank": 3}})).await;
    let body = json!({"appid": ONE, "openid": openid, "scene": 0, "client_ip": "203.0.113.7"});
    assert_eq!(world.call("/wxa/getuserriskrank", body).await["risk_rank"], 3);
}

#[tokio::test]
async fn ordinary_and_stable_tokens_live_apart() {
    let world = World::new().await;
    let query = [("grant_type", "client_credential"), ("appid", ONE), ("secret", SECRET_ONE)];
    let ordinary =
        || async { world.get("/cgi-bin/token", &query).await["access_token"].as_str().unwrap().to_owned() };
    let errcode = |token: String| {
        let world = &world;
        async move {
            world.get("/wxaapi/newtmpl/gettemplate", &[("access_token", &token)]).await["errcode"].as_i64()
        }
    };
    let (stable, first) = (world.token().await, ordinary().await);
    let second = ordinary().await;
    for token in [&stable, &first, &second] {
        assert_eq!(errcode(token.clone()).await, Some(0));
    }
    world.advance(300).await;
    assert_eq!(errcode(first).await, Some(42001), "the one before lives five minutes more");
    assert_eq!((errcode(second).await, errcode(stable.clone()).await), (Some(0), Some(0)));
    world.console(&format!("apps/{ONE}/tokens"), json!({"end": "kill"})).await;
    assert_eq!(errcode(stable).await, Some(40001));
}

#[tokio::test]
async fn equal_seeds_give_equal_answers() {
    let mut runs = Vec::new();
    for _ in 0..2 {
        let world = World::new().await;
        let code = world.code(ONE, "alice").await;
        runs.push((
            code.clone(),
            world.exchange(&code).await,
            world.token().await,
            world.exchange(&code).await,
        ));
    }
    assert_eq!(runs[0], runs[1]);
}

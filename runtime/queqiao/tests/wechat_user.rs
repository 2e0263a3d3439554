//! What handlers ask WeChat about their user: phone numbers and encrypted data.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

use std::time::Duration;

use queqiao::emulator::{Damage, Fault};
use queqiao::prelude::*;
use queqiao::{DecryptError, Encrypted, EncryptedData, PhoneCode, PhoneError, TestApp, WeChatUser};
use serde_json::{Value, json};

const SHOP: &str = "wx00000000000000aa";
const STAFF: &str = "wx00000000000000bb";

/// Fill in the phone number.
#[post("/me/phone")]
async fn add_phone(user: WeChatUser, Json(code): Json<PhoneCode>) -> Result<Vec<String>, PhoneError> {
    let number = user.phone_number(&code).await?;
    Ok(vec![number.country_code, number.pure_phone_number])
}

/// Whom to deliver to.
#[model]
#[derive(Debug)]
struct Recipient {
    name: String,
    phone: PhoneCode,
}

/// Why nothing is delivered.
#[derive(Debug, ApiError)]
enum DeliveryError {
    /// Nobody lives there.
    #[error(status = 404)]
    Nobody,
    #[error(transparent)]
    Phone(PhoneError),
}

/// Deliver.
#[post("/deliveries")]
async fn deliver(
    user: User,
    known: WeChatUser,
    Json(recipient): Json<Recipient>,
) -> Result<String, DeliveryError> {
    assert_eq!(user.appid(), Some(known.program().appid()));
    assert!(!format!("{known:?} {recipient:?}").contains(known.openid()));
    if recipient.name == "nobody" {
        return Err(DeliveryError::Nobody);
    }
    Ok(known.phone_number(&recipient.phone).await?.phone_number)
}

fn api() -> Api<()> {
    Api::new("shops", "1.0.0").routes(routes![add_phone, deliver])
}

fn two() -> TestApp {
    TestApp::new(api()).configuration(format!(
        "[emulator]\nenabled = true\n\
         [wechat.apps.shop]\nappid = \"{SHOP}\"\nsecret = \"s1\"\n\
         [wechat.apps.staff]\nappid = \"{STAFF}\"\nsecret = \"s2\"\n"
    ))
}

async fn phone_code(app: &TestApp, appid: &str, user: &str) -> String {
    app.wechat().await.user(appid, user).unwrap().phone_code()
}

async fn log_in(app: &TestApp, appid: &str, user: &str) -> String {
    let code = app.login_code_in(appid, user).await;
    let request = app.post("/auth/login").header("X-Queqiao-App", appid).json(&json!({ "code": code }));
    request.await.json::<Value>()["token"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_code_gives_the_number_once_as_a_body_and_as_a_member() {
    let app = two();
    for appid in [SHOP, STAFF] {
        let token = log_in(&app, appid, "alice").await;
        let code = phone_code(&app, appid, "alice").await;
        let ask = || app.post("/me/phone").bearer(&token).json(&code);
        let number: Vec<String> = ask().await.json();
        assert_eq!((number[0].as_str(), number[1].len()), ("86", 11));
        let again = ask().await;
        assert_eq!((again.status.as_u16(), again.code().as_str()), (422, "phone.code_invalid"));
        assert!(again.text().contains("button"), "{}", again.text());
        let body = json!({ "name": "alice", "phone": phone_code(&app, appid, "alice").await });
        assert_eq!(app.post("/deliveries").bearer(&token).json(&body).await.json::<String>(), number[1]);
    }
}

#[tokio::test]
async fn codes_of_others_of_other_programs_and_of_logins_are_refused() {
    let app = two();
    let token = log_in(&app, SHOP, "alice").await;
    let others = [
        phone_code(&app, SHOP, "bob").await,
        phone_code(&app, STAFF, "alice").await,
        app.login_code_in(SHOP, "alice").await,
        "\u{1}".to_owned(),
    ];
    for code in others {
        let refused = app.post("/me/phone").bearer(&token).json(&code).await;
        assert_eq!((refused.status.as_u16(), refused.code().as_str()), (422, "phone.code_invalid"), "{code}");
        assert!(!refused.text().contains(&code) || code.len() < 2, "{}", refused.text());
    }
    for wrong in [json!(""), json!("x".repeat(513)), json!(7), json!({ "code": "x" })] {
        let refused = app.post("/me/phone").bearer(&token).json(&wrong).await;
        assert_eq!(refused.code(), "validation", "{wrong}");
        assert_eq!(refused.problem()["errors"][0]["pointer"], "");
    }
    let body = json!({ "name": "alice", "phone": "" });
    let refused = app.post("/deliveries").bearer(&token).json(&body).await;
    assert_eq!(refused.problem()["errors"][0]["pointer"], "/phone");
    assert_eq!(app.post("/me/phone").json("x").await.code(), "auth.required");
}

#[tokio::test]
async fn wechat_away_is_told_as_such() {
    let app = two();
    let token = log_in(&app, SHOP, "alice").await;
    for (damage, expected) in [
        (Damage::Errcode(-1), (503, "phone.unavailable")),
        (Damage::Errcode(45009), (503, "phone.unavailable")),
        (Damage::Errcode(45011), (503, "phone.unavailable")),
        (Damage::Reset, (503, "phone.unavailable")),
        (Damage::Status(502), (503, "phone.unavailable")),
        (Damage::Errcode(48001), (500, "internal")),
    ] {
        let fault = Fault::new(damage.clone()).path("/wxa/business/getuserphonenumber");
        app.wechat().await.inject(fault).unwrap();
        let code = phone_code(&app, SHOP, "alice").await;
        let away = app.post("/me/phone").bearer(&token).json(&code).await;
        assert_eq!((away.status.as_u16(), away.code().as_str()), expected, "{damage:?}");
        app.wechat().await.clear_faults();
        // What was not acted upon can be sent again.
        let told = app.post("/me/phone").bearer(&token).json(&code).await;
        assert!(told.status.is_success(), "{damage:?} {}", told.text());
    }
}

#[test]
fn the_document_tells_the_code_and_its_errors() {
    let built = api().build().unwrap();
    let document = built.document().value();
    let operation = &document["paths"]["/me/phone"]["post"];
    let body = &operation["requestBody"]["content"]["application/json"]["schema"];
    assert_eq!(
        (&body["type"], &body["minLength"], &body["maxLength"]),
        (&json!("string"), &json!(1), &json!(512))
    );
    assert!(body["description"].as_str().unwrap().contains("getPhoneNumber"));
    let codes = |operation: &Value, status: &str| {
        operation["responses"][status].to_string() + &document["components"].to_string()
    };
    assert!(codes(operation, "422").contains("phone.code_invalid"));
    assert!(codes(operation, "503").contains("phone.unavailable"));
    assert_eq!(operation["security"][0], json!({ "login": [] }));
    let member = &document["components"]["schemas"]["Recipient"]["properties"]["phone"];
    assert_eq!(member["maxLength"], 512);
    let delivery = &document["paths"]["/deliveries"]["post"];
    assert!(codes(delivery, "422").contains("phone.code_invalid"));
}

/// What `wx.getWeRunData` encrypts.
#[model]
struct WeRunData {
    #[check(length = 1..=31)]
    step_info_list: Vec<Steps>,
}

/// A day.
#[model]
struct Steps {
    timestamp: i64,
    step: u32,
}

/// Bring the steps of the last days.
#[post("/steps")]
async fn add_steps(_user: User, run: Encrypted<WeRunData, 60>) -> u32 {
    run.data.step_info_list.iter().map(|day| day.step).sum()
}

/// The same beside other things.
#[model]
#[derive(Debug)]
struct Shared {
    group: EncryptedData,
}

/// Name the group.
#[post("/groups")]
async fn share(user: WeChatUser, Json(shared): Json<Shared>) -> Result<String, DecryptError> {
    let group = user.decrypt::<Value>(&shared.group, Duration::from_secs(600)).await?;
    assert!(!format!("{shared:?}").contains(&shared.group.encrypted_data));
    Ok(group.data["openGId"].as_str().unwrap_or_default().to_owned())
}

fn walks() -> TestApp {
    TestApp::new(Api::<()>::new("walks", "1.0.0").routes(routes![add_steps, share]))
}

/// As the API of the mini-program answers.
async fn encrypt(app: &TestApp, user: &str, data: Value) -> Value {
    let person = app.wechat().await.user(queqiao::emulator::DEFAULT_APPID, user).unwrap();
    let made = person.encrypt(data.as_object().unwrap().clone()).unwrap();
    json!({ "encryptedData": made.encrypted_data, "iv": made.iv })
}

fn steps(count: u32) -> Value {
    json!({ "stepInfoList": [{ "timestamp": 1_445_866_601, "step": count }] })
}

#[tokio::test]
async fn data_is_decrypted_before_the_handler_runs() {
    let app = walks();
    let alice = app.user("alice");
    alice.token().await;
    let body = encrypt(&app, "alice", steps(100)).await;
    assert_eq!(alice.post("/steps").json(&body).await.json::<u32>(), 100);
    let group = json!({ "group": encrypt(&app, "alice", json!({ "openGId": "tG" })).await });
    assert_eq!(alice.post("/groups").json(&group).await.json::<String>(), "tG");
    assert_eq!(app.post("/steps").json(&body).await.code(), "auth.required");
    assert_eq!(alice.post("/steps").json(&json!({ "iv": "x" })).await.code(), "validation");
}

#[tokio::test]
async fn each_of_the_newest_three_keys_is_tried_and_no_other() {
    let app = walks();
    let alice = app.user("alice");
    alice.token().await;
    let mut taken = Vec::new();
    for count in 1..=4 {
        // The emulator gives another key with each login.
        alice.log_in().await;
        app.advance(Duration::from_secs(1));
        taken.push(encrypt(&app, "alice", steps(count)).await);
    }
    for (count, body) in (1..=4).zip(&taken).skip(1) {
        assert_eq!(alice.post("/steps").json(body).await.json::<u32>(), count);
    }
    let stale = alice.post("/steps").json(&taken[0]).await;
    assert_eq!((stale.status.as_u16(), stale.code().as_str()), (401, "auth.session_stale"));
    assert!(stale.headers.contains_key("www-authenticate"));
    assert!(stale.text().contains("take the data again"), "{}", stale.text());
}

#[tokio::test]
async fn data_of_others_and_forged_data_are_stale_alike() {
    let app = walks();
    let (alice, bob) = (app.user("alice"), app.user("bob"));
    alice.token().await;
    bob.token().await;
    let body = encrypt(&app, "alice", steps(1)).await;
    let mut forged = body.clone();
    forged["iv"] = "AAAAAAAAAAAAAAAAAAAAAA==".into();
    let answers = [bob.post("/steps").json(&body).await, alice.post("/steps").json(&forged).await];
    for answer in &answers {
        assert_eq!(answer.code(), "auth.session_stale");
    }
    let without_id = |answer: &queqiao::TestResponse| {
        let mut problem = answer.problem();
        problem.as_object_mut().unwrap().remove("request_id");
        problem
    };
    assert_eq!(without_id(&answers[0]), without_id(&answers[1]));
}

#[tokio::test]
async fn data_of_another_kind_and_old_data_are_refused() {
    let app = walks();
    let alice = app.user("alice");
    alice.token().await;
    for wrong in [json!({ "openGId": "tG" }), json!({ "stepInfoList": [] })] {
        let body = encrypt(&app, "alice", wrong).await;
        let refused = alice.post("/steps").json(&body).await;
        assert_eq!((refused.status.as_u16(), refused.code().as_str()), (422, "encrypted.shape"));
    }
    let body = encrypt(&app, "alice", steps(1)).await;
    app.advance(Duration::from_secs(60));
    assert!(alice.post("/steps").json(&body).await.status.is_success());
    app.advance(Duration::from_secs(1));
    let refused = alice.post("/steps").json(&body).await;
    assert_eq!((refused.status.as_u16(), refused.code().as_str()), (422, "encrypted.too_old"));
}

#[test]
fn the_document_tells_what_is_sent_and_not_what_is_in_it() {
    let api = Api::<()>::new("walks", "1.0.0").routes(routes![add_steps, share]);
    let built = api.build().unwrap();
    let document = built.document().value();
    let body = &document["paths"]["/steps"]["post"]["requestBody"]["content"]["application/json"]["schema"];
    assert_eq!(body["$ref"], "#/components/schemas/EncryptedData");
    assert!(document["components"]["schemas"].get("WeRunData").is_none());
    for path in ["/steps", "/groups"] {
        let responses = document["paths"][path]["post"]["responses"].to_string();
        for code in ["auth.session_stale", "encrypted.shape", "encrypted.too_old"] {
            assert!(responses.contains(code), "{path} {code}");
        }
    }
}

//! The generated client of a backend that serves several mini-programs: it says which one it is in.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

use queqiao::TestApp;
use queqiao::prelude::*;
use queqiao::serde_json::json;
use queqiao_codegen::{Options, generate};
use queqiao_quickjs_host::Host;

const SHOP: &str = "wx00000000000000aa";
const STAFF: &str = "wx00000000000000bb";

/// Where the session is.
#[get("/where")]
async fn whence(user: User) -> String {
    user.appid().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn a_header_of_the_configuration_names_the_mini_program_at_the_login_too() {
    let api = || Api::<()>::new("shops", "1.0.0").routes(routes![whence]);
    let app = TestApp::new(api()).configuration(format!(
        "[emulator]\nenabled = true\n\
         [wechat.apps.shop]\nappid = \"{SHOP}\"\nsecret = \"s1\"\n\
         [wechat.apps.staff]\nappid = \"{STAFF}\"\nsecret = \"s2\"\n"
    ));
    let router = app.router().await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { queqiao::axum::serve(listener, router).await });
    let client = generate(api().build().unwrap().document().value(), &Options::default()).unwrap();
    for appid in [SHOP, STAFF] {
        let wechat = app.clone();
        let host = Host::new(client.files.clone()).login(move || {
            let wechat = wechat.clone();
            async move { Ok(wechat.login_code_in(appid, "alice").await) }
        });
        let host = host.start().unwrap();
        host.eval_async(&format!("api.configure({{ baseUrl: 'http://{address}' }})")).await.unwrap();
        let unnamed =
            host.eval_async("return await api.whence().catch(function (e) { return e.code })").await.unwrap();
        assert_eq!(unnamed, json!("app.unknown"));
        let script = format!(
            "wx.getAccountInfoSync = function () {{ return {{ miniProgram: {{ appId: '{appid}' }} }} }};
             api.configure({{ header: {{ 'X-Queqiao-App': wx.getAccountInfoSync().miniProgram.appId }} }});
             return await api.whence()"
        );
        assert_eq!(host.eval_async(&script).await.unwrap(), json!(appid));
    }
}

//! WeChat's server API without a web framework: who logs in, and may this comment be published?
//! `cargo run -p queqiao-wechat --example alone -- <code from wx.login> <comment>`

use queqiao_wechat::{App, Class, Scene, Settings, Suggest, TextCheck, WeChat};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let set = |name: &str| std::env::var(name).map_err(|_| format!("set {name}"));
    let (mut arguments, mut settings) = (std::env::args().skip(1), Settings::default());
    settings.base_url = set("WECHAT_URL").unwrap_or(settings.base_url); // an emulator, for example
    let (wechat, app) = (WeChat::new(settings)?, App::new(set("WECHAT_APPID")?, set("WECHAT_SECRET")?));

    let code = arguments.next().ok_or("give a code from wx.login")?;
    let user = match wechat.code_to_session(&app, &code.into()).await {
        Err(error) if error.class() == Some(Class::NewCode) => return Err("call wx.login again".into()),
        session => session?,
    };
    let comment = TextCheck::new(Scene::Comment, user.openid, arguments.next().ok_or("give a comment")?);
    match wechat.check_text(&app, &comment).await?.result {
        verdict if verdict.suggest == Suggest::Pass => println!("published"),
        verdict => println!("not published: {} ({:?})", verdict.label, verdict.suggest),
    }
    Ok(())
}

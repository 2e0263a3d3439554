//! The Rust blocks of the README and of the guide, as tests.

macro_rules! pages {
    ($($name:ident = $file:literal),* $(,)?) => {
        $(#[doc = include_str!($file)] pub struct $name;)*
    };
}

pages! {
    Readme = "../../../README.md",
    ReadmeInChinese = "../../../README.zh-CN.md",
    GettingStarted = "../../../book/src/getting-started.md",
    Storage = "../../../book/src/storage.md",
    Uploads = "../../../book/src/uploads.md",
    Handlers = "../../../book/src/handlers.md",
    Models = "../../../book/src/models.md",
    CommonParts = "../../../book/src/common-parts.md",
    MiniProgram = "../../../book/src/mini-program.md",
    Errors = "../../../book/src/errors.md",
    Login = "../../../book/src/login.md",
    WeChatUsers = "../../../book/src/wechat-users.md",
    Content = "../../../book/src/content.md",
    Messages = "../../../book/src/messages.md",
    Subscribe = "../../../book/src/subscribe.md",
    Configuration = "../../../book/src/configuration.md",
    Client = "../../../book/src/client.md",
    CargoQueqiao = "../../../book/src/cargo-queqiao.md",
    Emulator = "../../../book/src/emulator.md",
    Testing = "../../../book/src/testing.md",
    Deploying = "../../../book/src/deploying.md",
    Clients = "../../../book/src/clients.md",
}

//! Which mini-programs there are.

use std::collections::BTreeMap;
use std::sync::Arc;

use queqiao_wechat::push::Receiver;
use queqiao_wechat::{App, MiniprogramState, WeChat};

use super::MiniProgram;

/// One mini-program, as it is configured.
pub(crate) struct Registered {
    pub(crate) name: String,
    pub(crate) app: App,
    /// Templates of subscribe messages, by the names that handlers use.
    pub(crate) templates: BTreeMap<String, String>,
    /// Which version of it a subscribe message opens.
    pub(crate) state: MiniprogramState,
    /// Who takes WeChat's messages to it, if the console sends any here.
    pub(crate) push: Option<Receiver>,
}

/// All of them.
pub(crate) struct Apps {
    by_appid: BTreeMap<String, Arc<Registered>>,
    wechat: WeChat,
    /// Whether the only one stands for any: WeChat is emulated, and DevTools names whatever its project says.
    stands_in: bool,
}

impl Apps {
    pub(crate) fn new(apps: impl IntoIterator<Item = Registered>, wechat: WeChat, stands_in: bool) -> Self {
        let by_appid = apps.into_iter().map(|app| (app.app.appid.clone(), Arc::new(app))).collect();
        Self { by_appid, wechat, stands_in }
    }

    /// The one with this AppID.
    pub(crate) fn of(&self, appid: &str) -> Option<MiniProgram> {
        self.by_appid.get(appid).map(|app| self.program(app))
    }

    /// The one, where there is one alone.
    pub(crate) fn only(&self) -> Option<MiniProgram> {
        let mut apps = self.by_appid.values();
        let first = apps.next()?;
        apps.next().is_none().then(|| self.program(first))
    }

    /// The one that stands for any.
    pub(super) fn stand_in(&self) -> Option<MiniProgram> {
        self.stands_in.then(|| self.only()).flatten()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = MiniProgram> {
        self.by_appid.values().map(|app| self.program(app))
    }

    fn program(&self, app: &Arc<Registered>) -> MiniProgram {
        MiniProgram { registered: Arc::clone(app), wechat: self.wechat.clone() }
    }
}

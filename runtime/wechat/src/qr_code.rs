//! QR codes of the mini-program (小程序码).

use serde::Serialize;

use crate::api::Api;
use crate::client::{Received, Wanted};
use crate::{App, Content, Download, Error, Invalid, Operation, WeChat, limit};

/// Which version of the mini-program a code or a link opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum EnvVersion {
    /// The published one.
    #[default]
    Release,
    /// The trial version (体验版).
    Trial,
    /// A developer's version.
    Develop,
}

/// The colour of a code's lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
pub struct LineColor {
    /// Red.
    pub r: u8,
    /// Green.
    pub g: u8,
    /// Blue.
    pub b: u8,
}

/// How a code looks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct QrStyle {
    /// Its width in pixels, from 280 to 1280.
    pub width: u32,
    /// WeChat chooses the colour.
    pub auto_color: bool,
    /// The colour, unless WeChat chooses it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line_color: Option<LineColor>,
    /// Without a background.
    pub is_hyaline: bool,
}

impl Default for QrStyle {
    fn default() -> Self {
        Self { width: 430, auto_color: false, line_color: None, is_hyaline: false }
    }
}

/// A code of which there may be any number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UnlimitedQrCode {
    /// What the page gets as `scene`, URL-encoded: 1 to 32 characters, see [`SCENE_CHARACTERS`]. A short id
    /// belongs here, and not the data.
    pub scene: String,
    /// The page, without a leading slash and without a query; the home page if none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub page: Option<String>,
    /// Whether the page has to exist in the published version. Without this check at most 60,000 pages are
    /// allowed.
    pub check_path: bool,
    /// Which version it opens.
    pub env_version: EnvVersion,
    /// How it looks.
    #[serde(flatten)]
    pub style: QrStyle,
}

/// What may stand in a scene, besides ASCII letters and digits. Neither `%` nor Chinese characters.
pub const SCENE_CHARACTERS: &str = "!#$&'()*+,/:;=?@-._~`";

impl UnlimitedQrCode {
    /// A code for the home page of the published version, in the usual style.
    pub fn new(scene: impl Into<String>) -> Self {
        Self {
            scene: scene.into(),
            page: None,
            check_path: true,
            env_version: EnvVersion::default(),
            style: QrStyle::default(),
        }
    }

    /// Whether WeChat would take it.
    ///
    /// # Errors
    ///
    /// [`Invalid`], which names the parameter.
    pub fn check(&self) -> Result<(), Invalid> {
        limit::characters("scene", &self.scene, 1..=32)?;
        let allowed = |c: char| c.is_ascii_alphanumeric() || SCENE_CHARACTERS.contains(c);
        if let Some(c) = self.scene.chars().find(|c| !allowed(*c)) {
            let problem =
                format!("has the character {c:?}: use ASCII letters, digits and {SCENE_CHARACTERS}");
            return Err(Invalid::new("scene", problem));
        }
        self.page.as_deref().map_or(Ok(()), |page| limit::page("page", page, 1024, false))?;
        self.style.check()
    }
}

impl QrStyle {
    fn check(&self) -> Result<(), Invalid> {
        limit::number("width", self.width, 280..=1280)
    }
}

/// A code out of the app's pool of 100,000 for ever, with a path of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PooledQrCode {
    /// The page with its query, of 1 to 1024 characters, without a leading slash.
    pub path: String,
    /// Which version it opens.
    pub env_version: EnvVersion,
    /// How it looks.
    #[serde(flatten)]
    pub style: QrStyle,
}

impl PooledQrCode {
    /// A code for a page of the published version, in the usual style.
    pub fn new(path: impl Into<String>) -> Self {
        Self { path: path.into(), env_version: EnvVersion::default(), style: QrStyle::default() }
    }

    /// Whether WeChat would take it.
    ///
    /// # Errors
    ///
    /// [`Invalid`], which names the parameter.
    pub fn check(&self) -> Result<(), Invalid> {
        path(&self.path, 1024)?;
        self.style.check()
    }
}

fn path(path: &str, most: usize) -> Result<(), Invalid> {
    limit::page("path", path, most, true)?;
    match path.contains("scancode_time") {
        true => Err(Invalid::new("path", "has the reserved parameter scancode_time: choose another name")),
        false => Ok(()),
    }
}

#[derive(Serialize)]
struct Square<'a> {
    path: &'a str,
    width: u32,
}

impl WeChat {
    /// A code with a scene (getUnlimitedQRCode), as a JPEG or PNG that is still arriving.
    ///
    /// <https://developers.weixin.qq.com/miniprogram/dev/OpenApiDoc/qrcode-link/qr-code/getUnlimitedQRCode.html>
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] for a code that is not asked for; [`Error`] for what WeChat answers in words instead.
    pub async fn unlimited_qr_code(&self, app: &App, code: &UnlimitedQrCode) -> Result<Download, Error> {
        code.check()?;
        self.image(app, Operation::GetUnlimitedQrCode, true, code).await
    }

    /// A code out of the pool (getQRCode). Each new path takes one of the 100,000.
    ///
    /// <https://developers.weixin.qq.com/miniprogram/dev/OpenApiDoc/qrcode-link/qr-code/getQRCode.html>
    ///
    /// # Errors
    ///
    /// As [`unlimited_qr_code`](Self::unlimited_qr_code); [`Class::QuotaUsedUp`](crate::Class::QuotaUsedUp) when
    /// the pool is empty.
    pub async fn pooled_qr_code(&self, app: &App, code: &PooledQrCode) -> Result<Download, Error> {
        code.check()?;
        self.image(app, Operation::GetQrCode, false, code).await
    }

    /// A square QR code out of the pool (createQRCode), for a path of at most 128 characters.
    ///
    /// <https://developers.weixin.qq.com/miniprogram/dev/OpenApiDoc/qrcode-link/qr-code/createQRCode.html>
    ///
    /// # Errors
    ///
    /// As [`pooled_qr_code`](Self::pooled_qr_code).
    pub async fn square_qr_code(&self, app: &App, page: &str, width: u32) -> Result<Download, Error> {
        path(page, 128)?;
        limit::number("width", width, 280..=1280)?;
        self.image(app, Operation::CreateQrCode, false, &Square { path: page, width }).await
    }

    async fn image(
        &self,
        app: &App,
        operation: Operation,
        idempotent: bool,
        body: &(impl Serialize + Sync),
    ) -> Result<Download, Error> {
        let request = |http: &reqwest::Client, url: String| http.post(url).json(body);
        let api = Api { operation, idempotent, secrets: &[], wanted: Wanted::Bytes, request };
        let found = match self.call(app, api).await? {
            Received::Bytes(image) => match image.content() {
                Content::Jpeg | Content::Png => return Ok(image),
                content => content.media_type(),
            },
            Received::Answer(_) => "a JSON object without an error",
        };
        let (expected, found) = ("a JPEG or PNG image", found.to_owned());
        Err(Error::Unexpected { operation, status: 200, expected, found })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scenes() {
        let check = |scene: &str| UnlimitedQrCode::new(scene).check();
        assert!(check(&format!("aZ9{SCENE_CHARACTERS}")).is_ok());
        assert!(check(&"x".repeat(32)).is_ok());
        for wrong in ["", &"x".repeat(33), "a%20b", "场景", "a b", "a\"b", "a\\b", "a[b"] {
            let told = check(wrong).unwrap_err();
            assert_eq!(told.field, "scene", "{wrong}");
        }
    }

    #[test]
    fn paths_and_widths() {
        let with_page =
            |page: &str| UnlimitedQrCode { page: Some(page.into()), ..UnlimitedQrCode::new("x") }.check();
        assert!(with_page("pages/index/index").is_ok());
        assert!(with_page("/pages/index").is_err() && with_page("pages/index?x=1").is_err());
        assert!(PooledQrCode::new("pages/index?x=1").check().is_ok());
        assert!(PooledQrCode::new("pages/index?scancode_time=1").check().is_err());
        assert!(PooledQrCode::new("p".repeat(1025)).check().is_err());
        let wide = QrStyle { width: 1281, ..QrStyle::default() };
        assert!(PooledQrCode { style: wide, ..PooledQrCode::new("p") }.check().is_err());
    }

    #[test]
    fn the_body_is_the_documented_one() {
        let color = Some(LineColor { r: 1, g: 2, b: 3 });
        let style = QrStyle { line_color: color, ..QrStyle::default() };
        let body = serde_json::to_value(UnlimitedQrCode { style, ..UnlimitedQrCode::new("a=1") }).unwrap();
        assert_eq!(
            body,
            serde_json::json!({
                "scene": "a=1", "check_path": true, "env_version": "release", "width": 430, "auto_color": false,
                "line_color": {"r": 1, "g": 2, "b": 3}, "is_hyaline": false
            })
        );
    }
}

//! getUnlimitedQRCode, getQRCode, createQRCode: an image, or JSON that says why not.

use axum::body::Bytes;
use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::PngEncoder;
use image::{ExtendedColorType, ImageEncoder};
use qrcode::{Color, EcLevel, QrCode};
use serde::Deserialize;

use super::{Answer, Call};
use crate::errcode::{self, Refusal};

/// The width where none is asked for, in pixels.
const WIDTH: u32 = 430;
/// The border of a code, in modules.
const BORDER: u32 = 4;

#[derive(Deserialize)]
struct Question {
    #[serde(default)]
    scene: String,
    page: Option<String>,
    #[serde(default = "yes")]
    check_path: bool,
    #[serde(default)]
    path: String,
    env_version: Option<String>,
    width: Option<u32>,
    #[serde(default)]
    auto_color: bool,
    line_color: Option<LineColor>,
    #[serde(default)]
    is_hyaline: bool,
}

#[derive(Clone, Copy, Default, Deserialize)]
struct LineColor {
    #[serde(default)]
    r: u8,
    #[serde(default)]
    g: u8,
    #[serde(default)]
    b: u8,
}

fn yes() -> bool {
    true
}

impl Question {
    fn check(&self) -> Result<(), Refusal> {
        let width_fits = self.width.is_none_or(|width| (280..=1280).contains(&width));
        let known = self
            .env_version
            .as_deref()
            .is_none_or(|version| matches!(version, "release" | "trial" | "develop"));
        match width_fits && known {
            true => Ok(()),
            false => Err(errcode::ARGUMENTS_INVALID.into()),
        }
    }

    fn draw(&self, text: &str) -> Result<Answer, Refusal> {
        // WeChat picks a colour by itself then; black is one.
        let color = if self.auto_color { None } else { self.line_color };
        draw(text, self.width.unwrap_or(WIDTH), color.unwrap_or_default(), self.is_hyaline)
            .ok_or_else(|| errcode::ARGUMENTS_INVALID.into())
    }
}

pub(super) fn unlimited(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let question: Question = call.body()?;
    if !(1..=32).contains(&question.scene.chars().count()) {
        return Err(errcode::SCENE_LENGTH_INVALID.into());
    }
    let allowed = |c: char| c.is_ascii_alphanumeric() || "!#$&'()*+,/:;=?@-._~".contains(c);
    if !question.scene.chars().all(allowed) {
        return Err(errcode::SCENE_INVALID.into());
    }
    if question.scene.contains("scancode_time") {
        return Err(errcode::RESERVED_PARAMETER.into());
    }
    question.check()?;
    let settings = call.app_settings();
    let page = question.page.as_deref().unwrap_or_default();
    let unpublished = question.check_path && !page.is_empty() && !settings.has_page(page);
    if unpublished || page.starts_with('/') || page.contains('?') {
        return Err(errcode::PAGE_INVALID.into());
    }
    question.draw(&format!("wxacode://{}/{page}?scene={}", call.appid, question.scene))
}

pub(super) fn limited(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    pooled(call, 1024)
}

pub(super) fn create(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    pooled(call, 128)
}

/// A code out of the pool that getQRCode and createQRCode share.
fn pooled(call: &mut Call<'_>, longest: usize) -> Result<Answer, Refusal> {
    let question: Question = call.body()?;
    if !(1..=longest).contains(&question.path.chars().count()) {
        return Err(errcode::PATH_LENGTH_INVALID.into());
    }
    if question.path.contains("scancode_time") {
        return Err(errcode::RESERVED_PARAMETER.into());
    }
    question.check()?;
    let (appid, most) = (call.appid.clone(), call.settings().caps.codes);
    let app = call.of_app();
    if app.codes_made >= most {
        return Err(errcode::CODES_USED_UP.into());
    }
    let mut answer = question.draw(&format!("wxacode://{appid}/{}", question.path))?;
    app.codes_made += 1;
    answer.headers.push(("num-used", app.codes_made.to_string()));
    Ok(answer)
}

/// An ordinary QR code: WeChat's own round ones (小程序码) cannot be made by others. JPEG, or with a transparent
/// background PNG; `None` for a text that is too long.
fn draw(text: &str, width: u32, color: LineColor, transparent: bool) -> Option<Answer> {
    let code = QrCode::with_error_correction_level(text, EcLevel::M).ok()?;
    let modules = u32::try_from(code.width()).ok()?;
    let colors = code.to_colors();
    let scale = (width / (modules + 2 * BORDER)).max(1);
    let offset = width.checked_sub(scale * modules)? / 2;
    let is_dark = |x: u32, y: u32| {
        let module = |at: u32| at.checked_sub(offset).map(|at| at / scale).filter(|at| *at < modules);
        match (module(x), module(y)) {
            (Some(x), Some(y)) => colors.get((y * modules + x) as usize) == Some(&Color::Dark),
            _ => false,
        }
    };
    let dark = [color.r, color.g, color.b, 255];
    let light = if transparent { [255, 255, 255, 0] } else { [255; 4] };
    let channels = if transparent { 4 } else { 3 };
    let pixels: Vec<u8> = (0..width * width)
        .flat_map(|at| {
            let pixel = if is_dark(at % width, at / width) { dark } else { light };
            pixel.into_iter().take(channels)
        })
        .collect();
    let mut bytes = Vec::new();
    let (media_type, written) = if transparent {
        let encoder = PngEncoder::new(&mut bytes);
        ("image/png", encoder.write_image(&pixels, width, width, ExtendedColorType::Rgba8))
    } else {
        let encoder = JpegEncoder::new(&mut bytes);
        ("image/jpeg", encoder.write_image(&pixels, width, width, ExtendedColorType::Rgb8))
    };
    written.ok()?;
    Some(Answer::file(media_type, Bytes::from(bytes)))
}

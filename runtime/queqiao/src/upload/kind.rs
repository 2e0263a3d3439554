//! What may be uploaded.

use std::marker::PhantomData;

/// A format that a kind of file allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Format {
    media_type: &'static str,
    extensions: &'static [&'static str],
    aliases: &'static [&'static str],
}

impl Format {
    /// JPEG.
    pub const JPEG: Self = Self::new("image/jpeg", &["jpg", "jpeg"]).or(&["image/jpg", "image/pjpeg"]);
    /// PNG.
    pub const PNG: Self = Self::new("image/png", &["png"]).or(&["image/apng"]);
    /// GIF, still or animated.
    pub const GIF: Self = Self::new("image/gif", &["gif"]);
    /// WebP, still or animated.
    pub const WEBP: Self = Self::new("image/webp", &["webp"]);
    /// MPEG-4 video.
    pub const MP4: Self = Self::new("video/mp4", &["mp4", "m4v"]).or(&["video/x-m4v"]);
    /// QuickTime, as iPhones record it.
    pub const MOV: Self = Self::new("video/quicktime", &["mov"]);
    /// MPEG audio, as the recorder of WeChat (录音) makes it.
    pub const MP3: Self = Self::new("audio/mpeg", &["mp3"]).or(&["audio/mp3"]);
    /// AAC in MPEG-4.
    pub const M4A: Self = Self::new("audio/m4a", &["m4a"]).or(&["audio/mp4", "audio/x-m4a"]);
    /// AAC by itself.
    pub const AAC: Self = Self::new("audio/aac", &["aac"]).or(&["audio/x-aac"]);
    /// Uncompressed audio.
    pub const WAV: Self = Self::new("audio/x-wav", &["wav"]).or(&["audio/wav", "audio/wave"]);
    /// PDF.
    pub const PDF: Self = Self::new("application/pdf", &["pdf"]);

    /// A format by its media type, as the crate [`infer`](https://docs.rs/infer) finds it in a file's first
    /// bytes, and the extensions, in lower case, under which such files go. The first extension is that of its
    /// objects.
    pub const fn new(media_type: &'static str, extensions: &'static [&'static str]) -> Self {
        Self { media_type, extensions, aliases: &[] }
    }

    /// The same with other names under which clients send the media type.
    #[must_use]
    pub const fn or(self, aliases: &'static [&'static str]) -> Self {
        Self { aliases, ..self }
    }

    /// The media type under which it is stored and served.
    pub const fn media_type(&self) -> &'static str {
        self.media_type
    }

    /// The extensions under which it may come.
    pub const fn extensions(&self) -> &'static [&'static str] {
        self.extensions
    }

    /// Whether the media type that was found in the bytes is its own.
    pub(crate) fn is(&self, found: &str) -> bool {
        self.media_type == found || self.aliases.contains(&found)
    }

    /// Whether a file with this name and declared media type may be one. What says nothing contradicts nothing.
    pub(crate) fn goes_by(&self, extension: Option<&str>, declared: Option<&str>) -> bool {
        let named = extension.is_none_or(|extension| {
            self.extensions.iter().any(|known| known.eq_ignore_ascii_case(extension))
        });
        named
            && declared.is_none_or(|declared| {
                declared == "application/octet-stream"
                    || std::iter::once(&self.media_type)
                        .chain(self.aliases)
                        .any(|known| known.eq_ignore_ascii_case(declared))
            })
    }
}

/// `attachment` for what a browser that opens it shall save and not show: all but pictures, videos and sounds.
pub(super) fn disposition(media_type: &str) -> Option<&'static str> {
    let shown = ["image/", "video/", "audio/"].iter().any(|kind| media_type.starts_with(kind));
    // An SVG is an image that runs programs.
    if shown && !media_type.contains("svg") { None } else { Some("attachment") }
}

/// A kind of file: the first argument of [`Upload`](crate::upload::Upload).
///
/// ```
/// use queqiao::upload::{FileKind, Format};
///
/// /// A contract, as PDF.
/// struct Contract;
///
/// impl FileKind for Contract {
///     const FORMATS: &'static [Format] = &[Format::PDF];
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a kind of file",
    label = "says not what may be uploaded",
    note = "use `Image`, `Video`, `Audio` or `Pdf`, or write `impl FileKind for {Self} {{ const FORMATS: &'static [Format] = &[Format::PDF]; }}`"
)]
pub trait FileKind: Send + Sync + 'static {
    /// The formats that it may have.
    const FORMATS: &'static [Format];
    /// The most pixels, width times height, of formats that are images.
    const PIXELS: u64 = 50_000_000;
    /// Whether anyone who has its URL may see it, for good.
    const PUBLIC: bool = false;
    /// Whether it is drawn anew, so that nothing but the picture is kept.
    const CLEAN: bool = false;
}

/// A picture: JPEG, PNG, GIF or WebP, of at most so many million pixels.
///
/// SVG is none of them: it is a program.
#[derive(Clone, Copy, Debug)]
pub struct Image<const MEGAPIXELS: u64 = 50>;

impl<const MEGAPIXELS: u64> FileKind for Image<MEGAPIXELS> {
    const FORMATS: &'static [Format] = &[Format::JPEG, Format::PNG, Format::GIF, Format::WEBP];
    const PIXELS: u64 = MEGAPIXELS * 1_000_000;
}

/// A video: MP4 or QuickTime.
#[derive(Clone, Copy, Debug)]
pub struct Video;

impl FileKind for Video {
    const FORMATS: &'static [Format] = &[Format::MP4, Format::MOV];
}

/// A recording: MP3, M4A, AAC or WAV.
#[derive(Clone, Copy, Debug)]
pub struct Audio;

impl FileKind for Audio {
    const FORMATS: &'static [Format] = &[Format::MP3, Format::M4A, Format::AAC, Format::WAV];
}

/// A PDF. It is always offered for saving, never shown inside the page.
#[derive(Clone, Copy, Debug)]
pub struct Pdf;

impl FileKind for Pdf {
    const FORMATS: &'static [Format] = &[Format::PDF];
}

/// The kind `K`, and anyone who has its URL may see it, for good: avatars, pictures of goods.
///
/// Without it a file is private, and its URLs end.
#[derive(Clone, Copy, Debug)]
pub struct Public<K>(PhantomData<K>);

impl<K: FileKind> FileKind for Public<K> {
    const FORMATS: &'static [Format] = K::FORMATS;
    const PIXELS: u64 = K::PIXELS;
    const PUBLIC: bool = true;
    const CLEAN: bool = K::CLEAN;
}

/// The kind `K`, an image, drawn anew: without EXIF, places, thumbnails, comments, and whatever else hides in a
/// file. It is turned as its orientation says, and keeps its colours.
///
/// JPEG stays JPEG, PNG stays PNG, WebP becomes one of the two, and of an animated GIF the first picture stays.
/// This takes about eight bytes of memory for each pixel, in as many uploads at once as
/// `uploads.redrawn_at_once` says.
#[derive(Clone, Copy, Debug)]
pub struct Clean<K>(PhantomData<K>);

impl<K: FileKind> FileKind for Clean<K> {
    const FORMATS: &'static [Format] = K::FORMATS;
    const PIXELS: u64 = K::PIXELS;
    const PUBLIC: bool = K::PUBLIC;
    const CLEAN: bool = true;
}

/// At most so many MiB: the second argument of [`Upload`](crate::upload::Upload).
#[derive(Clone, Copy, Debug)]
pub struct Max<const MIB: u64>;

/// A limit of bytes; [`Max`] is one.
pub trait SizeLimit: Send + Sync + 'static {
    /// The most bytes.
    const BYTES: u64;
}

impl<const MIB: u64> SizeLimit for Max<MIB> {
    const BYTES: u64 = MIB * 1024 * 1024;
}

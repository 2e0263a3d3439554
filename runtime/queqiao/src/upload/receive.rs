//! Takes a form with one file, and brings the file into the store while it comes.

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use http::HeaderMap;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use multer::{Field, Multipart};
use queqiao_storage::{
    ObjectBytes, ObjectError, ObjectOptions, ObjectWriter, StoreError, Upload as Begun, UserId,
};
use uuid::Uuid;

use super::body::Pieces;
use super::files::{Files, PRIVATE, PUBLIC, Pending};
use super::kind::{Format, disposition};
use super::name;
use super::redraw::redraw;
use super::scan::{Flaw, Scan, Size};
use crate::problem::{self, ErrorCase, Problem, Text};

/// The name of the part that is the file.
pub(super) const FILE: &str = "file";
/// So many bytes tell the format.
const HEAD: usize = 1024;
/// Bytes of all texts of a form, and how many there may be.
const TEXTS: (usize, usize) = (64 * 1024, 64);
/// What a form has around file and texts.
const AROUND: u64 = 64 * 1024;

/// What one operation takes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rules {
    pub(super) operation: &'static str,
    pub(super) formats: &'static [Format],
    pub(super) bytes: u64,
    pub(super) pixels: u64,
    pub(super) public: bool,
    pub(super) clean: bool,
}

/// A form that has come, with its file in the store.
pub(super) struct Received {
    pub(super) file: Arrived,
    pub(super) texts: Vec<(String, String)>,
}

/// A file in the store that does not count yet.
#[derive(Debug)]
pub(super) struct Arrived {
    pub(super) pending: Pending,
    pub(super) size: u64,
    pub(super) format: Format,
    pub(super) dimensions: Option<Size>,
    pub(super) name: Option<String>,
}

/// Takes the form of a request.
///
/// # Errors
/// One of the cases `upload.…`; then nothing of the file is left.
pub(super) async fn receive(
    files: &Files,
    rules: &Rules,
    headers: &HeaderMap,
    body: Body,
    owner: Option<UserId>,
) -> Result<Received, Problem> {
    let settings = files.settings();
    let permit = tokio::time::timeout(settings.idle, files.receiving().acquire()).await;
    let Ok(Ok(_permit)) = permit else { return Err(Problem::from_case(&problem::UPLOAD_BUSY)) };
    let (pieces, rest) = Pieces::new(body);
    // Dropped with the future at its end, whatever that is.
    let form = form(files, rules, headers, pieces, owner);
    let received = match tokio::time::timeout(settings.time, form).await {
        Ok(received) => received,
        Err(_) => Err(incomplete(
            format!("文件没有在 {} 秒内传完。", settings.time.as_secs()),
            format!("It was not complete within {} s.", settings.time.as_secs()),
        )),
    };
    match received {
        Ok(received) => {
            // The announced length counts too: what is whole by itself may still have lost its tail.
            match tokio::time::timeout(settings.idle, rest.ends()).await {
                Ok(true) => Ok(received),
                _ => {
                    received.file.pending.discard().await;
                    Err(Problem::from_case(&problem::UPLOAD_INCOMPLETE))
                }
            }
        }
        Err(problem) => {
            rest.linger();
            Err(problem)
        }
    }
}

/// Takes a file from the place in the object store where it came past the server, as if it had come in a form.
///
/// # Errors
/// One of the cases `upload.…`; then nothing of it is kept.
pub(super) async fn receive_object(
    files: &Files,
    rules: &Rules,
    bytes: ObjectBytes,
    begun: &Begun,
) -> Result<Arrived, Problem> {
    let settings = files.settings();
    let permit = tokio::time::timeout(settings.idle, files.receiving().acquire()).await;
    let Ok(Ok(_permit)) = permit else { return Err(Problem::from_case(&problem::UPLOAD_BUSY)) };
    let intake = Intake { files, rules, owner: begun.owner };
    // Its name was looked at when it was begun; what it must be is the media type that followed from it.
    let file = intake.file(Origin::Store(bytes), None, Some(&begun.content_type));
    match tokio::time::timeout(settings.time, file).await {
        Ok(received) => received,
        Err(_) => Err(Problem::from_case(&problem::UPLOAD_UNAVAILABLE)),
    }
}

async fn form(
    files: &Files,
    rules: &Rules,
    headers: &HeaderMap,
    pieces: Pieces,
    owner: Option<UserId>,
) -> Result<Received, Problem> {
    let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let boundary = multer::parse_boundary(content_type).map_err(|_| {
        no_form("内容类型须为 multipart/form-data。", "Its content type must be multipart/form-data.")
    })?;
    let announced = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|length| length > rules.bytes + AROUND + TEXTS.0 as u64) {
        return Err(too_large(rules.bytes));
    }
    let intake = Intake { files, rules, owner };
    let mut form = Form { multipart: Multipart::new(pieces, boundary), intake };
    let mut texts = Vec::new();
    let mut file: Option<Arrived> = None;
    match form.read(&mut texts, &mut file).await {
        Ok(()) => match file {
            Some(file) => Ok(Received { file, texts }),
            None => Err(no_form("表单中没有文件 `file`。", "It has no file named `file`.")),
        },
        Err(problem) => {
            if let Some(file) = file {
                file.pending.discard().await;
            }
            Err(problem)
        }
    }
}

struct Form<'a> {
    multipart: Multipart<'static>,
    intake: Intake<'a>,
}

/// What brings a file into the store.
#[derive(Clone, Copy)]
struct Intake<'a> {
    files: &'a Files,
    rules: &'a Rules,
    owner: Option<UserId>,
}

/// Where the bytes of a file come from.
enum Origin {
    Form(Box<Field<'static>>),
    /// The place in the store where it came past the server.
    Store(ObjectBytes),
}

impl Origin {
    /// The next bytes, as long as they may be awaited.
    async fn next(&mut self, files: &Files) -> Result<Option<Bytes>, Problem> {
        match self {
            Origin::Form(field) => chunk(files, field).await,
            Origin::Store(bytes) => bytes.next().await.transpose().map_err(object),
        }
    }
}

async fn chunk(files: &Files, field: &mut Field<'static>) -> Result<Option<Bytes>, Problem> {
    match tokio::time::timeout(files.settings().idle, field.chunk()).await {
        Ok(chunk) => chunk.map_err(broken),
        Err(_) => Err(idle(files)),
    }
}

impl Form<'_> {
    async fn read(
        &mut self,
        texts: &mut Vec<(String, String)>,
        file: &mut Option<Arrived>,
    ) -> Result<(), Problem> {
        let mut room = TEXTS.0;
        while let Some(field) = self.next().await? {
            let is_file = field.file_name().is_some() || field.name() == Some(FILE);
            if !is_file {
                let text = self.text(field, &mut room).await?;
                if texts.len() == TEXTS.1 {
                    return Err(no_form("表单的文本字段过多。", "It has too many text fields."));
                }
                texts.push(text);
            } else if file.is_some() || field.name() != Some(FILE) {
                return Err(no_form(
                    "一次只能上传一个名为 `file` 的文件。",
                    "It has another file than the one named `file`; a call uploads one.",
                ));
            } else {
                let name = field.file_name().map(str::to_owned);
                let declared = field.content_type().map(|declared| declared.essence_str().to_owned());
                let arrived =
                    self.intake.file(Origin::Form(Box::new(field)), name.as_deref(), declared.as_deref());
                *file = Some(arrived.await?);
            }
        }
        Ok(())
    }

    /// Waits for the next field, as long as bytes may be awaited.
    async fn next(&mut self) -> Result<Option<Field<'static>>, Problem> {
        let files = self.intake.files;
        match tokio::time::timeout(files.settings().idle, self.multipart.next_field()).await {
            Ok(field) => field.map_err(broken),
            Err(_) => Err(idle(files)),
        }
    }

    async fn text(&self, mut field: Field<'static>, room: &mut usize) -> Result<(String, String), Problem> {
        let too_long = || no_form("表单的文本过长。", "Its texts are too long.");
        let name = field.name().unwrap_or_default().to_owned();
        *room = room.checked_sub(name.len()).ok_or_else(too_long)?;
        let mut text = Vec::new();
        while let Some(chunk) = chunk(self.intake.files, &mut field).await? {
            *room = room.checked_sub(chunk.len()).ok_or_else(too_long)?;
            text.extend_from_slice(&chunk);
        }
        let text = String::from_utf8(text)
            .map_err(|_| no_form("表单的文本不是有效的 UTF-8。", "A text of it is not valid UTF-8."))?;
        Ok((name, text))
    }
}

impl Intake<'_> {
    /// `declared`: its media type, as its sender says.
    async fn file(
        self,
        mut origin: Origin,
        file_name: Option<&str>,
        declared: Option<&str>,
    ) -> Result<Arrived, Problem> {
        let mut head = BytesMut::new();
        while head.len() < HEAD {
            let Some(chunk) = origin.next(self.files).await? else { break };
            head.extend_from_slice(&chunk);
        }
        let format = self.format(file_name, declared, &head)?;
        let name = file_name.and_then(name::shown);
        let mut source = Source {
            intake: self,
            origin,
            first: Some(head.freeze()),
            scan: Scan::of(format.media_type()),
            came: 0,
        };
        if self.rules.clean {
            let mut bytes = Vec::new();
            while let Some(piece) = source.next().await? {
                bytes.extend_from_slice(&piece);
            }
            let (bytes, format) = self.redrawn(bytes, format).await?;
            let dimensions = Scan::of(format.media_type());
            let dimensions = dimensions.size_of(&bytes);
            let mut storing = self.store(format, bytes.len() as u64).await?;
            let stored = storing.write(Bytes::from(bytes)).await;
            return storing.end(stored, format, dimensions, name).await;
        }
        let mut storing = self.store(format, self.rules.bytes).await?;
        let stored = async {
            while let Some(piece) = source.next().await? {
                storing.write(piece).await?;
            }
            Ok(())
        };
        let stored = stored.await;
        let dimensions = source.scan.size();
        drop(source);
        storing.end(stored, format, dimensions, name).await
    }

    /// The format that the first bytes, the name and the declared type agree on.
    fn format(self, file_name: Option<&str>, declared: Option<&str>, head: &[u8]) -> Result<Format, Problem> {
        let found = infer::get(head).map(|found| found.mime_type());
        let extension = file_name.and_then(name::extension);
        let format = found.and_then(|found| self.rules.formats.iter().find(|format| format.is(found)));
        match format {
            Some(format) if format.goes_by(extension, declared) => Ok(*format),
            Some(format) => Err(kind(
                self.rules,
                &format!("{}, {}", format.media_type(), "while its name or its declared type says otherwise"),
                &format!("{}，但文件名或声明的类型与此不符", format.media_type()),
            )),
            None => {
                let found = found.unwrap_or("no known format");
                Err(kind(self.rules, found, if found == "no known format" { "未知格式" } else { found }))
            }
        }
    }

    async fn redrawn(self, bytes: Vec<u8>, format: Format) -> Result<(Vec<u8>, Format), Problem> {
        let permit = self.files.redrawing().acquire().await;
        let pixels = self.rules.pixels;
        let redrawn = tokio::task::spawn_blocking(move || redraw(bytes, format, pixels)).await;
        drop(permit);
        match redrawn {
            Ok(Ok(redrawn)) => Ok(redrawn),
            Ok(Err(why)) => {
                tracing::debug!(operation = self.rules.operation, why, "an uploaded picture was not decoded");
                Err(Problem::from_case(&problem::UPLOAD_DAMAGED))
            }
            // A decoder that panics over a picture shall not take more than that picture with it.
            Err(_) => Err(Problem::from_case(&problem::UPLOAD_DAMAGED)),
        }
    }

    /// Begins to store a file under a name that owes nothing to its sender.
    async fn store(self, format: Format, size: u64) -> Result<Storing, Problem> {
        let rules = self.rules;
        let place = if rules.public { PUBLIC } else { PRIVATE };
        let extension = format.extensions().first().copied().unwrap_or("bin");
        let begun = Begun {
            key: format!("{place}{}/{}.{extension}", rules.operation, Uuid::now_v7()),
            owner: self.owner,
            operation: rules.operation.to_owned(),
            content_type: format.media_type().to_owned(),
            size,
        };
        let pending = self.files.begin(begun).await.map_err(record)?;
        let options = ObjectOptions {
            content_type: format.media_type(),
            content_disposition: disposition(format.media_type()),
        };
        match self.files.objects().put(pending.key(), options).await {
            Ok(writer) => Ok(Storing { writer, pending, size: 0 }),
            Err(error) => {
                pending.discard().await;
                Err(object(error))
            }
        }
    }
}

/// The bytes of a file that are wanted, one piece after the other.
struct Source<'a> {
    intake: Intake<'a>,
    origin: Origin,
    first: Option<Bytes>,
    scan: Scan,
    came: u64,
}

impl Source<'_> {
    async fn next(&mut self) -> Result<Option<Bytes>, Problem> {
        loop {
            let piece = match self.first.take() {
                Some(head) => head,
                None => match self.origin.next(self.intake.files).await? {
                    Some(piece) => piece,
                    None if self.scan.whole() => return Ok(None),
                    None => return Err(damaged("it ends in its midst", "文件不完整")),
                },
            };
            self.came += piece.len() as u64;
            let rules = self.intake.rules;
            if self.came > rules.bytes {
                return Err(too_large(rules.bytes));
            }
            let wanted = self.scan.push(&piece).map_err(|Flaw(why)| damaged(why, "文件结构有误"))?;
            if let Some((width, height)) = self.scan.size() {
                let pixels = u64::from(width) * u64::from(height);
                if pixels == 0 || pixels > rules.pixels {
                    return Err(dimensions(rules, (width, height)));
                }
            }
            if wanted > 0 {
                return Ok(Some(piece.slice(..wanted)));
            }
        }
    }
}

/// A file that is being stored.
struct Storing {
    writer: ObjectWriter,
    pending: Pending,
    size: u64,
}

impl Storing {
    async fn write(&mut self, bytes: Bytes) -> Result<(), Problem> {
        self.size += bytes.len() as u64;
        self.writer.write(bytes).await.map_err(object)
    }

    /// The file, or the reason why it came to nothing; then nothing of it is left.
    async fn end(
        self,
        stored: Result<(), Problem>,
        format: Format,
        dimensions: Option<Size>,
        name: Option<String>,
    ) -> Result<Arrived, Problem> {
        let Self { writer, mut pending, size } = self;
        let finished = match stored {
            Ok(()) => writer.finish().await.map_err(object),
            Err(problem) => {
                if let Err(error) = writer.abort().await {
                    tracing::warn!(%error, "a refused upload could not be aborted");
                }
                Err(problem)
            }
        };
        match finished {
            Ok(()) => {
                pending.written();
                Ok(Arrived { pending, size, format, dimensions, name })
            }
            Err(problem) => {
                pending.discard().await;
                Err(problem)
            }
        }
    }
}

fn told(case: &ErrorCase, zh: String, en: String) -> Problem {
    Problem::from_case(case).with_detail(Text::both(zh, en))
}

fn no_form(zh: &str, en: &str) -> Problem {
    told(&problem::UPLOAD_FORM, zh.to_owned(), en.to_owned())
}

fn damaged(en: &str, zh: &str) -> Problem {
    told(&problem::UPLOAD_DAMAGED, format!("{zh}。"), format!("As an image of its format, {en}."))
}

fn incomplete(zh: String, en: String) -> Problem {
    told(&problem::UPLOAD_INCOMPLETE, zh, en)
}

fn idle(files: &Files) -> Problem {
    let seconds = files.settings().idle.as_secs();
    incomplete(format!("{seconds} 秒内没有收到数据。"), format!("Nothing came for {seconds} s."))
}

pub(super) fn too_large(limit: u64) -> Problem {
    told(
        &problem::UPLOAD_TOO_LARGE,
        format!("文件不得超过 {limit} 字节。"),
        format!("A file of at most {limit} bytes is taken."),
    )
}

fn dimensions(rules: &Rules, (width, height): Size) -> Problem {
    let limit = rules.pixels;
    told(
        &problem::UPLOAD_DIMENSIONS,
        format!("图片为 {width} × {height} 像素，总像素数须在 1 到 {limit} 之间。"),
        format!("It has {width} x {height} pixels; 1 to {limit} pixels in all are taken."),
    )
}

fn kind(rules: &Rules, found: &str, found_zh: &str) -> Problem {
    let formats: Vec<&str> = rules.formats.iter().map(Format::media_type).collect();
    let formats = formats.join(", ");
    told(
        &problem::UPLOAD_KIND,
        format!("文件内容为：{found_zh}；可接受：{formats}。"),
        format!("Its content is {found}; what is taken is {formats}."),
    )
}

/// A form that is none, or broke off.
fn broken(error: multer::Error) -> Problem {
    match error {
        multer::Error::IncompleteFieldData { .. }
        | multer::Error::IncompleteHeaders
        | multer::Error::IncompleteStream
        | multer::Error::StreamReadFailed(_) => Problem::from_case(&problem::UPLOAD_INCOMPLETE),
        _ => no_form("表单无法解析。", "It cannot be parsed as multipart/form-data."),
    }
}

pub(super) fn object(error: ObjectError) -> Problem {
    match error {
        ObjectError::Unavailable { .. } | ObjectError::Full { .. } => {
            Problem::from_case(&problem::UPLOAD_UNAVAILABLE).with_source(error)
        }
        error => Problem::internal(error),
    }
}

pub(super) fn record(error: StoreError) -> Problem {
    if error.is_transient() {
        Problem::from_case(&problem::UPLOAD_UNAVAILABLE).with_source(error)
    } else {
        Problem::internal(error)
    }
}

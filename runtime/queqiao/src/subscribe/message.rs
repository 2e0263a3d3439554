//! What a message is made of.

/// A subscribe message; see [`derive@SubscribeMessage`](derive@crate::SubscribeMessage).
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no subscribe message",
    label = "cannot be sent to subscribers",
    note = "write `#[derive(SubscribeMessage)]` above it, with a field for each key of the template"
)]
pub trait SubscribeMessage: Sync {
    /// By what pages and the configuration know its template.
    const NAME: &'static str;
    /// What it tells the user, in a line.
    const SUMMARY: &'static str;
    /// The keys of the template.
    const KEYS: &'static [&'static str];

    /// The values by their keys.
    fn values(&self) -> Vec<(&'static str, String)>;

    /// The page that it opens, with its query.
    fn page(&self) -> Option<String>;
}

/// A message that an API sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Declared {
    pub(crate) name: &'static str,
    pub(crate) summary: &'static str,
    pub(crate) keys: &'static [&'static str],
}

impl Declared {
    pub(crate) fn of<M: SubscribeMessage>() -> Self {
        Self { name: M::NAME, summary: M::SUMMARY, keys: M::KEYS }
    }
}

/// A text as the value of a key `thing1`: in one line of at most 20 characters, where WeChat refuses more. `…` stands
/// for the rest, and `-` for nothing at all.
///
/// ```
/// use queqiao::subscribe::thing;
///
/// assert_eq!(thing("好看！\n在哪里拍的？"), "好看！ 在哪里拍的？");
/// assert_eq!(thing(&"长".repeat(30)).chars().count(), 20);
/// assert_eq!(thing("  "), "-");
/// ```
pub fn thing(text: &str) -> String {
    const MOST: usize = 20;
    let plain: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let words: Vec<&str> = plain.split_whitespace().collect();
    let line = words.join(" ");
    if line.is_empty() {
        return "-".to_owned();
    }
    if line.chars().count() <= MOST {
        return line;
    }
    line.chars().take(MOST - 1).chain(['…']).collect()
}

//! Names of the document as names of the client.

/// Words that cannot name a function or type declaration (ECMAScript 5 and strict mode, TypeScript modules).
const RESERVED: &[&str] = &[
    "arguments",
    "await",
    "break",
    "case",
    "catch",
    "class",
    "const",
    "continue",
    "debugger",
    "default",
    "delete",
    "do",
    "else",
    "enum",
    "eval",
    "export",
    "extends",
    "false",
    "finally",
    "for",
    "function",
    "if",
    "implements",
    "import",
    "in",
    "instanceof",
    "interface",
    "let",
    "new",
    "null",
    "package",
    "private",
    "protected",
    "public",
    "return",
    "static",
    "super",
    "switch",
    "this",
    "throw",
    "true",
    "try",
    "typeof",
    "var",
    "void",
    "while",
    "with",
    "yield",
];

/// Type names that the declarations need for themselves or that TypeScript keeps.
const TAKEN_TYPES: &[&str] = &[
    "ApiError",
    "Array",
    "ArrayBuffer",
    "BaseUrl",
    "Call",
    "ClientCode",
    "Code",
    "Configuration",
    "Details",
    "DownloadOptions",
    "Error",
    "Failure",
    "FilePath",
    "HeaderValues",
    "IncomingResponse",
    "Kind",
    "LoginCodeResult",
    "Options",
    "OutgoingRequest",
    "Promise",
    "TransferOptions",
    "TransferProgress",
    "Violation",
    "any",
    "bigint",
    "boolean",
    "declare",
    "infer",
    "keyof",
    "never",
    "number",
    "object",
    "readonly",
    "string",
    "symbol",
    "type",
    "undefined",
    "unique",
    "unknown",
];

/// Names that the client exports beside the operations, two that module loaders look at, and one that makes
/// `import()` wait for a promise.
const TAKEN_FUNCTIONS: &[&str] =
    &["ApiError", "configure", "parseDate", "switchUser", "__esModule", "__proto__", "then"];

/// A name in the client.
#[derive(Debug, PartialEq)]
pub(crate) struct Name {
    pub(crate) text: String,
    /// Why the name in the document cannot be used as it is.
    pub(crate) conflict: Option<&'static str>,
}

pub(crate) fn is_reserved(word: &str) -> bool {
    RESERVED.contains(&word)
}

/// Whether `text` can stand as an unquoted property name everywhere.
pub(crate) fn is_identifier(text: &str) -> bool {
    let mut chars = text.chars();
    chars.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_' || c == '$')
        && chars.all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '$')
}

/// The name of an operation's function: `operationId` in camel case, or one made of method and path.
pub(crate) fn operation_name(id: Option<&str>, method: &str, path: &str) -> Name {
    let given = camel_case(id.unwrap_or_default());
    if given.is_empty() {
        let text = camel_case(&format!("{} {path}", method.to_lowercase()));
        return Name { text, conflict: id.map(|_| "has no letter that a function's name could have") };
    }
    if TAKEN_FUNCTIONS.contains(&given.as_str()) {
        let conflict = Some("has a meaning of its own in the client's module");
        return Name { text: format!("{given}_"), conflict };
    }
    let conflict = if is_reserved(&given) {
        Some("is a reserved word in JavaScript, so that no page can give a variable this name")
    } else if id != Some(given.as_str()) {
        Some("is no function's name in JavaScript")
    } else {
        None
    };
    Name { text: given, conflict }
}

/// The name of a model's type.
pub(crate) fn type_name(text: &str) -> Name {
    let mut name: String = text.chars().map(|c| if is_word(c) { c } else { '_' }).collect();
    if name.chars().next().is_none_or(|c| c.is_ascii_digit()) {
        name.insert(0, '_');
    }
    let conflict = if is_reserved(&name) || TAKEN_TYPES.contains(&name.as_str()) {
        name.push('_');
        Some("is a type of TypeScript or of the client itself")
    } else if name != text {
        Some("is no type's name in TypeScript")
    } else {
        None
    };
    Name { text: name, conflict }
}

fn camel_case(text: &str) -> String {
    let mut name = String::new();
    for word in text.split(|c| !is_word(c)).filter(|word| !word.is_empty()) {
        let mut chars = word.chars();
        if let Some(first) = chars.next() {
            if name.is_empty() { name.push(first) } else { name.extend(first.to_uppercase()) }
        }
        name.push_str(chars.as_str());
    }
    if name.starts_with(|c: char| c.is_ascii_digit()) {
        name.insert(0, '_');
    }
    name
}

// Chinese names stay Chinese: ECMAScript 5 allows these letters in identifiers.
fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || c == '$' || ('\u{4e00}'..='\u{9fa5}').contains(&c)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn operation(id: &str) -> (String, bool) {
        let name = operation_name(Some(id), "GET", "/");
        (name.text, name.conflict.is_some())
    }

    #[test]
    fn operations() {
        assert_eq!(operation("listTodos"), ("listTodos".into(), false));
        assert_eq!(operation("获取用户"), ("获取用户".into(), false));
        for (id, name) in [
            ("todos.list-all", "todosListAll"),
            ("获取 用户", "获取用户"),
            ("2fa", "_2fa"),
            ("configure", "configure_"),
            ("then", "then_"),
            ("delete", "delete"),
            ("---", "get"),
        ] {
            assert_eq!(operation(id), (name.into(), true));
        }
        let made = operation_name(None, "GET", "/todos/{id}/done");
        assert_eq!(made, Name { text: "getTodosIdDone".into(), conflict: None });
    }

    #[test]
    fn types() {
        let types = |text: &str| (type_name(text).text, type_name(text).conflict.is_some());
        assert_eq!(types("Page_Todo"), ("Page_Todo".into(), false));
        for (text, name) in
            [("Promise", "Promise_"), ("Kind", "Kind_"), ("com.acme/Todo 2", "com_acme_Todo_2"), ("", "_")]
        {
            assert_eq!(types(text), (name.into(), true));
        }
    }
}

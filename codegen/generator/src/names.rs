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
    "Configuration",
    "Error",
    "Kind",
    "Options",
    "Promise",
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

/// Names that the client exports beside the operations, and one that module loaders look at.
const TAKEN_FUNCTIONS: &[&str] = &["ApiError", "configure", "__esModule", "__proto__"];

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
pub(crate) fn operation_name(id: Option<&str>, method: &str, path: &str) -> String {
    let name = camel_case(id.unwrap_or_default());
    let name = if name.is_empty() { camel_case(&format!("{} {path}", method.to_lowercase())) } else { name };
    if TAKEN_FUNCTIONS.contains(&name.as_str()) { format!("{name}_") } else { name }
}

/// The name of a model's type.
pub(crate) fn type_name(text: &str) -> String {
    let mut name: String = text.chars().map(|c| if is_word(c) { c } else { '_' }).collect();
    if name.chars().next().is_none_or(|c| c.is_ascii_digit()) {
        name.insert(0, '_');
    }
    if is_reserved(&name) || TAKEN_TYPES.contains(&name.as_str()) {
        name.push('_');
    }
    name
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

    #[test]
    fn operations() {
        assert_eq!(operation_name(Some("listTodos"), "GET", "/"), "listTodos");
        assert_eq!(operation_name(Some("todos.list-all"), "GET", "/"), "todosListAll");
        assert_eq!(operation_name(Some("获取 用户"), "GET", "/"), "获取用户");
        assert_eq!(operation_name(Some("2fa"), "GET", "/"), "_2fa");
        assert_eq!(operation_name(None, "GET", "/todos/{id}/done"), "getTodosIdDone");
        assert_eq!(operation_name(Some("configure"), "GET", "/"), "configure_");
        assert_eq!(operation_name(Some("delete"), "GET", "/"), "delete");
    }

    #[test]
    fn types() {
        assert_eq!(type_name("Page_Todo"), "Page_Todo");
        assert_eq!(type_name("Promise"), "Promise_");
        assert_eq!(type_name("com.acme/Todo 2"), "com_acme_Todo_2");
        assert_eq!(type_name(""), "_");
    }
}

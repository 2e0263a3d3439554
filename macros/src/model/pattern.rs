//! Patterns that mean the same in JSON Schema and on the server.
//!
//! JSON Schema's `pattern` is an ECMA-262 regular expression with the `u` flag, matched anywhere in the text. The
//! server matches with the regex crate, in linear time. The two differ in small ways that nobody remembers (`\d` and
//! `.` among them), so a pattern is read once, refused where only one of them knows a construct, and translated
//! where both know it and mean different things.

use regex_syntax::ast::{
    AssertionKind, Ast, ClassBracketed, ClassPerl, ClassPerlKind, ClassSet, ClassSetItem, ClassUnicode,
    ClassUnicodeKind, ClassUnicodeOpKind, ErrorKind, GroupKind, HexLiteralKind, Literal, LiteralKind, Span,
    SpecialLiteralKind, parse::Parser,
};

/// ECMA-262 `LineTerminator`, which `.` does not match.
const LINE_ENDS: &str = r"\n\r\u{2028}\u{2029}";
/// ECMA-262 `WhiteSpace` and `LineTerminator`.
const SPACE: &str =
    r"\t\n\x0B\x0C\r \u{A0}\u{1680}\u{2000}-\u{200A}\u{2028}\u{2029}\u{202F}\u{205F}\u{3000}\u{FEFF}";
/// The general categories that both know by the same name.
const CATEGORIES: [&str; 37] = [
    "L",
    "Lu",
    "Ll",
    "Lt",
    "Lm",
    "Lo",
    "LC",
    "M",
    "Mn",
    "Mc",
    "Me",
    "N",
    "Nd",
    "Nl",
    "No",
    "P",
    "Pc",
    "Pd",
    "Ps",
    "Pe",
    "Pi",
    "Pf",
    "Po",
    "S",
    "Sm",
    "Sc",
    "Sk",
    "So",
    "Z",
    "Zs",
    "Zl",
    "Zp",
    "Letter",
    "Mark",
    "Number",
    "Punctuation",
    "Symbol",
];
/// The properties that both know by the same name.
const PROPERTIES: [&str; 6] =
    ["Alphabetic", "Lowercase", "Uppercase", "White_Space", "ID_Start", "ID_Continue"];

/// The pattern in the words of the regex crate.
pub(super) fn translate(source: &str) -> Result<String, String> {
    let ast = Parser::new().parse(source).map_err(|error| match error.kind() {
        ErrorKind::UnsupportedLookAround => String::from(
            "look-around is not matched in linear time, so a hostile text could stop the server; express it by two constraints, or by `custom = path::to::fn`",
        ),
        ErrorKind::UnsupportedBackreference => String::from(
            "back-references are not matched in linear time, so a hostile text could stop the server; use `custom = path::to::fn`",
        ),
        kind => format!("the pattern is not valid, at character {}: {kind}", error.span().start.column),
    })?;
    let mut translation = Translation { source, done: 0, text: String::with_capacity(source.len()) };
    translation.ast(&ast)?;
    translation.text.push_str(source.get(translation.done..).unwrap_or_default());
    // Its size too: the same limit holds when it is compiled by the server.
    regex::Regex::new(&translation.text)
        .map_err(|error| format!("the pattern cannot be compiled: {error}"))?;
    Ok(translation.text)
}

struct Translation<'a> {
    source: &'a str,
    /// Up to which byte of the source the text stands.
    done: usize,
    text: String,
}

type Outcome = Result<(), String>;

impl Translation<'_> {
    fn written(&self, span: &Span) -> &str {
        self.source.get(span.start.offset..span.end.offset).unwrap_or_default()
    }

    fn replace(&mut self, span: &Span, by: &str) {
        self.text.push_str(self.source.get(self.done..span.start.offset).unwrap_or_default());
        self.text.push_str(by);
        self.done = span.end.offset;
    }

    fn refuse(&self, span: &Span, remedy: &str) -> Outcome {
        Err(format!("`{}` is not the same in JavaScript and on the server; {remedy}", self.written(span)))
    }

    fn ast(&mut self, ast: &Ast) -> Outcome {
        match ast {
            Ast::Empty(_) => Ok(()),
            Ast::Flags(flags) => self.refuse(
                &flags.span,
                "JavaScript has no flags in a pattern: write out both cases, as in `[Aa]`",
            ),
            Ast::Literal(literal) => self.literal(literal, false),
            Ast::Dot(span) => {
                self.replace(span, &format!("[^{LINE_ENDS}]"));
                Ok(())
            }
            Ast::Assertion(assertion) => match assertion.kind {
                AssertionKind::StartLine | AssertionKind::EndLine => Ok(()),
                AssertionKind::StartText => self.refuse(&assertion.span, "write `^`"),
                AssertionKind::EndText => self.refuse(&assertion.span, "write `$`"),
                // Of `\b` each validator of JSON Schema has its own idea, where letters beyond ASCII stand beside it.
                _ => self.refuse(&assertion.span, r"name the characters around, as in `(?:^|[^A-Za-z0-9_])`"),
            },
            Ast::ClassUnicode(class) => self.property(class),
            Ast::ClassPerl(class) => {
                self.perl(class);
                Ok(())
            }
            Ast::ClassBracketed(class) => self.bracketed(class),
            Ast::Repetition(repetition) => {
                if matches!(*repetition.ast, Ast::Repetition(_) | Ast::Assertion(_)) {
                    return self.refuse(&repetition.span, "put what is repeated into a group `(?:…)`");
                }
                self.ast(&repetition.ast)
            }
            Ast::Group(group) => {
                match &group.kind {
                    GroupKind::CaptureName { starts_with_p: true, name } => {
                        return Err(format!(
                            "`(?P<{0}>…)` is not known to JavaScript; write `(?<{0}>…)`",
                            name.name
                        ));
                    }
                    GroupKind::NonCapturing(flags) if !flags.items.is_empty() => {
                        return self.refuse(
                            &flags.span,
                            "JavaScript has no flags in a pattern: write out both cases, as in `[Aa]`",
                        );
                    }
                    _ => {}
                }
                self.ast(&group.ast)
            }
            Ast::Alternation(alternation) => alternation.asts.iter().try_for_each(|ast| self.ast(ast)),
            Ast::Concat(concat) => concat.asts.iter().try_for_each(|ast| self.ast(ast)),
        }
    }

    fn literal(&mut self, literal: &Literal, in_class: bool) -> Outcome {
        let character = literal.c;
        match &literal.kind {
            LiteralKind::Verbatim if "]{}".contains(character) && (!in_class || character == ']') => {
                self.refuse(&literal.span, &format!("write `\\{character}`"))
            }
            LiteralKind::Verbatim => Ok(()),
            LiteralKind::Meta | LiteralKind::Superfluous => {
                let escapable = r"^$\.*+?()[]{}|/".contains(character) || in_class && character == '-';
                if escapable {
                    return Ok(());
                }
                self.refuse(&literal.span, &format!("write `{character}`, without the backslash"))
            }
            LiteralKind::HexFixed(HexLiteralKind::X | HexLiteralKind::UnicodeShort)
            | LiteralKind::HexBrace(HexLiteralKind::UnicodeShort) => Ok(()),
            LiteralKind::Special(
                SpecialLiteralKind::FormFeed
                | SpecialLiteralKind::Tab
                | SpecialLiteralKind::LineFeed
                | SpecialLiteralKind::CarriageReturn
                | SpecialLiteralKind::VerticalTab,
            ) => Ok(()),
            _ => self.refuse(&literal.span, &format!("write `\\u{{{:X}}}`", u32::from(character))),
        }
    }

    fn perl(&mut self, class: &ClassPerl) {
        let set = match class.kind {
            ClassPerlKind::Digit => "0-9",
            ClassPerlKind::Space => SPACE,
            ClassPerlKind::Word => "A-Za-z0-9_",
        };
        let not = if class.negated { "^" } else { "" };
        self.replace(&class.span, &format!("[{not}{set}]"));
    }

    fn property(&self, class: &ClassUnicode) -> Outcome {
        match &class.kind {
            ClassUnicodeKind::OneLetter(letter) => {
                self.refuse(&class.span, &format!("write `\\p{{{letter}}}`"))
            }
            ClassUnicodeKind::Named(name)
                if CATEGORIES.contains(&name.as_str()) || PROPERTIES.contains(&name.as_str()) =>
            {
                Ok(())
            }
            ClassUnicodeKind::Named(name) => self.refuse(
                &class.span,
                &format!(
                    "write a script as `\\p{{Script={name}}}`, a category by its short name as in `\\p{{Lu}}`"
                ),
            ),
            ClassUnicodeKind::NamedValue { op: ClassUnicodeOpKind::Equal, name, .. }
                if ["Script", "sc", "Script_Extensions", "scx", "General_Category", "gc"]
                    .contains(&name.as_str()) =>
            {
                Ok(())
            }
            ClassUnicodeKind::NamedValue { .. } => {
                self.refuse(&class.span, r"write `\p{Script=…}` or `\p{General_Category=…}`")
            }
        }
    }

    fn bracketed(&mut self, class: &ClassBracketed) -> Outcome {
        match &class.kind {
            ClassSet::BinaryOp(operation) => {
                self.refuse(&operation.span, "JavaScript has no set operators: write out the characters")
            }
            ClassSet::Item(ClassSetItem::Union(union)) => {
                let last = union.items.len().saturating_sub(1);
                union.items.iter().enumerate().try_for_each(|(index, item)| {
                    if let ClassSetItem::Literal(Literal { kind: LiteralKind::Verbatim, c: '-', span }) = item
                        && index != 0
                        && index != last
                    {
                        return self.refuse(span, r"write `\-`, or put it last");
                    }
                    self.item(item)
                })
            }
            ClassSet::Item(item) => self.item(item),
        }
    }

    fn item(&mut self, item: &ClassSetItem) -> Outcome {
        match item {
            ClassSetItem::Empty(_) => Ok(()),
            ClassSetItem::Literal(literal) => self.literal(literal, true),
            ClassSetItem::Range(range) => {
                self.literal(&range.start, true)?;
                self.literal(&range.end, true)
            }
            ClassSetItem::Ascii(class) => {
                self.refuse(&class.span, "write out the characters, as in `[A-Za-z]`")
            }
            ClassSetItem::Unicode(class) => self.property(class),
            ClassSetItem::Perl(class) => {
                self.perl(class);
                Ok(())
            }
            ClassSetItem::Bracketed(class) => {
                self.refuse(&class.span, r"write `\[`, or one class with all characters")
            }
            ClassSetItem::Union(union) => union.items.iter().try_for_each(|item| self.item(item)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn translated(source: &str) -> String {
        translate(source).expect("a portable pattern")
    }

    #[test]
    fn what_differs_is_translated() {
        assert_eq!(translated(r"^1[3-9]\d{9}$"), r"^1[3-9][0-9]{9}$");
        assert_eq!(translated(r"^[\w.-]+$"), r"^[[A-Za-z0-9_].-]+$");
        assert_eq!(translated(r"а."), r"а[^\n\r\u{2028}\u{2029}]");
        assert_eq!(translated(r"^\p{Script=Han}+\/$"), r"^\p{Script=Han}+\/$");
        assert_eq!(translated(""), "");
    }

    #[test]
    fn what_only_one_knows_is_refused_with_the_remedy() {
        for (pattern, remedy) in [
            ("(?i)a", "[Aa]"),
            ("(?i:a)", "[Aa]"),
            ("(?P<year>a)", "(?<year>"),
            (r"\Aa", "`^`"),
            (r"a\z", "`$`"),
            (r"\ba", "name the characters"),
            (r"a\B", "name the characters"),
            ("(?=a)", "linear time"),
            (r"(a)\1", "linear time"),
            ("(", "not valid, at character 1"),
            ("[[:alpha:]]", "[A-Za-z]"),
            ("[a&&b]", "set operators"),
            ("[a[b]]", "one class"),
            (r"\pL", r"\p{L}"),
            (r"\p{Han}", r"\p{Script=Han}"),
            (r"a\-b", "without the backslash"),
            (r"\#", "without the backslash"),
            ("a]", r"`\]`"),
            ("a}", r"`\}`"),
            ("[]a]", r"`\]`"),
            (r"[\d-z]", "range boundary"),
            (r"[a-f-z]", r"`\-`"),
            (r"\a", r"\u{7}"),
            (r"\x{41}", r"\u{41}"),
            ("a**", "group"),
            ("^*", "group"),
            ("a{,3}", "valid decimal"),
            (r"(?:\p{L}{1000}){1000}", "compiled"),
        ] {
            let refusal = translate(pattern).expect_err(pattern);
            assert!(refusal.contains(remedy), "{pattern}: {refusal}");
        }
    }
}

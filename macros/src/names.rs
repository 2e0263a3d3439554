//! Names on the wire: serde's renaming rules, and the framework's own.

/// One of serde's `rename_all` rules (<https://serde.rs/container-attrs.html#rename_all>).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rule {
    Lower,
    Upper,
    Pascal,
    Camel,
    Snake,
    ScreamingSnake,
    Kebab,
    ScreamingKebab,
}

impl Rule {
    pub(crate) fn parse(rule: &str) -> Option<Self> {
        Some(match rule {
            "lowercase" => Rule::Lower,
            "UPPERCASE" => Rule::Upper,
            "PascalCase" => Rule::Pascal,
            "camelCase" => Rule::Camel,
            "snake_case" => Rule::Snake,
            "SCREAMING_SNAKE_CASE" => Rule::ScreamingSnake,
            "kebab-case" => Rule::Kebab,
            "SCREAMING-KEBAB-CASE" => Rule::ScreamingKebab,
            _ => return None,
        })
    }

    /// A field's wire name, from its `snake_case` name.
    pub(crate) fn field(self, name: &str) -> String {
        match self {
            Rule::Lower | Rule::Snake => name.to_owned(),
            Rule::Upper | Rule::ScreamingSnake => name.to_ascii_uppercase(),
            Rule::Pascal => pascal(name),
            Rule::Camel => lower_first(&pascal(name)),
            Rule::Kebab => name.replace('_', "-"),
            Rule::ScreamingKebab => name.to_ascii_uppercase().replace('_', "-"),
        }
    }

    /// A variant's wire name, from its `PascalCase` name.
    pub(crate) fn variant(self, name: &str) -> String {
        match self {
            Rule::Pascal => name.to_owned(),
            Rule::Lower => name.to_ascii_lowercase(),
            Rule::Upper => name.to_ascii_uppercase(),
            Rule::Camel => lower_first(name),
            Rule::Snake => snake(name),
            Rule::ScreamingSnake => snake(name).to_ascii_uppercase(),
            Rule::Kebab => snake(name).replace('_', "-"),
            Rule::ScreamingKebab => snake(name).to_ascii_uppercase().replace('_', "-"),
        }
    }
}

/// As serde does it: each underscore is dropped and raises the next letter.
fn pascal(name: &str) -> String {
    let mut pascal = String::with_capacity(name.len());
    let mut raise = true;
    for character in name.chars() {
        if character == '_' {
            raise = true;
        } else if raise {
            pascal.push(character.to_ascii_uppercase());
            raise = false;
        } else {
            pascal.push(character);
        }
    }
    pascal
}

fn lower_first(name: &str) -> String {
    let mut characters = name.chars();
    characters
        .next()
        .map_or_else(String::new, |first| first.to_ascii_lowercase().to_string() + characters.as_str())
}

/// As serde does it: an underscore before each capital but the first.
pub(crate) fn snake(name: &str) -> String {
    let mut snake = String::with_capacity(name.len() + 4);
    for (index, character) in name.char_indices() {
        if index > 0 && character.is_uppercase() {
            snake.push('_');
        }
        snake.push(character.to_ascii_lowercase());
    }
    snake
}

/// `list_todos` as an operation's id: `listTodos`.
pub(crate) fn camel(name: &str) -> String {
    lower_first(&pascal(name))
}

/// Without `r#`.
pub(crate) fn unraw(ident: &syn::Ident) -> String {
    use syn::ext::IdentExt as _;
    ident.unraw().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rules_are_serdes() {
        for (rule, field, variant) in [
            ("lowercase", "created_at", "createdat"),
            ("UPPERCASE", "CREATED_AT", "CREATEDAT"),
            ("PascalCase", "CreatedAt", "CreatedAt"),
            ("camelCase", "createdAt", "createdAt"),
            ("snake_case", "created_at", "created_at"),
            ("SCREAMING_SNAKE_CASE", "CREATED_AT", "CREATED_AT"),
            ("kebab-case", "created-at", "created-at"),
            ("SCREAMING-KEBAB-CASE", "CREATED-AT", "CREATED-AT"),
        ] {
            let rule = Rule::parse(rule).expect("a rule of serde");
            assert_eq!(rule.field("created_at"), field);
            assert_eq!(rule.variant("CreatedAt"), variant);
        }
        assert_eq!(Rule::parse("camelcase"), None);
    }

    #[test]
    fn operation_ids() {
        assert_eq!(camel("list_todos"), "listTodos");
        assert_eq!(camel("_v2_list"), "v2List");
    }
}

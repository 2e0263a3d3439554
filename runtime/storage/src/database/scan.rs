//! Telling what is SQL in a text from what stands in quotes and comments, as MySQL reads it.

/// Marks each character with whether it is outside of quotes and comments.
pub(super) fn scan(sql: &str) -> impl Iterator<Item = (usize, char, bool)> {
    enum In {
        Plain,
        Quote(char),
        Line,
        Block,
    }
    let mut place = In::Plain;
    // Of an escaped character, and of the second one of a two-character mark.
    let mut skip = false;
    sql.char_indices().map(move |(index, c)| {
        let rest = sql.get(index..).unwrap_or_default();
        if std::mem::take(&mut skip) {
            if matches!(place, In::Block)
                && rest.starts_with('/')
                && sql.get(..index).is_some_and(|s| s.ends_with('*'))
            {
                place = In::Plain;
            }
            return (index, c, false);
        }
        match place {
            In::Plain => {
                place = match c {
                    '\'' | '"' | '`' => In::Quote(c),
                    '#' => In::Line,
                    '-' if rest.starts_with("-- ") || rest.starts_with("--\n") => In::Line,
                    '/' if rest.starts_with("/*") => {
                        skip = true;
                        In::Block
                    }
                    _ => In::Plain,
                };
                (index, c, matches!(place, In::Plain))
            }
            In::Quote(open) => {
                if c == open {
                    place = In::Plain;
                } else if c == '\\' && open != '`' {
                    skip = true;
                }
                (index, c, false)
            }
            In::Line => {
                if c == '\n' {
                    place = In::Plain;
                }
                (index, c, false)
            }
            In::Block => {
                // `/*/` does not close itself: its star was skipped.
                if rest.starts_with("*/") {
                    skip = true;
                }
                (index, c, false)
            }
        }
    })
}

/// The statements of a text, without the semicolons between them and without those that say nothing.
pub(crate) fn statements(sql: &str) -> Vec<&str> {
    let ends = scan(sql).filter(|(_, c, plain)| *plain && *c == ';').map(|(index, ..)| index);
    let mut begin = 0;
    let mut found = Vec::new();
    for end in ends.chain([sql.len()]) {
        let statement = sql.get(begin..end).unwrap_or_default();
        if scan(statement).any(|(_, c, plain)| plain && !c.is_whitespace()) || quotes(statement) {
            found.push(statement.trim());
        }
        begin = end + 1;
    }
    found
}

/// A statement cannot be quotes alone, but should be told rather than dropped.
fn quotes(statement: &str) -> bool {
    statement.trim_start().starts_with(['\'', '"', '`'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn semicolons_in_quotes_and_comments_end_nothing() {
        let sql = "CREATE TABLE a (x TEXT DEFAULT ';'); -- one; two; don't\n\
                   INSERT INTO a VALUES ('it\\'s; ''here''', \"b;\", `c;`) /* a ; b */;\n\n;  \n# done;\n";
        let found = statements(sql);
        assert_eq!(found.len(), 2, "{found:?}");
        assert_eq!(found[0], "CREATE TABLE a (x TEXT DEFAULT ';')");
        assert!(found[1].starts_with("-- one; two") && found[1].ends_with("/* a ; b */"), "{found:?}");
    }

    #[test]
    fn a_last_statement_needs_no_semicolon() {
        assert_eq!(statements("SELECT 1; SELECT 2"), ["SELECT 1", "SELECT 2"]);
        assert_eq!(statements(""), [""; 0]);
        assert_eq!(statements("SELECT 1 - -2; SELECT 3"), ["SELECT 1 - -2", "SELECT 3"]);
        assert_eq!(statements("SELECT 1 /**/; SELECT 2"), ["SELECT 1 /**/", "SELECT 2"]);
    }
}

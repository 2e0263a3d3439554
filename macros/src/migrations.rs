//! `migrations!("folder")`: SQL files as data of the program.

use std::collections::BTreeMap;
use std::path::Path as FilePath;

use proc_macro2::TokenStream;
use quote::quote;
use syn::{LitStr, Path};

use crate::mistakes::Mistakes;

/// One file of the folder.
#[derive(Debug, PartialEq, Eq)]
struct Migration {
    version: i64,
    name: String,
    file: String,
}

/// `&[Migration { version, name, sql: include_str!(…) }, …]`
pub(crate) fn expand(input: TokenStream, package: &FilePath, root: &Path) -> TokenStream {
    let mut mistakes = Mistakes::default();
    let folder = match syn::parse2::<LitStr>(input) {
        Ok(folder) => folder,
        Err(mistake) => {
            mistakes.at(
                mistake.span(),
                "`migrations!` takes the folder beside Cargo.toml as a string literal: `migrations!(\"migrations\")`",
            );
            let mistakes = mistakes.into_tokens();
            return quote!({ #mistakes ::core::unreachable!() });
        }
    };
    let found = match read(&package.join(folder.value()), &folder.value()) {
        Ok(found) => found,
        Err(told) => {
            told.into_iter().for_each(|mistake| mistakes.on(&folder, mistake));
            let mistakes = mistakes.into_tokens();
            return quote!({ #mistakes ::core::unreachable!() });
        }
    };
    let migrations = found.iter().map(|Migration { version, name, file }| {
        // Relative to the package, so that no path of this machine stands in the program.
        let path = format!("/{}/{file}", folder.value().trim_matches('/'));
        quote! {
            #root::Migration {
                version: #version,
                name: #name,
                sql: ::core::include_str!(::core::concat!(::core::env!("CARGO_MANIFEST_DIR"), #path)),
            }
        }
    });
    quote! {{
        const MIGRATIONS: &[#root::Migration] = &[#(#migrations),*];
        MIGRATIONS
    }}
}

fn read(folder: &FilePath, name: &str) -> Result<Vec<Migration>, Vec<String>> {
    if FilePath::new(name).is_absolute() || name.split(['/', '\\']).any(|part| part == "..") {
        return Err(vec![format!(
            "the folder `{name}` must lie inside of the package; write its path from Cargo.toml on"
        )]);
    }
    let entries = std::fs::read_dir(folder).map_err(|error| {
        vec![format!(
            "the folder `{name}` beside Cargo.toml cannot be read ({error}); create it and put files such as `0001_create_todos.sql` into it"
        )]
    })?;
    let mut mistakes = Vec::new();
    let mut files: Vec<String> = Vec::new();
    for entry in entries {
        match entry {
            Ok(entry) if entry.path().extension().is_some_and(|extension| extension == "sql") => {
                match entry.file_name().into_string() {
                    Ok(file) => files.push(file),
                    Err(file) => mistakes
                        .push(format!("the file name `{}` is not UTF-8; rename it", file.to_string_lossy())),
                }
            }
            Ok(_) => {}
            Err(error) => mistakes.push(format!("the folder `{name}` cannot be read: {error}")),
        }
    }
    files.sort();
    let mut migrations: BTreeMap<i64, Migration> = BTreeMap::new();
    for file in files {
        match parse(&file) {
            Some(migration) => {
                let version = migration.version;
                if let Some(other) = migrations.insert(version, migration) {
                    mistakes.push(format!(
                        "`{}` and `{file}` have the same version {version}; give the newer one the next number",
                        other.file
                    ));
                }
            }
            None => mistakes.push(format!(
                "`{file}` does not say its place; name it by a number from 1, an underscore and words, as in `0001_create_todos.sql`"
            )),
        }
    }
    if mistakes.is_empty() { Ok(migrations.into_values().collect()) } else { Err(mistakes) }
}

/// `0001_create_todos.sql`
fn parse(file: &str) -> Option<Migration> {
    let (version, name) = file.strip_suffix(".sql")?.split_once('_')?;
    let word = |character: char| character.is_ascii_alphanumeric() || character == '_' || character == '-';
    if name.is_empty() || !name.chars().all(word) || !version.chars().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let version = version.parse().ok().filter(|version| *version > 0)?;
    Some(Migration { version, name: name.replace('_', " "), file: file.to_owned() })
}

#[cfg(test)]
mod tests {
    use syn::parse_quote;

    use super::*;

    fn folder(files: &[&str]) -> tempfile::TempDir {
        let package = tempfile::tempdir().expect("a temporary folder");
        std::fs::create_dir(package.path().join("migrations")).expect("a folder in it");
        for file in files {
            std::fs::write(package.path().join("migrations").join(file), "select 1;").expect("a file in it");
        }
        package
    }

    fn told(files: &[&str]) -> Vec<String> {
        read(&folder(files).path().join("migrations"), "migrations").expect_err("a mistake")
    }

    #[test]
    fn files_are_sorted_by_number() {
        let package = folder(&["10_c.sql", "0002_b_more.sql", "1_a.sql", "README.md"]);
        let found = read(&package.path().join("migrations"), "migrations").expect("good names");
        let found: Vec<_> =
            found.iter().map(|migration| (migration.version, migration.name.as_str())).collect();
        assert_eq!(found, [(1, "a"), (2, "b more"), (10, "c")]);
        let expanded = expand(quote!("migrations"), package.path(), &parse_quote!(::queqiao)).to_string();
        assert!(expanded.contains("\"/migrations/0002_b_more.sql\""), "{expanded}");
        assert!(!expanded.contains(&*package.path().to_string_lossy()), "{expanded}");
    }

    #[test]
    fn mistakes_name_the_file_and_the_remedy() {
        assert!(
            told(&["1_a.sql", "01_b.sql"])[0].contains("`01_b.sql` and `1_a.sql` have the same version 1")
        );
        let told = told(&[
            "create.sql",
            "0_zero.sql",
            "1_.sql",
            "x1_a.sql",
            "1_ä.sql",
            "99999999999999999999_a.sql",
        ]);
        assert_eq!(told.len(), 6, "{told:#?}");
        assert!(told.iter().all(|mistake| mistake.contains("0001_create_todos.sql")));
    }

    #[test]
    fn a_missing_folder_and_one_outside_are_refused() {
        let package = tempfile::tempdir().expect("a temporary folder");
        for (name, remedy) in
            [("nowhere", "create it"), ("../x", "inside of the package"), ("/etc", "inside of the package")]
        {
            let told = read(&package.path().join(name), name).expect_err(name);
            assert!(told[0].contains(remedy), "{told:?}");
        }
    }
}

//! The client as an npm package: what WeChat's *build npm* (构建 npm) copies as it is stands in `miniprogram_dist`.
//! See <https://developers.weixin.qq.com/miniprogram/dev/devtools/npm.html>.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::{GenerateError, Generated};

/// The folder of the package that a mini-program gets.
const FOLDER: &str = "miniprogram_dist";
/// What npm allows.
const LONGEST_NAME: usize = 214;

/// The files of the package, by their paths in it. The same client and name give the same files.
///
/// The name is that of the API with `-client` behind it unless `name` gives another; the version is the API's, completed
/// to the three numbers that npm wants. Of a split client the file of a tag has the name that a mini-program gives it,
/// `<package>/<tag>`, for other tools too.
///
/// ```
/// # let document = serde_json::json!({"openapi": "3.1.0", "info": {"title": "Pet store", "version": "2.1"}, "paths": {}});
/// let client = queqiao_codegen::generate(&document, &queqiao_codegen::Options::default())?;
/// let package = queqiao_codegen::npm_package(&client, None)?;
/// assert!(package["package.json"].contains(r#""name": "pet-store-client""#));
/// assert!(package["package.json"].contains(r#""version": "2.1.0""#));
/// assert_eq!(package["miniprogram_dist/index.js"], client.files["index.js"]);
/// # Ok::<(), queqiao_codegen::GenerateError>(())
/// ```
///
/// # Errors
/// If the name is none that npm takes, or none is given and the API's has no letters that npm takes.
pub fn npm_package(
    client: &Generated,
    name: Option<&str>,
) -> Result<BTreeMap<String, String>, GenerateError> {
    let name = match name {
        Some(name) if is_name(name) => name.to_owned(),
        Some(name) => {
            return Err(GenerateError::Options {
                what: format!("\"{name}\" is no name of an npm package"),
                remedy: "Give one of small letters, digits, `-`, `.` and `_`, such as todo-client or @shop/todo-client",
            });
        }
        None => derived_name(&client.name)?,
    };
    let mut files: BTreeMap<String, String> =
        client.files.iter().map(|(file, text)| (format!("{FOLDER}/{file}"), text.clone())).collect();
    files.insert("package.json".to_owned(), manifest(client, &name));
    Ok(files)
}

fn manifest(client: &Generated, name: &str) -> String {
    let about = super::text::one_line(&format!("{} {}", client.name, client.version));
    let description = format!("{} from the contract of {about}; do not edit.", crate::HEADER);
    let (main, types) = (format!("{FOLDER}/index.js"), format!("{FOLDER}/index.d.ts"));
    let version = version(&client.version);
    let members = [
        ("name", name),
        // Among the first lines, by which a generated file is known.
        ("description", &description),
        ("version", &version),
        ("main", &main),
        ("types", &types),
        ("miniprogram", FOLDER),
    ];
    let lines: Vec<String> =
        members.iter().map(|(member, value)| format!("  \"{member}\": {}", Value::from(*value))).collect();
    let entries = entries(client).unwrap_or_default();
    format!("{{\n{},\n{entries}  \"files\": [\"{FOLDER}\"]\n}}\n", lines.join(",\n"))
}

/// Where Node.js, bundlers and TypeScript find the file of a tag, which *build npm* puts at the root of the package. An
/// older `moduleResolution` of TypeScript reads `typesVersions` alone.
fn entries(client: &Generated) -> Option<String> {
    let parts: Vec<&str> = client
        .files
        .keys()
        .filter_map(|file| file.strip_suffix(".d.ts"))
        .filter(|part| *part != "index")
        .collect();
    let entry = |name: &str, part: &str| {
        let file = |ending: &str| Value::from(format!("./{FOLDER}/{part}.{ending}"));
        format!(
            "    {}: {{ \"types\": {}, \"default\": {} }},\n",
            Value::from(name),
            file("d.ts"),
            file("js")
        )
    };
    let types = |part: &&str| {
        format!("      {}: [{}]", Value::from(*part), Value::from(format!("{FOLDER}/{part}.d.ts")))
    };
    let exports: String = parts.iter().map(|part| entry(&format!("./{part}"), part)).collect();
    (!parts.is_empty()).then(|| {
        format!(
            "  \"exports\": {{\n{}{exports}    \"./package.json\": \"./package.json\"\n  }},\n  \"typesVersions\": {{\n    \"*\": {{\n{}\n    }}\n  }},\n",
            entry(".", "index"),
            parts.iter().map(types).collect::<Vec<_>>().join(",\n"),
        )
    })
}

fn derived_name(api: &str) -> Result<String, GenerateError> {
    let words: Vec<String> = api
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_ascii_lowercase)
        .collect();
    let name = format!("{}-client", words.join("-"));
    if words.is_empty() || !is_name(&name) {
        return Err(GenerateError::Options {
            what: format!("the name of the API, \"{api}\", gives no name of an npm package"),
            remedy: "Give one with --npm-name, such as todo-client",
        });
    }
    Ok(name)
}

/// Whether npm takes it for a new package: <https://docs.npmjs.com/cli/configuring-npm/package-json#name>.
fn is_name(name: &str) -> bool {
    let plain = |part: &str| {
        !part.is_empty()
            && !part.starts_with(['.', '_'])
            && part
                .chars()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '.' | '_' | '~'))
    };
    let fits = match name.strip_prefix('@') {
        Some(scoped) => scoped.split_once('/').is_some_and(|(scope, rest)| plain(scope) && plain(rest)),
        None => plain(name) && !matches!(name, "node_modules" | "favicon.ico"),
    };
    fits && name.len() <= LONGEST_NAME
}

/// The version as npm wants it (<https://semver.org>): `v2` is 2.0.0, and what is no version stands behind 0.0.0.
fn version(text: &str) -> String {
    let text = text.trim().trim_start_matches(['v', 'V']);
    let (text, build) = text.split_once('+').map_or((text, None), |(text, build)| (text, Some(build)));
    let (numbers, release) = text.split_once('-').map_or((text, None), |(text, more)| (text, Some(more)));
    let parts: Vec<&str> = numbers.split('.').collect();
    let labels = |text: &str, ordered: bool| {
        text.split('.').all(|label| {
            !label.is_empty()
                && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
                && !(ordered && label.chars().all(|c| c.is_ascii_digit()) && !is_number(label))
        })
    };
    let right = parts.len() <= 3
        && parts.iter().all(|part| is_number(part))
        && release.is_none_or(|text| labels(text, true))
        && build.is_none_or(|text| labels(text, false));
    if right {
        let numbers: Vec<&str> = parts.into_iter().chain(["0", "0"]).take(3).collect();
        let behind = |mark: &str, text: Option<&str>| text.map(|text| format!("{mark}{text}"));
        let (release, build) = (behind("-", release), behind("+", build));
        return format!("{}{}{}", numbers.join("."), release.unwrap_or_default(), build.unwrap_or_default());
    }
    let words: Vec<&str> =
        text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).collect();
    match words.is_empty() {
        true => "0.0.0".to_owned(),
        // One label: numbers with zeros in front may not stand alone.
        false => format!("0.0.0-v{}", words.join("-")),
    }
}

/// Digits, without zeros in front and no more than JavaScript counts.
fn is_number(text: &str) -> bool {
    let digits = !text.is_empty() && text.len() <= 15 && text.chars().all(|c| c.is_ascii_digit());
    digits && (text == "0" || !text.starts_with('0'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Options, Split};

    #[test]
    fn a_split_client_has_its_tags_below_its_name() {
        let operation = |tag: &str| serde_json::json!({ "get": { "tags": [tag], "responses": {} } });
        let document = serde_json::json!({
            "openapi": "3.1.0",
            "info": { "title": "shop", "version": "1" },
            "paths": { "/orders": operation("Orders"), "/goods": operation("商品") },
        });
        let manifest = |split: Option<Split>| -> Value {
            let options = Options { split, ..Options::default() };
            let client = crate::generate(&document, &options).expect("a client");
            let package = npm_package(&client, None).expect("a package");
            let manifest: Value = serde_json::from_str(&package["package.json"]).expect("JSON");
            let entries = manifest["exports"].as_object().into_iter().flat_map(|exports| exports.values());
            for file in
                entries.flat_map(|entry| entry.as_object().into_iter().flat_map(|entry| entry.values()))
            {
                let file = file.as_str().and_then(|file| file.strip_prefix("./")).expect("a path");
                assert!(package.contains_key(file), "{file}");
            }
            manifest
        };
        let split = manifest(Some(Split::default()));
        let names: Vec<_> = split["exports"].as_object().expect("an object").keys().cloned().collect();
        assert_eq!(names.len(), 4, "{names:?}");
        for name in [".", "./orders", "./商品", "./package.json"] {
            assert!(names.iter().any(|one| one == name), "{name} {names:?}");
        }
        let types = serde_json::json!({ "*": {
            "orders": ["miniprogram_dist/orders.d.ts"],
            "商品": ["miniprogram_dist/商品.d.ts"],
        } });
        assert_eq!(split["typesVersions"], types);
        // One file is the package itself: nothing of it is hidden.
        let whole = manifest(None);
        assert!(whole.get("exports").is_none() && whole.get("typesVersions").is_none(), "{whole}");
    }

    #[test]
    fn versions() {
        for (api, npm) in [
            ("0.1.0", "0.1.0"),
            ("1", "1.0.0"),
            ("v2.3", "2.3.0"),
            ("1.2.3-rc.1+build.007", "1.2.3-rc.1+build.007"),
            ("1.2.3-01", "0.0.0-v1-2-3-01"),
            ("2024-01-05", "2024.0.0-01-05"),
            ("1.2.3.4", "0.0.0-v1-2-3-4"),
            ("01.2", "0.0.0-v01-2"),
            ("正式版", "0.0.0"),
            ("", "0.0.0"),
            ("99999999999999999999", "0.0.0-v99999999999999999999"),
        ] {
            assert_eq!(version(api), npm, "{api}");
        }
    }

    #[test]
    fn names() {
        for name in ["todo-client", "@shop/todo.client_2", "a"] {
            assert!(is_name(name), "{name}");
        }
        for name in ["", "Todo", "a b", "../a", "a/b", "@a", "@/a", "@a/", ".a", "_a", "待办", "node_modules"]
        {
            assert!(!is_name(name), "{name}");
        }
        assert!(!is_name(&"a".repeat(215)));
        assert_eq!(derived_name("Pet Store (测试)").expect("a name"), "pet-store-client");
        let error = derived_name("待办").expect_err("refused").to_string();
        assert!(error.contains("--npm-name"), "{error}");
    }
}

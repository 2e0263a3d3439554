//! What the tests need from the machine: installed where that is possible, named with the remedy where not.

use std::path::Path;
use std::sync::OnceLock;

use anyhow::{Context, Result, bail};

use crate::command::{cargo, output, program, root, run};

/// The oldest Node.js that the checks run on.
const NODE: u32 = 20;
/// The oldest Python 3 that the tools run on.
const PYTHON_MINOR: u32 = 10;
/// The version that is built where there is none.
const CARGO_DENY_VERSION: &str = "0.20.2";
/// The version that is built where there is none; later ones need a newer compiler.
const S3_VERSION: &str = "0.14.1";
/// The version that is built where there is none.
const CARGO_FUZZ_VERSION: &str = "0.13.2";
/// Where Debian's package puts the browser.
const CHROMIUM: &str = "/usr/bin/chromium";

/// Node.js and the modules of `xtask/node`.
pub(crate) fn node_modules() -> Result<()> {
    once(&NODE_MODULES, || {
        let version = output(program("node", &["--version"])).unwrap_or_default();
        let major: u32 =
            version.trim_start_matches('v').split('.').next().and_then(|part| part.parse().ok()).unwrap_or(0);
        if major < NODE {
            bail!(
                "Node.js {NODE} or newer is needed, with npm, and `node --version` says `{version}`; install it from https://nodejs.org or your system's packages"
            );
        }
        npm_ci("xtask/node")
    })
}

/// The modules of another folder with a package.json of its own: too large for those who do not need them.
pub(crate) fn node_modules_of(folder: &str) -> Result<()> {
    node_modules()?;
    npm_ci(folder)
}

/// Installs what package-lock.json says, if that has changed since.
fn npm_ci(folder: &str) -> Result<()> {
    let place = root().join(folder);
    let lock = std::fs::read_to_string(place.join("package-lock.json"))
        .with_context(|| format!("{folder}/package-lock.json"))?;
    let stamp = place.join("node_modules/.installed-from");
    if std::fs::read_to_string(&stamp).is_ok_and(|installed| installed == lock) {
        return Ok(());
    }
    let mut install = program("npm", &["ci", "--no-audit", "--no-fund", "--loglevel=error"]);
    install.current_dir(&place);
    run(install)?;
    std::fs::write(stamp, lock)?;
    Ok(())
}

/// The program that counts instructions.
pub(crate) fn valgrind() -> Result<()> {
    if output(program("valgrind", &["--version"])).is_none() {
        bail!("valgrind is needed to count instructions; as root: apt-get install valgrind");
    }
    Ok(())
}

/// Where the Python tools are installed.
pub(crate) const PYTHON: &str = "target/python";

/// The Python tools of `xtask/python/requirements.txt`, in an environment of their own.
pub(crate) fn python_modules() -> Result<()> {
    once(&PYTHON_MODULES, || {
        let says = "import sys, ensurepip, venv; print('%d.%d' % sys.version_info[:2])";
        let version = output(program("python3", &["-c", says])).unwrap_or_default();
        let minor: Option<u32> = version.strip_prefix("3.").and_then(|minor| minor.parse().ok());
        if minor.is_none_or(|minor| minor < PYTHON_MINOR) {
            bail!(
                "Python 3.{PYTHON_MINOR} or newer is needed, with its module venv, and python3 has `{version}`; as root: apt-get install python3 python3-venv"
            );
        }
        let wanted = root().join("xtask/python/requirements.txt");
        let wanted_text = std::fs::read_to_string(&wanted).context("xtask/python/requirements.txt")?;
        let stamp = root().join(PYTHON).join(".installed-from");
        if std::fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted_text) {
            return Ok(());
        }
        run(program("python3", &["-m", "venv", "--clear", PYTHON]))?;
        let pip = root().join(PYTHON).join("bin/pip");
        run(program(
            &pip.to_string_lossy(),
            &[
                "install",
                "--quiet",
                "--disable-pip-version-check",
                "--requirement",
                &wanted.to_string_lossy(),
            ],
        ))
        .context("the Python tools need PyPI, or what stands in for it in pip's configuration")?;
        std::fs::write(stamp, wanted_text)?;
        Ok(())
    })
}

/// Chromium and a font with Chinese characters.
pub(crate) fn chromium() -> Result<()> {
    once(&BROWSER, || {
        if Path::new(CHROMIUM).exists() {
            return Ok(());
        }
        let remedy =
            "Chromium is needed at /usr/bin/chromium; as root: apt-get install chromium fonts-noto-cjk";
        run(program("apt-get", &["update", "-qq"])).context(remedy)?;
        let mut install = program(
            "apt-get",
            &["install", "-y", "-qq", "--no-install-recommends", "chromium", "fonts-noto-cjk"],
        );
        install.env("DEBIAN_FRONTEND", "noninteractive");
        run(install).context(remedy)
    })
}

/// cargo-deny, built from source where it is missing.
pub(crate) fn cargo_deny() -> Result<()> {
    once(&CARGO_DENY, || {
        if output(cargo(&["deny", "--version"])).is_some() {
            return Ok(());
        }
        eprintln!("cargo-deny is missing and is built now; this takes some minutes, once");
        run(cargo(&["install", "--quiet", "--locked", "cargo-deny", "--version", CARGO_DENY_VERSION]))
            .context("cargo-deny is needed: cargo install --locked cargo-deny")
    })
}

/// s3s-fs, a server of the S3 API that checks signatures and policies; built from source where it is missing.
pub(crate) fn s3_server() -> Result<()> {
    once(&S3_SERVER, || {
        if output(program("s3s-fs", &["--version"])).is_some() {
            return Ok(());
        }
        eprintln!("s3s-fs is missing and is built now; this takes some minutes, once");
        let install =
            ["install", "--quiet", "--locked", "s3s-fs", "--version", S3_VERSION, "--features", "binary"];
        run(cargo(&install)).context(
            "s3s-fs is needed: cargo install --locked s3s-fs --version 0.14.1 --features binary, in a folder of PATH",
        )
    })
}

/// cargo-fuzz, built from source where it is missing.
pub(crate) fn cargo_fuzz() -> Result<()> {
    once(&CARGO_FUZZ, || {
        if output(cargo(&["fuzz", "--version"])).is_some() {
            return Ok(());
        }
        eprintln!("cargo-fuzz is missing and is built now; this takes some minutes, once");
        run(cargo(&["install", "--quiet", "--locked", "cargo-fuzz", "--version", CARGO_FUZZ_VERSION]))
            .context("cargo-fuzz is needed: cargo install --locked cargo-fuzz")
    })
}

type Once = OnceLock<std::result::Result<(), String>>;
static NODE_MODULES: Once = OnceLock::new();
static PYTHON_MODULES: Once = OnceLock::new();
static BROWSER: Once = OnceLock::new();
static CARGO_DENY: Once = OnceLock::new();
static CARGO_FUZZ: Once = OnceLock::new();
static S3_SERVER: Once = OnceLock::new();

/// Tries once; whoever asks again gets the same answer.
fn once(state: &Once, install: impl FnOnce() -> Result<()>) -> Result<()> {
    match state.get_or_init(|| install().map_err(|error| format!("{error:#}"))) {
        Ok(()) => Ok(()),
        Err(told) => bail!("{told}"),
    }
}

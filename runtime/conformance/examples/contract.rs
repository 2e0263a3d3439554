//! Writes everything that is made of the contract of all types into a folder: `contract <folder>`.

use std::path::PathBuf;
use std::process::ExitCode;

use queqiao_conformance::contract;

fn main() -> ExitCode {
    let Some(folder) = std::env::args_os().nth(1).map(PathBuf::from) else {
        eprintln!("Name the folder to write to: contract <folder>");
        return ExitCode::FAILURE;
    };
    let written = std::fs::create_dir_all(&folder).and_then(|()| {
        contract::files(contract::api(0))
            .iter()
            .try_for_each(|(name, text)| std::fs::write(folder.join(name), text))
    });
    match written {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{} cannot be written: {error}", folder.display());
            ExitCode::FAILURE
        }
    }
}

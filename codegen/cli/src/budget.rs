//! How large a client may be.

use std::fmt;
use std::str::FromStr;

use serde::Deserialize;

/// A number of bytes, written as `20KB`, `1.5 MB` or `20480`; 1 KB is 1024 bytes, as WeChat counts packages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Written")]
pub(crate) struct Budget(pub(crate) usize);

#[derive(Deserialize)]
#[serde(untagged)]
enum Written {
    Bytes(usize),
    Text(String),
}

impl TryFrom<Written> for Budget {
    type Error = String;

    fn try_from(written: Written) -> Result<Self, String> {
        match written {
            Written::Bytes(bytes) => Ok(Self(bytes)),
            Written::Text(text) => text.parse(),
        }
    }
}

impl FromStr for Budget {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let lower = text.trim().to_lowercase();
        let (number, factor) =
            [("kib", 1024.0), ("mib", 1_048_576.0), ("kb", 1024.0), ("mb", 1_048_576.0), ("b", 1.0)]
                .into_iter()
                .find_map(|(unit, factor)| lower.strip_suffix(unit).map(|number| (number, factor)))
                .unwrap_or((&lower, 1.0));
        match number.trim().parse::<f64>() {
            // A budget is far below where f64 loses whole numbers.
            #[allow(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "checked to be in range"
            )]
            Ok(number) if (0.0..1e9).contains(&(number * factor)) => Ok(Self((number * factor) as usize)),
            _ => Err(format!("{text} is no size; write it like 20KB or 20480")),
        }
    }
}

impl fmt::Display for Budget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&shown(self.0))
    }
}

/// A size in KB, with one decimal.
pub(crate) fn shown(bytes: usize) -> String {
    // Rounded up, so that what is over a budget never looks as if it kept it.
    let tenths = (bytes * 10).div_ceil(1024);
    format!("{}.{} KB", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        for (text, bytes) in
            [("20KB", 20_480), ("1.5 mb", 1_572_864), ("300", 300), ("8 KiB", 8192), ("0b", 0)]
        {
            assert_eq!(text.parse(), Ok(Budget(bytes)), "{text}");
        }
        for wrong in ["", "KB", "many", "-1KB", "1e30", "NaN"] {
            assert!(wrong.parse::<Budget>().is_err(), "{wrong}");
        }
        assert_eq!((shown(20_480), shown(20_481)), ("20.0 KB".to_owned(), "20.1 KB".to_owned()));
    }
}

//! Exact decimals.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::model::Model;

/// An exact decimal of at most `DIGITS` digits, `SCALE` of them behind the point, that travels as a string: a JavaScript
/// number would round it. `Decimal<12, 2>` is an amount of money up to 9,999,999,999.99.
///
/// It is written with all its digits behind the point (`"12.50"`), and read with as many or fewer (`"12.5"`, `"12"`);
/// what has more is refused and never rounded. `DIGITS` is 28 at most.
///
/// It is a `rust_decimal::Decimal` within limits, and calculates as one:
///
/// ```
/// use queqiao::rust_decimal::Decimal as Exact;
/// use queqiao::types::Decimal;
///
/// type Price = Decimal<10, 2>;
///
/// let price: Price = "12.5".parse().unwrap();
/// assert_eq!(price.to_string(), "12.50");
/// assert_eq!(price.minor_units(), 1250);
/// let three = Price::try_from(Exact::from(price) * Exact::from(3)).unwrap();
/// assert_eq!(three.to_string(), "37.50");
/// assert!("0.005".parse::<Price>().is_err());
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Decimal<const DIGITS: u32, const SCALE: u32>(rust_decimal::Decimal);

/// Why a number is no decimal of a type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DecimalError {
    /// Not digits with a point: no exponent, no plus, no zeros before others.
    Malformed,
    /// More digits before the point than the type has.
    TooLarge,
    /// More digits behind the point than the type has.
    TooPrecise,
}

impl fmt::Display for DecimalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Malformed => "expected a decimal number as a string, such as \"12.50\"",
            Self::TooLarge => "has too many digits before the point",
            Self::TooPrecise => "has too many digits behind the point",
        })
    }
}

impl std::error::Error for DecimalError {}

impl<const DIGITS: u32, const SCALE: u32> Decimal<DIGITS, SCALE> {
    /// Digits before the point; checked while the program is built.
    const BEFORE: u32 = {
        assert!(
            DIGITS >= 1 && DIGITS <= 28 && SCALE <= DIGITS,
            "`Decimal<DIGITS, SCALE>` has 1 to 28 digits, and no more than those behind the point"
        );
        DIGITS - SCALE
    };

    /// The number of the smallest units: 分 for `SCALE` 2 and 元. Any integer column holds it.
    pub fn minor_units(&self) -> i128 {
        // Zero is made without a scale.
        self.0.mantissa() * 10_i128.pow(SCALE.saturating_sub(self.0.scale()))
    }

    /// The decimal of so many smallest units.
    ///
    /// # Errors
    /// [`DecimalError::TooLarge`].
    pub fn from_minor_units(units: i128) -> Result<Self, DecimalError> {
        let _: u32 = Self::BEFORE;
        if units.unsigned_abs() >= 10_u128.pow(DIGITS) {
            return Err(DecimalError::TooLarge);
        }
        rust_decimal::Decimal::try_from_i128_with_scale(units, SCALE)
            .map(Self)
            .map_err(|_| DecimalError::TooLarge)
    }

    /// The same number as `rust_decimal` has it.
    pub fn get(self) -> rust_decimal::Decimal {
        self.0
    }
}

impl<const DIGITS: u32, const SCALE: u32> From<Decimal<DIGITS, SCALE>> for rust_decimal::Decimal {
    fn from(decimal: Decimal<DIGITS, SCALE>) -> Self {
        decimal.0
    }
}

/// Only where nothing is lost; to round is for the caller to decide.
impl<const DIGITS: u32, const SCALE: u32> TryFrom<rust_decimal::Decimal> for Decimal<DIGITS, SCALE> {
    type Error = DecimalError;

    fn try_from(exact: rust_decimal::Decimal) -> Result<Self, DecimalError> {
        let exact = exact.normalize();
        let missing = SCALE.checked_sub(exact.scale()).ok_or(DecimalError::TooPrecise)?;
        let units = exact.mantissa().checked_mul(10_i128.pow(missing)).ok_or(DecimalError::TooLarge)?;
        Self::from_minor_units(units)
    }
}

impl<const DIGITS: u32, const SCALE: u32> FromStr for Decimal<DIGITS, SCALE> {
    type Err = DecimalError;

    fn from_str(text: &str) -> Result<Self, DecimalError> {
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let (negative, unsigned) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
        let (whole, fraction) = match unsigned.split_once('.') {
            Some((whole, fraction)) if digits(fraction) => (whole, fraction),
            Some(_) => return Err(DecimalError::Malformed),
            None => (unsigned, ""),
        };
        if !digits(whole) || (whole.starts_with('0') && whole != "0") {
            return Err(DecimalError::Malformed);
        }
        if whole != "0" && whole.len() > Self::BEFORE as usize {
            return Err(DecimalError::TooLarge);
        }
        if fraction.len() > SCALE as usize {
            return Err(DecimalError::TooPrecise);
        }
        // At most 28 digits.
        let units = whole
            .bytes()
            .chain(fraction.bytes())
            .fold(0, |units, digit| units * 10 + i128::from(digit - b'0'));
        let units = units * 10_i128.pow(SCALE - fraction.len() as u32);
        Self::from_minor_units(if negative { -units } else { units })
    }
}

impl<const DIGITS: u32, const SCALE: u32> fmt::Display for Decimal<DIGITS, SCALE> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let units = self.minor_units();
        let (sign, units) = (if units < 0 { "-" } else { "" }, units.unsigned_abs());
        let one = 10_u128.pow(SCALE);
        match SCALE {
            0 => write!(f, "{sign}{units}"),
            _ => write!(f, "{sign}{}.{:0width$}", units / one, units % one, width = SCALE as usize),
        }
    }
}

impl<const DIGITS: u32, const SCALE: u32> Serialize for Decimal<DIGITS, SCALE> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de, const DIGITS: u32, const SCALE: u32> Deserialize<'de> for Decimal<DIGITS, SCALE> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl<const DIGITS: u32, const SCALE: u32> JsonSchema for Decimal<DIGITS, SCALE> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("Decimal_{DIGITS}_{SCALE}").into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let whole = match Self::BEFORE {
            0 => "0".to_owned(),
            1 => "[0-9]".to_owned(),
            more => format!("(0|[1-9][0-9]{{0,{}}})", more - 1),
        };
        let fraction = match SCALE {
            0 => String::new(),
            most => format!(r"(\.[0-9]{{1,{most}}})?"),
        };
        json_schema!({ "type": "string", "pattern": format!("^-?{whole}{fraction}$") })
    }
}

impl<const DIGITS: u32, const SCALE: u32> Model for Decimal<DIGITS, SCALE> {}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    type Price = Decimal<10, 2>;

    #[test]
    fn only_what_the_type_holds_is_read() {
        for (text, shown) in [
            ("0", "0.00"),
            ("-0", "0.00"),
            ("-0.00", "0.00"),
            ("12.5", "12.50"),
            ("-99999999.99", "-99999999.99"),
            ("0.05", "0.05"),
            ("-0.05", "-0.05"),
        ] {
            assert_eq!(text.parse::<Price>().unwrap().to_string(), shown, "{text}");
        }
        for (text, error) in [
            ("", DecimalError::Malformed),
            ("-", DecimalError::Malformed),
            (".5", DecimalError::Malformed),
            ("5.", DecimalError::Malformed),
            ("+1", DecimalError::Malformed),
            ("01", DecimalError::Malformed),
            ("1e3", DecimalError::Malformed),
            ("1_000", DecimalError::Malformed),
            ("1,5", DecimalError::Malformed),
            ("１", DecimalError::Malformed),
            (" 1", DecimalError::Malformed),
            ("NaN", DecimalError::Malformed),
            ("100000000", DecimalError::TooLarge),
            ("99999999999999999999999999999999999999999999", DecimalError::TooLarge),
            ("0.000", DecimalError::TooPrecise),
        ] {
            assert_eq!(text.parse::<Price>(), Err(error), "{text}");
        }
        assert!(serde_json::from_str::<Price>("12.5").is_err());
        let widest = "9".repeat(28);
        assert_eq!(widest.parse::<Decimal<28, 0>>().unwrap().to_string(), widest);
        assert_eq!(
            format!("0.{widest}").parse::<Decimal<28, 28>>().unwrap().to_string(),
            format!("0.{widest}")
        );
        assert_eq!(Price::default().to_string(), "0.00");
    }

    #[test]
    fn nothing_is_rounded_on_the_way_from_a_calculation() {
        let exact = |text: &str| text.parse::<rust_decimal::Decimal>().unwrap();
        assert_eq!(Price::try_from(exact("1.2000")).unwrap().to_string(), "1.20");
        assert_eq!(Price::try_from(exact("1.005")), Err(DecimalError::TooPrecise));
        assert_eq!(Price::try_from(exact("100000000")), Err(DecimalError::TooLarge));
        assert_eq!(Price::try_from(rust_decimal::Decimal::MAX), Err(DecimalError::TooLarge));
        assert_eq!(Price::from_minor_units(i128::MIN), Err(DecimalError::TooLarge));
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn the_schema_takes_what_the_type_takes(text in r"-?[0-9]{0,9}(\.[0-9]{0,3})?") {
            let schema = Price::json_schema(&mut SchemaGenerator::default());
            let pattern = schema.get("pattern").and_then(|pattern| pattern.as_str()).unwrap();
            let matches = regex::Regex::new(pattern).unwrap().is_match(&text);
            prop_assert_eq!(matches, text.parse::<Price>().is_ok(), "{}", text);
        }

        #[test]
        fn units_come_back(units in -9_999_999_999_i128..=9_999_999_999) {
            let price = Price::from_minor_units(units).unwrap();
            prop_assert_eq!(price.to_string().parse::<Price>().unwrap().minor_units(), units);
            prop_assert_eq!(Price::try_from(price.get()).unwrap(), price);
        }
    }
}

//! The error numbers of activation and sign-in: what they mean, and which stage should have failed.
//!
//! Most follow one rule, `0xSAAFNNNN`: a severity, a family, and a low word that some families take
//! from elsewhere. The tables are data: `activation_errors.toml` and `withdrawn_2020.tsv`.

mod parse;
mod table;

use std::fmt;
use std::ops::RangeInclusive;

use serde::Deserialize;

use reach365_model::device::DeviceState;
use reach365_model::evidence::Stage;
use reach365_model::verdict::Code;
use table::Table;

/// What WinHTTP and WinINet number their errors with.
const WINHTTP_CODES: RangeInclusive<u32> = 12_001..=12_190;
/// The number that wraps an error of Windows into a larger space.
const WIN32: u32 = 0x8007_0000;

/// A number that Microsoft 365 Apps or Windows shows when activation or sign-in fails.
///
/// ```
/// use reach365_judge::remedy::ActivationError;
///
/// let error = ActivationError::parse("error code: CAA82EE7")?;
/// assert_eq!(error.text(), "0xCAA82EE7");
/// assert_eq!(error.name(), Some("ERROR_ADAL_INTERNET_NAME_NOT_RESOLVED"));
/// # Ok::<(), reach365_judge::remedy::NoActivationError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ActivationError {
    number: u32,
    family: Family,
}

/// Why a text is not an activation error.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NoActivationError {
    /// The text has none of the forms.
    #[error(
        "{0} is no error number; the forms are 0xCAA82EE7, CAA82EE7, 3399811105, -895156191, \
         12007 (WinHTTP) and AADSTS50126"
    )]
    Form(String),
    /// Digits that may be hexadecimal or decimal.
    #[error("{text} can be read as {}; write the one that is meant", .readings.join(", or as "))]
    Ambiguous {
        /// The digits, quoted.
        text: String,
        /// What they can be, as texts of an unambiguous form.
        readings: Vec<String>,
    },
    /// A number about which nothing can be said.
    #[error("{0} is not an activation error that we know")]
    Unknown(String),
}

macro_rules! families {
    ($($(#[$doc:meta])* $variant:ident)*) => {
        /// Which rule reads a number.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        #[non_exhaustive]
        pub enum Family {
            $($(#[$doc])* $variant,)*
        }

        impl Family {
            /// Every family, in the order of the documentation.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];
        }
    };
}

families! {
    /// AA1: the library was called wrongly, or needs a window.
    Usage
    /// AA2: an answer of the sign-in service.
    #[serde(rename = "oauth")]
    OAuth
    /// AA3: the low word is an HTTP status.
    HttpStatus
    /// AA4: the library's own cache.
    Cache
    /// AA5: Windows or its sign-in broker.
    System
    /// AA6: an answer is not JSON.
    Json
    /// AA7: a download failed.
    Download
    /// AA8: the low word is a code of WinHTTP or WinINet.
    Internet
    /// AA9: realm, federation service, token.
    Federation
    /// AAA: a fault inside the library.
    Internal
    /// 0x8007: the low word is a code of WinHTTP or WinINet.
    #[serde(rename = "winhttp")]
    WinHttp
    /// 0x801C: registration of the device.
    Registration
    /// TLS, certificates and authentication of Windows.
    Security
    /// The TPM and the key storage.
    Tpm
    /// AADSTS: said by the sign-in service.
    SignIn
    /// The part of Windows that fetches tokens at sign-in.
    CloudAp
    /// A status of the Windows system.
    #[serde(rename = "ntstatus")]
    NtStatus
    /// 0x8007: any other error of Windows.
    Win32
    /// A part of Windows that has nothing to do with activation.
    OtherProduct
    /// 0xC004: volume activation and product keys.
    Licensing
    /// Numbers that are known one by one.
    Single
}

/// Whether the network can be the cause of an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Network {
    /// It is the network.
    Yes,
    /// It mostly is.
    Often,
    /// It can be.
    Sometimes,
    /// It is not.
    No,
    /// The number does not tell.
    Unknown,
}

/// Where the knowledge about a number comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Provenance {
    /// Microsoft's documentation names it.
    Documented,
    /// Microsoft's documentation named it in 2020, and no longer does.
    #[serde(rename = "withdrawn-2020")]
    Withdrawn2020,
    /// Seen and told, but in no documentation.
    Reported,
    /// No list names it; the rule of its family reads it.
    Rule,
    /// No activation error that we know; the structure of the number says a little.
    Structure,
}

impl Family {
    /// The rule in a sentence, with `NNNN` for the low word.
    pub fn rule(self) -> String {
        let rule = &Table::builtin().family(self).rule;
        rule.replace("{low}", "NNNN")
    }

    /// What a number of the family means where nothing more special is known.
    pub fn means(self) -> String {
        let means = Table::builtin().family(self).meaning.means.as_deref();
        means.unwrap_or_default().replace("{low}", "NNNN")
    }
}

impl ActivationError {
    /// Reads a number as people, logs and programs write it: `0xCAA82EE7`, `CAA82EE7`, decimal with
    /// or without sign, a bare WinHTTP code, `AADSTS50126`; with brackets or "error code:" around.
    ///
    /// # Errors
    /// [`NoActivationError`] where the text has no such form, is ambiguous, or names a
    /// number about which nothing can be said.
    pub fn parse(text: &str) -> Result<Self, NoActivationError> {
        parse::parse(text)
    }

    /// Every error that the tables name: those of Windows, then those of the sign-in service.
    pub fn all() -> Vec<Self> {
        let table = Table::builtin();
        let windows = table.numbers().into_iter().filter_map(Self::windows);
        let sign_in = table.sign_in_numbers().map(Self::sign_in);
        windows.chain(sign_in).collect()
    }

    /// Every error that a device reported when it last tried to get a token or to join, the most
    /// telling first.
    pub fn of_device(device: &DeviceState) -> Vec<Self> {
        let attempt = device.token.last_attempt();
        let said = attempt
            .and_then(|attempt| attempt.aadsts)
            .map(Self::sign_in);
        let numbers = device.errors();
        let numbers = numbers
            .iter()
            .filter_map(|number| Self::windows(number.number));
        let mut errors = Vec::new();
        for error in said.into_iter().chain(numbers) {
            if !errors.contains(&error) {
                errors.push(error);
            }
        }
        errors
    }

    /// The number: 32 bits of Windows, or the digits behind `AADSTS`.
    pub fn number(self) -> u32 {
        self.number
    }

    /// The canonical form: `0xCAA82EE7`, `0x102`, `AADSTS50126`.
    pub fn text(self) -> String {
        match self.family {
            Family::SignIn => format!("AADSTS{}", self.number),
            _ => hexadecimal(self.number),
        }
    }

    /// Microsoft's constant, where it is known.
    pub fn name(self) -> Option<&'static str> {
        Table::builtin().name(self)
    }

    /// Which rule reads the number.
    pub fn family(self) -> Family {
        self.family
    }

    /// The rule of the family in a sentence, with this number's low word in it.
    pub fn rule(self) -> String {
        self.with_low_word(&Table::builtin().family(self.family).rule)
    }

    /// What the number means, in a sentence or two.
    pub fn means(self) -> String {
        let said = self.first(|meaning| meaning.means.as_deref());
        self.with_low_word(said.unwrap_or_default())
    }

    /// Whether the network can be the cause.
    pub fn network(self) -> Network {
        self.first(|meaning| meaning.network)
            .unwrap_or(Network::Unknown)
    }

    /// Where a check would have failed.
    pub fn stages(self) -> &'static [Stage] {
        self.first(|meaning| meaning.stages.as_deref())
            .unwrap_or_default()
    }

    /// The verdicts that would explain it, likely ones first.
    pub fn codes(self) -> Vec<Code> {
        let codes = self.first(|meaning| meaning.codes.as_deref());
        codes.unwrap_or_default().to_vec()
    }

    /// The group of endpoints that alone matters, where it is one.
    pub fn group(self) -> Option<&'static str> {
        self.first(|meaning| meaning.group.as_deref())
    }

    /// Whether the number is a failure; notes and warnings of the sign-in library are not.
    pub fn is_failure(self) -> bool {
        let of_library = self.number & 0x0FF0_0000 == 0x0AA0_0000;
        let failed = self.number & 0xC000_0000 == 0xC000_0000;
        self.family == Family::SignIn || failed || !of_library
    }

    /// Where the knowledge comes from.
    pub fn provenance(self) -> Provenance {
        let stated = self.first(|meaning| meaning.provenance);
        match stated {
            None | Some(Provenance::Rule) => self.listed(),
            Some(stated) => stated,
        }
    }

    /// The provenance of a number that only its family reads.
    fn listed(self) -> Provenance {
        if self.family != Family::SignIn && Table::builtin().is_withdrawn(self.number) {
            return Provenance::Withdrawn2020;
        }
        match self.name() {
            Some(_) => Provenance::Documented,
            None => Provenance::Rule,
        }
    }

    fn windows(number: u32) -> Option<Self> {
        let wrapped = WINHTTP_CODES.contains(&number);
        let number = if wrapped { WIN32 | number } else { number };
        let family = Table::builtin().family_of(number)?;
        Some(Self { number, family })
    }

    fn sign_in(number: u32) -> Self {
        Self {
            number,
            family: Family::SignIn,
        }
    }

    /// The value from the most specific meaning that has one.
    fn first<T>(self, field: impl Fn(&'static table::Meaning) -> Option<T>) -> Option<T> {
        Table::builtin().layers(self).find_map(field)
    }

    fn with_low_word(self, text: &str) -> String {
        text.replace("{low}", &(self.number & 0xFFFF).to_string())
    }
}

impl fmt::Display for ActivationError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.text())
    }
}

impl std::str::FromStr for ActivationError {
    type Err = NoActivationError;

    fn from_str(text: &str) -> Result<Self, NoActivationError> {
        Self::parse(text)
    }
}

impl fmt::Display for Family {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&Table::builtin().family(*self).label)
    }
}

impl fmt::Display for Network {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Yes => "yes",
            Self::Often => "often",
            Self::Sometimes => "sometimes",
            Self::No => "no",
            Self::Unknown => "unknown",
        })
    }
}

impl fmt::Display for Provenance {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Documented => "documented by Microsoft",
            Self::Withdrawn2020 => "documented by Microsoft in 2020, withdrawn the same year",
            Self::Reported => "reported, not documented",
            Self::Rule => "not documented; read by the rule of its family",
            Self::Structure => {
                "not an activation error that we know; read from the structure of the number alone"
            }
        })
    }
}

/// Whether a number wraps a code of WinHTTP or WinINet.
fn wraps_winhttp(number: u32) -> bool {
    number & 0xFFFF_0000 == WIN32 && WINHTTP_CODES.contains(&(number & 0xFFFF))
}

/// `0x` and eight digits; small numbers as they are usually written.
fn hexadecimal(number: u32) -> String {
    match number {
        ..=0xFFFF => format!("0x{number:X}"),
        _ => format!("0x{number:08X}"),
    }
}

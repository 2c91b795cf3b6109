//! The names by which products give themselves away: `signatures.toml`, and lists of users.
//!
//! A name can be changed and copied: it says which product to look for, and proves nothing.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde::Deserialize;
use toml::Spanned;

use crate::verdict::certificate;
use reach365_model::catalog::Mistakes;
use reach365_model::endpoint::printable;
use reach365_model::error::Error;

/// The embedded list.
const BUILTIN: &str = include_str!("../../data/signatures.toml");
const BUILTIN_NAME: &str = "signatures.toml (built in)";
/// Bytes that the text of a list may have.
const TEXT_LIMIT: usize = 1024 * 1024;
/// Entries that a list may have.
const ENTRY_LIMIT: usize = 1_000;
/// Characters of a pattern: fewer would be found anywhere.
const PATTERN_LENGTHS: std::ops::RangeInclusive<usize> = 4..=200;
/// Characters of the name of a product at most.
const PRODUCT_LENGTH: usize = 60;

/// A list of signatures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signatures {
    list: Vec<Signature>,
}

/// The marks of one product, in lower case.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Signature {
    product: String,
    issuers: Vec<String>,
    headers: Vec<Header>,
    titles: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Header {
    name: String,
    /// A part of the value; empty where the header alone suffices.
    value: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    #[serde(default)]
    signature: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    product: Spanned<String>,
    #[serde(default)]
    issuers: Vec<Spanned<String>>,
    #[serde(default)]
    headers: Vec<Spanned<String>>,
    #[serde(default)]
    titles: Vec<Spanned<String>>,
    /// Where it is known from; for those who maintain a list.
    source: Option<Spanned<String>>,
}

/// What may have the name of a product: nothing of it came over a genuine chain.
#[derive(Debug, Default)]
pub(super) struct Marks<'a> {
    pub(super) issuers: Vec<&'a str>,
    pub(super) headers: Vec<&'a BTreeMap<String, String>>,
    pub(super) titles: Vec<&'a str>,
}

impl Signatures {
    /// The list that is built in.
    pub fn builtin() -> &'static Self {
        static SIGNATURES: OnceLock<Signatures> = OnceLock::new();
        SIGNATURES.get_or_init(|| {
            read(BUILTIN_NAME, BUILTIN)
                .expect("the built-in list parses: a test of this module proves it")
        })
    }

    /// Reads a list; its entries are tried before the built-in ones. `file_name` appears in messages
    /// only; nothing is opened.
    ///
    /// # Errors
    /// [`Error::Catalog`] with every mistake, each with line, column and snippet.
    pub fn parse(file_name: &str, text: &str) -> Result<Self, Error> {
        let mut signatures = read(file_name, text)?;
        signatures.list.extend(Self::builtin().list.iter().cloned());
        Ok(signatures)
    }

    /// The patterns of every mark, in lower case, and the names of the products.
    pub(super) fn phrases(&self) -> impl Iterator<Item = String> + '_ {
        self.list.iter().flat_map(|it| {
            let headers = it.headers.iter().map(|header| header.value.clone());
            let patterns = it.issuers.iter().chain(&it.titles).cloned();
            patterns.chain(headers).chain([it.product.to_lowercase()])
        })
    }

    /// Whether a mark of a product stands in the name of an issuer.
    pub fn names_issuer(&self, issuer: &str) -> bool {
        self.product_of_issuer(issuer).is_some()
    }

    /// The mark of a product in a part of an issuer's name, without the kind of the part.
    pub fn issuer_mark(&self, part: &str) -> Option<&str> {
        let part = part.to_lowercase();
        let mut marks = self.list.iter().flat_map(|it| &it.issuers);
        let mark = marks.find(|mark| part.contains(mark.as_str()))?;
        Some(mark.split_once('=').map_or(mark.as_str(), |(_, name)| name))
    }

    /// The product whose mark stands in the name of an issuer.
    pub(super) fn product_of_issuer(&self, issuer: &str) -> Option<&str> {
        let mut list = self.list.iter();
        let found = list.find(|it| has_any(&it.issuers, &[issuer]))?;
        Some(&found.product)
    }

    /// The product that the marks name, and by what: certificates first, then headers, then titles.
    pub(super) fn product(&self, marks: &Marks<'_>) -> Option<String> {
        let find = |fits: &dyn Fn(&Signature) -> bool, by: &str| {
            let found = self.list.iter().find(|signature| fits(signature))?;
            Some(format!("{} (by {by})", found.product))
        };
        find(&|it| has_any(&it.issuers, &marks.issuers), "issuer")
            .or_else(|| find(&|it| it.has_header(&marks.headers), "header"))
            .or_else(|| find(&|it| has_any(&it.titles, &marks.titles), "page title"))
    }
}

impl Signature {
    fn has_header(&self, seen: &[&BTreeMap<String, String>]) -> bool {
        self.headers.iter().any(|header| {
            let values = seen.iter().filter_map(|headers| headers.get(&header.name));
            let mut values = values.map(|value| value.to_lowercase());
            values.any(|value| value.contains(&header.value))
        })
    }
}

fn has_any(patterns: &[String], texts: &[&str]) -> bool {
    let mut texts = texts.iter().map(|text| text.to_lowercase());
    texts.any(|text| patterns.iter().any(|pattern| text.contains(pattern)))
}

fn read(file_name: &str, text: &str) -> Result<Signatures, Error> {
    let mut mistakes = Mistakes::new(file_name, text);
    if text.len() > TEXT_LIMIT {
        mistakes.add(&(0..0), format!("larger than {TEXT_LIMIT} bytes"));
        return Err(mistakes.into_error());
    }
    let document: Document = match toml::from_str(text) {
        Ok(document) => document,
        Err(error) => {
            let span = error.span().unwrap_or(0..0);
            mistakes.add(&span, printable(error.message()));
            return Err(mistakes.into_error());
        }
    };
    if document.signature.len() > ENTRY_LIMIT {
        mistakes.add(&(0..0), format!("more than {ENTRY_LIMIT} signatures"));
    }
    let entries = document.signature.into_iter();
    let list = entries.map(|entry| signature(entry, &mut mistakes));
    let list = list.collect();
    if mistakes.is_empty() {
        return Ok(Signatures { list });
    }
    Err(mistakes.into_error())
}

fn signature(entry: Entry, mistakes: &mut Mistakes<'_>) -> Signature {
    check_product(&entry, mistakes);
    Signature {
        issuers: patterns(&entry.issuers, mistakes, of_public_authority),
        headers: headers(&entry.headers, mistakes),
        titles: patterns(&entry.titles, mistakes, |_| None),
        product: entry.product.into_inner(),
    }
}

/// The product, and that something is said of it.
fn check_product(entry: &Entry, mistakes: &mut Mistakes<'_>) {
    let name = entry.product.get_ref();
    let span = entry.product.span();
    let length = name.chars().count();
    if name.trim().is_empty() || length > PRODUCT_LENGTH || printable(name) != *name {
        let wanted = format!("`product` must be 1 to {PRODUCT_LENGTH} characters that print");
        mistakes.add(&span, wanted);
    }
    if entry.issuers.is_empty() && entry.headers.is_empty() && entry.titles.is_empty() {
        let wanted = "a signature needs at least one of `issuers`, `headers` and `titles`";
        mistakes.add(&span, wanted.to_owned());
    }
    if let Some(source) = entry.source.as_ref().filter(|it| it.get_ref().is_empty()) {
        mistakes.add(&source.span(), "`source` says nothing".to_owned());
    }
}

fn patterns(
    texts: &[Spanned<String>],
    mistakes: &mut Mistakes<'_>,
    objection: impl Fn(&str) -> Option<String>,
) -> Vec<String> {
    let pattern = |text: &Spanned<String>| {
        let pattern = text.get_ref().trim().to_lowercase();
        if let Some(message) = wrong_length(&pattern).or_else(|| objection(&pattern)) {
            mistakes.add(&text.span(), message);
        }
        pattern
    };
    texts.iter().map(pattern).collect()
}

fn wrong_length(pattern: &str) -> Option<String> {
    let fits = PATTERN_LENGTHS.contains(&pattern.chars().count());
    let (least, most) = (PATTERN_LENGTHS.start(), PATTERN_LENGTHS.end());
    (!fits).then(|| format!("a pattern has {least} to {most} characters"))
}

/// A public certificate authority is not a product on the path.
fn of_public_authority(pattern: &str) -> Option<String> {
    let mut known = certificate::PUBLIC_ISSUERS
        .iter()
        .map(|name| name.to_lowercase());
    let name = known.find(|name| name.contains(pattern) || pattern.contains(name.as_str()))?;
    Some(format!(
        "this would match the public authority `{name}`; name more of the issuer"
    ))
}

fn headers(texts: &[Spanned<String>], mistakes: &mut Mistakes<'_>) -> Vec<Header> {
    let header = |text: &Spanned<String>| match header(text.get_ref()) {
        Ok(header) => Some(header),
        Err(message) => {
            mistakes.add(&text.span(), message);
            None
        }
    };
    texts.iter().filter_map(header).collect()
}

fn header(text: &str) -> Result<Header, String> {
    let (name, value) = text
        .split_once(':')
        .ok_or("a header is `name: part of its value`")?;
    let name = name.trim().to_ascii_lowercase();
    let value = value.trim().to_lowercase();
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
    if name.is_empty() || !name.chars().all(plain) {
        return Err("the name of a header has letters, digits, `-` and `_`".to_owned());
    }
    if name == "via" {
        return Err(
            "`Via` names whoever passed an answer on, not who made it; use another header"
                .to_owned(),
        );
    }
    let of_its_own = name.starts_with("x-") && value.is_empty();
    if let Some(message) = wrong_length(&value).filter(|_| !of_its_own) {
        return Err(format!(
            "{message}; only a header that begins with `x-` may go without"
        ));
    }
    Ok(Header { name, value })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn by_issuer(issuer: &str) -> Option<String> {
        Signatures::builtin().product(&Marks {
            issuers: vec![issuer],
            ..Marks::default()
        })
    }

    fn by_header(name: &str, value: &str) -> Option<String> {
        let headers = BTreeMap::from([(name.to_owned(), value.to_owned())]);
        Signatures::builtin().product(&Marks {
            headers: vec![&headers],
            ..Marks::default()
        })
    }

    fn by_title(title: &str) -> Option<String> {
        Signatures::builtin().product(&Marks {
            titles: vec![title],
            ..Marks::default()
        })
    }

    #[test]
    fn the_built_in_list_parses_and_says_where_each_entry_is_from() {
        read(BUILTIN_NAME, BUILTIN).unwrap_or_else(|error| panic!("{error}"));
        let document: Document = toml::from_str(BUILTIN).unwrap();
        for entry in &document.signature {
            let source = entry.source.as_ref().map_or("", |source| source.get_ref());
            assert!(source.len() > 10, "{}", entry.product.get_ref());
        }
    }

    #[test]
    fn products_are_known_by_their_issuers() {
        let cases = [
            (
                "CN=Zscaler Intermediate Root CA (zscaler.net) (t), OU=Zscaler Inc., O=Zscaler Inc., ST=California, C=US",
                "Zscaler",
            ),
            ("CN=ca.contoso.de.goskope.com, O=Contoso", "Netskope"),
            (
                "CN=Cisco Umbrella Secondary SubCA ams-SG, O=Cisco",
                "Cisco Umbrella",
            ),
            (
                "CN=FGT60F0000000000, OU=Certificate Authority, O=Fortinet, L=Sunnyvale",
                "Fortinet FortiGate",
            ),
            ("CN=Sophos SSL CA_C0000000000, O=Sophos", "Sophos"),
            (
                "CN=SonicWALL Firewall DPI-SSL, O=SonicWALL Inc.",
                "SonicWall",
            ),
            (
                "CN=Gateway CA - Cloudflare Managed G1 0000, O=Cloudflare\\, Inc.",
                "Cloudflare Gateway",
            ),
            (
                "CN=forcepoint cloud ca, O=Forcepoint LLC",
                "Forcepoint (Websense)",
            ),
            (
                "CN=Microsoft Forefront TMG HTTPS Inspection Certification Authority",
                "Microsoft Forefront TMG",
            ),
        ];
        for (issuer, product) in cases {
            assert_eq!(by_issuer(issuer), Some(format!("{product} (by issuer)")));
        }
    }

    #[test]
    fn public_authorities_and_strangers_are_no_product() {
        let genuine = [
            "CN=DigiCert Global Root G2, OU=www.digicert.com, O=DigiCert Inc, C=US",
            "CN=DigiCert SHA2 Secure Server CA, O=DigiCert Inc, C=US",
            "CN=DigiCert Cloud Services CA-1, O=DigiCert Inc, C=US",
            "CN=Microsoft Azure RSA TLS Issuing CA 03, O=Microsoft Corporation, C=US",
            "CN=Microsoft TLS G2 RSA CA OCSP 02, O=Microsoft Corporation, C=US",
            "CN=Microsoft RSA Root Certificate Authority 2017, O=Microsoft Corporation, C=US",
            "CN=Baltimore CyberTrust Root, OU=CyberTrust, O=Baltimore, C=IE",
            "CN=GlobalSign RSA OV SSL CA 2018, O=GlobalSign nv-sa, C=BE",
            "CN=Cloudflare Inc ECC CA-3, O=Cloudflare\\, Inc., C=US",
            "CN=WE1, O=Google Trust Services, C=US",
            "CN=R11, O=Let's Encrypt, C=US",
            "CN=Branch Office TLS Inspection, O=Contoso Firewall",
            "",
        ];
        for issuer in genuine {
            assert_eq!(by_issuer(issuer), None, "{issuer}");
        }
    }

    #[test]
    fn products_are_known_by_their_own_headers_and_pages() {
        let headers = [
            ("x-squid-error", "ERR_ACCESS_DENIED 0", "Squid"),
            ("server", "Zscaler/6.2", "Zscaler"),
            (
                "location",
                "https://10.1.1.1/UserCheck/PortalMain?IID=1",
                "Check Point",
            ),
            (
                "location",
                "https://block.opendns.com/main?url=1",
                "Cisco Umbrella",
            ),
        ];
        for (name, value, product) in headers {
            assert_eq!(
                by_header(name, value),
                Some(format!("{product} (by header)"))
            );
        }
        let title = by_title("Internet Security by Zscaler");
        assert_eq!(title.as_deref(), Some("Zscaler (by page title)"));
        let title = by_title("McAfee Web Gateway - Notification");
        assert_eq!(
            title.as_deref(),
            Some("Skyhigh (McAfee) Web Gateway (by page title)")
        );
    }

    #[test]
    fn ordinary_headers_and_titles_name_nobody() {
        for (name, value) in [
            ("via", "1.1 proxy.example (squid/5.7)"),
            ("via", "1.1 Zscaler/6.2, 1.1 Websense-Content_Gateway"),
            ("server", "Microsoft-IIS/10.0"),
            ("server", ""),
            ("x-cache", "MISS from proxy.example"),
            ("x-ms-request-id", "zscaler"),
            ("location", "https://login.microsoftonline.com/"),
        ] {
            assert_eq!(by_header(name, value), None, "{name}: {value}");
        }
        for title in ["Web Page Blocked", "Access Denied", "403 Forbidden", ""] {
            assert_eq!(by_title(title), None, "{title}");
        }
    }

    #[test]
    fn own_entries_come_before_the_built_in_ones() {
        let own = "[[signature]]\nproduct = \"Contoso Gateway\"\nissuers = [\"O=Zscaler\"]\n\
                   headers = [\"X-Contoso-Rule:\"]";
        let signatures = Signatures::parse("own.toml", own).unwrap();
        let product = |issuer| {
            signatures.product(&Marks {
                issuers: vec![issuer],
                ..Marks::default()
            })
        };
        let found = product("CN=x, O=Zscaler Inc.");
        assert_eq!(found.as_deref(), Some("Contoso Gateway (by issuer)"));
        let found = product("CN=ca.x.goskope.com");
        assert_eq!(found.as_deref(), Some("Netskope (by issuer)"));
    }

    #[test]
    fn what_cannot_be_a_signature_is_refused_with_its_place() {
        let with = |line: &str| format!("[[signature]]\nproduct = \"A\"\n{line}");
        let cases = [
            (
                with("issuers = [\"abc\"]"),
                "own.toml:3:12: a pattern has 4",
            ),
            (with("issuers = [\"digicert\"]"), "public authority"),
            (with("issuers = [\"Microsoft\"]"), "public authority"),
            (
                with("headers = [\"Via: squid\"]"),
                "own.toml:3:12: `Via` names",
            ),
            (with("headers = [\"server:\"]"), "may go without"),
            (with("headers = [\"server\"]"), "part of its value"),
            (with("headers = [\"a b: cdef\"]"), "the name of a header"),
            (with("titels = []"), "own.toml:3:1: unknown field"),
            (with(""), "own.toml:2:11: a signature needs"),
            ("[[signature]]\nissuers = []".to_owned(), "product"),
            (
                "[[signature]]\nproduct = \"\\u001b[2J\"\ntitles = [\"abcd\"]".to_owned(),
                "characters that print",
            ),
            ("x".repeat(TEXT_LIMIT + 1), "larger than"),
        ];
        for (text, expected) in cases {
            let error = Signatures::parse("own.toml", &text)
                .unwrap_err()
                .to_string();
            assert!(error.contains(expected), "{expected}: {error}");
        }
    }
}

//! What names people and machines in texts of Windows: accounts, paths, security identifiers, and
//! the addresses of network cards.

use super::pseudonym_map::PseudonymMap;
use super::{page, public_names, scan};

/// What stands before a backslash where no account follows: hives, authorities, and directories
/// that sentences of this program name.
const NO_DOMAINS: [&str; 27] = [
    "hklm",
    "hkcu",
    "hku",
    "hkcr",
    "hkcc",
    "hkey_local_machine",
    "hkey_current_user",
    "hkey_users",
    "hkey_classes_root",
    "authority",
    "builtin",
    "software",
    "system32",
    "windows",
    "microsoft",
    "join",
    "windir",
    "systemroot",
    "localappdata",
    "appdata",
    "userprofile",
    "programdata",
    "temp",
    "system",
    "settings",
    "office",
    "shared",
];
/// Directories of a drive that every PC has.
const ROOTS: [&str; 5] = [
    "windows",
    "program files (x86)",
    "program files",
    "programdata",
    "users",
];
/// What every PC has below the directories of programs.
const COMMON: [&str; 4] = ["microsoft", "common files", "windows", "reach365"];
/// Directories of users that name no user.
pub(super) const SHARED: [&str; 3] = ["public", "default", "all"];
/// Parts that a security identifier of everybody's has at most: `S-1-5-32-544`.
const WELL_KNOWN: usize = 5;
/// What stands before a server in the long form of its paths.
const LONG: &str = r"\\?\UNC\";
/// Characters that an account, a server or an identifier has at most.
const LONGEST: usize = 255;

/// What begins here: its length, and its replacement.
pub(super) fn piece(
    rest: &str,
    before: &str,
    pseudonyms: &mut PseudonymMap,
) -> Option<(usize, String)> {
    match rest.as_bytes().first()? {
        b'\\' => share(rest, before, pseudonyms),
        byte if byte.is_ascii_alphanumeric() || *byte == b'_' => sid(rest, pseudonyms)
            .or_else(|| mac(rest, pseudonyms))
            .or_else(|| drive(rest, pseudonyms))
            .or_else(|| account(rest, before, pseudonyms)),
        _ => None,
    }
}

/// `DOMAIN\user`. With more backslashes, or behind one, it is a part of a path.
fn account(rest: &str, before: &str, pseudonyms: &mut PseudonymMap) -> Option<(usize, String)> {
    let domain = name(rest);
    let behind = &rest[domain.len()..];
    let slashes = slashes(behind);
    let user = name(&behind[slashes..]);
    let escape = user == "u" && behind[slashes + 1..].starts_with('{');
    let near = last(before, LONGEST);
    let outer = near.trim_end_matches(is_of_name);
    let inside = near[outer.len()..].contains(char::is_alphanumeric);
    let within = inside || outer.ends_with('\\');
    let known = NO_DOMAINS.contains(&domain.to_ascii_lowercase().as_str())
        || !domain.contains(char::is_alphabetic);
    if !(1..=2).contains(&slashes) || user.is_empty() || within || escape || known {
        return None;
    }
    let whole = domain.len() + slashes + user.len();
    if rest[whole..].starts_with('\\') {
        let end = whole + token_end(&rest[whole..]);
        return Some((end, segments(pseudonyms, &rest[..end])));
    }
    let by = [
        party("domain", domain, pseudonyms),
        rest[domain.len()..][..slashes].to_owned(),
        party("user", user, pseudonyms),
    ];
    Some((whole, by.concat()))
}

/// A name of an account. One that sentences of this program use as well goes here and stays there.
fn party(kind: &'static str, name: &str, pseudonyms: &mut PseudonymMap) -> String {
    if pseudonyms.whole(name).is_none()
        && (page::is_of_ours(name) || public_names::is_generic(name))
    {
        return "…".to_owned();
    }
    pseudonyms.found(kind, name)
}

/// `\\server\share\path`.
fn share(rest: &str, before: &str, pseudonyms: &mut PseudonymMap) -> Option<(usize, String)> {
    let slashes = slashes(rest);
    let within = before.ends_with(|c: char| c.is_alphanumeric() || matches!(c, '\\' | '%' | ')'));
    if let Some(long) = rest
        .get(..LONG.len())
        .filter(|head| head.eq_ignore_ascii_case(LONG))
    {
        let (length, by) = share(&format!("\\\\{}", &rest[long.len()..]), "", pseudonyms)?;
        return Some((length + long.len() - 2, format!("{long}{}", &by[2..])));
    }
    let server = name(&rest[slashes..]);
    if !(2..=4).contains(&slashes) || within || server.is_empty() {
        return None;
    }
    let start = slashes + server.len();
    let end = start + token_end(&rest[start..]);
    let path = rest[start..end].trim_start_matches('\\');
    let shown = match server.parse() {
        Ok(address) => pseudonyms.address(address).to_string(),
        Err(_) if pseudonyms.is_public(server) => server.to_owned(),
        Err(_) => pseudonyms.found("host", server),
    };
    let path = match path {
        "" => String::new(),
        path => format!("\\{}", segments(pseudonyms, path)),
    };
    Some((end, format!("{}{shown}{path}", &rest[..slashes])))
}

/// `D:\profiles\ada`. What every PC has stays.
fn drive(rest: &str, pseudonyms: &mut PseudonymMap) -> Option<(usize, String)> {
    let letter = rest.as_bytes().first()?.is_ascii_alphabetic();
    let behind = rest.get(1..).filter(|_| letter)?;
    if behind.starts_with(":/") && !behind.starts_with("://") {
        let start = "C:/".len();
        let end = start + token_end(&rest[start..]);
        let by = segments(pseudonyms, &rest[start..end]);
        return Some((end, format!("{}{by}", &rest[..start])));
    }
    let behind = behind.strip_prefix(":\\")?;
    let path = behind.trim_start_matches('\\');
    let start = rest.len() - path.len();
    let root = ROOTS.iter().find(|root| has_prefix(path, root));
    let Some(root) = root else {
        let end = start + token_end(path);
        let by = segments(pseudonyms, &rest[start..end]);
        return Some((end, format!("{}{by}", &rest[..start])));
    };
    let below = path[root.len()..].trim_start_matches('\\');
    let start = rest.len() - below.len();
    let end = start + token_end(below);
    let below = &rest[start..end];
    let stays = |below: &str| COMMON.iter().any(|common| has_prefix(below, common));
    let by = match *root {
        "windows" => below.to_owned(),
        "users" => home(pseudonyms, below),
        _ if stays(below) => below.to_owned(),
        _ => segments(pseudonyms, below),
    };
    Some((end, format!("{}{by}", &rest[..start])))
}

/// What follows the directory of all users: the user, and what he has there.
fn home(pseudonyms: &mut PseudonymMap, below: &str) -> String {
    let end = below.find('\\').unwrap_or(below.len());
    let (user, behind) = below.split_at(end);
    let user = match user {
        "" => String::new(),
        user if SHARED.contains(&user.to_ascii_lowercase().as_str()) => user.to_owned(),
        user => pseudonyms.found("user", user),
    };
    let path = behind.trim_start_matches('\\');
    if path.is_empty() || has_prefix(path, "appdata") {
        return format!("{user}{behind}");
    }
    format!("{user}\\{}", segments(pseudonyms, path))
}

/// The placeholder of a path.
fn segments(pseudonyms: &mut PseudonymMap, path: &str) -> String {
    let path = path.trim_end_matches('\\');
    if path.is_empty() {
        return String::new();
    }
    pseudonyms.found("path", path)
}

/// Whether a path begins with a directory.
fn has_prefix(path: &str, directory: &str) -> bool {
    let head = path.get(..directory.len());
    let ends = |tail: &str| !tail.starts_with(|c: char| c.is_alphanumeric() || "-_.".contains(c));
    head.is_some_and(|head| head.eq_ignore_ascii_case(directory)) && ends(&path[directory.len()..])
}

/// `S-1-5-21-…` and the like; those of everybody's have fewer parts.
fn sid(rest: &str, pseudonyms: &mut PseudonymMap) -> Option<(usize, String)> {
    if !rest.get(..4)?.eq_ignore_ascii_case("s-1-") {
        return None;
    }
    let mut bytes = rest[4..].bytes().take(LONGEST);
    let end = bytes.position(|byte| !byte.is_ascii_digit() && byte != b'-');
    let end = 4 + end.unwrap_or(rest.len().min(LONGEST + 4) - 4);
    let whole = rest[..end].trim_end_matches('-');
    let lower = whole.to_ascii_lowercase();
    let of_a_domain = lower.starts_with("s-1-5-21-") || lower.starts_with("s-1-12-1-");
    let private = of_a_domain || whole.split('-').count() > WELL_KNOWN;
    private.then(|| (whole.len(), pseudonyms.found("sid", whole)))
}

/// Six pairs of hexadecimal digits or more, with one mark between them: `:` or `-`. Three groups of
/// four with dots are the same.
fn mac(rest: &str, pseudonyms: &mut PseudonymMap) -> Option<(usize, String)> {
    let bytes = rest.as_bytes();
    if bytes.get(4) == Some(&b'.') {
        return grouped(rest, pseudonyms);
    }
    let mark = *bytes.get(2).filter(|byte| [b':', b'-'].contains(byte))?;
    let is_pair = |at: usize| {
        let pair = bytes.get(at..at + 2);
        pair.is_some_and(|pair| pair.iter().all(u8::is_ascii_hexdigit))
    };
    let goes_on = |at: &usize| is_pair(*at) && (*at == 0 || bytes[at - 1] == mark);
    let pairs = (0..LONGEST).step_by(3).take_while(goes_on).count();
    let length = (pairs * 3).checked_sub(1)?;
    let ends = !rest[length..].starts_with(char::is_alphanumeric);
    if pairs < 6 || !ends {
        return None;
    }
    let digits: String = rest[..length].split(char::from(mark)).collect();
    Some((length, pseudonyms.found("mac", &digits)))
}

/// `001a.2b3c.4d5e`.
fn grouped(rest: &str, pseudonyms: &mut PseudonymMap) -> Option<(usize, String)> {
    let whole = rest.get(..14)?;
    let fits = whole.bytes().enumerate().all(|(at, byte)| match at {
        4 | 9 => byte == b'.',
        _ => byte.is_ascii_hexdigit(),
    });
    let ends = !rest[14..].starts_with(is_of_name);
    (fits && ends).then(|| (14, pseudonyms.found("mac", &whole.replace('.', ""))))
}

/// A run of characters that accounts and servers consist of, cut where it is longer than any.
fn name(text: &str) -> &str {
    scan::run(text, LONGEST, is_of_name).trim_end_matches(['.', '\''])
}

/// The last characters of a text: looking further back at every word would take forever.
fn last(text: &str, count: usize) -> &str {
    let from_behind = text.char_indices().rev().take(count);
    from_behind.last().map_or("", |(at, _)| &text[at..])
}

fn is_of_name(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | '$' | '&' | '\'')
}

/// How many backslashes a text begins with; five are too many for anything.
fn slashes(text: &str) -> usize {
    let first = text.bytes().take(5);
    first.take_while(|byte| *byte == b'\\').count()
}

/// Where a path ends that has no blanks in it.
fn token_end(text: &str) -> usize {
    let ends = |c: char| c.is_whitespace() || c.is_control() || "\"'`<>|,;*?)(…".contains(c);
    let end = text.find(ends).unwrap_or(text.len());
    text[..end].trim_end_matches(['.', ':']).len()
}

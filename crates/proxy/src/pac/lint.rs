//! What a script's text gives away before it runs: syntax that Windows' own engine does not know,
//! functions that no engine has, functions that are never called.

use std::collections::{BTreeMap, HashSet};

use super::FUNCTIONS;
use super::dialect::KEYWORDS;
use super::tokens::{Kind, Token, tokens};
use crate::safe_text::quoted;

/// A remark about a script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remark {
    /// The rule, kebab-case.
    pub rule: &'static str,
    /// How much it matters.
    pub level: RemarkLevel,
    /// The first line, counted from 1; `None` where the remark is about the whole.
    pub line: Option<u32>,
    /// What is the matter, printable.
    pub message: String,
}

/// How much a remark matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum RemarkLevel {
    /// Some client cannot run the script, or gets another answer.
    Error,
    /// Clients may differ.
    Warning,
    /// It could be better.
    Note,
}

impl RemarkLevel {
    /// The name, as output has it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}

impl Remark {
    /// A remark; names in the message are to be printable already.
    pub fn new(rule: &'static str, level: RemarkLevel, line: Option<u32>, message: String) -> Self {
        Self {
            rule,
            level,
            line,
            message,
        }
    }
}

/// Methods that came after ES5.
const NEW_METHODS: [&str; 20] = [
    "includes",
    "startsWith",
    "endsWith",
    "repeat",
    "padStart",
    "padEnd",
    "trimStart",
    "trimEnd",
    "matchAll",
    "replaceAll",
    "at",
    "find",
    "findIndex",
    "findLast",
    "fill",
    "flat",
    "flatMap",
    "codePointAt",
    "normalize",
    "copyWithin",
];
/// Objects that came after ES5.
const NEW_OBJECTS: [&str; 11] = [
    "Promise",
    "Symbol",
    "Map",
    "Set",
    "WeakMap",
    "WeakSet",
    "Proxy",
    "Reflect",
    "BigInt",
    "globalThis",
    "Intl",
];
/// Members of older objects that came after ES5.
const NEW_MEMBERS: [(&str, &str); 12] = [
    ("Object", "assign"),
    ("Object", "entries"),
    ("Object", "values"),
    ("Object", "fromEntries"),
    ("Array", "from"),
    ("Array", "of"),
    ("Number", "isInteger"),
    ("Number", "isNaN"),
    ("Number", "parseInt"),
    ("String", "raw"),
    ("String", "fromCodePoint"),
    ("Math", "trunc"),
];
/// Methods of ES5 that older engines of Windows may lack.
const ES5_METHODS: [&str; 8] = [
    "trim", "forEach", "map", "filter", "some", "every", "reduce", "bind",
];
/// Members of ES5 that older engines of Windows may lack.
const ES5_MEMBERS: [(&str, &str); 6] = [
    ("JSON", "parse"),
    ("JSON", "stringify"),
    ("Object", "keys"),
    ("Object", "create"),
    ("Array", "isArray"),
    ("Date", "now"),
];
/// Helpers that WinHTTP offers to `FindProxyForURLEx` alone.
const EX_FUNCTIONS: [&str; 6] = [
    "dnsResolveEx",
    "isResolvableEx",
    "isInNetEx",
    "myIpAddressEx",
    "sortIpAddressList",
    "getClientVersion",
];
/// What every engine has.
const GLOBALS: [&str; 27] = [
    "Array",
    "Boolean",
    "Date",
    "Error",
    "EvalError",
    "Function",
    "Number",
    "Object",
    "RangeError",
    "ReferenceError",
    "RegExp",
    "String",
    "SyntaxError",
    "TypeError",
    "URIError",
    "decodeURI",
    "decodeURIComponent",
    "encodeURI",
    "encodeURIComponent",
    "escape",
    "eval",
    "isFinite",
    "isNaN",
    "parseFloat",
    "parseInt",
    "unescape",
    "super",
];
const ENTRY: &str = "FindProxyForURL";
const ENTRY_EX: &str = "FindProxyForURLEx";

/// Looks at the text of a script; in the order of rules, each rule once for each thing.
pub fn lint(script: &str) -> Vec<Remark> {
    let tokens = tokens(script);
    let code = Code::from_tokens(&tokens);
    let mut remarks = code.newer_syntax();
    remarks.extend(code.newer_functions());
    remarks.extend(code.es5_functions());
    remarks.extend(code.unknown_functions());
    remarks.extend(code.unused_functions());
    remarks.extend(code.entries());
    remarks.sort_by_key(|remark| (remark.level, remark.line));
    remarks
}

/// A script as words.
pub(super) struct Code<'a> {
    pub(super) tokens: &'a [Token<'a>],
    /// Names that the script gives to something: functions, variables, parameters.
    declared: HashSet<&'a str>,
    /// Methods that it adds to older engines: `String.prototype.includes = …`.
    brought: HashSet<&'a str>,
}

impl<'a> Code<'a> {
    fn from_tokens(tokens: &'a [Token<'a>]) -> Self {
        let mut code = Self {
            tokens,
            declared: HashSet::new(),
            brought: HashSet::new(),
        };
        let declared = code.identifiers().filter(|(at, _)| code.declares(*at));
        let declared = declared.map(|(_, token)| token.text).collect();
        let brought = code.identifiers().filter(|(at, _)| code.brings(*at));
        let brought = brought.map(|(_, token)| token.text).collect();
        code.declared = declared;
        code.brought = brought;
        code
    }

    fn declares(&self, at: usize) -> bool {
        let (before, behind) = (self.text(at, -1), self.text(at, 1));
        let declared = matches!(before, "function" | "var" | "let" | "const" | "class" | "*");
        let listed = matches!(before, "," | "(") && matches!(behind, "," | ")" | "=");
        declared || listed || (before != "." && behind == "=")
    }

    fn brings(&self, at: usize) -> bool {
        self.text(at, -2) == "prototype" && self.text(at, 1) == "="
    }

    /// A word by its distance from another; nothing beyond the ends.
    pub(super) fn text(&self, at: usize, distance: isize) -> &'a str {
        let place = at.checked_add_signed(distance);
        place
            .and_then(|place| self.tokens.get(place))
            .map_or("", |token| token.text)
    }

    fn newer_syntax(&self) -> Vec<Remark> {
        let mut first: BTreeMap<&'static str, u32> = BTreeMap::new();
        for (at, token) in self.tokens.iter().enumerate() {
            if let Some(what) = self.newer(at, token) {
                first.entry(what).or_insert(token.line);
            }
        }
        let remark = |(what, line)| {
            let message = format!(
                "{what}: newer than ES5, which is all that WinHTTP's engine may know; the whole script fails there, and Office with it"
            );
            Remark::new("newer-syntax", RemarkLevel::Error, Some(line), message)
        };
        first.into_iter().map(remark).collect()
    }

    fn newer_functions(&self) -> Vec<Remark> {
        let mut first: BTreeMap<String, u32> = BTreeMap::new();
        for (at, token) in self.identifiers() {
            if let Some(name) = self.newer_function(at, token.text) {
                first.entry(name).or_insert(token.line);
            }
        }
        let remark = |(name, line)| {
            let message = format!(
                "{name} is newer than ES5; WinHTTP's engine may lack it, and Office would fail where browsers work"
            );
            Remark::new("newer-function", RemarkLevel::Warning, Some(line), message)
        };
        first.into_iter().map(remark).collect()
    }

    fn newer_function(&self, at: usize, word: &str) -> Option<String> {
        if self.text(at, -1) != "." {
            let used = matches!(self.text(at, 1), "(" | ".") && !self.declared.contains(word);
            return (used && NEW_OBJECTS.contains(&word)).then(|| word.to_owned());
        }
        let member = NEW_MEMBERS.contains(&(self.text(at, -2), word));
        if member {
            return Some(format!("{}.{word}", self.text(at, -2)));
        }
        let method = NEW_METHODS.contains(&word) && self.text(at, 1) == "(";
        (method && !self.brought.contains(word)).then(|| format!("the method {word}"))
    }

    fn es5_functions(&self) -> Vec<Remark> {
        let mut found: BTreeMap<String, u32> = BTreeMap::new();
        for (at, token) in self
            .identifiers()
            .filter(|(at, _)| self.text(*at, -1) == ".")
        {
            let member = ES5_MEMBERS.contains(&(self.text(at, -2), token.text));
            let method = ES5_METHODS.contains(&token.text) && self.text(at, 1) == "(";
            if member {
                found
                    .entry(format!("{}.{}", self.text(at, -2), token.text))
                    .or_insert(token.line);
            } else if method && !self.brought.contains(token.text) {
                found.entry(token.text.to_owned()).or_insert(token.line);
            }
        }
        let Some(line) = found.values().min().copied() else {
            return Vec::new();
        };
        let names: Vec<String> = found.into_keys().collect();
        let message = format!(
            "{}: part of ES5 and not of ES3; older engines of Windows lack it",
            names.join(", ")
        );
        vec![Remark::new(
            "es5-function",
            RemarkLevel::Note,
            Some(line),
            message,
        )]
    }

    fn unknown_functions(&self) -> Vec<Remark> {
        let mut first: BTreeMap<&str, u32> = BTreeMap::new();
        for (at, token) in self.identifiers() {
            let called = self.text(at, 1) == "("
                && !matches!(self.text(at, -1), "." | "?." | "function" | "get" | "set");
            let known = self.declared.contains(token.text)
                || FUNCTIONS.contains(&token.text)
                || GLOBALS.contains(&token.text)
                || NEW_OBJECTS.contains(&token.text)
                || KEYWORDS.contains(&token.text);
            if called && !known {
                first.entry(token.text).or_insert(token.line);
            }
        }
        let remark = |(name, line)| {
            let message = format!(
                "{} is called and nobody defines it; the script fails when it comes there",
                quoted(name)
            );
            Remark::new("unknown-function", RemarkLevel::Error, Some(line), message)
        };
        first.into_iter().map(remark).collect()
    }

    fn unused_functions(&self) -> Vec<Remark> {
        let functions = self
            .identifiers()
            .filter(|(at, _)| self.text(*at, -1) == "function");
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for (_, token) in self.identifiers() {
            *counts.entry(token.text).or_default() += 1;
        }
        let unused = functions.filter(|(_, token)| {
            counts.get(token.text) == Some(&1) && token.text != ENTRY && token.text != ENTRY_EX
        });
        let remark = |(_, token): (usize, &Token<'_>)| {
            let message = format!("nobody calls {}", quoted(token.text));
            Remark::new(
                "unused-function",
                RemarkLevel::Note,
                Some(token.line),
                message,
            )
        };
        unused.map(remark).collect()
    }

    fn entries(&self) -> Vec<Remark> {
        let line = |name: &str| {
            let found = self
                .identifiers()
                .find(|(at, token)| token.text == name && self.defines(*at));
            found.map(|(_, token)| token.line)
        };
        let (plain, ex) = (line(ENTRY), line(ENTRY_EX));
        let remark = |rule, line, words: &str| {
            Remark::new(rule, RemarkLevel::Warning, line, words.to_owned())
        };
        match (plain, ex) {
            (None, None) => vec![Remark::new(
                "no-entry",
                RemarkLevel::Error,
                None,
                format!("there is no function {ENTRY}"),
            )],
            (None, Some(_)) => vec![remark(
                "ex-entry",
                ex,
                "there is FindProxyForURLEx alone: Windows calls it, browsers do not know it",
            )],
            (Some(_), Some(_)) => vec![remark(
                "ex-entry",
                ex,
                "Windows, and so Office, calls FindProxyForURLEx; browsers call FindProxyForURL: keep them alike",
            )],
            (Some(_), None) => self.ex_functions(),
        }
    }

    fn ex_functions(&self) -> Vec<Remark> {
        let used = self
            .identifiers()
            .find(|(at, token)| EX_FUNCTIONS.contains(&token.text) && self.text(*at, 1) == "(");
        let remark = |(_, token): (usize, &Token<'_>)| {
            let message = format!(
                "WinHTTP has {} only in FindProxyForURLEx; Office would fail where browsers work",
                token.text
            );
            Remark::new(
                "ex-function",
                RemarkLevel::Warning,
                Some(token.line),
                message,
            )
        };
        used.map(remark).into_iter().collect()
    }

    fn defines(&self, at: usize) -> bool {
        self.text(at, -1) == "function" || self.text(at, 1) == "="
    }

    fn identifiers(&self) -> impl Iterator<Item = (usize, &'a Token<'a>)> {
        let all = self.tokens.iter().enumerate();
        all.filter(|(_, token)| token.kind == Kind::Word)
    }
}

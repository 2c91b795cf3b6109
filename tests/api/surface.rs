//! The items that users of the crate can name.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use serde_json::Value;

use super::crates::{Crates, Item};
use super::signature::{of_function, of_generics, of_path, of_type};

/// A crate that is meant to be used on its own: its items are counted apart.
const APART: &str = "reach365::proxy";

/// Lines of the API, with what they export and mention.
pub(crate) struct Surface<'a> {
    crates: &'a Crates,
    /// Lines by path: an item comes before what belongs to it.
    lines: BTreeSet<(String, String)>,
    items: BTreeSet<String>,
    fields: usize,
    variants: usize,
    /// Where the exported items are defined.
    pub(crate) exported: BTreeSet<Vec<String>>,
    /// Where the items are defined that a signature names, and one place that names them.
    pub(crate) mentioned: BTreeMap<Vec<String>, String>,
}

impl<'a> Surface<'a> {
    pub(crate) fn new(crates: &'a Crates) -> Self {
        let mut surface = Self {
            crates,
            lines: BTreeSet::new(),
            items: BTreeSet::new(),
            fields: 0,
            variants: 0,
            exported: BTreeSet::new(),
            mentioned: BTreeMap::new(),
        };
        surface.module("reach365", crates.top("reach365"));
        surface
    }

    /// The lines in order, below one that counts.
    pub(crate) fn text(&self) -> String {
        let apart = format!("{APART}::");
        let apart = self.items.iter().filter(|path| path.starts_with(&apart));
        let apart = apart.count();
        let mut text = format!(
            "# {} public items and {apart} of {APART}; {} fields, {} variants\n",
            self.items.len() - apart,
            self.fields,
            self.variants
        );
        for (_, line) in &self.lines {
            writeln!(text, "{line}").unwrap();
        }
        text
    }

    fn module(&mut self, path: &str, item: Item<'a>) {
        let (_, inner) = item.inner();
        for below in item.items(&inner["items"]).filter(|item| item.is_public()) {
            let (kind, inner) = below.inner();
            if kind != "use" {
                self.item(&format!("{path}::{}", below.name()), below);
                continue;
            }
            let Some(target) = self.crates.resolve(below, &inner["id"]) else {
                panic!(
                    "{path} exports {}, which rustdoc does not describe",
                    inner["source"]
                );
            };
            let name = inner["name"].as_str().unwrap();
            if inner["is_glob"] == true {
                self.module(path, target);
            } else {
                self.item(&format!("{path}::{name}"), target);
            }
        }
    }

    fn item(&mut self, path: &str, item: Item<'a>) {
        if !self.items.insert(path.to_owned()) {
            return;
        }
        self.exported.extend(item.definition());
        let (kind, inner) = item.inner();
        let generics = of_generics(&inner["generics"]);
        let open = if item.is_non_exhaustive() {
            "#[non_exhaustive] "
        } else {
            ""
        };
        match kind {
            "module" => {
                self.line(path, format!("mod {path}"));
                self.module(path, item);
            }
            "struct" => {
                self.line(path, format!("{open}struct {path}{generics}"));
                let kind = &inner["kind"];
                self.fields(
                    path,
                    item,
                    kind.pointer("/plain/fields").unwrap_or(&kind["tuple"]),
                );
                self.implementations(path, item, inner);
            }
            "enum" => {
                self.line(path, format!("{open}enum {path}{generics}"));
                self.variants(path, item, inner);
                self.implementations(path, item, inner);
            }
            "trait" => {
                self.line(path, format!("trait {path}{generics}"));
                self.members(path, item, &inner["items"]);
            }
            "function" => {
                self.mention(path, item, inner);
                self.line(path, of_function(path, inner));
            }
            "constant" | "type_alias" | "static" => {
                self.mention(path, item, &inner["type"]);
                self.line(path, format!("{kind} {path}: {}", of_type(&inner["type"])));
            }
            other => panic!("{path} is of a kind that this test does not know: {other}"),
        }
    }

    fn fields(&mut self, path: &str, item: Item<'a>, ids: &'a Value) {
        for field in item.items(ids).filter(|field| field.is_public()) {
            let (_, inner) = field.inner();
            let path = format!("{path}::{}", field.name());
            self.fields += 1;
            self.mention(&path, item, inner);
            self.line(&path, format!("field {path}: {}", of_type(inner)));
        }
    }

    fn variants(&mut self, path: &str, item: Item<'a>, inner: &'a Value) {
        for variant in item.items(&inner["variants"]) {
            let (_, inner) = variant.inner();
            let path = format!("{path}::{}", variant.name());
            self.variants += 1;
            let kind = &inner["kind"];
            let named = kind.pointer("/struct/fields").unwrap_or(&Value::Null);
            let parts = item.items(named).chain(item.items(&kind["tuple"]));
            let parts: Vec<String> = parts
                .map(|part| {
                    let (_, inner) = part.inner();
                    self.mention(&path, item, inner);
                    format!("{}: {}", part.name(), of_type(inner))
                })
                .collect();
            let parts = match parts.as_slice() {
                [] => String::new(),
                parts => format!("({})", parts.join(", ")),
            };
            let open = if variant.is_non_exhaustive() {
                "#[non_exhaustive] "
            } else {
                ""
            };
            self.line(&path, format!("{open}variant {path}{parts}"));
        }
    }

    /// Methods one by one, and the traits in one line.
    fn implementations(&mut self, path: &str, item: Item<'a>, inner: &'a Value) {
        let mut traits = BTreeSet::new();
        for implementation in item.items(&inner["impls"]) {
            let (_, inner) = implementation.inner();
            if inner["is_synthetic"] == true || !inner["blanket_impl"].is_null() {
                continue;
            }
            if inner["trait"].is_null() {
                self.members(path, item, &inner["items"]);
                continue;
            }
            let name = of_path(&inner["trait"]);
            if !name.starts_with("Structural") {
                self.mention(path, item, &inner["trait"]);
                traits.insert(name);
            }
        }
        if !traits.is_empty() {
            let traits = traits.into_iter().collect::<Vec<_>>().join(", ");
            self.line(path, format!("impl {path}: {traits}"));
        }
    }

    fn members(&mut self, path: &str, item: Item<'a>, ids: &'a Value) {
        let is_trait = item.inner().0 == "trait";
        for member in item.items(ids) {
            if !is_trait && !member.is_public() {
                continue;
            }
            let (kind, inner) = member.inner();
            let path = format!("{path}::{}", member.name());
            self.items.insert(path.clone());
            self.mention(&path, item, inner);
            let line = match kind {
                "function" => of_function(&path, inner),
                "assoc_const" => format!("const {path}: {}", of_type(&inner["type"])),
                other => format!("{other} {path}"),
            };
            self.line(&path, line);
        }
    }

    fn line(&mut self, path: &str, line: String) {
        self.lines.insert((path.to_owned(), line));
    }

    fn mention(&mut self, path: &str, item: Item<'a>, signature: &Value) {
        for definition in item.mentioned(signature) {
            self.mentioned
                .entry(definition)
                .or_insert_with(|| path.to_owned());
        }
    }
}

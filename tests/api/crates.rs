//! What rustdoc knows of our crates.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// Our crates by name.
pub(crate) struct Crates {
    by_name: BTreeMap<String, Crate>,
}

struct Crate {
    json: Value,
    /// Ids of what is defined here, by path and kind.
    defined: HashMap<(Vec<String>, String), String>,
}

/// An item, and the crate whose ids it uses.
#[derive(Clone, Copy)]
pub(crate) struct Item<'a> {
    owner: &'a Crate,
    json: &'a Value,
}

impl Crates {
    /// Lets rustdoc write JSON of the root package and the crates below it. Its own flags and its
    /// own program keep other builds in the same folder as they are.
    pub(crate) fn document(root: &Path) -> Self {
        let target = root.join("target");
        let output = Command::new(env!("CARGO"))
            .current_dir(root)
            .args(["doc", "--quiet", "--no-deps", "--lib", "--target-dir"])
            .arg(&target)
            .env("RUSTDOC", root.join("tests/api/rustdoc"))
            .env("RUSTDOCFLAGS", "-Z unstable-options --output-format json")
            .output()
            .unwrap();
        let words = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "rustdoc writes no JSON:\n{words}");
        let mut by_name = BTreeMap::new();
        for entry in fs::read_dir(target.join("doc")).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            let is_ours = path.extension().is_some_and(|end| end == "json")
                && root.join("crates").join(folder(&name)).is_dir();
            if is_ours || path.ends_with("doc/reach365.json") {
                by_name.insert(name, Crate::read(&path));
            }
        }
        Self { by_name }
    }

    /// The module at the top of a crate.
    pub(crate) fn top(&self, name: &str) -> Item<'_> {
        let owner = &self.by_name[name];
        owner.item(&owner.json["root"])
    }

    /// The item that a `use` of another item's crate names, where it is ours.
    pub(crate) fn resolve<'a>(&'a self, item: Item<'a>, id: &Value) -> Option<Item<'a>> {
        if let Some(json) = item.owner.json["index"].get(id.to_string()) {
            return Some(Item { json, ..item });
        }
        let (path, kind) = item.owner.summary(id)?;
        let owner = self.by_name.get(&path[0])?;
        if path.len() == 1 {
            return Some(owner.item(&owner.json["root"]));
        }
        let id = owner.defined.get(&(path.clone(), kind))?;
        let json = &owner.json["index"][id];
        (!json.is_null()).then_some(Item { owner, json })
    }
}

/// The folder below `crates` of a crate.
fn folder(name: &str) -> &str {
    name.strip_prefix("reach365_").unwrap_or("-")
}

impl Crate {
    fn read(path: &Path) -> Self {
        let text = fs::read_to_string(path).unwrap();
        let json: Value = serde_json::from_str(&text).unwrap();
        let paths = json["paths"].as_object().unwrap();
        let own = paths.iter().filter(|(_, entry)| entry["crate_id"] == 0);
        let defined = own
            .map(|(id, entry)| (path_and_kind(entry), id.clone()))
            .collect();
        Self { json, defined }
    }

    fn item(&self, id: &Value) -> Item<'_> {
        Item {
            owner: self,
            json: &self.json["index"][id.to_string()],
        }
    }

    fn summary(&self, id: &Value) -> Option<(Vec<String>, String)> {
        self.json["paths"].get(id.to_string()).map(path_and_kind)
    }
}

fn path_and_kind(entry: &Value) -> (Vec<String>, String) {
    let path = entry["path"].as_array().unwrap().iter();
    let path = path.map(|part| part.as_str().unwrap().to_owned()).collect();
    (path, entry["kind"].as_str().unwrap().to_owned())
}

impl<'a> Item<'a> {
    /// The items of a list of ids; those that are not public have none.
    pub(crate) fn items(self, ids: &'a Value) -> impl Iterator<Item = Self> {
        let ids = ids.as_array().into_iter().flatten();
        ids.map(move |id| self.owner.item(id))
            .filter(|item| !item.json.is_null())
    }

    /// The kind of the item and what it consists of.
    pub(crate) fn inner(self) -> (&'a str, &'a Value) {
        let inner = self.json["inner"].as_object().unwrap().iter().next();
        let (kind, inner) = inner.unwrap();
        (kind, inner)
    }

    pub(crate) fn name(self) -> &'a str {
        self.json["name"].as_str().unwrap_or_default()
    }

    pub(crate) fn is_public(self) -> bool {
        self.json["visibility"] == "public"
    }

    pub(crate) fn is_non_exhaustive(self) -> bool {
        let mut attributes = self.json["attrs"].as_array().into_iter().flatten();
        attributes.any(|attribute| attribute == "non_exhaustive")
    }

    /// Where the item is defined.
    pub(crate) fn definition(self) -> Option<Vec<String>> {
        Some(self.owner.summary(&self.json["id"])?.0)
    }

    /// Where the items are defined that a piece of a signature names.
    pub(crate) fn mentioned(self, signature: &Value) -> Vec<Vec<String>> {
        match signature {
            Value::Array(parts) => parts.iter().flat_map(|part| self.mentioned(part)).collect(),
            Value::Object(parts) => {
                let named = parts.get("path").and_then(|_| parts.get("id"));
                let own = named.and_then(|id| self.owner.summary(id));
                let below = parts.values().flat_map(|part| self.mentioned(part));
                own.map(|(path, _)| path).into_iter().chain(below).collect()
            }
            _ => Vec::new(),
        }
    }
}

//! Types and functions as one writes them, from rustdoc's JSON. The last part of a path is enough.

use serde_json::Value;

/// A type.
pub(crate) fn of_type(json: &Value) -> String {
    let Some((kind, inner)) = json.as_object().and_then(|object| object.iter().next()) else {
        return "_".to_owned();
    };
    match kind.as_str() {
        "resolved_path" => of_path(inner),
        "generic" | "primitive" => word(inner),
        "dyn_trait" => format!(
            "dyn {}",
            joined(&inner["traits"], " + ", |one| of_path(&one["trait"]))
        ),
        "impl_trait" => format!("impl {}", of_bounds(inner)),
        "tuple" => format!("({})", joined(inner, ", ", of_type)),
        "slice" => format!("[{}]", of_type(inner)),
        "array" => format!("[{}; {}]", of_type(&inner["type"]), word(&inner["len"])),
        "borrowed_ref" => {
            let lifetime = inner["lifetime"].as_str().map(|name| format!("{name} "));
            let mutable = if inner["is_mutable"] == true {
                "mut "
            } else {
                ""
            };
            let lifetime = lifetime.unwrap_or_default();
            format!("&{lifetime}{mutable}{}", of_type(&inner["type"]))
        }
        "qualified_path" => format!("{}::{}", of_type(&inner["self_type"]), word(&inner["name"])),
        "function_pointer" => of_call("fn", "", inner),
        other => panic!("rustdoc has a kind of type that is new: {other}"),
    }
}

/// A function behind its name, with what stands before `fn`.
pub(crate) fn of_function(name: &str, json: &Value) -> String {
    let header = &json["header"];
    let words = [
        ("is_const", "const "),
        ("is_async", "async "),
        ("is_unsafe", "unsafe "),
    ];
    let set = words.iter().filter(|(key, _)| header[key] == true);
    let before: String = set.map(|(_, word)| *word).collect();
    let generics = of_generics(&json["generics"]);
    of_call(&format!("{before}fn {name}"), &generics, json)
}

/// Parameters of a type or function in angle brackets; nothing where there are none.
pub(crate) fn of_generics(json: &Value) -> String {
    let written = json["params"].as_array().into_iter().flatten();
    let written = written.filter(|one| one["kind"]["type"]["is_synthetic"] != true);
    let written: Vec<String> = written
        .map(|one| match one["kind"]["type"]["bounds"].as_array() {
            Some(bounds) if !bounds.is_empty() => {
                let bounds = of_bounds(&one["kind"]["type"]["bounds"]);
                format!("{}: {bounds}", word(&one["name"]))
            }
            _ => word(&one["name"]),
        })
        .collect();
    if written.is_empty() {
        return String::new();
    }
    format!("<{}>", written.join(", "))
}

/// A path with its arguments.
pub(crate) fn of_path(json: &Value) -> String {
    let path = word(&json["path"]);
    let name = path.rsplit("::").next().unwrap_or_default();
    let arguments = &json["args"];
    if let Some(inner) = arguments.get("angle_bracketed") {
        let mut all = vec![joined(&inner["args"], ", ", of_argument)];
        all.push(joined(&inner["constraints"], ", ", |one| {
            let value = &one["binding"]["equality"]["type"];
            format!("{} = {}", word(&one["name"]), of_type(value))
        }));
        all.retain(|part| !part.is_empty());
        return if all.is_empty() {
            name.to_owned()
        } else {
            format!("{name}<{}>", all.join(", "))
        };
    }
    let Some(inner) = arguments.get("parenthesized") else {
        return name.to_owned();
    };
    let output = &inner["output"];
    let output = if output.is_null() {
        String::new()
    } else {
        format!(" -> {}", of_type(output))
    };
    format!(
        "{name}({}){output}",
        joined(&inner["inputs"], ", ", of_type)
    )
}

fn of_argument(json: &Value) -> String {
    match json.get("type") {
        Some(inner) => of_type(inner),
        None => word(&json["lifetime"]),
    }
}

fn of_bounds(json: &Value) -> String {
    joined(json, " + ", |bound| match bound.get("trait_bound") {
        Some(inner) => of_path(&inner["trait"]),
        None => word(&bound["outlives"]),
    })
}

fn of_call(name: &str, generics: &str, json: &Value) -> String {
    let inputs = joined(&json["sig"]["inputs"], ", ", |input| {
        let (name, kind) = (word(&input[0]), of_type(&input[1]));
        match (name.as_str(), kind.as_str()) {
            ("self", "Self") => "self".to_owned(),
            ("self", "&Self") => "&self".to_owned(),
            ("self", "&mut Self") => "&mut self".to_owned(),
            _ => format!("{name}: {kind}"),
        }
    });
    let output = &json["sig"]["output"];
    if output.is_null() {
        return format!("{name}{generics}({inputs})");
    }
    format!("{name}{generics}({inputs}) -> {}", of_type(output))
}

fn joined(list: &Value, between: &str, write: impl Fn(&Value) -> String) -> String {
    let list = list.as_array().into_iter().flatten();
    list.map(write).collect::<Vec<_>>().join(between)
}

fn word(json: &Value) -> String {
    json.as_str().unwrap_or("_").to_owned()
}

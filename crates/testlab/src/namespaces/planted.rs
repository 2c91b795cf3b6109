//! Faults planted in healthy networks, one at a time: scenarios made of two files.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use toml::{Table, Value};

use super::PLANTED;
use super::scenario::Scenario;

/// Every network with each of the faults that its file names, as `NETWORK+FAULT`.
pub(super) fn all(networks: &Path, faults: &Path) -> BTreeMap<String, Scenario> {
    let (networks, faults) = (tables(networks), tables(faults));
    let mut planted = BTreeMap::new();
    for (name, network) in &networks {
        for fault in wanted(network) {
            let text = faults
                .get(&fault)
                .unwrap_or_else(|| panic!("{name}: no fault {fault}"));
            let name = format!("{name}{PLANTED}{fault}");
            let scenario = plant(network, text);
            planted.insert(
                name.clone(),
                scenario.unwrap_or_else(|error| panic!("{name}: {error}")),
            );
        }
    }
    planted
}

/// The files of a directory, by their names.
fn tables(directory: &Path) -> BTreeMap<String, Table> {
    let files = fs::read_dir(directory).unwrap();
    let named = files.map(|file| {
        let file = file.unwrap().path();
        let name = file.file_stem().unwrap().to_string_lossy().into_owned();
        let table = fs::read_to_string(&file).unwrap().parse();
        (
            name.clone(),
            table.unwrap_or_else(|error| panic!("{name}: {error}")),
        )
    });
    named.collect()
}

fn wanted(network: &Table) -> Vec<String> {
    let names = network.get("faults").and_then(Value::as_array);
    let names = names.into_iter().flatten().filter_map(Value::as_str);
    names.map(str::to_owned).collect()
}

fn plant(network: &Table, fault: &Table) -> Result<Scenario, toml::de::Error> {
    let mut whole = network.clone();
    let about = [network, fault].map(|table| table["about"].as_str().unwrap_or_default());
    let about = about.join(" ");
    merge(&mut whole, fault);
    whole.remove("runs");
    whole.insert("about".to_owned(), about.into());
    let mut text = whole.to_string();
    let parties = network.get("parties").and_then(Value::as_table);
    for (party, address) in parties.into_iter().flatten() {
        let address = address.as_str().unwrap_or_default();
        text = text.replace(&format!("{{{party}}}"), address);
    }
    Scenario::parse(&text)
}

/// Adds lists and tables to those that are there; other values win.
fn merge(whole: &mut Table, further: &Table) {
    for (key, value) in further {
        match (whole.get_mut(key), value) {
            (Some(Value::Table(whole)), Value::Table(further)) => merge(whole, further),
            (Some(Value::Array(whole)), Value::Array(further)) => {
                whole.extend(further.iter().cloned());
            }
            _ => drop(whole.insert(key.clone(), value.clone())),
        }
    }
}

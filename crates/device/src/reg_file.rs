//! Registry files, as `reg import` and regedit read them: pure.

use std::fmt::Write;

use super::places::{DWORD, beside};
use reach365_platform::{RegistryKey, RegistryValue};

/// First line of every such file.
const HEAD: &str = "Windows Registry Editor Version 5.00\r\n";
/// `REG_BINARY`, which has no number in these files.
const BINARY: u32 = 3;

/// A file that restores a key.
pub(super) fn of_key(path: &str, key: &RegistryKey) -> Vec<u8> {
    let mut text = HEAD.to_owned();
    write_key(&mut text, &beside(path, &key.name), key);
    encode(&text)
}

/// A file that restores a value, or its absence.
pub(super) fn of_value(path: &str, name: &str, value: Option<&RegistryValue>) -> Vec<u8> {
    let mut text = HEAD.to_owned();
    write!(text, "\r\n[{}]\r\n", full(path)).ok();
    match value {
        Some(value) => text += &line(value),
        None => text = text + &quoted_name(name) + "=-\r\n",
    }
    encode(&text)
}

fn write_key(text: &mut String, path: &str, key: &RegistryKey) {
    write!(text, "\r\n[{}]\r\n", full(path)).ok();
    for value in &key.values {
        *text += &line(value);
    }
    for below in &key.keys {
        write_key(text, &format!("{path}\\{}", below.name), below);
    }
}

fn line(value: &RegistryValue) -> String {
    let name = quoted_name(&value.name);
    match (value.kind, <[u8; 4]>::try_from(value.data.as_slice())) {
        (DWORD, Ok(number)) => format!("{name}=dword:{:08x}\r\n", u32::from_le_bytes(number)),
        (BINARY, _) => format!("{name}=hex:{}\r\n", bytes(&value.data)),
        (kind, _) => format!("{name}=hex({kind:x}):{}\r\n", bytes(&value.data)),
    }
}

fn bytes(data: &[u8]) -> String {
    let bytes: Vec<String> = data.iter().map(|byte| format!("{byte:02x}")).collect();
    bytes.join(",")
}

fn quoted_name(name: &str) -> String {
    if name.is_empty() {
        return "@".to_owned();
    }
    format!("\"{}\"", name.replace('\\', r"\\").replace('"', "\\\""))
}

fn full(path: &str) -> String {
    let hive = path.split('\\').next().unwrap_or_default();
    let rest = path.strip_prefix(hive).unwrap_or_default();
    match hive {
        "HKCU" => format!("HKEY_CURRENT_USER{rest}"),
        "HKLM" => format!("HKEY_LOCAL_MACHINE{rest}"),
        _ => path.to_owned(),
    }
}

/// UTF-16 with its mark, the encoding of version 5.
fn encode(text: &str) -> Vec<u8> {
    let units = std::iter::once(0xfeff).chain(text.encode_utf16());
    units.flat_map(u16::to_le_bytes).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(file: &[u8]) -> String {
        let units: Vec<u16> = file
            .chunks_exact(2)
            .map(|pair| u16::from_le_bytes([pair[0], pair[1]]))
            .collect();
        String::from_utf16(&units).unwrap()
    }

    fn value(name: &str, kind: u32, data: &[u8]) -> RegistryValue {
        RegistryValue {
            name: name.to_owned(),
            kind,
            data: data.to_vec(),
        }
    }

    #[test]
    fn every_type_is_written_bit_for_bit() {
        let key = RegistryKey {
            name: "Root".to_owned(),
            values: vec![
                value("", 1, &[65, 0, 0, 0]),
                value(r#"a\"b"#, 4, &[1, 2, 3, 4]),
            ],
            keys: vec![RegistryKey {
                name: "Below".to_owned(),
                values: vec![
                    value("b", 3, &[255]),
                    value("short", 4, &[1]),
                    value("none", 0, &[]),
                ],
                keys: Vec::new(),
            }],
        };
        let text = decoded(&of_key(r"HKCU\Software\root", &key));
        assert_eq!(
            text,
            "\u{feff}Windows Registry Editor Version 5.00\r\n\
             \r\n[HKEY_CURRENT_USER\\Software\\Root]\r\n@=hex(1):41,00,00,00\r\n\
             \"a\\\\\\\"b\"=dword:04030201\r\n\
             \r\n[HKEY_CURRENT_USER\\Software\\Root\\Below]\r\n\"b\"=hex:ff\r\n\
             \"short\"=hex(4):01\r\n\"none\"=hex(0):\r\n"
        );
    }

    #[test]
    fn a_value_that_was_absent_goes_again() {
        let text = decoded(&of_value(r"HKLM\Software\A", "b", None));
        assert!(text.ends_with("[HKEY_LOCAL_MACHINE\\Software\\A]\r\n\"b\"=-\r\n"));
    }
}

//! Values of the Windows registry, wherever they came from.

use std::collections::BTreeMap;

/// The data of one value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RegistryValue {
    /// REG_SZ and REG_EXPAND_SZ.
    Text(String),
    /// REG_DWORD.
    Number(u32),
    /// REG_BINARY and every other type.
    Binary(Vec<u8>),
}

impl RegistryValue {
    /// The value of a type by its number, from its bytes: texts are UTF-16 and end before a NUL.
    pub fn from_bytes(kind: u32, data: Vec<u8>) -> Self {
        match (kind, <[u8; 4]>::try_from(data.as_slice())) {
            (1 | 2, _) => {
                let units = data
                    .chunks_exact(2)
                    .map(|pair| u16::from_le_bytes([pair[0], pair[1]]));
                let units: Vec<u16> = units.take_while(|unit| *unit != 0).collect();
                Self::Text(String::from_utf16_lossy(&units))
            }
            (4, Ok(number)) => Self::Number(u32::from_le_bytes(number)),
            _ => Self::Binary(data),
        }
    }
}

/// Keys and values. Names are compared without regard to case; hives have their short names
/// (`HKCU`, `HKLM`, `HKU`).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Registry {
    keys: BTreeMap<String, BTreeMap<String, (String, RegistryValue)>>,
}

impl Registry {
    /// Puts a value in, in the place of one of the same name.
    pub fn insert(&mut self, key: &str, name: &str, value: RegistryValue) {
        let values = self.keys.entry(normal(key)).or_default();
        values.insert(name.to_lowercase(), (name.to_owned(), value));
    }

    /// Makes a key that may have no values.
    pub fn insert_key(&mut self, key: &str) {
        self.keys.entry(normal(key)).or_default();
    }

    /// Takes a value away.
    pub fn remove(&mut self, key: &str, name: &str) {
        if let Some(values) = self.keys.get_mut(&normal(key)) {
            values.remove(&name.to_lowercase());
        }
    }

    /// Takes a key away, with all that is below it.
    pub fn remove_key(&mut self, key: &str) {
        let key = normal(key);
        let below = format!("{key}\\");
        self.keys
            .retain(|name, _| *name != key && !name.starts_with(&below));
    }

    /// A value of any type.
    pub fn value(&self, key: &str, name: &str) -> Option<&RegistryValue> {
        let values = self.keys.get(&normal(key))?;
        values.get(&name.to_lowercase()).map(|(_, value)| value)
    }

    /// A text, without what follows a NUL; `None` where the value is of another type.
    pub fn text(&self, key: &str, name: &str) -> Option<&str> {
        match self.value(key, name)? {
            RegistryValue::Text(text) => text.split('\0').next(),
            _ => None,
        }
    }

    /// A number, also where it is kept as four bytes.
    pub fn number(&self, key: &str, name: &str) -> Option<u32> {
        match self.value(key, name)? {
            RegistryValue::Number(number) => Some(*number),
            RegistryValue::Binary(bytes) => {
                Some(u32::from_le_bytes(bytes.as_slice().try_into().ok()?))
            }
            RegistryValue::Text(_) => None,
        }
    }

    /// Bytes; `None` where the value is a text or a number.
    pub fn bytes(&self, key: &str, name: &str) -> Option<&[u8]> {
        match self.value(key, name)? {
            RegistryValue::Binary(bytes) => Some(bytes),
            _ => None,
        }
    }

    /// The names of a key's values, as they are written.
    pub fn names(&self, key: &str) -> impl Iterator<Item = &str> {
        let values = self.keys.get(&normal(key)).into_iter().flatten();
        values.map(|(_, (name, _))| name.as_str())
    }

    /// Whether the key is there.
    pub fn has_key(&self, key: &str) -> bool {
        self.keys.contains_key(&normal(key))
    }

    /// The keys, in lower case.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.keys.keys().map(String::as_str)
    }
}

/// Lower case, and the short name of the hive.
fn normal(key: &str) -> String {
    let lower = key.trim_end_matches('\\').to_lowercase();
    let (hive, rest) = lower.split_once('\\').unwrap_or((&lower, ""));
    let hive = match hive {
        "hkey_current_user" => "hkcu",
        "hkey_local_machine" => "hklm",
        "hkey_users" => "hku",
        other => other,
    };
    if rest.is_empty() {
        return hive.to_owned();
    }
    format!("{hive}\\{rest}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_texts_are_told_apart() {
        let text: Vec<u8> = "a:80\0b"
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect();
        let value = RegistryValue::from_bytes;
        assert_eq!(
            value(1, text.clone()),
            RegistryValue::Text("a:80".to_owned())
        );
        assert_eq!(value(2, text), RegistryValue::Text("a:80".to_owned()));
        assert_eq!(value(4, vec![1, 0, 0, 0]), RegistryValue::Number(1));
        assert_eq!(value(4, vec![1]), RegistryValue::Binary(vec![1]));
        assert_eq!(value(7, vec![1]), RegistryValue::Binary(vec![1]));
    }
}

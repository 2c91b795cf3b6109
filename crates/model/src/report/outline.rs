//! The outline of a JSON document: whether it is JSON, and which schema it names.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};

/// A value of which little is kept. It is read as strictly as one that is kept: serde's
/// `IgnoredAny` passes over numbers and depths that no reader of JSON accepts.
#[derive(Debug, Default)]
pub(super) struct Outline {
    /// The text under the key `schema` of an object.
    pub(super) schema: Option<String>,
    /// The value itself where it is a text.
    text: Option<String>,
}

struct OutlineVisitor;

impl<'de> Deserialize<'de> for Outline {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(OutlineVisitor)
    }
}

impl<'de> Visitor<'de> for OutlineVisitor {
    type Value = Outline;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a JSON value")
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Outline, E> {
        Ok(Outline::default())
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Outline, E> {
        Ok(Outline::default())
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<Outline, E> {
        Ok(Outline::default())
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Outline, E> {
        Ok(Outline::default())
    }

    fn visit_unit<E: Error>(self) -> Result<Outline, E> {
        Ok(Outline::default())
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Outline, E> {
        Ok(Outline {
            schema: None,
            text: Some(text.to_owned()),
        })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Outline, A::Error> {
        while list.next_element::<Outline>()?.is_some() {}
        Ok(Outline::default())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Outline, A::Error> {
        let mut outline = Outline::default();
        while let Some((key, value)) = map.next_entry::<Outline, Outline>()? {
            if key.text.as_deref() == Some("schema") {
                outline.schema = value.text;
            }
        }
        Ok(outline)
    }
}

//! Sections and fields of `dsregcmd /status`.

use serde::{Deserialize, Serialize};

/// What `dsregcmd /status` printed: its sections in order.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct DsregStatus {
    /// Sections as they came, unknown ones too.
    pub sections: Vec<Section>,
}

/// One box and what stands below it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Section {
    /// The title in the box; empty for what stands before the first box.
    pub title: String,
    /// Fields as they came, unknown ones too.
    pub fields: Vec<Field>,
}

/// One line, with the lines that its value was broken onto.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Field {
    /// The name as it is written.
    pub key: String,
    /// What follows the separator; may be empty.
    pub value: String,
}

impl DsregStatus {
    /// Every field with the title of its section, in order.
    pub fn fields(&self) -> impl Iterator<Item = (&str, &Field)> {
        self.sections.iter().flat_map(|section| {
            let title = section.title.as_str();
            section.fields.iter().map(move |field| (title, field))
        })
    }

    /// The value of the first field of that name in any section; names are compared without case
    /// and blanks.
    pub fn value(&self, key: &str) -> Option<&str> {
        let wanted = normal_name(key);
        self.fields()
            .find(|(_, field)| normal_name(&field.key) == wanted)
            .map(|(_, field)| field.value.as_str())
    }
}

/// The form in which names are compared: one build writes `HTTP Status` and the next `HTTP status`.
pub fn normal_name(key: &str) -> String {
    let letters = key.chars().filter(|c| !c.is_whitespace());
    letters.flat_map(char::to_lowercase).collect()
}

//! The built-in endpoint list, and the judge for it.

use std::sync::OnceLock;

use reach365_judge::Judge;
use reach365_model::Catalog;

/// The built-in list: Microsoft's activation endpoints and what they depend on.
pub fn builtin() -> &'static Catalog {
    static CATALOG: OnceLock<Catalog> = OnceLock::new();
    CATALOG.get_or_init(|| {
        let text = include_str!("../endpoints.toml");
        Catalog::parse_builtin("endpoints.toml (built in)", text)
            .expect("the built-in list parses: a test of this module proves it")
    })
}

/// The judge for the built-in list.
pub fn judge() -> Judge<'static> {
    Judge::new(builtin())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn builtin_list_parses_and_has_nothing_to_remark() {
        let remarks: Vec<String> = builtin().lint().iter().map(ToString::to_string).collect();
        assert_eq!(remarks, Vec::<String>::new());
    }
}

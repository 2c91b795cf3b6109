//! The built-in endpoint list, and the judge that knows it.

use std::sync::OnceLock;

use reach365_judge::Judge;
use reach365_model::Catalog;

/// The list that is built in: Microsoft's activation endpoints and what goes with them.
pub fn builtin() -> &'static Catalog {
    static CATALOG: OnceLock<Catalog> = OnceLock::new();
    CATALOG.get_or_init(|| {
        let text = include_str!("../endpoints.toml");
        Catalog::parse_builtin("endpoints.toml (built in)", text)
            .expect("the built-in list parses: a test of this module proves it")
    })
}

/// The judge that knows the built-in list.
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

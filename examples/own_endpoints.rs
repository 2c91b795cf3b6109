//! Checks a list of endpoints of one's own: every key is described in `docs/endpoints.md`.
//!
//!     cargo run --example own_endpoints

use reach365::{Catalog, Checker, Format, Plan, Selection, TextStyle, render};

const LIST: &str = r#"
[[endpoints]]
id = "sign-in"
host = "login.contoso.example"
path = "/.well-known/openid-configuration"
groups = ["intranet"]
purpose = "Everybody signs in here"
inspection = "forbidden"
expect = { json-key = "issuer" }

[[endpoints]]
id = "revocation"
host = "crl.contoso.example"
scheme = "http"
path = "/issuing-ca.crl"
groups = ["intranet"]
purpose = "Certificate revocation list, plain HTTP on port 80"
expect = "der-crl"

[[endpoints]]
id = "old-server"
host = "legacy.contoso.example"
groups = ["intranet"]
purpose = "Switched off: nothing may answer here"
must-be = "blocked"
"#;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    // A mistake in the list would come back here with its line and column.
    let catalog = Catalog::parse("own_endpoints.rs", LIST, reach365::builtin())?;
    let mut selection = Selection::default();
    selection.groups = vec!["intranet".to_owned()];
    let plan = Plan::select(&catalog, &selection)?;

    let report = Checker::builder().build()?.run(&plan).await;
    render(
        &report,
        Format::Text,
        &TextStyle::default(),
        &mut std::io::stdout(),
    )?;
    Ok(())
}

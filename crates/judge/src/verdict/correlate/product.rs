//! Names the product behind an interception or a refusal, where it can be recognized. A name
//! never raises the confidence: vendors' names can be changed.

use crate::verdict::certificate;
use crate::verdict::signature::Marks;
use crate::verdict::signature::Signatures;
use crate::verdict::types::Judged;
use reach365_model::evidence::{Attempt, TlsSeen, Trust};
use reach365_model::verdict::{Code, Finding};

/// Causes behind which stands a product.
const NAMED: [Code; 7] = [
    Code::TlsIntercepted,
    Code::TlsInterceptedUntrusted,
    Code::HttpBlockPage,
    Code::HttpUnexpectedRedirect,
    Code::HttpCaptivePortal,
    Code::ProxyDenied,
    Code::ProxyPortDenied,
];

/// Adds the fact `product` to results and findings, and to the sentences of findings.
pub(super) fn name(signatures: &Signatures, rows: &mut [Judged<'_>], findings: &mut [Finding]) {
    for row in rows.iter_mut().filter(|row| is_named(row)) {
        if let Some(product) = signatures.product(&marks(row)) {
            row.verdict.basis.notes.product = Some(product.into());
        }
    }
    let named = findings.iter_mut();
    for finding in named.filter(|finding| NAMED.contains(&finding.code)) {
        let products = products(rows, finding).join(", ");
        if !products.is_empty() {
            finding.summary = format!("{}; product: {products}", finding.summary);
            finding.basis.notes.product = Some(products.into());
        }
    }
}

/// The code of a result, or the one below that of the connectivity test.
fn is_named(row: &Judged<'_>) -> bool {
    let cause = row.verdict.basis.underlying();
    let code = match row.verdict.code() {
        Some(Code::NcsiBlocked) => cause,
        code => code,
    };
    code.is_some_and(|code| NAMED.contains(&code))
}

/// The products in the results that a finding explains, each once.
fn products(rows: &[Judged<'_>], finding: &Finding) -> Vec<String> {
    let mut products: Vec<String> = Vec::new();
    let explained = rows
        .iter()
        .filter(|row| finding.endpoints.contains(&row.endpoint.id));
    for product in explained.filter_map(|row| row.verdict.basis.notes.product.as_ref()) {
        if !products.iter().any(|known| *product == **known) {
            products.push(product.to_string());
        }
    }
    products
}

/// What the connections that the verdict rests on showed of the product on the path.
fn marks<'a>(row: &Judged<'a>) -> Marks<'a> {
    let address = row.address();
    let basis = |attempt: &&Attempt| address.is_none_or(|address| attempt.address == address);
    let mut marks = Marks::default();
    for attempt in row.evidence.attempts.iter().filter(basis) {
        if let Some(seen) = attempt.proxy.as_ref().and_then(|it| it.value.as_ref()) {
            marks.headers.push(&seen.headers);
            marks.titles.extend(seen.title.as_deref());
        }
        let tls = attempt.tls.as_ref().and_then(|it| it.value.as_ref());
        if tls.is_some_and(is_genuine) {
            continue;
        }
        let chain = tls.into_iter().flat_map(|seen| &seen.chain);
        marks
            .issuers
            .extend(chain.map(|certificate| certificate.issuer.as_str()));
        if let Some(seen) = attempt.http.as_ref().and_then(|it| it.value.as_ref()) {
            marks.headers.push(&seen.headers);
            marks.titles.extend(seen.title.as_deref());
        }
    }
    marks
}

/// Whether the host itself answered, or may have.
fn is_genuine(seen: &TlsSeen) -> bool {
    seen.public_roots == Some(Trust::Trusted) || certificate::has_public_issuer(seen)
}

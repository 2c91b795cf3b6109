//! The words that rules look for in foreign text.

use std::collections::HashSet;
use std::sync::OnceLock;

use crate::verdict::signature::Signatures;
use crate::verdict::{block_page, page, refusal};

/// Words of pages that do not identify an organization.
const COMMON: &str = "html head body title style script meta doctype xml div span table p h1 h2 br \
    a an the this that is are was be been has have had not no or and of for to from in on at by with \
    it its as you your we our if can cannot could will would may must please try again later \
    microsoft office windows connect test sign account login log internet network web page site \
    website url address name host server proxy gateway firewall dns http https tls ssl ftp \
    error errors warning found moved temporarily permanently document object bad request redirect \
    forbidden unauthorized denied allowed blocked access service services unavailable timeout time \
    out authentication authorization required credentials password user users policy policies \
    security category reason contact administrator support help more information details filter \
    filtering inspection certificate certificates issuer root ca authority intermediate issuing \
    public private inc corporation ltd gmbh co true false null json welcome portal captive guest \
    wifi hotspot accept terms conditions continue agree retrieved requested failed refused reset";

/// Every word of the lists that rules have, in lower case, and common ones.
pub fn known_words() -> &'static HashSet<String> {
    static WORDS: OnceLock<HashSet<String>> = OnceLock::new();
    WORDS.get_or_init(|| {
        let phrases = block_page::phrases().chain(refusal::phrases());
        let phrases = phrases.chain(page::phrases());
        let phrases = phrases.chain([COMMON]).map(str::to_lowercase);
        let phrases = phrases.chain(Signatures::builtin().phrases());
        let mut words = HashSet::new();
        for phrase in phrases {
            let parts = phrase.split(|c: char| !c.is_alphanumeric());
            words.extend(parts.filter(|word| !word.is_empty()).map(str::to_owned));
        }
        words.extend((100..600).map(|status: u16| status.to_string()));
        words
    })
}

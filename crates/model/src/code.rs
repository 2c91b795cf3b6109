//! What a code is made of. The table itself is in `codes.rs`.

use crate::codes::Code;
use crate::evidence::Stage;
use crate::verdict::{Outcome, Who};

/// One line of the table of codes.
#[derive(Clone, Copy)]
pub(crate) struct Entry {
    pub(crate) id: &'static str,
    pub(crate) stage: Stage,
    pub(crate) outcome: Outcome,
    pub(crate) who: Who,
    pub(crate) means: &'static str,
    pub(crate) evidence: &'static str,
    pub(crate) wrong_if: &'static str,
}

macro_rules! codes {
    ($($variant:ident $id:literal $stage:ident $outcome:ident $who:ident
        means $means:literal evidence $evidence:literal
        wrong_if $wrong_if:literal)*) => {
        /// A cause, named `<stage>-<cause>`. The names are public API.
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord,
            serde::Serialize, serde::Deserialize,
        )]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        #[non_exhaustive]
        pub enum Code {
            $(#[doc = $means] #[serde(rename = $id)] $variant,)*
        }

        impl Code {
            /// Every code, in the order of the documentation.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            pub(crate) fn entry(self) -> Entry {
                ENTRIES[self as usize]
            }
        }

        /// In the order of the variants, so that a code is its own index.
        const ENTRIES: &[Entry] = &[$(Entry {
            id: $id,
            stage: Stage::$stage,
            outcome: Outcome::$outcome,
            who: Who::$who,
            means: $means,
            evidence: $evidence,
            wrong_if: $wrong_if,
        }),*];
    };
}

pub(crate) use codes;

impl Code {
    /// The name, as in JSON and in the documentation.
    pub fn id(self) -> &'static str {
        self.entry().id
    }

    /// The code of that name.
    pub fn parse(id: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| code.id() == id)
    }

    /// Where the cause sits.
    pub fn stage(self) -> Stage {
        self.entry().stage
    }

    /// The outcome of the code, unless its evidence is weaker.
    pub fn outcome(self) -> Outcome {
        self.entry().outcome
    }

    /// The culprit, unless the evidence names another party.
    pub fn who(self) -> Who {
        self.entry().who
    }

    /// One sentence: what the code means.
    pub fn means(self) -> &'static str {
        self.entry().means
    }

    /// One or two sentences: which evidence makes the code.
    pub fn evidence(self) -> &'static str {
        self.entry().evidence
    }

    /// What would prove the code wrong, and how to find out: a clause that goes on from "this would
    /// be wrong if".
    pub fn wrong_if(self) -> &'static str {
        self.entry().wrong_if
    }

    /// Whether the cause is that nothing came.
    pub fn is_silence(self) -> bool {
        matches!(
            self,
            Self::DnsTimeout
                | Self::TcpDropped
                | Self::ProxyDropped
                | Self::ProxySilent
                | Self::ProxyUpstreamTimeout
                | Self::TlsSilent
                | Self::TlsHelloDropped
                | Self::TlsMtuBlackhole
                | Self::HttpSilent
        )
    }

    /// Where the documentation has it.
    pub fn docs(self) -> String {
        format!("docs/codes.md#{}", self.id())
    }
}

impl std::fmt::Display for Code {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(self.id())
    }
}

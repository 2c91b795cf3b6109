//! What an answer may depend on beside the URL: the order of addresses, the clock, and chance.

/// The circumstances of one evaluation. The usual ones are those of this moment.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Circumstances {
    /// Addresses of names and of this machine are sorted, then rotated by so many places; without a
    /// number they come as the resolver gives them.
    pub rotation: Option<usize>,
    /// What `Math.random` returns, from 0 to below 1; without a number it is left to chance.
    pub chance: Option<f64>,
    /// Seconds by which the clock is ahead of the real one.
    pub ahead_seconds: i64,
}

/// What an evaluation has looked at.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Dependence {
    /// The most addresses that one question gave.
    pub addresses: usize,
    /// Whether the clock was read.
    pub clock: bool,
    /// Whether `Math.random` was called.
    pub chance: bool,
}

impl Dependence {
    /// What this evaluation or another one has looked at.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self {
            addresses: self.addresses.max(other.addresses),
            clock: self.clock || other.clock,
            chance: self.chance || other.chance,
        }
    }
}

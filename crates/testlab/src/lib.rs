//! Servers and networks of the tests; never published.

//! Integration tests: the real checker against a network inside the process.

mod lab;
mod lab_is_honest;
mod network;

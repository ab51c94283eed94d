//! Nothing: what it depends on counts.

fn main() {}

//! `tradepost`.

fn main() {}

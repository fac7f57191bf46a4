//! The migrations are compiled in; a changed one must compile this package again.

fn main() {
    println!("cargo:rerun-if-changed=../../migrations");
}

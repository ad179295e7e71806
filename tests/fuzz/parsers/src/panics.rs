//! Whose panic it is.
//!
//! The program catches panics of the libraries that unpack pictures: to it they are a damaged file. So
//! they are none of its faults, and the fuzzer goes on. A panic in its own code is one, caught or not.

use std::panic::{self, PanicHookInfo};

/// Calls `ours` at each panic in the program's own code, and says nothing at those of libraries.
pub fn on_ours(ours: impl Fn(&str) + Send + Sync + 'static) {
    let before = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        if is_ours(info) {
            before(info);
            ours(&info.to_string());
        }
    }));
}

/// A library's sources lie in cargo's registry, the standard library's where the compiler was built.
fn is_ours(info: &PanicHookInfo<'_>) -> bool {
    let file = info.location().map_or("", std::panic::Location::file);
    !["/registry/src/", "/rustc/", "/rustlib/src/", "library/"].iter().any(|of| file.contains(of))
}

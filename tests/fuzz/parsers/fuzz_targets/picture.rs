#![no_main]

use libfuzzer_sys::fuzz_target;
use parsers::picture;

fuzz_target!(init: parsers::begin::begin(picture::seeds), |data: &[u8]| picture::check(data));

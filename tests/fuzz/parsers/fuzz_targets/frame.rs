#![no_main]

use libfuzzer_sys::fuzz_target;
use parsers::frame;

fuzz_target!(init: parsers::begin::begin(frame::seeds), |data: &[u8]| frame::check(data));

#![no_main]

use libfuzzer_sys::fuzz_target;
use parsers::socket;

fuzz_target!(init: parsers::begin::begin(socket::seeds), |data: &[u8]| socket::check(data));

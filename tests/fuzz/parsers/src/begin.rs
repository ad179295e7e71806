//! How each fuzzer begins.

use std::path::Path;
use std::{env, fs, io, panic, process};

use crate::panics;

/// Where the variable `SEEDS_TO` names a folder, writes `seeds` there and ends the process. Otherwise
/// sets the hook of panics, in the place of libFuzzer's, to which every panic is a crash.
pub fn begin(seeds: fn() -> Vec<Vec<u8>>) {
    if let Some(folder) = env::var_os("SEEDS_TO") {
        written(&seeds(), Path::new(&folder)).expect("the folder can be written to");
        process::exit(0);
    }
    let _ = panic::take_hook();
    panics::on_ours(|_| process::abort());
}

fn written(seeds: &[Vec<u8>], folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    for (number, seed) in seeds.iter().enumerate() {
        fs::write(folder.join(format!("seed-{number:02}")), seed)?;
    }
    Ok(())
}

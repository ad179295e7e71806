//! Which video and input devices this machine has now, by what the system says of them. None is opened
//! for that.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// A device. Whether it is a camera or a keyboard shows when it is opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    /// Its file, such as `/dev/video0`.
    pub path: String,
    /// What it calls itself, on one line.
    pub label: String,
    /// Where it is plugged in, or the name of its file where that is not known.
    pub place: String,
    /// Other paths that lead to it.
    pub links: Vec<String>,
    /// Which file it is: after it was pulled and put back, another.
    pub file: FileId,
}

/// Which file a path leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileId {
    inode: u64,
    changed: (i64, i64),
}

impl FileId {
    /// Returns the file that `path` leads to; `None` if there is none.
    #[must_use]
    pub fn of(path: &Path) -> Option<Self> {
        let metadata = fs::metadata(path).ok()?;
        // Of a device, that is set when it is made; opening it leaves it as it is.
        Some(Self { inode: metadata.ino(), changed: (metadata.ctime(), metadata.ctime_nsec()) })
    }
}

/// Where the system keeps video devices.
#[derive(Clone, Debug)]
pub struct Folders {
    /// `/dev`.
    pub dev: PathBuf,
    /// `/sys/class/video4linux`.
    pub class: PathBuf,
}

impl Default for Folders {
    fn default() -> Self {
        Self { dev: "/dev".into(), class: "/sys/class/video4linux".into() }
    }
}

/// Devices that are looked at; a board may have some dozens that are parts of its codecs.
const MOST: usize = 64;
/// The longest label, in characters.
const LABEL: usize = 64;

impl Folders {
    /// Returns the video devices there are now, by number; at most 64.
    #[must_use]
    pub fn devices(&self) -> Vec<Device> {
        let links = self.dev.join("v4l");
        listed(&self.dev, "video", &links, &|name| self.class.join(name).join("name"))
    }
}

/// Where the system keeps input devices: keyboards, and what types like one.
#[derive(Clone, Debug)]
pub struct Inputs {
    /// `/dev/input`.
    pub dev: PathBuf,
    /// `/sys/class/input`.
    pub class: PathBuf,
}

impl Default for Inputs {
    fn default() -> Self {
        Self { dev: "/dev/input".into(), class: "/sys/class/input".into() }
    }
}

impl Inputs {
    /// Returns the input devices there are now, by number; at most 64.
    #[must_use]
    pub fn devices(&self) -> Vec<Device> {
        listed(&self.dev, "event", &self.dev, &|name| self.class.join(name).join("device/name"))
    }
}

/// Returns the devices of `dev` whose names are `kind` and a number; `links` is where links to them are
/// by their id and place, and `label` in which file what they call themselves.
fn listed(dev: &Path, kind: &str, links: &Path, label: &dyn Fn(&str) -> PathBuf) -> Vec<Device> {
    let mut numbers: Vec<u32> = names(dev)
        .filter_map(|name| name.strip_prefix(kind).and_then(|number| number.parse().ok()))
        .collect();
    numbers.sort_unstable();
    numbers.dedup();
    numbers.truncate(MOST);
    let places = links_in(&links.join("by-path"));
    let ids = links_in(&links.join("by-id"));
    let device = |number: u32| {
        let name = format!("{kind}{number}");
        let path = dev.join(&name);
        let leading = |links: &[(PathBuf, String)]| -> Vec<PathBuf> {
            links.iter().filter(|(_, to)| *to == name).map(|(link, _)| link.clone()).collect()
        };
        let by_path = leading(&places);
        let place = by_path.first().and_then(|link| link.file_name()).map_or_else(
            || name.clone(),
            |link| {
                let link = link.to_string_lossy();
                link.strip_suffix("-video-index0").unwrap_or(&link).to_owned()
            },
        );
        let links = by_path.iter().chain(&leading(&ids)).map(|link| text(link)).collect();
        let label = one_line(&fs::read_to_string(label(&name)).unwrap_or_default());
        let label = if label.is_empty() { name.clone() } else { label };
        let file = FileId::of(&path)?;
        Some(Device { path: text(&path), label, place, links, file })
    };
    numbers.into_iter().filter_map(device).collect()
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

fn names(folder: &Path) -> impl Iterator<Item = String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().into_string().ok())
}

/// Returns the links in `folder`, and the name of the file that each leads to.
fn links_in(folder: &Path) -> Vec<(PathBuf, String)> {
    let link = |name: String| {
        let link = folder.join(name);
        let to = fs::read_link(&link).ok()?.file_name()?.to_str()?.to_owned();
        Some((link, to))
    };
    let mut links: Vec<_> = names(folder).filter_map(link).collect();
    links.sort();
    links.truncate(4 * MOST);
    links
}

/// Returns `label` fit for a line, a log and a terminal: the maker of the device wrote it.
fn one_line(label: &str) -> String {
    let words: Vec<&str> = label
        .split(|c: char| c.is_whitespace() || c.is_control())
        .filter(|w| !w.is_empty())
        .collect();
    words.join(" ").chars().take(LABEL).collect()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    fn machine() -> (tempfile::TempDir, Folders) {
        let root = tempfile::tempdir().unwrap();
        let folders = Folders { dev: root.path().join("dev"), class: root.path().join("class") };
        for (name, label) in
            [("video10", "Cam\u{1b}[2J\n"), ("video2", "HD Pro  Webcam"), ("video3", "")]
        {
            fs::create_dir_all(folders.class.join(name)).unwrap();
            fs::write(folders.class.join(name).join("name"), label).unwrap();
            fs::create_dir_all(&folders.dev).unwrap();
            fs::write(folders.dev.join(name), "").unwrap();
        }
        fs::write(folders.dev.join("video"), "").unwrap();
        fs::write(folders.dev.join("media0"), "").unwrap();
        let by_path = folders.dev.join("v4l/by-path");
        fs::create_dir_all(&by_path).unwrap();
        symlink("../../video2", by_path.join("pci-0-usb-0:1:1.0-video-index0")).unwrap();
        (root, folders)
    }

    #[test]
    fn devices_are_told_by_number_with_label_and_place() {
        let (_root, folders) = machine();
        let found = folders.devices();
        let told: Vec<_> = found.iter().map(|d| (d.label.as_str(), d.place.as_str())).collect();
        let expected =
            [("HD Pro Webcam", "pci-0-usb-0:1:1.0"), ("video3", "video3"), ("Cam [2J", "video10")];
        assert_eq!(told, expected);
        assert!(found[0].path.ends_with("/dev/video2") && found[0].links.len() == 1);
    }

    #[test]
    fn a_device_that_was_put_back_is_another_file() {
        let (_root, folders) = machine();
        let before = folders.devices()[0].file;
        assert_eq!(folders.devices()[0].file, before);
        fs::remove_file(folders.dev.join("video2")).unwrap();
        fs::write(folders.dev.join("other"), "").unwrap();
        fs::write(folders.dev.join("video2"), "").unwrap();
        assert_ne!(folders.devices()[0].file, before);
    }

    #[test]
    fn keyboards_are_told_with_what_they_call_themselves_and_their_links() {
        let root = tempfile::tempdir().unwrap();
        let inputs = Inputs { dev: root.path().join("input"), class: root.path().join("class") };
        fs::create_dir_all(inputs.class.join("event3/device")).unwrap();
        fs::write(inputs.class.join("event3/device/name"), "Honeywell  Scanner\n").unwrap();
        fs::create_dir_all(inputs.dev.join("by-id")).unwrap();
        fs::write(inputs.dev.join("event3"), "").unwrap();
        fs::write(inputs.dev.join("mouse0"), "").unwrap();
        symlink("../event3", inputs.dev.join("by-id/usb-Honeywell-event-kbd")).unwrap();
        let found = inputs.devices();
        let told: Vec<_> = found.iter().map(|device| device.label.as_str()).collect();
        assert_eq!(told, ["Honeywell Scanner"]);
        assert!(found[0].links[0].ends_with("/by-id/usb-Honeywell-event-kbd"));
    }

    #[test]
    fn a_machine_without_cameras_has_none() {
        let none = Folders { dev: "/nonexistent".into(), class: "/nonexistent".into() };
        assert_eq!(none.devices(), []);
    }
}

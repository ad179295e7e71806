//! Cameras that come, go, stall and fail, told second by second.

use super::*;
use crate::scanner::devices::{FileId, Folders};

/// Nothing was done.
const NOTHING: [i64; 0] = [];

/// Cameras at made-up paths, and the time.
struct Desk {
    watch: Watch,
    seconds: u64,
    plugged: Vec<Device>,
    done: Vec<Do>,
    root: tempfile::TempDir,
}

impl Desk {
    fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        Self { watch: Watch::new(), seconds: 0, plugged: Vec::new(), done: Vec::new(), root }
    }

    /// A desk whose one camera is live, as process 1.
    fn with_live_camera() -> Self {
        let mut desk = Self::new();
        desk.plug("video0", "C920");
        desk.want(Wanted::All);
        desk.alive(1);
        desk
    }

    fn moment(&self) -> Moment {
        let passed = Duration::from_secs(self.seconds);
        let now = Timestamp::from_second(1_000_000 + i64::try_from(self.seconds).unwrap()).unwrap();
        Moment { passed, now }
    }

    fn want(&mut self, wanted: Wanted) {
        let done = self.watch.want(wanted, self.moment());
        self.done.extend(done);
    }

    fn plug(&mut self, place: &str, label: &str) {
        let path = self.root.path().join(place);
        std::fs::write(&path, "").unwrap();
        self.plugged.push(Device {
            path: path.to_str().unwrap().to_owned(),
            label: label.to_owned(),
            place: place.to_owned(),
            links: vec![format!("/dev/v4l/by-path/{place}")],
            file: FileId::of(&path).unwrap(),
        });
        self.look();
    }

    fn pull(&mut self, place: &str) {
        self.plugged.retain(|device| device.place != place);
        self.look();
    }

    fn look(&mut self) {
        let done = self.watch.found(&self.plugged, self.moment());
        self.done.extend(done);
    }

    fn alive(&mut self, number: u64) {
        self.watch.alive(number, self.moment());
    }

    fn said(&mut self, number: u64, state: CameraState) {
        self.watch.said(number, state, self.moment());
    }

    fn ended(&mut self, number: u64, how: End) {
        let done = self.watch.ended(number, how, self.moment());
        self.done.extend(done);
    }

    fn pass(&mut self, seconds: u64) {
        for _ in 0..seconds {
            self.seconds += 1;
            let done = self.watch.tick(self.moment());
            self.done.extend(done);
        }
    }

    /// What was done since it was asked last: `+1` is process 1 started, `-1` ended.
    fn done(&mut self) -> Vec<i64> {
        let number = |number: u64| i64::try_from(number).unwrap();
        self.done
            .drain(..)
            .map(|done| match done {
                Do::Start(started, _) => number(started),
                Do::End(ended) => -number(ended),
            })
            .collect()
    }

    fn states(&self) -> Vec<(String, CameraState)> {
        self.watch.cameras().into_iter().map(|camera| (camera.name, camera.state)).collect()
    }

    fn state(&self) -> CameraState {
        let states = self.states();
        assert_eq!(states.len(), 1, "{states:?}");
        states[0].1
    }
}

fn named(states: &[(&str, CameraState)]) -> Vec<(String, CameraState)> {
    states.iter().map(|(name, state)| ((*name).to_owned(), *state)).collect()
}

#[test]
fn nothing_is_opened_until_somebody_listens_and_all_is_closed_when_nobody_does() {
    let mut desk = Desk::new();
    desk.plug("video0", "C920");
    desk.pass(3);
    assert_eq!(desk.done(), NOTHING);
    desk.want(Wanted::All);
    assert_eq!(desk.done(), [1]);
    desk.want(Wanted::None);
    assert_eq!((desk.done(), desk.states()), (vec![-1], vec![]));
    desk.ended(1, End::Other);
    desk.pass(60);
    assert_eq!(desk.done(), NOTHING);
}

#[test]
fn a_device_that_is_no_camera_is_never_listed_and_never_opened_again() {
    let mut desk = Desk::new();
    desk.plug("video0", "C920");
    desk.plug("video1", "C920");
    desk.want(Wanted::All);
    desk.said(1, CameraState::Opening);
    desk.ended(2, End::NoCamera);
    desk.alive(1);
    assert_eq!(desk.states(), named(&[("C920", CameraState::Live)]));
    desk.done();
    for _ in 0..60 {
        desk.pass(1);
        desk.alive(1);
        desk.look();
    }
    assert_eq!(desk.done(), NOTHING);
}

#[test]
fn a_camera_that_sends_nothing_for_five_seconds_is_stalled_and_its_process_replaced() {
    let mut desk = Desk::with_live_camera();
    desk.done();
    desk.pass(4);
    assert_eq!((desk.done(), desk.state()), (vec![], CameraState::Live));
    desk.pass(1);
    assert_eq!((desk.done(), desk.state()), (vec![-1], CameraState::Stalled));
    desk.pass(10);
    assert_eq!(desk.done(), NOTHING, "the next is not started before the last is gone");
    desk.ended(1, End::Other);
    desk.pass(1);
    assert_eq!(desk.done(), [2]);
    desk.said(2, CameraState::Opening);
    assert_eq!(desk.state(), CameraState::Stalled, "opening it is no sign that it is well");
    desk.alive(2);
    assert_eq!(desk.state(), CameraState::Live);
}

#[test]
fn the_wait_before_a_restart_doubles_to_half_a_minute_and_is_forgotten_once_it_is_steady() {
    let mut desk = Desk::with_live_camera();
    let mut waits = Vec::new();
    for number in 1.. {
        desk.ended(number, End::Other);
        desk.done();
        let mut waited = 0;
        while desk.done().is_empty() {
            desk.pass(1);
            waited += 1;
        }
        waits.push(waited);
        if waits.len() == 8 {
            break;
        }
    }
    assert_eq!(waits, [1, 2, 4, 8, 16, 30, 30, 30]);
    for _ in 0..15 {
        desk.pass(1);
        desk.alive(9);
    }
    desk.ended(9, End::Other);
    desk.done();
    desk.pass(1);
    assert_eq!(desk.done(), [10]);
}

#[test]
fn a_camera_that_is_pulled_is_lost_and_live_again_under_its_name_when_it_is_put_back() {
    let mut desk = Desk::with_live_camera();
    desk.pull("video0");
    assert_eq!((desk.done(), desk.state()), (vec![1, -1], CameraState::Lost));
    desk.ended(1, End::Other);
    desk.pass(300);
    assert_eq!((desk.done(), desk.state()), (vec![], CameraState::Lost));
    // The system gives it another number now.
    desk.plug("video2", "C920");
    assert_eq!(desk.done(), [2]);
    desk.alive(2);
    assert_eq!(desk.states(), named(&[("C920", CameraState::Live)]));
    assert!(desk.watch.cameras()[0].path.ends_with("/video2"));
}

#[test]
fn a_driver_that_says_unplugged_while_its_file_stays_is_tried_again_soon() {
    let mut desk = Desk::with_live_camera();
    for number in 1..6 {
        desk.done();
        desk.said(number, CameraState::Lost);
        desk.ended(number, End::Other);
        assert_eq!(desk.state(), CameraState::Lost);
        desk.pass(2);
        assert_eq!(desk.done().len(), 1);
    }
}

#[test]
fn busy_and_denied_are_states_and_are_tried_again() {
    for state in [CameraState::Busy, CameraState::Denied, CameraState::Unusable] {
        let mut desk = Desk::new();
        desk.plug("video0", "C920");
        desk.want(Wanted::All);
        desk.said(1, state);
        desk.ended(1, End::Other);
        assert_eq!(desk.state(), state);
        desk.pass(1);
        assert_eq!(desk.done(), [1, 2]);
        desk.said(2, CameraState::Opening);
        assert_eq!(desk.state(), state, "until a frame comes");
        desk.alive(2);
        assert_eq!(desk.state(), CameraState::Live);
    }
}

#[test]
fn a_device_that_is_fed_only_now_and_then_is_stalled_in_between() {
    let mut desk = Desk::new();
    desk.plug("video0", "Loop");
    desk.want(Wanted::All);
    desk.ended(1, End::NotNow);
    assert_eq!(desk.states(), [], "not a camera yet");
    desk.pass(2);
    desk.alive(2);
    assert_eq!(desk.state(), CameraState::Live);
    desk.ended(2, End::NotNow);
    assert_eq!(desk.state(), CameraState::Stalled);
    desk.pass(2);
    desk.alive(3);
    assert_eq!(desk.state(), CameraState::Live);
}

#[test]
fn two_of_one_kind_have_their_place_in_their_name() {
    let mut desk = Desk::with_live_camera();
    desk.plug("video2", "C920");
    assert_eq!(desk.states(), named(&[("C920", CameraState::Live)]), "not known to be one yet");
    desk.alive(2);
    let both = [("C920 (video0)", CameraState::Live), ("C920 (video2)", CameraState::Live)];
    assert_eq!(desk.states(), named(&both));
    assert_eq!(desk.watch.process_of("C920 (video2)"), Some(2));
    assert_eq!(desk.watch.name_of(1).as_deref(), Some("C920 (video0)"));
}

#[test]
fn a_camera_is_chosen_by_its_label_its_name_its_place_its_path_or_a_link() {
    for (number, wanted) in
        ["C920", "C920 (video0)", "video0", "PATH", "/dev/v4l/by-path/video0"].iter().enumerate()
    {
        let mut desk = Desk::new();
        desk.plug("video0", "C920");
        desk.plug("video1", "Other");
        let path = desk.plugged[0].path.clone();
        desk.want(Wanted::Named(vec![wanted.replace("PATH", &path)]));
        assert_eq!(desk.done, [Do::Start(1, path)], "{number}: {wanted}");
    }
}

/// I11
#[test]
fn sixteen_cameras_are_watched_at_once_and_pulled_ones_are_forgotten_at_some_point() {
    let mut desk = Desk::new();
    desk.want(Wanted::All);
    for number in 0..20 {
        desk.plug(&format!("video{number}"), &format!("Camera {number}"));
    }
    assert_eq!(desk.done().len(), MAX_SOURCES);
    desk.plugged.clear();
    for number in 1..=16 {
        desk.alive(number);
    }
    desk.look();
    for number in 1..=16 {
        desk.ended(number, End::Other);
    }
    for number in 0..100 {
        desk.plug("video0", &format!("Passing {number}"));
        let started = desk.watch.started;
        desk.alive(started);
        desk.pull("video0");
        desk.ended(started, End::Other);
    }
    assert!(desk.watch.cameras().len() <= MOST);
}

/// I11
#[test]
fn of_more_cameras_than_may_be_told_the_pulled_ones_are_left_out() {
    let mut desk = Desk::new();
    desk.want(Wanted::All);
    desk.plug("video0", "Pulled");
    desk.alive(1);
    desk.pull("video0");
    for number in 1..=u64::try_from(MOST).unwrap() + 3 {
        desk.plug(&format!("video{number}"), &format!("Camera {number}"));
        // Denied ones keep no process, so others have their turn.
        let started = desk.watch.started;
        desk.said(started, CameraState::Denied);
        desk.ended(started, End::Other);
    }
    let told = desk.watch.cameras();
    assert_eq!(told.len(), MOST);
    assert!(told.iter().all(|camera| camera.state == CameraState::Denied), "{told:?}");
}

#[test]
fn a_machine_has_the_devices_its_folders_say() {
    let mut desk = Desk::new();
    let folders = Folders { dev: desk.root.path().into(), class: desk.root.path().into() };
    std::fs::write(desk.root.path().join("video7"), "").unwrap();
    desk.want(Wanted::All);
    let done = desk.watch.found(&folders.devices(), desk.moment());
    assert_eq!(done.len(), 1);
}

#!/bin/sh
# Stands in for `prereg-node scan --camera DEVICE` where there is no device. What it does, the file in
# the device's place says; it is started without an environment, as the real one.
set -u
device=$3
exec 3<&0

# frame KIND JSON: a message of less than 256 bytes
frame() {
    printf "%s\\$(printf %03o ${#2})\\000\\000\\000%s" "$1" "$2"
}
alive() {
    printf 'a\000\000\000\000'
}
state() {
    frame v "[{\"name\":\"\",\"path\":\"\",\"state\":\"$1\",\"since\":\"2026-01-01T00:00:00Z\"}]"
}
text() {
    frame r "{\"source\":{\"kind\":\"camera\",\"name\":\"\"},\"text\":\"$1\",\"at\":\"2026-01-01T00:00:00Z\"}"
}
live() {
    while alive; do
        /bin/sleep 0.2
    done
}

read -r what word <"$device"
case $what in
live) live ;;
shows)
    alive
    text "$word"
    live
    ;;
mute-once)
    echo live >"$device"
    alive
    exec /bin/sleep 60
    ;;
die-once)
    echo live >"$device"
    alive
    exit 9
    ;;
rave-once)
    echo live >"$device"
    alive
    printf 'no message at all'
    exec /bin/sleep 60
    ;;
is)
    state "$word"
    exit 1
    ;;
none) exit 3 ;;
floods)
    alive
    while text 0123456789; do :; done
    ;;
seen)
    # A preview for each order to look, and one that nobody ordered.
    alive
    (
        while /usr/bin/head -c 5 <&3 >/dev/null; do
            printf 'p\010\000\000\000\001\000x\377\330JPG'
            /bin/sleep 0.1
        done
    ) &
    live
    ;;
esac

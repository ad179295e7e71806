#!/bin/bash
# What the machine of scripts/vm-test does: it becomes a center whose line is down, and then shows what
# its cameras do. Nothing of this runs anywhere else.
set -eu
export LC_ALL=C.UTF-8
mkdir -p /share/logs
keep() {
    journalctl --no-pager --output=short-precise >/share/logs/journal.log || true
    cp -r /var/log/prereg-node /share/logs/ 2>/dev/null || true
}
trap keep EXIT

# --- devices, before any service looks for them ---
# 10 and 11 are cameras for as long as something feeds them.
loop=(v4l2loopback 'video_nr=10,11' 'card_label=Counter 1,Counter 2' 'exclusive_caps=1,1')
modprobe "${loop[@]}"
modprobe vivid n_devs=1 node_types=0x1
modprobe uinput
printf '%s\n' "${loop[@]}" >/run/loop

# --- the package, as the README has it done ---
dpkg --install /share/prereg-node.deb >/share/logs/dpkg.log
install -m 640 -g prereg-node /share/node.toml /etc/prereg-node/node.toml
for secret in reader writer; do
    install -m 640 -g prereg-node /share/$secret.secret /etc/prereg-node/
done
cp -r /share/replica/. /var/lib/prereg-node/
chown -R prereg-node:prereg-node /var/lib/prereg-node

# --- the watched folder, as docs/prefill.md has it done ---
sed -n '/^sudo groupadd/,/^sudo systemctl restart/p' /share/prefill.md >/run/folder.sh
sudo() {
    case "$*" in
    'systemctl edit prereg-scan')
        # What the page has the editor write.
        install -d /etc/systemd/system/prereg-scan.service.d
        sed -n 's/^#   //p' /run/folder.sh >/etc/systemd/system/prereg-scan.service.d/override.conf
        systemctl daemon-reload
        ;;
    # It starts below, where it is waited for.
    'systemctl restart prereg-node') ;;
    *) "$@" ;;
    esac
}
# shellcheck source=/dev/null
. /run/folder.sh

timeout 900 python3 /share/guest.py

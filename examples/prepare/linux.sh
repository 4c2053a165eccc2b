#!/bin/sh
# Cleans a Linux build machine before an image is made of it:
#   amictl create web --instance tag:Role=web-build --stop --prepare clean.sh
#
# It refuses to run unless AMICTL_BUILD_MACHINE=1, because the machine itself is changed and stays so: at its next boot it
# has other SSH host keys and another machine id, and cloud-init runs as on a new instance, its user data too. amictl
# sends the file as it is, and the agent of SSM runs it as root with an environment of its own, which has neither what
# you export nor what is in /etc/environment. So say it in a copy of this file:
#   sed '1a export AMICTL_BUILD_MACHINE=1' linux.sh > clean.sh
# Do not write it into a file of the machine: that would be in the image too, and so would every instance made of it.
#
# By hand: sudo AMICTL_BUILD_MACHINE=1 sh linux.sh [--dry-run] [--authorized-keys]
#
#   --dry-run           only say what would be removed    (in a copy: export AMICTL_DRY_RUN=1)
#   --authorized-keys   also remove authorized_keys       (in a copy: export AMICTL_AUTHORIZED_KEYS=1)
#
# AMICTL_ROOT=/mnt/disk cleans the system below that folder instead of the one that runs. Running it again does no harm.
set -eu

say() { printf '%s\n' "$*"; }
refuse() {
    printf 'refused: %s\n' "$*" >&2
    exit 2
}

dry_run=${AMICTL_DRY_RUN:-}
authorized_keys=${AMICTL_AUTHORIZED_KEYS:-}
for option in "$@"; do
    case $option in
        --dry-run) dry_run=1 ;;
        --authorized-keys) authorized_keys=1 ;;
        *) refuse "there is no option $option; there are --dry-run and --authorized-keys" ;;
    esac
done

[ "${AMICTL_BUILD_MACHINE:-}" = 1 ] ||
    refuse "AMICTL_BUILD_MACHINE is not 1: this would clean a machine that may live on, see the head of this script"

root=${AMICTL_ROOT:-}
case $root in
    '' | /) root='' ;;
    /*) [ -d "$root" ] || refuse "AMICTL_ROOT: there is no folder $root" ;;
    *) refuse "AMICTL_ROOT must begin with /: $root" ;;
esac
if [ -z "$root" ] && [ "$(id -u)" != 0 ]; then
    refuse "run it as root"
fi

# Removes these files and folders, as far as they are there.
remove() {
    for path in "$@"; do
        if [ ! -e "$path" ] && [ ! -L "$path" ]; then
            continue
        elif [ -n "$dry_run" ]; then
            say "would remove $path"
        else
            say "removes $path"
            rm -rf -- "$path"
        fi
    done
}

# Removes what find finds below a folder with these conditions. Names are never read back, as others may have chosen them.
sweep() {
    folder=$root$1
    shift
    if [ ! -d "$folder" ] || [ -L "$folder" ]; then
        return
    elif [ -n "$dry_run" ]; then
        find "$folder" -xdev -mindepth 1 "$@" -print | sort | sed 's/^/would remove /'
    else
        find "$folder" -xdev -mindepth 1 "$@" -print | sort | sed 's/^/removes /'
        find "$folder" -xdev -mindepth 1 "$@" -delete
    fi
}

say 'package caches'
for cache in /var/cache/apt/archives /var/lib/apt/lists /var/cache/dnf /var/cache/libdnf5 /var/cache/yum /var/cache/zypp \
    /var/cache/apk; do
    sweep "$cache" ! -type d ! -name lock
done
remove "$root/var/cache/apt/pkgcache.bin" "$root/var/cache/apt/srcpkgcache.bin"

say 'temporary files'
for temporary in /tmp /var/tmp; do
    sweep "$temporary" ! -type d ! -type s ! -path '*/systemd-private-*'
done

say 'state of cloud-init'
cloud_init=
if [ -d "$root/var/lib/cloud" ]; then
    cloud_init=1
    if [ -z "$root" ] && [ -z "$dry_run" ] && command -v cloud-init >/dev/null; then
        cloud-init clean --logs
    else
        sweep /var/lib/cloud ! -path '*/cloud/seed' ! -path '*/cloud/seed/*'
    fi
fi

say 'SSH host keys'
if [ -n "$cloud_init" ] || [ -e "$root/etc/alpine-release" ] ||
    [ -e "$root/usr/lib/systemd/system/sshd-keygen.target" ]; then
    remove "$root"/etc/ssh/ssh_host_*_key "$root"/etc/ssh/ssh_host_*_key.pub
else
    say 'kept: nothing on this machine makes new ones when it boots'
fi

say 'machine id'
# Empty, and not gone: systemd makes a new one at the next boot.
if [ ! -s "$root/etc/machine-id" ]; then
    :
elif [ -n "$dry_run" ]; then
    say "would empty $root/etc/machine-id"
else
    say "empties $root/etc/machine-id"
    : >"$root/etc/machine-id"
fi
if [ ! -L "$root/var/lib/dbus/machine-id" ]; then
    remove "$root/var/lib/dbus/machine-id"
fi
# Two machines must not begin with the same random numbers.
remove "$root/var/lib/systemd/random-seed"

say 'shell history'
for home in "$root/root" "$root"/home/*; do
    remove "$home/.bash_history" "$home/.zsh_history" "$home/.ash_history" "$home/.sh_history" \
        "$home/.python_history" "$home/.mysql_history" "$home/.psql_history" "$home/.lesshst" "$home/.viminfo"
    if [ -n "$authorized_keys" ]; then
        remove "$home/.ssh/authorized_keys"
    fi
done

# Last, as the steps before write some.
say 'logs'
if [ -z "$root" ] && command -v journalctl >/dev/null; then
    # Only what is archived can go while the journal is in use.
    if [ -z "$dry_run" ]; then
        journalctl --quiet --rotate || true
        journalctl --quiet --vacuum-time=1s || true
    fi
else
    sweep /var/log/journal ! -type d
fi
sweep /var/log -type f ! -path '*/journal/*' \( -name '*.gz' -o -name '*.xz' -o -name '*.bz2' -o -name '*.zst' \
    -o -name '*.old' -o -name '*.[0-9]' -o -name '*-[0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9]' \)
if [ -d "$root/var/log" ] && [ ! -L "$root/var/log" ]; then
    if [ -n "$dry_run" ]; then
        find "$root/var/log" -xdev -type f -size +0 ! -path '*/journal/*' -print | sort | sed 's/^/would empty /'
    else
        find "$root/var/log" -xdev -type f -size +0 ! -path '*/journal/*' -print | sort | sed 's/^/empties /'
        # A loop over arguments, as the names are not read back here either.
        # shellcheck disable=SC2016
        find "$root/var/log" -xdev -type f -size +0 ! -path '*/journal/*' \
            -exec sh -c 'for log do : >"$log"; done' sh {} +
    fi
fi

if [ -z "$dry_run" ]; then
    sync
fi
say 'done'

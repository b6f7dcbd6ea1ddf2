/**
 * Runs what adds Debian packages while none of their services is started or enabled.
 *
 * What would start a service does nothing; what would enable one notes it as disabled. With nothing noted, the next
 * upgrade of the package would take it for enabled, and start it (`was-enabled` in deb-systemd-helper(1)).
 */

/** Where Debian's own helpers can be reached beside ours; outside the namespace, an empty folder. */
const ASIDE = "/run/kvmnet/without-services";

/** In place of deb-systemd-helper: a unit that it knows stays as its owner has it, any other is noted as disabled. */
const DEB_SYSTEMD_HELPER = `#!/bin/sh
debians='${ASIDE}/debians/deb-systemd-helper'
flags= action= units=
for word; do
    case $word in
        -*) flags="$flags $word" ;;
        *) [ -z "$action" ] && action=$word || units="$units $word" ;;
    esac
done
case $action in
    was-enabled | enable | reenable) ;;
    *) exec "$debians" "$@" ;;
esac
"$debians" $flags debian-installed $units && exec "$debians" "$@"
[ "$action" != was-enabled ] || exit 1
exec "$debians" $flags update-state $units`;

/** In place of update-rc.d: a script gets links that do not start it; one that has links keeps them. */
const UPDATE_RC = `#!/bin/sh
debians='${ASIDE}/debians/update-rc.d'
force=
case $1 in -*) force=$1; shift ;; esac
case $2 in
    defaults | start | stop) exec "$debians" $force "$1" defaults-disabled ;;
    enable) exit 0 ;;
esac
exec "$debians" $force "$@"`;

/**
 * Goes before a command line. All of it is in a mount namespace of its own: when it is killed, the namespace is gone,
 * and no policy file can stay behind.
 */
export const WITHOUT_SERVICES = [
    "unshare",
    "--mount",
    "--propagation",
    "private",
    "sh",
    "-ec",
    `mkdir -p '${ASIDE}'
    mount -t tmpfs -o mode=0755 kvmnet '${ASIDE}'
    mkdir '${ASIDE}/debians'
    instead() {
        [ -e "$1" ] || return 0
        name=\${1##*/}
        touch "${ASIDE}/debians/$name"
        mount --bind "$1" "${ASIDE}/debians/$name"
        cat >"${ASIDE}/$name"
        chmod 755 "${ASIDE}/$name"
        mount --bind "${ASIDE}/$name" "$1"
    }
    instead /usr/bin/deb-systemd-helper <<'END'
${DEB_SYSTEMD_HELPER}
END
    instead /usr/sbin/update-rc.d <<'END'
${UPDATE_RC}
END
    for tool in /usr/sbin/invoke-rc.d /usr/sbin/service /usr/bin/deb-systemd-invoke /usr/bin/systemctl; do
        [ ! -e "$tool" ] || mount --bind /bin/true "$tool"
    done
    exec "$@"`,
    "without-services",
];

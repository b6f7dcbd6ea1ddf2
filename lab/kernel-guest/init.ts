/** The first process of a kernel guest: two shell scripts for busybox, before and after the change to the real root. */

/** The ports over which guest and host talk, each with its number in the guest: /dev/vport*pNUMBER. */
export const PORTS = { control: 1, stdout: 2, stderr: 3 } as const;
export type Port = keyof typeof PORTS;

/** Mount tag of the machine's root folder. */
export const ROOT_TAG = "root";

/**
 * Mounts the machine's files read-only, a file system in RAM over them that takes all that is written, and the kernel's
 * own file systems. The machine's /run, its sockets and pid files, is not shown: what they name does not run here.
 */
export const EARLY_INIT = `#!/bin/busybox sh
b=/bin/busybox
$b mount -t proc proc /proc
$b mount -t sysfs sysfs /sys
$b mount -t devtmpfs dev /dev
exec </dev/console >/dev/console 2>&1
while read -r module; do $b insmod "/modules/$module"; done </modules/order

set -e
$b mount -t 9p -o ro,trans=virtio,version=9p2000.L,msize=512000,cache=loose,access=any ${ROOT_TAG} /lower
$b mount -t tmpfs -o mode=755 written /written
$b mkdir /written/files /written/work
$b mount -t overlay -o lowerdir=/lower,upperdir=/written/files,workdir=/written/work root /root
$b mkdir -p /dev/pts /dev/shm
$b mount -t devpts -o mode=620,ptmxmode=666 devpts /dev/pts
$b mount -t tmpfs -o mode=1777 shm /dev/shm
$b ln -sfn /proc/self/fd /dev/fd
for stream in 0/stdin 1/stdout 2/stderr; do $b ln -sfn "/proc/self/fd/\${stream%/*}" "/dev/\${stream#*/}"; done
$b mount -t cgroup2 cgroup2 /sys/fs/cgroup
for folder in proc sys dev; do $b mount --move "/$folder" "/root/$folder"; done
$b mount -t tmpfs -o mode=755 run /root/run
$b mkdir /root/run/kernel-guest /root/run/lock
$b cp /bin/busybox /late-init /root/run/kernel-guest
exec $b switch_root /root /run/kernel-guest/busybox sh /run/kernel-guest/late-init
`;

/**
 * Waits for the one request, \`BASE64(folder of the kernel's modules) BASE64(modules to load) BASE64(arguments, each ended
 * by NUL)\`, and answers on the same port: \`started\`, then \`ended EXITSTATUS\` when all output is on its way; or
 * \`unloadable MODULE BASE64(reason)\`. Then the host ends the machine.
 *
 * Programs print into pipes, which unlike the ports may be opened a second time (by /dev/stderr).
 */
export const LATE_INIT = `
b=/run/kernel-guest/busybox
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C
cd /run/kernel-guest
echo kernel-guest >/proc/sys/kernel/hostname
$b ip link set lo up

# A port is there some moments after its driver.
port() { until [ -c /dev/vport*p"$1" ]; do $b usleep 10000; done; echo /dev/vport*p"$1"; }
exec 3<>"$(port ${PORTS.control})"
# Until the host is known to listen, reading finds an end.
until read -r modules load argv <&3; do $b usleep 20000; done
decoded() { echo "$1" | $b base64 -d; }

folder=/lib/modules/$($b uname -r)
$b mkdir -p "$folder"
$b mount --bind "$(decoded "$modules")" "$folder"
for module in $(decoded "$load"); do
    /sbin/modprobe "$module" 2>refusal && continue
    echo "unloadable $module $($b base64 -w 0 refusal)" >&3
    read -r forever <&3
done

$b mkfifo stdout stderr
$b cat stdout >"$(port ${PORTS.stdout})" &
copies=$!
$b cat stderr >"$(port ${PORTS.stderr})" &
copies="$copies $!"
decoded "$argv" >argv
echo started >&3
(
    exec 3>&-
    $b xargs -0 -x -s ${128 * 1024} $b sh -c 'exec </dev/null; "$@"; echo $? >status' program <argv >stdout 2>stderr
) &
wait $!
# What the program left running may hold its output open for ever.
( $b sleep 1; kill $copies ) 2>/dev/null &
wait $copies
status=126
read -r status <status
echo "ended $status" >&3
while :; do $b sleep 1000; done
`;

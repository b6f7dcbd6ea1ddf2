/** The first process of a lab's guest: a shell script for busybox. */

/**
 * Brings up what the kernel's command line names (`kvmnet.name=GUEST`, `kvmnet.nic=MAC[,ADDRESS/PREFIX|,dhcp]` for each NIC),
 * prints one line `KVMNET-REPORT {...}` on the serial console with what the guest sees of its NICs, then answers lines
 * `KVMNET-RUN ID BASE64(arguments joined by NUL)` with `KVMNET-DONE ID EXITSTATUS BASE64(output)`, several at a time.
 *
 * Under emulation a process costs tens of milliseconds, so this uses what the shell has built in wherever it can.
 *
 * The other processors come up first, before a driver counts them: the kernel was started with one (docs/decisions/0015).
 */
export const GUEST_INIT = `#!/bin/busybox sh
export PATH=/bin:/usr/bin HOME=/ LC_ALL=C
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev 2>/dev/null
for cpu in /sys/devices/system/cpu/cpu[0-9]*/online; do echo 1 >"$cpu"; done
while read -r module; do insmod "/modules/$module"; done </modules/at-boot
echo 1 >/proc/sys/kernel/printk
exec </dev/ttyS0 >/dev/ttyS0 2>&1
stty raw -echo

# A guest answers ARP for an address only on the NIC that has it.
for setting in arp_ignore=1 arp_announce=2; do echo "\${setting#*=}" >"/proc/sys/net/ipv4/conf/all/\${setting%=*}"; done

read -r words </proc/cmdline
name=guest
for word in $words; do
    case "$word" in kvmnet.name=*) name=\${word#*=} ;; esac
done
echo "$name" >/proc/sys/kernel/hostname
ip link set lo up
for folder in /sys/class/net/*; do
    nic=\${folder##*/}
    [ -e "$folder/device" ] || continue
    read -r mac <"$folder/address"
    for word in $words; do
        case "$word" in
        "kvmnet.nic=$mac" | "kvmnet.nic=$mac,"*)
            wanted=\${word#*=}
            case "$wanted" in *,dhcp) ;; *,*) ip addr add "\${wanted#*,}" dev "$nic" ;; esac
            ip link set "$nic" up
            ;;
        esac
    done
done

report() {
    for folder in /sys/class/net/*; do
        nic=\${folder##*/}
        [ -e "$folder/device" ] || continue
        driver=$(readlink "$folder/device/driver")
        read -r mac <"$folder/address"
        read -r mtu <"$folder/mtu"
        echo "@nic $nic \${driver##*/} $mac $mtu"
        ethtool -l "$nic"
        ethtool -g "$nic"
        ethtool -k "$nic"
        ip -o addr show dev "$nic"
    done 2>/dev/null | awk -v name="$name" -f /report.awk
}
report

( while read -r module; do insmod "/modules/$module"; done </modules/later ) 2>/dev/null

for folder in /sys/class/net/*; do
    read -r mac <"$folder/address"
    for word in $words; do
        [ "$word" != "kvmnet.nic=$mac,dhcp" ] ||
            udhcpc -i "\${folder##*/}" -b -t 20 -T 2 -A 5 -x "hostname:$name" -s /dhcp >/dev/null 2>&1 &
    done
done

# The host's request to shut down comes as the power button.
mkdir -p /etc/acpi/PWRF
printf '#!/bin/sh\\nexec poweroff -f\\n' >/etc/acpi/PWRF/00000080
chmod +x /etc/acpi/PWRF/00000080
acpid -l /dev/null -p /tmp/acpid.pid

# QEMU's agent, where the domain has a channel for it; the port comes a moment after its driver.
( for moment in 1 2 3 4 5; do
    for port in /sys/class/virtio-ports/*; do
        read -r channel <"$port/name"
        [ "$channel" != org.qemu.guest_agent.0 ] || exec qemu-ga -m virtio-serial -p "/dev/\${port##*/}" -t /tmp
    done
    sleep 1
done ) >/dev/null 2>&1 &

# Answers go through one writer, so that two of them never end up in one line.
mkfifo /tmp/done
exec 3<>/tmp/done
while read -r id; do
    status=126
    read -r status <"/tmp/$id.status"
    echo "KVMNET-DONE $id $status $(base64 -w 0 "/tmp/$id.output")"
    rm -f "/tmp/$id.output" "/tmp/$id.status"
done <&3 &

run() {
    echo "$2" | base64 -d | xargs -0 sh -c '"$@"; echo $? >"$0"' "/tmp/$1.status" >"/tmp/$1.output" 2>&1
    echo "$1" >&3
}
while :; do
    read -r verb id words || continue
    case "$verb" in
    KVMNET-RUN) run "$id" "$words" & ;;
    KVMNET-REPORT) report ;;
    esac
done
`;

/** What a guest does with the answer of a DHCP server (busybox udhcpc). */
export const GUEST_DHCP = `#!/bin/busybox sh
case "$1" in bound | renew) ;; *) exit 0 ;; esac
ip addr flush dev "$interface" scope global
ip addr add "$ip/$mask" dev "$interface"
[ -z "$router" ] || ip route replace default via "\${router%% *}"
for server in $dns; do echo "nameserver $server"; done >/etc/resolv.conf
`;

/** Turns what ethtool and ip print into the report. Knows the spellings of ethtool 6.1. */
export const GUEST_REPORT = String.raw`
function quoted(text) { gsub(/["\\]/, "", text); return "\"" text "\"" }
function number(text) { return text ~ /^[0-9]+$/ ? text : 0 }
function finished() {
    if (nic == "") return
    nics = nics (nics == "" ? "" : ",") "{\"name\":" quoted(nic) ",\"driver\":" quoted(driver) ",\"mac\":" quoted(mac) \
        ",\"queues\":" number(queues) ",\"maxQueues\":" number(maxQueues) ",\"rxRing\":" number(rx) ",\"txRing\":" number(tx) \
        ",\"mtu\":" number(mtu) ",\"addresses\":[" addresses "],\"offloads\":{" offloads "}}"
}
$1 == "@nic" {
    finished()
    nic = $2; driver = $3; mac = $4; mtu = $5
    queues = maxQueues = rx = tx = 0; addresses = offloads = ""; current = 0
    next
}
/^Channel parameters|^Ring parameters/ { current = 0 }
/^Current hardware settings/ { current = 1 }
$1 == "Combined:" { if (current) queues = $2; else maxQueues = $2 }
$1 == "RX:" && current { rx = $2 }
$1 == "TX:" && current { tx = $2 }
/^[a-z0-9-]+: (on|off)/ && ($3 != "[fixed]" || $2 == "on") {
    offloads = offloads (offloads == "" ? "" : ",") quoted(substr($1, 1, length($1) - 1)) ":" ($2 == "on" ? "true" : "false")
}
$3 ~ /^inet/ && !/scope link/ { addresses = addresses (addresses == "" ? "" : ",") quoted($4) }
END {
    finished()
    print "KVMNET-REPORT {\"hostname\":" quoted(name) ",\"nics\":[" nics "]}"
}
`;

/** What keeps the flows of a bridge on its host: a script of its own, since nothing of ours but its files is there. */

/**
 * Arguments: the folder with the file `flows`, the bridge, and a file for what it has to say where nobody else takes it.
 * It waits, without asking, at an OpenFlow connection, which ends when ovs-vswitchd does, or by SIGHUP; then it puts back what the file
 * says, as soon as all its ports are there, or without those that are not there after two seconds. While some are missing
 * it looks at the bridge's ports every two seconds, and puts back what is theirs when they have come.
 */
export const KEEPER_SCRIPT = String.raw`#!/bin/sh
# Puts the flows of one Open vSwitch bridge back after a restart of ovs-vswitchd. Written by kvmnet; do not edit.
folder=$1
bridge=$2
missing=0
known=
[ $# = 2 ] || exec </dev/null >>"$3" 2>&1
# One that is started twice is there once: the former ends, with what it waits for. Its number may be another's by now,
# and after a reboot ours.
former=$(cat "$folder/pid" 2>/dev/null)
if [ -n "$former" ] && [ "$former" != $$ ] && tr '\0' '\n' <"/proc/$former/cmdline" | grep -qxF -e "$folder"; then
    kill -s TERM -- "-$former"
fi 2>/dev/null
# Who finds the flows gone though the switch runs says so, and what it waits for ends.
waiting=
trap '[ -z "$waiting" ] || kill "$waiting"' HUP
echo $$ >"$folder/pid"

ofctl() {
    ovs-ofctl --protocols=OpenFlow13,OpenFlow14,OpenFlow15 --timeout=5 "$@"
}

# Text as it is: an echo may read \1 as a character's number.
say() {
    printf '%s\n' "$1"
}

# Sed commands a port: its numbers for its name, or its lines away. A group stays, since flows need it, and leads nowhere
# there: 65279 is the last number, which the switch gives to a port when all others are taken.
numbers() {
    say "/^port /d"
    while read -r kind name _; do
        [ "$kind" = port ] || continue
        # A dot would stand for any letter, and so for another port.
        case $name in *.*) name=$(say "$name" | sed 's/\./[.]/g') ;; esac
        number=$(say "$ports" | sed -n "s/^ *\([0-9]*\)($name): .*/\1/p")
        if [ -n "$number" ]; then
            say "s/meter\([:=]\)@$name@/meter\1$((number + 65536))/g"
            say "s/@$name@/$number/g"
        else
            say "/^group /s/@$name@/65279/g"
            say "/@$name@/d # missing"
        fi
    done <"$folder/flows"
}

# Numbers and names of ports, without what changes by itself.
numbered() {
    sed -n 's/^ *\([0-9]*([^)]*)\): .*/\1/p'
}

restored() {
    ofctl dump-flows "$bridge" cookie=0x6b6e000000000000/-1 | grep -q actions= || return 1
    [ "$missing" = 0 ] || [ "$(ofctl dump-ports-desc "$bridge" | numbered)" = "$known" ]
}

restore() {
    ports=$(ofctl dump-ports-desc "$bridge") || return 1
    script=$(numbers)
    missing=$(say "$script" | grep -c '# missing$')
    [ "$missing" = 0 ] || [ "$1" = late ] || return 1
    lines=$(say "$script" | sed 's/ # missing$//' | sed -f /dev/stdin "$folder/flows")
    say "$lines" | sed -n 's/^meter //p' | while read -r meter; do
        ofctl add-meter "$bridge" "$meter" 2>/dev/null || ofctl mod-meter "$bridge" "$meter"
    done
    say "$lines" | grep -v '^meter ' | ofctl bundle "$bridge" - || return 1
    known=$(say "$ports" | numbered)
    say "$(date -u +%FT%TZ) put the flows of $bridge back, without $missing ports that are missing"
}

while :; do
    tries=0
    until ofctl show "$bridge" >/dev/null 2>&1; do
        tries=$((tries + 1))
        if [ $tries -lt 200 ]; then sleep 0.02; else sleep 1; fi
    done
    tries=0
    # Those that are missing have been waited for.
    [ "$missing" = 0 ] || tries=40
    until restored; do
        grep -q '^flow ' "$folder/flows" || break
        if [ $tries -lt 40 ]; then restore soon && break; else restore late && break; fi
        tries=$((tries + 1))
        if [ $tries -lt 60 ]; then sleep 0.05; else sleep 5; fi
    done
    if [ "$missing" = 0 ]; then
        ovs-ofctl --protocols=OpenFlow13,OpenFlow14,OpenFlow15 monitor "$bridge" >/dev/null 2>&1 &
        waiting=$!
        wait "$waiting"
        waiting=
    else
        sleep 2
    fi
    sleep 0.02
done
`;

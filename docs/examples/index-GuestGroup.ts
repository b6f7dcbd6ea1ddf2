import { GuestGroup, OvsSwitch } from "kvmnet";

const pods = new OvsSwitch("pods", { vlans: { blue: 110, green: 120 } });

// worker-0 and worker-2 are in VLAN 110, worker-1 is in 120: another count moves none of them.
const workers = new GuestGroup("worker", {
    count: 3,
    vcpus: 2,
    memoryMiB: 1024,
    boot: { kernel: "/var/lib/guests/vmlinuz", initrd: "/var/lib/guests/initrd.img" },
    nics: { data: { switch: pods, vlans: [110, 120], firstAddress: "10.11.0.10/24" } },
});

export const names = workers.guests.map((guest) => guest.domainName);

import { DhcpService, OvsSwitch } from "kvmnet";

const bureau = new OvsSwitch("bureau", { vlans: { office: 130 } });

// Addresses for everybody in the VLAN, and always the same one for the guest with this MAC address.
const desks = new DhcpService("desks", {
    switch: bureau,
    vlan: "office",
    address: "10.13.0.1/24",
    ranges: [{ start: "10.13.0.100", end: "10.13.0.199", leaseTime: "12h" }],
    reservations: { printer: { mac: "52:54:00:13:00:20", address: "10.13.0.20" } },
    domain: "office.lan",
});

export const interfaceName = desks.interfaceName;

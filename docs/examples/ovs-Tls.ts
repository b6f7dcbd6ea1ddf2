import { ovs } from "kvmnet";

const keys = new ovs.Tls("keys", {
    privateKey: "/etc/openvswitch/sc-privkey.pem",
    certificate: "/etc/openvswitch/sc-cert.pem",
    caCert: "/etc/openvswitch/cacert.pem",
});

// A controller or manager whose target begins with ssl: needs them.
new ovs.Manager("central", { target: "ssl:192.0.2.11:6640" }, { dependsOn: keys });

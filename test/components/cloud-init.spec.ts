import { strict as assert } from "node:assert";
import fc from "fast-check";
import { parse } from "yaml";
import { metaData, networkConfig } from "../../components/cloud-init";

/** cloud-init reads YAML 1.1, in which `52:54:00:12:34:56` is a number to the base of 60, and `on` and `no` are booleans. */
const VERSIONS = ["1.1", "1.2"] as const;
const MAC = "52:54:00:12:34:56";

describe("what cloud-init reads", () => {
    for (const version of VERSIONS) {
        it(`has a MAC address of decimal digits as text in YAML ${version}`, () => {
            const read = parse(networkConfig({ data: { mac: MAC, dhcp: true } }), { version }) as object;
            assert.deepEqual(read, { version: 2, ethernets: { data: { match: { macaddress: MAC }, dhcp4: true } } });
        });

        it(`has names such as on and no as text in YAML ${version}`, () => {
            const { ethernets } = parse(networkConfig({ on: { mac: MAC, dhcp: false } }), { version }) as {
                ethernets: object;
            };
            assert.deepEqual(Object.keys(ethernets), ["on"]);
            assert.deepEqual(parse(metaData("no", {}), { version }), { "instance-id": "no", "local-hostname": "no" });
        });

        it(`says the same in YAML ${version}, whatever the addresses and the texts are`, () => {
            const digits = fc.stringMatching(/^[0-9a-f]{2}(:[0-9]{2}){5}$/);
            const server = fc.stringMatching(/^[1-9]{1,4}(:[0-9]{1,4}){7}$/);
            const text = fc.oneof(fc.string(), fc.stringMatching(/^[-+~.:_0-9a-fnoxye]{1,12}$/));
            fc.assert(
                fc.property(digits, server, text, (mac, nameserver, other) => {
                    const nic = { mac, dhcp: false, address: "10.0.0.2/24", nameservers: [nameserver] };
                    assert.deepEqual(parse(networkConfig({ data: nic }), { version }), {
                        version: 2,
                        ethernets: {
                            data: {
                                match: { macaddress: mac },
                                addresses: [nic.address],
                                nameservers: { addresses: [nameserver] },
                            },
                        },
                    });
                    assert.equal((parse(metaData("web", { other }), { version }) as { other: string }).other, other);
                }),
            );
        });
    }

    it("quotes nothing that both versions read as text", () => {
        const nic = { mac: "52:54:00:ab:cd:01", dhcp: false, address: "10.0.0.2/24", gateway: "10.0.0.1" };
        assert.doesNotMatch(networkConfig({ data: nic }) + metaData("web-1", {}), /["']/);
    });
});

import assert from "node:assert/strict";
import type { PolicyPackArgs, ResourceValidationArgs } from "@pulumi/policy";
import { packOf } from "../../policies/pack";
import { classicDomain, nativeDomain } from "../../policies/rules/examples";
import { rules } from "../../policies/table";
import { NOT_KNOWN_YET, runPolicy } from "../../policies/test-kit";

const { policies } = packOf(rules);

/** What the SDK does with a policy of the level `remediate`. */
function remediate(id: string, type: string, props: object): unknown {
    const policy = policies.find(({ name }) => name === id) as PolicyPackArgs["policies"][number] & {
        remediateResource?: (args: ResourceValidationArgs) => unknown;
    };
    const args = {
        type,
        props,
        name: "it",
        urn: "urn",
        opts: {},
        getConfig: () => ({}),
    } as unknown as ResourceValidationArgs;
    return policy.remediateResource?.(args);
}

const DOMAIN = "libvirt:index/domain:Domain";
/** A copy: a remediation changes what it is handed. */
const propsOf = ({ props }: { props: unknown }) => structuredClone(props as Record<string, unknown>);
const VIRTIO = { model: { type: "virtio" }, source: { bridge: { bridge: "br0" } } };

describe("remediation by the pack", () => {
    for (const [id, nic, vcpu] of [
        ["ring-undersized", { ...VIRTIO, driver: { rxQueueSize: 256 } }, 4],
        ["ring-valid", { ...VIRTIO, driver: { rxQueueSize: 4096, txQueueSize: 2048 } }, 4],
        ["ring-tx-backend", { ...VIRTIO, driver: { txQueueSize: 1024 } }, 4],
        ["queues-missing", VIRTIO, 4],
        ["jumbo-mrg-rxbuf", { ...VIRTIO, mtu: { size: 9000 }, driver: { host: { mrgRxBuf: "off" } } }, 4],
    ] as const)
        it(`leaves nothing for ${id} to tell, and all else as it was`, async () => {
            const other = {
                ...VIRTIO,
                mac: { address: "52:54:00:00:00:02" },
                driver: { queues: 4, rxQueueSize: 1024 },
            };
            const domain = nativeDomain({}, { vcpu, devices: { disks: [{ dev: "vda" }], interfaces: [nic, other] } });
            const props = remediate(id, DOMAIN, propsOf(domain)) as {
                vcpu: number;
                devices: { disks: unknown; interfaces: unknown[] };
            };
            const told = await runPolicy({ policies }, [{ ...domain, props }]);
            assert.deepEqual(
                told.filter(({ policy }) => policy === id),
                [],
            );
            assert.deepEqual(
                [props.vcpu, props.devices.disks, props.devices.interfaces[1]],
                [vcpu, [{ dev: "vda" }], other],
            );
        });

    it("changes nothing of what is right, not known yet, another type, or in a stylesheet", () => {
        const of = (props: object, type = DOMAIN) => remediate("ring-undersized", type, props);
        assert.equal(of(propsOf(nativeDomain({ ...VIRTIO, driver: { rxQueueSize: 1024 } }))), undefined);
        assert.equal(of(propsOf(nativeDomain({ ...VIRTIO, driver: { rxQueueSize: NOT_KNOWN_YET } }))), undefined);
        assert.equal(of({ name: "b" }, "kvmnet:host:Bond"), undefined);
        assert.equal(of(propsOf(classicDomain('<model type="virtio"/>'))), undefined);
    });

    it("changes no queues of a NIC whose tap others make", () => {
        const nic = { ...VIRTIO, source: { ethernet: {} }, target: { dev: "tap-b", managed: false } };
        assert.equal(remediate("queues-missing", DOMAIN, propsOf(nativeDomain(nic))), undefined);
    });

    it("is offered by no rule whose right value a person must choose", () => {
        for (const id of ["nic-model-explicit", "nic-model-legacy", "vlan-range"])
            assert.equal(remediate(id, DOMAIN, propsOf(nativeDomain({ model: { type: "rtl8139" } }))), undefined);
    });
});

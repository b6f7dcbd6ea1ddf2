import assert from "node:assert/strict";
import { kvmnet } from "../support/command";

const explain = (...options: string[]) => kvmnet(process.cwd(), "explain", ...options);

describe("`kvmnet explain`", function () {
    this.timeout(300_000);

    it("prints every value with its reason, cost and source as a table", async () => {
        const { status, output } = await explain("--vcpus", "8", "--rate", "10Gbit", "--backend", "tap");
        assert.equal(status, 0, output);
        const lines = output.replace(/[\s│]+/g, " ");
        for (const part of [/queues.*8/, /rxRing.*1024/, /txRing.*256/, /Costs 18 vectors/, /VIRTIO_NET_RX_QUEUE/])
            assert.match(lines, part);
    });

    it("prints it for programs: each value with reason and source, by profile", async () => {
        const told = async (...options: string[]) =>
            JSON.parse((await explain("--vcpus", "8", "--json", ...options)).output) as Record<
                string,
                { value: unknown; reason: string; source: string }
            >;
        const usual = await told();
        for (const [name, { reason, source }] of Object.entries(usual)) assert.ok(reason && source, name);
        assert.deepEqual([usual.queues?.value, usual.rxRing?.value, usual.txRing?.value], [8, 1024, 256]);
        const dense = await told("--profile", "density");
        assert.deepEqual([dense.queues?.value, dense.rxRing?.value], [1, 256]);
        const placed = await told("--host-cpus", "0-15", "--uplink-rate", "25Gbit", "--uplink-channels-max", "8");
        assert.ok("placement.irq" in placed && "uplink.oversubscription" in placed);
    });

    it("cuts no name, value or source off in the table, which a terminal of 110 columns holds", async () => {
        const { output } = await explain(
            ...["--vcpus", "8", "--rate", "10Gbit", "--host-cpus", "0-15"],
            ...["--uplink-rate", "25Gbit", "--uplink-channels-max", "8"],
        );
        assert.doesNotMatch(output, /…/);
        for (const line of output.split("\n")) assert.ok(line.length <= 110, line);
        for (const whole of [
            "net.bridge.bridge-nf-call-iptables: 0",
            "ovs ingress_policing_rate: 10000000",
            "uplink.oversubscription",
            "Documentation/networking/scaling.rst",
        ])
            assert.ok(output.includes(whole), `${whole}\n${output}`);
    });

    it("says what it can be asked where it is asked nothing", async () => {
        const { status, output } = await explain();
        assert.equal(status, 1);
        assert.match(output, /--vcpus 8.*ring-undersized/);
    });

    it("tells every option that is wrong, at once", async () => {
        const { status, output } = await explain("--vcpus", "0", "--backend", "veth", "--rate", "fast");
        assert.equal(status, 1);
        for (const part of [/vcpus: .*at least 1/, /backend: a backend is tap/, /rate: a rate is text/])
            assert.match(output, part);
        const without = await explain("--vcpus", "4", "--threads-per-core", "2");
        assert.equal(without.status, 1);
        assert.match(without.output, /host\.cpus: /);
    });
});

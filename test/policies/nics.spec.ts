import assert from "node:assert/strict";
import fc from "fast-check";
import { guestXslt } from "../../components/libvirt/xslt";
import { NotKnown } from "../../policies/known";
import type { GuestNic } from "../../policies/nics/guest-nic";
import { guestNics } from "../../policies/nics/reader";
import { aGuest, aNic } from "../support/guests";

const MAC = "52:54:00:ab:cd:01";
const NIC = `/domain/devices/interface[mac/@address='${MAC.toUpperCase()}']`;

const nicsOf = (props: object) => guestNics.read(props);
const nicOf = (props: object): GuestNic => {
    const [nic, ...more] = nicsOf(props);
    assert.equal(more.length, 0);
    assert.ok(nic && !(nic instanceof NotKnown), nic instanceof Error ? nic.message : "no NIC");
    return nic;
};
/** Without the questions that can be asked of it. */
const plainly = (props: object) => {
    const { said: _, guest, ...nic } = nicOf(props);
    return { ...nic, guest: { vcpus: guest.vcpus, arch: guest.arch } };
};
const values = ({ model, queues, rxRing }: GuestNic) => ({ model, queues, rxRing });
const openReason = (value: unknown) => (value instanceof NotKnown ? value.because : assert.fail("it was decided"));

const IDENTITY = `<xsl:template match="@*|node()"><xsl:copy><xsl:apply-templates select="@*|node()"/></xsl:copy></xsl:template>`;
const stylesheet = (templates: string, prefix = "xsl") =>
    `<${prefix}:stylesheet version="1.0" xmlns:${prefix}="http://www.w3.org/1999/XSL/Transform">${templates}</${prefix}:stylesheet>`;
const classic = (xslt?: unknown, more: object = {}) => ({
    vcpu: 4,
    networkInterfaces: [{ mac: MAC }],
    ...(xslt !== undefined && { xml: { xslt } }),
    ...more,
});
/** The domain of the 0.8 line with the identity and these templates. */
const written = (templates: string, more: object = {}) => nicOf(classic(stylesheet(IDENTITY + templates), more));

describe("a NIC of the 0.9 line", () => {
    it("is read as it is written", () =>
        assert.deepEqual(
            plainly({
                vcpu: 4,
                os: { typeArch: "x86_64" },
                devices: {
                    interfaces: [
                        {
                            mac: { address: MAC.toUpperCase() },
                            target: { dev: "tap-web0" },
                            source: { bridge: { bridge: "br0" } },
                            model: { type: "virtio" },
                            driver: { queues: 4, rxQueueSize: 1024 },
                        },
                    ],
                },
            }),
            {
                guest: { vcpus: 4, arch: "x86_64" },
                mac: MAC,
                tap: "tap-web0",
                backend: "bridge",
                model: "virtio",
                queues: 4,
                rxRing: 1024,
                written: { line: "native", index: 0 },
                index: 0,
            },
        ));

    it("has no model, one queue and 256 descriptors where nobody says", () =>
        assert.deepEqual(values(nicOf({ devices: { interfaces: [{}] } })), {
            model: undefined,
            queues: 1,
            rxRing: 256,
        }));

    it("is named by MAC and tap, else by its place", () => {
        const named = (nic: object) => guestNics.name(nicOf({ devices: { interfaces: [nic] } }));
        assert.equal(named({ mac: { address: MAC }, target: { dev: "tap-web0" } }), `NIC ${MAC} on tap-web0`);
        assert.equal(named({}), "NIC number 1");
        assert.equal(named({ mac: { address: "secret\nline" }, target: { dev: "\u001b[2J" } }), "NIC number 1");
    });

    it("that is not known yet leaves its fields open, and those of its neighbour as they are", () => {
        const [first, second] = nicsOf({
            devices: { interfaces: [{ model: new NotKnown("model is not known yet") }, { model: { type: "virtio" } }] },
        }) as GuestNic[];
        assert.equal(openReason(first?.model), "model is not known yet");
        assert.equal(second?.model, "virtio");
    });

    it("may be there where the list is not known yet", () =>
        assert.match(
            openReason(nicsOf({ devices: { interfaces: new NotKnown("x") } })[0]),
            /interfaces are not known yet/,
        ));
});

describe("a NIC of the 0.8 line without a stylesheet", () => {
    it("is virtio with one queue and 256 descriptors", () => {
        for (const xslt of [undefined, "", "  \n"])
            assert.deepEqual(values(nicOf(classic(xslt))), { model: "virtio", queues: 1, rxRing: 256 });
    });

    it("is so even where its MAC address is not known yet", () =>
        assert.equal(nicOf({ networkInterfaces: [{ mac: new NotKnown("mac is not known yet") }] }).model, "virtio"));
});

describe("a NIC of the 0.8 line with a stylesheet", () => {
    it("is what kvmnet's own stylesheet makes it", () =>
        fc.assert(
            fc.property(
                fc.constantFrom("virtio", "e1000", null),
                fc.integer({ min: 1, max: 256 }),
                fc.constantFrom(256, 512, 1024),
                fc.integer({ min: 1, max: 4 }),
                (model, queues, rxRing, count) => {
                    const macs = Array.from({ length: count }, (_, index) => `52:54:00:ab:cd:0${index}`);
                    const guest = aGuest({ nics: macs.map((mac) => aNic({ mac, model, queues, rxRing })) });
                    const xslt = guestXslt(
                        guest,
                        macs.map((_, index) => `tap${index}`),
                    );
                    const nics = nicsOf({
                        vcpu: 4,
                        networkInterfaces: macs.map((mac) => ({ mac: mac.toUpperCase() })),
                        xml: { xslt },
                    });
                    const driven = model === "virtio" ? { queues, rxRing } : { queues: 1, rxRing: 256 };
                    assert.deepEqual(
                        nics.map((nic) => ({
                            ...values(nic as GuestNic),
                            mac: (nic as GuestNic).mac,
                            tap: (nic as GuestNic).tap,
                        })),
                        macs.map((mac, index) => ({ model: model ?? undefined, ...driven, mac, tap: `tap${index}` })),
                    );
                },
            ),
            { numRuns: 30 },
        ));

    it("keeps what the stylesheet leaves alone", () =>
        assert.deepEqual(values(written("")), { model: "virtio", queues: 1, rxRing: 256 }));

    it("has what a template adds inside it", () =>
        assert.deepEqual(
            values(
                written(
                    `<xsl:template match="${NIC}"><xsl:copy><xsl:apply-templates select="@*|node()"/><driver queues="4" rx_queue_size="512"/></xsl:copy></xsl:template>`,
                ),
            ),
            { model: "virtio", queues: 4, rxRing: 512 },
        ));

    it("loses a model that a template drops", () =>
        assert.equal(written(`<xsl:template match="interface/model"/>`).model, undefined));

    it("has the model that a template puts in its place, by attribute or element", () => {
        assert.equal(
            written(
                `<xsl:template match="interface/model/@type"><xsl:attribute name="type">e1000</xsl:attribute></xsl:template>`,
            ).model,
            "e1000",
        );
        assert.equal(
            written(
                `<xsl:template match="//interface/model"><xsl:element name="model"><xsl:attribute name="type"><xsl:text>igb</xsl:text></xsl:attribute></xsl:element></xsl:template>`,
            ).model,
            "igb",
        );
    });

    it("is found by the namespace of XSLT, whatever its prefix", () =>
        assert.equal(
            nicOf(
                classic(
                    stylesheet(
                        `<t:template match="@*|node()"><t:copy><t:apply-templates select="@*|node()"/></t:copy></t:template><t:template match="interface/model"/>`,
                        "t",
                    ),
                ),
            ).model,
            undefined,
        ));

    it("is not found in comments, nor in text", () =>
        assert.equal(
            written(
                `<!-- <xsl:template match="interface/model"/> --><xsl:template match="name"><name>&lt;model type="e1000"/&gt;</name></xsl:template>`,
            ).model,
            "virtio",
        ));

    it("has the vCPUs that the stylesheet writes", () =>
        assert.equal(written(`<xsl:template match="vcpu"><vcpu>2</vcpu></xsl:template>`).guest.vcpus, 2));

    it("may be one that only the stylesheet knows", () => {
        const added = `<xsl:template match="devices"><xsl:copy><xsl:apply-templates select="@*|node()"/><interface type="network"/></xsl:copy></xsl:template>`;
        const nics = nicsOf(classic(stylesheet(IDENTITY + added))) as GuestNic[];
        assert.deepEqual(
            nics.map(({ model }) => model),
            ["virtio", undefined],
        );
    });
});

describe("a stylesheet that computes", () => {
    const conditional = `<xsl:if test="1"><model type="virtio"/></xsl:if>`;

    it("leaves the NIC open that it computes in", () =>
        assert.match(
            openReason(
                written(
                    `<xsl:template match="interface"><interface type="bridge">${conditional}</interface></xsl:template>`,
                ).model,
            ),
            /writes this interface in a way that cannot be read here/,
        ));

    it("leaves open whether there are more NICs, and decides about those it can read", () => {
        const [open, nic] = nicsOf(
            classic(
                stylesheet(
                    `${IDENTITY}<xsl:template match="devices"><devices><xsl:apply-templates select="interface"/><xsl:for-each select="*"/></devices></xsl:template>`,
                ),
            ),
        );
        assert.match(openReason(open), /may write interfaces/);
        assert.equal((nic as GuestNic).model, "virtio");
    });

    it("elsewhere in the domain does no harm", () =>
        assert.equal(
            written(`<xsl:template match="name"><name><xsl:value-of select="concat(., '-x')"/></name></xsl:template>`)
                .model,
            "virtio",
        ));

    it("in an attribute leaves that value open, unless it is a part of the domain that is known", () => {
        const nic = written(
            `<xsl:template match="interface"><interface><mac address="{mac/@address}"/><model type="{model/@type}"/><driver queues="{../../vcpu * 2}" rx_queue_size="{driver/@x}"/></interface></xsl:template>`,
        );
        assert.equal(nic.mac, MAC);
        assert.equal(nic.model, "virtio");
        assert.match(openReason(nic.queues), /queues is not known/);
        assert.match(openReason(nic.rxRing), /rx_queue_size is not known/);
    });

    for (const [what, xslt, because] of [
        ["is no XML", "<xsl:stylesheet", /no well-formed XML/],
        ["is no stylesheet", "<domain/>", /no XSLT stylesheet/],
        ["has entities of its own", `<!DOCTYPE x [<!ENTITY a "b">]>${stylesheet("&a;")}`, /xml\.xslt/],
        ["imports another", stylesheet(`<xsl:import href="other.xsl"/>`), /xsl:import, which is not followed/],
        [
            "has a pattern with a variable",
            stylesheet(`<xsl:template match="interface[$x]"/>`),
            /pattern cannot be read/,
        ],
        [
            "goes round in circles",
            stylesheet(`<xsl:template match="domain"><xsl:apply-templates select="."/></xsl:template>`),
            /in circles/,
        ],
        [
            "doubles itself",
            stylesheet(
                `<xsl:template match="domain"><xsl:apply-templates select=".|.."/><xsl:apply-templates select=".|.."/></xsl:template>`,
            ),
            /in circles/,
        ],
        [
            "makes something else of the domain",
            stylesheet(`<xsl:template match="/"><network/></xsl:template>`),
            /cannot be read/,
        ],
    ] as const)
        it(`that ${what} leaves everything open`, () => assert.match(openReason(nicsOf(classic(xslt))[0]), because));

    it("that is not known yet leaves everything open", () => {
        for (const props of [classic(new NotKnown("x")), { ...classic(), xml: new NotKnown("x") }])
            assert.match(openReason(nicsOf(props)[0]), /xml\.xslt, which may write the NICs anew, is not known yet/);
    });

    it("never makes the reader fail, whatever it is", () =>
        fc.assert(
            fc.property(fc.string(), fc.string(), (pattern, body) => {
                assert.ok(
                    Array.isArray(
                        nicsOf(classic(stylesheet(`<xsl:template match="${pattern}">${body}</xsl:template>`))),
                    ),
                );
                assert.ok(Array.isArray(nicsOf(classic(body))));
            }),
        ));
});

describe("a part of the domain that a stylesheet chooses by", () => {
    const byNetwork = `<xsl:template match="interface[source/@network='fast']"><interface><model type="e1000"/></interface></xsl:template>`;
    const onNetwork = (networkId: unknown) => ({ networkInterfaces: [{ mac: MAC, networkId }] });

    it("leaves the NIC open while it is not known", () => {
        assert.match(
            openReason(written(byNetwork, onNetwork("an id")).model),
            /its source, by which xml\.xslt chooses/,
        );
        const byMac = `<xsl:template match="${NIC}"><interface/></xsl:template>`;
        assert.match(
            openReason(written(byMac, { networkInterfaces: [{ mac: new NotKnown("x") }] }).model),
            /its mac, by which/,
        );
    });

    it("does no harm where the stylesheet does not look at it", () =>
        assert.equal(
            written(
                `<xsl:template match="${NIC}"><xsl:copy><model type="virtio"/></xsl:copy></xsl:template>`,
                onNetwork(new NotKnown("x")),
            ).model,
            "virtio",
        ));

    it("is found where it is known", () =>
        assert.equal(written(byNetwork, { networkInterfaces: [{ mac: MAC, networkName: "fast" }] }).model, "e1000"));
});
